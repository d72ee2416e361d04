"""What the command line does by itself, without a daemon: it reads logs, looks a machine over, sets things up."""
