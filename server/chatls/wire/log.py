"""The log: lines on stderr, written by a thread of their own, so that a client that reads none of them stops nobody."""

import logging
import sys
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from threading import Thread

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
        self._lines: Queue[logging.LogRecord] = Queue(_MOST)
        root = logging.getLogger()
        root.addHandler(_Dropping(self._lines))
        root.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.WARNING))
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
        written = logging.StreamHandler(sys.stderr)
        written.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        QueueListener(self._lines, written).start()

    def flush(self) -> None:
        """Let out what waits, if somebody reads it."""
        waiting = Thread(target=self._lines.join, daemon=True)
        waiting.start()
        waiting.join(_LAST_WORDS)


class _Dropping(QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(Full):
            self.queue.put_nowait(record)
