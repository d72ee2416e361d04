"""Queues of calls that come one after the other: by a word for what they touch, first come, first served."""

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import field

from anyio import Event, Lock

from chatls.signals import Signal
from chatls.tools.tool import EVERYTHING
from chatls.values import dataclass


@dataclass(slots=True)
class _Queue:
    lock: Lock = field(default_factory=Lock)
    users: int = 0


class Queues:
    """All of a daemon's: two sessions do not change one file at once."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def turn(self, word: str | None) -> AsyncGenerator[None, None]:
        """Wait until it is one's turn, and have it. Who comes here first comes first; None and what touches everything
        wait for nobody: sessions do not wait for each other's commands."""
        if word in (None, EVERYTHING):
            yield
            return
        queue = self._queues.setdefault(word, _Queue())
        queue.users += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.users -= 1
            if not queue.users:
                self._queues.pop(word, None)


class Reads:
    """What one turn's tools read now: a change of it that the model wrote with the reading waits until it was read."""

    def __init__(self) -> None:
        self._going: Counter[str] = Counter()
        self._ended = Signal()

    @contextmanager
    def going(self, word: str | None) -> Generator[None]:
        """It is read until this ends. None: nothing that is ever changed."""
        if word is None:
            yield
            return
        self._going[word] += 1
        try:
            yield
        finally:
            self._going[word] -= 1
            self._ended.fire()

    async def over(self, word: str | None) -> None:
        """Wait until nobody reads it, or anything."""
        while self._going.total() if word == EVERYTHING else self._going[word or ""]:
            await self._ended.wait()


@dataclass(slots=True, eq=False)
class _Ticket:
    word: str
    over: Event = field(default_factory=Event)

    def waits_for(self, other: "_Ticket") -> bool:
        return EVERYTHING in (self.word, other.word) or self.word == other.word


class QueuePlace:
    """A call's place among the changes of its turn."""

    def __init__(self, ticket: _Ticket | None, before: list[_Ticket]) -> None:
        self._ticket = ticket
        self._before = before

    async def turn(self) -> None:
        """Wait until all that came before and may touch the same is over."""
        for other in self._before:
            await other.over.wait()

    def leave(self) -> None:
        """Nobody needs to wait for it any more."""
        if self._ticket:
            self._ticket.over.set()


class Order:
    """The changes of one turn, in the order in which the model wrote them, as far as they may touch the same."""

    def __init__(self) -> None:
        self._places: list[_Ticket] = []

    @asynccontextmanager
    async def place(self, word: str | None) -> AsyncGenerator[QueuePlace, None]:
        """Take a place, at once. None touches nothing that others do."""
        if word is None:
            yield QueuePlace(None, [])
            return
        ticket = _Ticket(word)
        before = [other for other in self._places if ticket.waits_for(other)]
        self._places.append(ticket)
        try:
            yield QueuePlace(ticket, before)
        finally:
            self._places.remove(ticket)
            ticket.over.set()
