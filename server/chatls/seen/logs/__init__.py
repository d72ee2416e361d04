"""The log: what the daemon says of itself, on stderr and in a file of its own, for people who look for a fault."""
