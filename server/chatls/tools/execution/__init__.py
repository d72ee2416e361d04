"""How a command is run: in which ways, with what output kept and shown, and what the model is told of it."""
