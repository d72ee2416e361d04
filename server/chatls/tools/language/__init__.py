"""The editor's language servers as tools: a symbol by its name and its line, the places that are told, a renaming."""
