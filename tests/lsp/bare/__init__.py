"""Editors without a plugin, in parts."""
