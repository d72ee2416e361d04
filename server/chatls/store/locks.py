"""Which session runs in which daemon: a lock on a file a session, that ends with the process, however that ends."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

from chatls.children.process import lock_file

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PATIENCE = 0.1
"""Seconds: who only looks whether a session runs holds its lock for a moment."""


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
        self._folder.mkdir(mode=0o700, exist_ok=True)
        deadline = monotonic() + _PATIENCE
        while (descriptor := self._taken(session)) is None:
            if monotonic() > deadline:
                return False
            sleep(0.005)
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

    def _taken(self, session: str) -> int | None:
        descriptor = os.open(self._place(session), _FLAGS, 0o600)
        try:
            if lock_file(descriptor) and self._is_there(session, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _is_there(self, session: str, descriptor: int) -> bool:
        """Whether the file was not removed by whoever held it before."""
        try:
            now, held = self._place(session).stat(), os.fstat(descriptor)
        except FileNotFoundError:
            return False
        return (now.st_dev, now.st_ino) == (held.st_dev, held.st_ino)

    def _is_locked(self, session: str) -> bool:
        try:
            descriptor = os.open(self._place(session), _FLAGS & ~os.O_CREAT)
        except OSError:
            return False
        try:
            return not lock_file(descriptor, shared=True)
        finally:
            os.close(descriptor)

    def _place(self, session: str) -> Path:
        return self._folder / _called(session)


def _called(session: str) -> str:
    return sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:32]
