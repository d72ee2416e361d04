"""The log's door: lines on stderr for who started the daemon, and in a file for who looks for a fault later.

Both are written by threads of their own: a client that reads no stderr, and a disk that hangs, stop nobody.
"""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Any, Literal, TextIO, get_args

from chatls.seen.logs.about import about
from chatls.seen.logs.file import LogFile
from chatls.seen.logs.lines import line, of_record

Level = Literal["debug", "info", "warning", "error"]
"""How much is said, the most first."""
Trace = Literal["off", "messages", "verbose"]
"""How much a client wants to know (LSP, `TraceValue`)."""

_MOST = 1000
"""Lines that wait for whoever reads stderr; what comes while there are so many is dropped."""
_TALKATIVE = ("httpx",)
"""They tell addresses, headers and what servers say, in which a key may stand: only their warnings count."""
_LAST_WORDS = 0.2
"""Seconds for those that wait when the daemon leaves."""
_NUMBERS: dict[str, int] = {name: logging.getLevelNamesMapping()[name.upper()] for name in get_args(Level)}
_WANTED: dict[str, int] = {"messages": logging.INFO, "verbose": logging.DEBUG}
_NEVER = logging.CRITICAL + 1
_OURS = "chatls"


class Log:
    """Takes what is logged anywhere, from these levels on."""

    def __init__(self, level: str, state: Path | None = None) -> None:
        """`level`: for stderr, a name of Python's, in any case; WARNING where it is none. `state`: the user's state
        folder, where the file goes; None: there is none."""
        known = logging.getLevelNamesMapping().get(level.upper())
        self._said = logging.WARNING if known is None else known
        self._named = _NEVER if known is None else known
        self._set, self._trace = logging.INFO, _NEVER
        self._lines: Queue[str] = Queue(_MOST)
        self._file = None if state is None else LogFile(state)
        self._into_file = None if self._file is None else _IntoFile(self._file)
        handler = _Dropping(self._lines)
        handler.setLevel(self._said)
        root = logging.getLogger()
        root.addHandler(handler)
        if self._into_file is not None:
            root.addHandler(self._into_file)
        self._weigh()
        Thread(target=self._write, args=(sys.stderr,), name="stderr", daemon=True).start()

    def set(self, level: Level) -> None:
        """How much goes to the file, by the settings."""
        self._set = _NUMBERS[level]
        self._weigh()

    def trace(self, value: object) -> None:
        """How much goes to the file besides, as long as a client wants it: `off`, `messages` or `verbose`."""
        self._trace = _WANTED.get(value, _NEVER) if isinstance(value, str) else self._trace
        self._weigh()

    @property
    def everything(self) -> bool:
        """Whether texts of people and models may stand in the file, too."""
        return self._into_file is not None and self._into_file.level <= logging.DEBUG

    def hide(self, clean: Callable[[str], str]) -> None:
        """What takes out of the file what must not be written; called in the file's thread."""
        if self._file is not None:
            self._file.clean = clean

    def note(self, what: str, level: Level = "info", **facts: Any) -> None:
        """Something happened, as facts: into the file alone. What is None is left out."""
        if self._file is not None and self._into_file is not None and _NUMBERS[level] >= self._into_file.level:
            self._file.put(line(time.time(), level, what, about(), facts))

    def flush(self) -> None:
        """Let out what waits, if somebody reads it."""
        waiting = Thread(target=self._lines.join, daemon=True)
        waiting.start()
        if self._file is not None:
            self._file.flush(_LAST_WORDS)
        waiting.join(_LAST_WORDS)

    def _write(self, stderr: TextIO | None) -> None:
        while True:
            said = self._lines.get()
            with suppress(OSError, ValueError):
                if stderr is not None:
                    stderr.write(f"{said}\n")
                    stderr.flush()
            self._lines.task_done()

    def _weigh(self) -> None:
        """What is not wanted anywhere costs nothing."""
        least = self._said
        if self._into_file is not None:
            self._into_file.setLevel(min(self._named, self._set, self._trace))
            least = min(least, self._into_file.level)
        logging.getLogger().setLevel(least)
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(max(least, logging.WARNING))


class _Dropping(logging.Handler):
    def __init__(self, lines: Queue[str]) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(logging.Formatter(logging.BASIC_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError):  # words that do not fit their values
            self.handleError(record)
            return
        with suppress(Full):
            self._lines.put_nowait(line)


class _IntoFile(logging.Handler):
    """Of libraries only warnings: what else they say may hold anything."""

    def __init__(self, file: LogFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING or record.name.partition(".")[0] == _OURS:
            self._file.put(of_record(record, about(), everything=self.level <= logging.DEBUG))
