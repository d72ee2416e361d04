"""Holds a chat language server, or a client of one, to the rules of docs/protocol.md, over its pipe alone."""
