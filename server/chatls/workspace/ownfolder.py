"""Folders of our own, below the user's: for the user alone, and reached through no link. Blocks."""

import os
from contextlib import suppress
from pathlib import Path

from chatls.workspace.beneath import NO_LINK

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NO_LINK


def make_private(folder: Path) -> None:
    """Make a folder and those on the way to it, whatever the umask, for the user alone; those that are there stay as
    they are. Raises `OSError`, also where a link leads nowhere."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)


def open_own(folder: Path, ours: int) -> int:
    """Make a folder if need be and open it; the caller closes it. The last `ours` names of its path are of folders of
    our own.

    Raises `OSError`, also where one of those is a link or belongs to somebody else: who could put something in it could
    read what is not theirs.
    """
    make_private(folder.parents[ours - 1])
    here = os.open(folder.parents[ours - 1], os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    for name in folder.parts[-ours:]:
        outer = here
        try:
            here = _inner(name, outer)
        finally:
            os.close(outer)
    return here


def _inner(name: str, folder: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=folder)
    here = os.open(name, _FOLDER, dir_fd=folder)
    try:
        os.fchmod(here, 0o700)  # refused where it is not ours
    except OSError:
        os.close(here)
        raise
    return here
