"""The sandbox: what it is made of, whether it works here, and what is told of it."""
