"""`chatls trace`: what an editor and the daemon say to each other, recorded and drawn."""
