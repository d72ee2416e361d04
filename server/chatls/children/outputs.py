"""Files for outputs too long to be shown: for the user's eyes alone, of bounded size, and not for ever. Blocks."""

import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from chatls.workspace.beneath import NO_LINK
from chatls.workspace.ownfolder import open_own

LARGEST = 64 * 2**20
"""Bytes of one output that are kept: the first ones."""
MOST = 200 * 10**6
"""Bytes of older outputs that are kept when another one begins."""
OLDEST = 7 * 24 * 3600.0
"""Seconds."""

_OURS = 3
"""How many of the last folders of a path are ours: chatls/output/ID."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | NO_LINK
_CUT = f"\n[cut here: only the first {LARGEST // 2**20} MiB are kept]\n".encode()


class OutputFile:
    """One output, as it grows."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        """Absolute, links resolved."""
        self._descriptor = descriptor
        self._room = LARGEST
        self.cut = False
        """There was more than is kept."""

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new file in the folder, which is made if need be; old ones go.

        Raises `OSError`, also where a link stands in the place of one of our folders, or one belongs to somebody else.
        """
        place = open_own(folder, _OURS)
        try:
            _tidy(place)
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}.txt"
            return cls(Path(os.path.realpath(folder)) / name, os.open(name, _NEW, 0o600, dir_fd=place))
        finally:
            os.close(place)

    def write(self, data: bytes) -> None:
        """Append as much as there is room for; the rest is left out, and the file says so. Raises `OSError`."""
        if self.cut:
            return
        self.cut = len(data) > self._room
        rest = memoryview(data[: self._room] + _CUT if self.cut else data)
        self._room -= len(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def close(self) -> None:
        """No more is written."""
        os.close(self._descriptor)


def _tidy(folder: int) -> None:
    """Remove what is too old, and the oldest of what is too much."""
    with os.scandir(folder) as entries:
        found = [(entry.stat(follow_symlinks=False), entry.name) for entry in entries if entry.name.endswith(".txt")]
    files = sorted(((info.st_mtime, info.st_size, name) for info, name in found if stat.S_ISREG(info.st_mode)))
    left = sum(size for _, size, _ in files)
    for changed, size, name in files:
        if time.time() - changed > OLDEST or left > MOST:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            left -= size
