"""The folders, files and texts that are worked on."""
