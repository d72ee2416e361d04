"""Which session runs in which daemon: a lock on a file a session, that ends with the process, however that ends."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

from chatls.children.process import locked
from chatls.errors import TURN_IN_PROGRESS, RequestError

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
            self._folder.mkdir(mode=0o700, exist_ok=True)
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
