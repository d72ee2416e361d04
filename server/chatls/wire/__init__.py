"""What any face needs of the wire: reading and writing frames, JSON-RPC, methods, the bounded way out."""
