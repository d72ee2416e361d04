"""Conversations that last: what people saw, what the model is sent, and what files were before tools changed them."""
