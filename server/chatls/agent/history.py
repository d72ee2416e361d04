"""What the model is sent of a session: it grows at its end and goes back to marks. Who keeps it elsewhere listens."""

from collections.abc import Callable, Iterable
from operator import is_

from chatls.message import Message
from chatls.values import dataclass

AsItWas = tuple[Message, ...]
"""All that was there at a moment."""


@dataclass(frozen=True, slots=True)
class Grown:
    """These came to the end."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Rewound:
    """Only the first ones are left."""

    length: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """It is these now: a compaction, or back to before one. Most of them are the very same objects as before."""

    messages: tuple[Message, ...]


HistoryChange = Grown | Rewound | Replaced
"""What happened to a history."""


class History:
    """The messages of one session."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.messages: tuple[Message, ...] = tuple(messages)
        """All of them, as they are now; what was taken from here never changes."""
        self.listeners: tuple[Callable[[HistoryChange], None], ...] = ()
        """Told of each change, when it is made. They do not raise."""

    def grow(self, *messages: Message) -> None:
        """Put messages to the end."""
        if messages:
            self.messages += messages
            self._tell(Grown(messages))

    def mark(self) -> AsItWas:
        """What it is now, for `rewind`."""
        return self.messages

    def rewind(self, mark: AsItWas) -> None:
        """Make it what it was at a mark, also behind a compaction."""
        if not begins_with(self.messages, mark):
            self.replace(mark)
        elif len(mark) < len(self.messages):
            self.messages = mark
            self._tell(Rewound(len(mark)))

    def replace(self, messages: Iterable[Message]) -> None:
        """Have others stand there instead."""
        self.messages = tuple(messages)
        self._tell(Replaced(self.messages))

    def _tell(self, change: HistoryChange) -> None:
        for listen in self.listeners:
            listen(change)


def begins_with(messages: AsItWas, start: AsItWas) -> bool:
    """Whether the first ones are the very same objects."""
    return len(start) <= len(messages) and all(map(is_, start, messages))
