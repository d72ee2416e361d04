"""The file of one daemon's log: a thread writes it, so that no disk makes anybody wait. Nothing here raises.

In a folder of the user's own, for the user alone (0600); its name says when the daemon began, and its process. A new
one is begun at `MOST_IN_ONE`; what is old, or too much, is removed then.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from chatls.seen.logs.lines import LogLine, encoded
from chatls.workspace.beneath import NO_LINK
from chatls.workspace.ownfolder import open_own

FOLDER = "log"
"""Below the user's state folder."""
SUFFIX = ".jsonl"
MOST_IN_ONE = 10 * 2**20
"""Bytes of a file."""
MOST_IN_ALL = 50 * 2**20
"""Bytes of all files of all daemons."""
OLDEST = 14 * 24 * 3600.0
"""Seconds since a file was last written in."""
_WAITING = 5000
"""Lines that wait for a slow disk; what comes while there are so many is dropped, and counted."""
_GATHERED = 0.2
"""Seconds that ordinary lines wait for company."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | NO_LINK


class LogFile:
    """One daemon's. Nothing is opened, and no thread runs, before there is a line."""

    def __init__(self, state: Path) -> None:
        """`state`: the user's state folder."""
        self.clean: Callable[[str], str] = str
        """Takes out of lines what must not be written; called in the thread."""
        self._folder = state / FOLDER
        self._stem = f"{time.strftime('%Y-%m-%dT%H-%M-%SZ', time.gmtime())}-{os.getpid()}"
        self._number = 0
        self._file = -1
        self._size = 0
        self._lines: deque[LogLine] = deque()
        self._dropped = 0
        self._wake, self._hurry, self._idle = Event(), Event(), Event()
        self._idle.set()
        self._starting = Lock()
        self._thread: Thread | None = None

    def put(self, line: LogLine) -> None:
        """Have a line written, soon; at once if it tells of trouble. From whichever thread."""
        if len(self._lines) >= _WAITING:
            self._dropped += 1
            return
        self._idle.clear()
        self._lines.append(line)
        if line["level"] in ("warning", "error", "critical"):
            self._hurry.set()
        self._wake.set()
        if self._thread is None:
            self._start()

    def flush(self, patience: float) -> None:
        """Let what waits be written, for so many seconds at most."""
        if self._thread is not None:
            self._hurry.set()
            self._idle.wait(patience)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._write_all, name="log", daemon=True)
                self._thread.start()

    def _write_all(self) -> None:
        while True:
            self._wake.wait()
            self._hurry.wait(_GATHERED)
            self._wake.clear()
            self._hurry.clear()
            while self._lines:
                with suppress(OSError, ValueError, TypeError):  # a disk that is full costs lines, and nothing else
                    self._write(self._taken())
            if not self._wake.is_set():
                self._idle.set()

    def _taken(self) -> bytes:
        lines: list[LogLine] = []
        with suppress(IndexError):
            while len(lines) < _WAITING:
                lines.append(self._lines.popleft())
        if self._dropped:
            lines[-1] = {**lines[-1], "dropped": self._dropped}
            self._dropped = 0
        text = b"".join(map(encoded, lines)).decode("utf-8", "replace")
        return self.clean(text).encode("utf-8", "replace")

    def _write(self, data: bytes) -> None:
        if self._file < 0 or self._size + len(data) > MOST_IN_ONE:
            self._open()
        while data:
            written = os.write(self._file, data)
            self._size += written
            data = data[written:]

    def _open(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._number += 1
        number = "" if self._number == 1 else f".{self._number}"
        folder = open_own(self._folder, 2)
        try:
            self._file = os.open(f"{self._stem}{number}{SUFFIX}", _NEW, 0o600, dir_fd=folder)
            self._size = 0
        finally:
            os.close(folder)
        forget_old(self._folder, self._folder / f"{self._stem}{number}{SUFFIX}")


def files(folder: Path) -> list[Path]:
    """All files of the log, the one that was begun last at the end."""
    with suppress(OSError):
        return sorted(folder.glob(f"*{SUFFIX}"), key=_begun)
    return []


def _begun(path: Path) -> tuple[str, str, int]:
    """When its daemon began, which one, and which of its files this is."""
    stem, _, number = path.name.removesuffix(SUFFIX).partition(".")
    moment, _, process = stem.rpartition("-")
    return moment, process, int(number) if number.isdecimal() else 1


def forget_old(folder: Path, kept: Path) -> None:
    """Remove files that are too old, and of all others the oldest ones while they are too much. `kept` stays."""
    total, now = 0, time.time()
    for path in sorted(files(folder), key=_written, reverse=True):
        with suppress(OSError):
            found = path.lstat()
            total += found.st_size
            if path != kept and (total + MOST_IN_ONE > MOST_IN_ALL or now - found.st_mtime > OLDEST):
                path.unlink()
                total -= found.st_size


def _written(path: Path) -> float:
    with suppress(OSError):
        return path.lstat().st_mtime
    return 0.0
