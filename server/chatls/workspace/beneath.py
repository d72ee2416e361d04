"""The way from a folder to a file below it, walked one folder at a time, so that no link is followed, also none that is
put there meanwhile."""

import os
import secrets
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from chatls.values import dataclass

NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Flags for whatever is opened."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0) | NO_LINK
_STEPWISE = os.open in os.supports_dir_fd
_BY_NUMBER = Path("/proc/self/fd")
"""Where a system has names for what a process holds open; one that it starts can still use them to begin with."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a folder that is held open. For functions that take `dir_fd`."""

    name: str
    folder: int | None
    """A file descriptor; None where the system knows no such thing and `name` is the whole path."""

    def beside(self) -> "Place":
        """A new name in the same folder, hidden and not taken."""
        return Place(str(Path(self.name).with_name(f".chatls-{secrets.token_hex(8)}")), self.folder)


@contextmanager
def place_beneath(folder: Path, path: Path, *, make_folders: bool = False) -> Generator[Place]:
    """The place of `path`, which lies below `folder`; no link stands between the two.

    `make_folders`: what is missing on the way is made, and removed again if the body raises. Raises any `OSError`.
    """
    *inner, name = path.relative_to(folder).parts or (".",)
    if not _STEPWISE:
        if make_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield Place(str(path), None)
        return
    with ExitStack() as opened, ExitStack() as made:
        here = os.open(folder, _FOLDER)
        opened.callback(os.close, here)
        for part in inner:
            if make_folders and _made(part, here):
                made.callback(_unmade, part, here)
            here = os.open(part, _FOLDER, dir_fd=here)
            if not make_folders:
                opened.close()
            opened.callback(os.close, here)
        yield Place(name, here)
        made.pop_all()


@contextmanager
def folder_beneath(folder: Path, path: Path) -> Generator[Path]:
    """`path`, a folder at or below `folder` without a link between the two, by a name to start a program in.

    On Linux that name means this very folder, whatever is put in its place meanwhile; elsewhere it is `path` itself.
    Raises any `OSError`.
    """
    with place_beneath(folder, path / "-") as place:
        yield _BY_NUMBER / str(place.folder) if place.folder is not None and _BY_NUMBER.is_dir() else path


def _made(name: str, folder: int) -> bool:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return False
    return True


def _unmade(name: str, folder: int) -> None:
    with suppress(OSError):  # somebody put something there: it stays
        os.rmdir(name, dir_fd=folder)
