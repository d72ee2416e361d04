"""`chatls mcp add` and `import`: MCP servers are written into a person's own settings."""
