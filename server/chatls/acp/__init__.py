"""The face of the Agent Client Protocol, version 1: for editors that start agents (Zed, JetBrains, Emacs, ...)."""
