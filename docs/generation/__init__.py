"""What stands in several places, written from one: the daemon's sources."""
