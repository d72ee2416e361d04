"""What may be done unasked, and who is asked otherwise."""
