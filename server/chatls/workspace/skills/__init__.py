"""Skills and slash commands: texts that people keep for the model, found, listed, and written out where they are used.

They are words and no more: nothing in them is run by the daemon, and nothing is permitted by them.
"""
