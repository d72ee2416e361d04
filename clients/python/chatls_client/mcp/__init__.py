"""`chatls mcp`, and what it writes into a person's own settings."""
