"""Whether a file holds secrets, by its name and, where that may mean something else, by its beginning. Looks at the
disk."""

import os
import stat
from pathlib import Path

from chatls.workspace.secret_files import LOOKED_AT, holds_secrets, looks_like_key, may_hold_secrets

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def is_secret_file(path: Path) -> bool:
    """Whether a file usually holds secrets. One that cannot be looked at is judged by its name alone."""
    return holds_secrets(path) or (may_hold_secrets(path) and looks_like_key(_beginning(path)))


def _beginning(path: Path) -> bytes:
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    try:
        return os.read(descriptor, LOOKED_AT) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
