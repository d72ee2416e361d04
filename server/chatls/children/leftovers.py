"""Cleans up what daemons left in the user's cache that are long gone. Blocks; it knows no tool."""

import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

OLDEST = 7 * 24 * 3600.0
"""Seconds since something was put there."""
_OURS = re.compile(r"\d+-[0-9a-f]{8}")


def forget_old(folder: Path) -> None:
    """Remove the outputs of commands of former daemons. Links are not followed; what cannot be removed stays."""
    with suppress(OSError):
        if any(place.is_symlink() for place in (folder, folder.parent)):
            return
        for inner in folder.iterdir():
            if _OURS.fullmatch(inner.name) and time.time() - inner.lstat().st_mtime > OLDEST:
                shutil.rmtree(inner, ignore_errors=True)
