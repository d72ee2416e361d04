"""The thread that writes. What came together while it wrote is written next, in one transaction.

A thread of its own: who lends one of a pool asks the loop to turn three times, and prompts wait for what is written.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread

from chatls.store.ports import Stroke


class Quill:
    """Of one pen. No thread runs before there is something to write; it ends with the process."""

    def __init__(self, write: Callable[[list[Stroke]], None], written: Callable[[list[Stroke]], None]) -> None:
        """`write` is called in the thread and does not raise, `written` behind it, on the loop."""
        self.owed = 0
        """Strokes that are not written yet."""
        self._write = write
        self._written = written
        self._given: SimpleQueue[Sequence[Stroke]] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None

    def give(self, strokes: Sequence[Stroke]) -> None:
        """Have this written, behind all that came before."""
        self.owed += len(strokes)
        self._given.put(strokes)
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            Thread(target=copy_context().run, args=(self._run, self._loop), name="store", daemon=True).start()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            strokes = list(self._given.get())
            while not self._given.empty():
                strokes += self._given.get()
            self._write(strokes)
            try:
                loop.call_soon_threadsafe(self._done, strokes)
            except RuntimeError:  # the loop is closed
                return

    def _done(self, strokes: list[Stroke]) -> None:
        self.owed -= len(strokes)
        self._written(strokes)
