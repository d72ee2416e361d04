"""The log: lines on stderr, written by a thread of their own, so that a client that reads none of them stops nobody."""

import logging
import sys
from contextlib import suppress
from queue import Full, Queue
from threading import Thread
from typing import TextIO

_MOST = 1000
"""Lines that wait for whoever reads stderr; what comes while there are so many is dropped."""
_TALKATIVE = ("httpx",)
"""They tell addresses, headers and what servers say, in which a key may stand: only their warnings count."""
_LAST_WORDS = 0.2
"""Seconds for those that wait when the daemon leaves."""


class Log:
    """Takes what is logged anywhere, from this level on."""

    def __init__(self, level: str) -> None:
        """`level`: a name of Python's, in any case; WARNING where it is none."""
        self._lines: Queue[str] = Queue(_MOST)
        root = logging.getLogger()
        root.addHandler(_Dropping(self._lines))
        root.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.WARNING))
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
        Thread(target=self._write, args=(sys.stderr,), name="log", daemon=True).start()

    def flush(self) -> None:
        """Let out what waits, if somebody reads it."""
        waiting = Thread(target=self._lines.join, daemon=True)
        waiting.start()
        waiting.join(_LAST_WORDS)

    def _write(self, stderr: TextIO | None) -> None:
        while True:
            line = self._lines.get()
            with suppress(OSError, ValueError):
                if stderr is not None:
                    stderr.write(f"{line}\n")
                    stderr.flush()
            self._lines.task_done()


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
