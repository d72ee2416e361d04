"""What is known of servers and models by name, and what was learnt of them."""
