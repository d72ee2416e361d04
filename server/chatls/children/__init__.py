"""Child processes, and what comes out of them."""
