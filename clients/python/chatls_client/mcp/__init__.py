"""MCP servers for people: how they are, and their forms."""
