"""The native face: chatls as a language server."""
