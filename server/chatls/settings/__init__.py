"""Settings: what can be set, its layers and where each value came from, and what rules say."""
