"""MCP servers: with the real daemon, and what is made of what they say."""
