"""What the door asks of the shelves behind it, so that SQLite is loaded when a session is first looked for."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from chatls.errors import ChatlsError
from chatls.store.connection import Tables
from chatls.store.searching import WordIndex
from chatls.values import dataclass

T = TypeVar("T")
Read = Callable[[Tables, bool], T]
"""Reads; the second argument says whether words are found by an index."""


class UnreadableStoreError(ChatlsError):
    """The store cannot be read now. The text says why."""


@dataclass(slots=True, eq=False)
class Stroke:
    """Something that is to be written about a session."""

    session: str
    work: Callable[[Tables, WordIndex], None]
    before: Callable[["Shelving"], object] | None = None
    """Called in the thread, before anything of it is written. Does not raise."""
    done: Callable[[], None] | None = None
    """Called on the loop when it is written."""
    after: Callable[[], None] | None = None
    """Called in the thread, behind the commit."""
    error: Exception | None = None
    """Why it could not be done."""


class Shelving(Protocol):
    """Where sessions are. All methods block."""

    troubles: list[str]
    """Words for a person."""

    def open(self) -> None:
        """Open what there is; the first time takes a moment."""
        ...

    @property
    def fallen(self) -> bool:
        """Whether something goes into memory because the disk does not take it."""
        ...

    def move_in(self, session: str, *, private: bool) -> None:
        """From now on a session's place is in memory, with all that the disk has of it. `private`: it stays there."""
        ...

    def come_back(self, busy: Callable[[str], bool]) -> bool:
        """Put onto the disk what fell into memory, if the disk takes it again. Whether all is there; what is `busy`
        comes later."""
        ...

    def read(self, session: str, work: Read[T]) -> T:
        """Read of a session, wherever it is. Raises `UnreadableStoreError`."""
        ...

    def read_all(self, work: Read[T]) -> list[T]:
        """Read of all stores: of the one in memory first. Raises `UnreadableStoreError`."""
        ...

    def write(self, jobs: Sequence[Stroke]) -> None:
        """Do all of these, in this order, in as few transactions as can be. Never raises."""
        ...

    def remove(self, sessions: Sequence[str]) -> None:
        """Delete sessions wherever there is something of them. Raises `UnreadableStoreError`."""
        ...

    def tend(self, *, forget: bool, always: bool) -> bool:
        """Work in what was written, and let what was deleted be gone (`forget`). `always`: also if little was written.
        Whether all is done. Waits for the disk."""
        ...

    def others_wrote(self) -> bool:
        """Whether another daemon has changed something since this was asked last, or since it was opened."""
        ...
