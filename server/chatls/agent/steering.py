"""Words for a turn that runs: they wait until the model is asked again, and what it was not sent comes back."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import field

from chatls.agent.history import History
from chatls.content import ContentBlock
from chatls.events import Event, Notice, Steered
from chatls.message import UserMessage
from chatls.values import dataclass

Said = tuple[ContentBlock, ...]
Attach = Callable[[Said], Awaitable[tuple[Said, list[Notice]]]]
"""Reads the files that words point to (`read_links`)."""


@dataclass(slots=True, eq=False)
class Steering:
    """What a person says while their turn runs."""

    _history: History
    _emit: Callable[[Event], None]
    _attach: Attach
    _queue: deque[Said] = field(default_factory=deque[Said])
    _closed: bool = False

    def put(self, said: Said) -> bool:
        """Have it said with the next request. False where there is none any more: nothing was kept."""
        if not self._closed:
            self._queue.append(said)
        return not self._closed

    def waiting(self) -> bool:
        """Whether the model is to be told something."""
        return bool(self._queue)

    async def deliver(self) -> None:
        """Put all of it behind what the model knows. What a cancel interrupts was not sent."""
        while self._queue:
            said = self._queue[0]
            content, notices = await self._attach(said)
            self._queue.popleft()
            self._history.grow(UserMessage(content, "steered"))
            self._emit(Steered(said))
            for notice in notices:
                self._emit(notice)

    def rest(self) -> Said:
        """What was not sent. From here on nothing is taken any more."""
        self._closed = True
        return tuple(block for said in self._queue for block in said)
