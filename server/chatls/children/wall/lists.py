"""The lists of files that a sandbox knows, as quick questions about a name: secrets, protected, deciding."""

from pathlib import Path, PurePath

from chatls.workspace.protected_files import protected
from chatls.workspace.secret_files import holds_secrets


def is_secret(path: Path) -> bool:
    """Whether a file usually holds secrets."""
    return holds_secrets(path)


def is_fixed(path: PurePath) -> bool:
    """Whether a file of this name is read-only inside."""
    return protected(path) is not None


def is_deciding(_path: PurePath) -> bool:
    """Whether a file of the second list has this name."""
    return False
