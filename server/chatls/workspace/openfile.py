"""Opens a regular file below a folder for reading: follows no link, waits for nobody, touches no device."""

import codecs
import os
import stat
from io import FileIO
from pathlib import Path

from chatls.workspace.beneath import NO_LINK, Place, place_beneath

_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | NO_LINK

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link that cannot be followed"),
)

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Marks at a file's start, and the encodings they tell. UTF-32 stands first: its mark begins with UTF-16's."""


class NotRegularError(OSError):
    """There is something, and it is no regular file. `kind` says what: "a directory", "a named pipe", ..."""

    def __init__(self, mode: int) -> None:
        super().__init__("not a regular file")
        self.kind = next((kind for fits, kind in _KINDS if fits(mode)), "not a regular file")


def open_beneath(folder: Path, path: Path) -> FileIO:
    """Open the regular file `path`, which lies below `folder`; no link may stand between the two.

    Raises `NotRegularError` and any other `OSError`.
    """
    with place_beneath(folder, path) as place:
        return open_at(place)


def open_at(place: Place) -> FileIO:
    """The same for a place that is held."""
    require_regular(os.stat(place.name, dir_fd=place.folder, follow_symlinks=False))  # opening a device may do things
    descriptor = os.open(place.name, _FILE, dir_fd=place.folder)
    try:
        require_regular(os.fstat(descriptor))
        return FileIO(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def require_regular(status: os.stat_result) -> None:
    """Raise `NotRegularError` for all but regular files."""
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(status.st_mode)


def encoding_of(start: bytes) -> str:
    """The encoding that a file's first four bytes tell; UTF-8 where they tell none.

    >>> encoding_of(b"\\xff\\xfea\\0")
    'utf-16'
    """
    return next((encoding for mark, encoding in BOMS if start.startswith(mark)), "utf-8")


def has_text(file: FileIO, text: str) -> bool:
    """Whether the file holds just this text, whatever its encoding; reads no more than it must."""
    most = 4 * len(text) + 4
    if os.fstat(file.fileno()).st_size > most:
        return False
    data = file.read(most + 1)
    return data.decode(encoding_of(data[:4]), "replace") == text.removeprefix("\ufeff")
