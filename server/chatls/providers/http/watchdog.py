"""Timeouts on what a server sends: one that costs next to nothing where it does not run out, and a last look at what
waits to be read before either of them ends anything."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

LOOKS = 5
LOOK = 0.05
"""Seconds between two last looks. A daemon that was stopped for a while (SIGSTOP, a laptop's lid) finds its limits
exceeded when it goes on, and the data right behind: the loop gets a few rounds to hand it on."""

T = TypeVar("T")


class OverdueError(TimeoutError):
    """A wait took too long, by our own clock and no transport's."""


async def no_later(seconds: float | None, work: Awaitable[T]) -> T:
    """What one wait gives, at most so many seconds from now (None: whenever). Raises `OverdueError`."""
    if seconds is None:
        return await work
    watchdog = Watchdog(max(seconds, LOOK))
    watchdog.start()
    try:
        return await work
    except asyncio.CancelledError:
        if watchdog.barked():
            raise OverdueError from None
        raise
    finally:
        watchdog.close()


class Watchdog:
    """Ends a wait that is too long, as `asyncio.timeout` does, and is made for many waits, one after the other.

    A cancel scope, like `asyncio.timeout`, makes and removes a timer for every wait: 5 µs, as much as reading and
    decoding a chunk. Here one timer outlives the waits; when it rings, it looks whether the present one is late.

        watchdog.start()
        try:
            await something()
        except asyncio.CancelledError:
            if watchdog.barked():
                ...                      # too long
            raise
        finally:
            watchdog.stop()
    """

    __slots__ = ("_barked", "_cancelling", "_looks", "_loop", "_seconds", "_since", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        """0: never."""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._since = 0.0
        self._cancelling = 0
        self._looks = 0
        self._barked = False

    def start(self) -> None:
        """The present task begins to wait."""
        self._since = self._loop.time()
        self._task = asyncio.current_task()
        self._looks = 0
        if self._timer is None and self._seconds:
            self._timer = self._loop.call_at(self._since + self._seconds, self._ring)

    def stop(self) -> None:
        """It waits no more."""
        self._task = None

    def barked(self) -> bool:
        """Whether the wait was ended from here, and from nowhere else."""
        task, self._barked = self._task if self._barked else None, False
        return task is not None and task.uncancel() <= self._cancelling

    def close(self) -> None:
        """No wait will follow."""
        self._task = None
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        if self._task is None:
            return
        due = self._since + self._seconds
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._ring)
        elif self._looks < LOOKS:
            self._looks += 1
            self._timer = self._loop.call_later(LOOK, self._ring)
        else:
            self._barked = True
            self._cancelling = self._task.cancelling()
            self._task.cancel()
