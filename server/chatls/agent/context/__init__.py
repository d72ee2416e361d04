"""The context window: how full it is, and what gives way before it is too full (docs/decisions/0021)."""
