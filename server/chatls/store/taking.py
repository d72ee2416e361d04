"""A session is taken for a turn: what it is by now, and that nobody else has it. Looked up in a thread."""

from collections.abc import Callable
from contextlib import suppress

from chatls.agent.keeping import no_session
from chatls.errors import INVALID_STATE, RequestError
from chatls.store import reading, resuming
from chatls.store.histories import KeptSession
from chatls.store.locks import SessionLocks, elsewhere
from chatls.store.ports import Shelving, UnreadableStoreError
from chatls.store.resuming import KnownTexts
from chatls.values import dataclass


@dataclass(slots=True, eq=False)
class Taking:
    """For the sessions of one daemon."""

    locks: SessionLocks
    epoch: Callable[[], int]
    """Which store it is by now."""

    def look(
        self,
        name: str,
        revision: int,
        epoch: int,
        shelves: Shelving,
        *,
        new: bool,
        keep: bool,
    ) -> tuple[KeptSession | None, KnownTexts]:
        """In a thread. Raises `RequestError`."""
        shelves.open()
        if not self.hold(name, shelves, keep=keep):
            raise name_taken(name) if new else elsewhere(name)
        refused: RequestError | None = None
        try:
            now = self._revision(shelves, name, revision, new=new)
            if now is None and revision >= 0 and epoch == self.epoch():
                refused = no_session(name)
            elif now is not None and new:
                refused = name_taken(name)
            elif now is not None and now != revision:
                return shelves.read(name, lambda connection, _: resuming.kept_with_texts(connection, name))
        except BaseException:
            self.locks.free(name)
            raise
        if refused is not None:
            self.locks.free(name)
            raise refused
        return None, {}

    def hold(self, name: str, shelves: Shelving, *, keep: bool) -> bool:
        """Hold a session, in a thread. False where another daemon does."""
        with suppress(OSError):  # where nothing can be locked, nothing is kept either
            if not self.locks.take(name):
                return False
        if not keep:
            shelves.move_in(name, private=True)
        return True

    def _revision(self, shelves: Shelving, name: str, known: int, *, new: bool) -> int | None:
        """How often a session was changed. Where nobody can say, it was not since it was known."""
        try:
            return shelves.read(name, lambda connection, _: reading.revision(connection, name))
        except UnreadableStoreError:
            if not new and known < 0:
                raise
            return None if new else known


def name_taken(session: str) -> RequestError:
    """What is said where a new session cannot be called so."""
    return RequestError(INVALID_STATE, f"the session {session!r} exists")
