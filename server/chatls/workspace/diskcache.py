"""A cache for what was read of the disk, that holds while nothing changes of all that the reading looked at.

A look at a dozen places costs a tenth of what a thread does, and each prompt that begins a session asks.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from stat import S_ISDIR
from time import time_ns
from typing import Generic, TypeVar

from anyio import Lock, to_thread

from chatls.values import dataclass

_MOMENT = 50_000_000
"""Nanoseconds within which two changes of a file may bear the same time."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entries:
    """A folder, of which matters what is in it: which names, and not what they hold."""

    folder: Path


Looked = Path | Entries
"""Something that a reading depends on."""


@dataclass(frozen=True, slots=True)
class _DiskLook(Generic[T]):
    begun: int
    """How often had been asked when it began."""
    about: object
    marks: Mapping[Looked, object]
    """The places that were looked at, and what they were like."""
    found: T

    def holds(self, about: object) -> bool:
        """Whether another look would find the same."""
        return self.about == about and all(_mark(place) == mark for place, mark in self.marks.items())


class DiskCache(Generic[T]):
    """The last thing that was read."""

    def __init__(self) -> None:
        self._reading = Lock()
        self._asked = 0
        self._last: _DiskLook[T] | None = None

    async def get(self, about: object, places: Callable[[], Iterable[Looked]], read: Callable[[], T]) -> T:
        """What `read` gives, in a thread. One reading serves all that ask `about` the same before it begins, many
        sessions may begin at once, or while no place changes; `places`: all that it depends on.
        """
        self._asked += 1
        asked = self._asked
        if self._last and self._last.holds(about):
            return self._last.found

        def look() -> _DiskLook[T]:
            marks = {place: _mark(place, time_ns()) for place in places()}
            return _DiskLook(begun, about, marks, read())

        async with self._reading:
            if self._last and self._last.begun >= asked and self._last.about == about:
                return self._last.found
            begun = self._asked
            self._last = await to_thread.run_sync(look, abandon_on_cancel=True)
            return self._last.found


def _mark(place: Looked, now: int | None = None) -> object:
    """What changes with a file or a folder. `now`: the time, in nanoseconds, to tell what was changed just then."""
    try:
        status = (place.folder if isinstance(place, Entries) else place).stat()
    except OSError:
        return None
    if S_ISDIR(status.st_mode) and isinstance(place, Path):
        return status.st_dev, status.st_ino  # whether it is there, and the same: what is in it is a place of its own
    if now is not None and now - status.st_ctime_ns < _MOMENT:
        return "changed a moment ago"  # another change may leave it looking the same, so that it never does
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
