"""What a reader of text has found and not handed on yet: pieces of the same kind are one. Pure; knows no dialect."""

from chatls.providers.delta import Delta, TextDelta, ThinkingDelta


class Output:
    """Deltas, in order."""

    __slots__ = ("_deltas", "_kind", "_pieces", "said", "thinking")

    def __init__(self) -> None:
        self._deltas: list[Delta] = []
        self._pieces: list[str] = []
        self._kind: type[TextDelta | ThinkingDelta] = TextDelta
        self.thinking = False
        """Whether what is said is thinking."""
        self.said = ""
        """The last character that was said; "" at the beginning, and behind a call."""

    def add(self, delta: Delta) -> None:
        """Anything but text."""
        self._flush()
        self._deltas.append(delta)

    def say(self, text: str) -> None:
        """A piece of the answer, or of the thinking."""
        if not text:
            return
        kind = ThinkingDelta if self.thinking else TextDelta
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        self.said = text[-1]
        self._pieces.append(text)

    def take(self) -> list[Delta]:
        """All that was found since the last time."""
        self._flush()
        deltas, self._deltas = self._deltas, []
        return deltas

    def _flush(self) -> None:
        if self._pieces:
            self._deltas.append(self._kind("".join(self._pieces)))
            self._pieces.clear()
