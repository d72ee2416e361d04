"""chatls: a chat language server. Kept empty, so that `initialize` is answered before anything is imported."""

__version__ = "0.1.0"
