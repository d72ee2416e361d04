"""The output buffer of a reader: deltas not handed on yet, pieces of the same kind are one. Pure; knows no dialect."""

from chatls.providers.delta import Delta, TextDelta, TextWasThinking, ThinkingDelta
from chatls.providers.inline.span import Span
from chatls.providers.inline.suffix import Suffix

_TEXTS = (TextDelta, ThinkingDelta)


class Deltas:
    """Deltas, in order."""

    __slots__ = ("_deltas", "_kind", "_pieces", "_suffix", "heard", "said", "span", "thinking")

    def __init__(self, suffix: Suffix) -> None:
        self._suffix = suffix
        self._deltas: list[Delta] = []
        self._pieces: list[str] = []
        self._kind: type[TextDelta | ThinkingDelta] = TextDelta
        self.thinking = False
        """Whether what is said is thinking."""
        self.said = ""
        """The last character that was said; "" at the beginning, and behind a call."""
        self.span = Span()
        self.heard: list[str] | None = None
        """What was said since this was set."""

    def add(self, delta: Delta) -> None:
        """Anything but text."""
        self._flush()
        self._deltas.append(delta)

    def was_thinking(self) -> None:
        """All text that was said is thinking; what was not handed on yet goes out as that."""
        self._flush()
        texts = (ThinkingDelta(one.text) if isinstance(one, TextDelta) else one for one in self._deltas)
        self._deltas = [TextWasThinking(), *texts]

    def say(self, text: str) -> None:
        """A piece of the answer, or of the thinking."""
        if not text:
            return
        kind = ThinkingDelta if self.thinking else TextDelta
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        self.said = text[-1]
        if "`" in text or self.span.pieces:
            self.span.pieces.append(text)
        self._pieces.append(self._suffix.shown(text))
        if self.heard is not None:
            self.heard.append(text)

    def take(self) -> list[Delta]:
        """All that was found since the last time."""
        self._flush()
        deltas, self._deltas = self._deltas, []
        return deltas

    def _flush(self) -> None:
        if self._pieces:
            self._deltas.append(self._kind("".join(self._pieces)))
            self._pieces.clear()


class Pieces:
    """Text that was held back goes out in the pieces in which it came, because pieces are counted."""

    __slots__ = ("_begun", "_held")

    def __init__(self) -> None:
        self._held: list[str] = []
        self._begun = False
        """The first is the rest of a piece that is out already: it goes with the next one."""

    def restore(self, piece: str, deltas: list[Delta]) -> list[Delta]:
        """What the newest piece brought out. Only where nothing was taken out of the text is it as it came."""
        if piece:
            self._held.append(piece)
        if not deltas:
            return deltas
        held, self._held = self._held, []
        if self._begun:
            held[:2] = ["".join(held[:2])]
            self._begun = False
        first = deltas[0]
        if not isinstance(first, _TEXTS) or [first.text] == held or not "".join(held).startswith(first.text):
            return deltas
        texts = self._taken(held, len(first.text))
        if len(deltas) > 1:
            self._held, self._begun = [], False
        return deltas if len(texts) == 1 else [*map(type(first), texts), *deltas[1:]]

    def _taken(self, held: list[str], size: int) -> list[str]:
        """The pieces that so many characters came in; what is behind them is held on."""
        count = 0
        while count < len(held) and size >= len(held[count]):
            size -= len(held[count])
            count += 1
        texts, self._held = held[:count], held[count:]
        if size:
            texts.append(self._held[0][:size])
            self._held[0] = self._held[0][size:]
            self._begun = True
        return texts
