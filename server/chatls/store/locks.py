"""Which session runs in which daemon: a lock on a file a session, that ends with the process, however that ends. And in
this one: who changes a session, and who waits for that."""

import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

from chatls.children.process import locked
from chatls.errors import TURN_IN_PROGRESS, RequestError
from chatls.signals import Signal

_PATIENCE = 0.1
"""Seconds: who only looks whether a session runs holds its lock for a moment."""


_PAUSE = 0.003
_LOOKS = 3


class SessionLocks:
    """Those of one store. All methods block for a moment."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the files are, for the owner alone."""
        self._folder = folder
        self._held: dict[str, int] = {}

    def take(self, session: str) -> bool:
        """Hold a session. False where another daemon does. Raises `OSError`."""
        if session in self._held:
            return True
        place, deadline = self._place(session), monotonic() + _PATIENCE
        while (descriptor := self._taken(place)) is None:
            if session in self._held:  # another thread was quicker
                return True
            if monotonic() > deadline:
                return False
            sleep(_PAUSE)
        self._held[session] = descriptor
        return True

    def free(self, session: str) -> None:
        """Let others have it."""
        descriptor = self._held.pop(session, None)
        if descriptor is not None:
            with suppress(OSError):
                self._place(session).unlink()
            os.close(descriptor)

    def elsewhere(self, sessions: list[str]) -> set[str]:
        """Which of these run in another daemon."""
        try:
            there = {entry.name for entry in os.scandir(self._folder)}
        except OSError:
            return set()
        asked = [name for name in sessions if name not in self._held and _called(name) in there]
        return {name for name in asked if self._is_locked(name)}

    def _taken(self, place: Path) -> int | None:
        try:
            descriptor = locked(place)
        except FileNotFoundError:
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = locked(place)
        if descriptor is not None and not _is_there(place, descriptor):
            os.close(descriptor)
            return None
        return descriptor

    def _is_locked(self, session: str) -> bool:
        """Whoever else only looks holds it for a moment as well: so look more than once."""
        for _ in range(_LOOKS):
            try:
                descriptor = locked(self._place(session))
            except OSError:
                return False
            if descriptor is not None:
                os.close(descriptor)
                return False
            sleep(_PAUSE)
        return True

    def _place(self, session: str) -> Path:
        return self._folder / _called(session)


class Changes:
    """Sessions that somebody changes, in this daemon: no turn begins in one until that is done. One event loop."""

    def __init__(self) -> None:
        self._changed = set[str]()
        self._done = Signal()

    async def begin(self, session: str) -> None:
        """Change it from now on; wait for who does already."""
        await self.over(session)
        self._changed.add(session)

    def begin_all(self, sessions: Iterable[str]) -> list[str]:
        """Change those that nobody changes; which ones."""
        free = [name for name in sessions if name not in self._changed]
        self._changed.update(free)
        return free

    def end(self, *sessions: str) -> None:
        """They are changed."""
        self._changed.difference_update(sessions)
        self._done.fire()

    async def over(self, session: str) -> None:
        """Wait until nobody changes it."""
        while session in self._changed:
            await self._done.wait()


def elsewhere(session: str) -> RequestError:
    """What is said where another daemon has a session."""
    text = f"a turn is running in the session {session!r}, in another chatls; wait for its end or cancel it there"
    return RequestError(TURN_IN_PROGRESS, text)


def _is_there(place: Path, descriptor: int) -> bool:
    """Whether the file was not removed by whoever held it before."""
    try:
        now, held = place.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (now.st_dev, now.st_ino) == (held.st_dev, held.st_ino)


def _called(session: str) -> str:
    return sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:32]
