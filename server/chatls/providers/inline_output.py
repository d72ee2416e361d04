"""What a reader of text has found and not handed on yet: pieces of the same kind are one. Pure; knows no dialect."""

from chatls.providers.delta import Delta, TextDelta, ThinkingDelta


class Output:
    """Deltas, in order."""

    __slots__ = ("_deltas", "said", "thinking")

    def __init__(self) -> None:
        self._deltas: list[Delta] = []
        self.thinking = False
        """Whether what is said is thinking."""
        self.said = ""
        """The last character that was said; "" at the beginning, and behind a call."""

    def add(self, delta: Delta) -> None:
        """Anything but text."""
        self._deltas.append(delta)

    def say(self, text: str) -> None:
        """A piece of the answer, or of the thinking."""
        if not text:
            return
        self.said = text[-1]
        kind = ThinkingDelta if self.thinking else TextDelta
        if self._deltas and isinstance(last := self._deltas[-1], kind):
            self._deltas[-1] = kind(last.text + text)
        else:
            self._deltas.append(kind(text))

    def take(self) -> list[Delta]:
        """All that was found since the last time."""
        deltas, self._deltas = self._deltas, []
        return deltas
