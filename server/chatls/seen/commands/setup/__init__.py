"""`chatls setup`: from nothing to a model that answers. No key is ever written to a file."""
