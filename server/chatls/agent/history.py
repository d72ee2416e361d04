"""What the model is sent of a session: it grows at its end and goes back to marks. Who keeps it elsewhere listens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatls.message import Message


@dataclass(frozen=True, slots=True)
class Grown:
    """These came to the end."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Rewound:
    """Only the first ones are left."""

    length: int


class History:
    """The messages of one session."""

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.messages: tuple[Message, ...] = tuple(messages)
        """All of them, as they are now; what was taken from here never changes."""
        self.listeners: tuple[Callable[[Grown | Rewound], None], ...] = ()
        """Told of each change, when it is made. They do not raise."""

    def grow(self, *messages: Message) -> None:
        """Put messages to the end."""
        if messages:
            self.messages += messages
            self._tell(Grown(messages))

    def mark(self) -> int:
        """Where it ends now, for `rewind`."""
        return len(self.messages)

    def rewind(self, mark: int) -> None:
        """Make it what it was at a mark."""
        if mark < len(self.messages):
            self.messages = self.messages[:mark]
            self._tell(Rewound(mark))

    def _tell(self, change: Grown | Rewound) -> None:
        for listen in self.listeners:
            listen(change)
