"""What can be seen of the daemon from outside: the log, telemetry, and the commands that look."""
