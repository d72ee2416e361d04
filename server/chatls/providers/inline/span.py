"""Code spans in a line of the answer: between backquotes, a mark is spoken of. Pure; knows no dialect."""

import re
from collections.abc import Generator

from chatls.providers.inline.source import Source

_MARKS = re.compile(r"`+|\n")
_QUOTES = re.compile(r"`+")
_FURTHEST = 1000


class Span:
    """Knows the backquotes of a line. Pieces are only kept, and looked at when somebody asks: that is seldom.

    What was said inside code fences counts too: their last line ends it.
    """

    __slots__ = ("_open", "_run", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        """What was said since there was a backquote, and nobody asked; empty where all backquotes are closed."""
        self._run = 0
        """So many backquotes were last: there may come more of them."""
        self._open = 0

    def end(self) -> None:
        """The line ends."""
        self.pieces.clear()
        self._run = self._open = 0

    def opened_by(self) -> int:
        """How many backquotes opened the span that is open; none: 0."""
        for piece in self.pieces:
            self._follow(piece)
        self._settle()
        self.pieces[:] = [""] if self._open else []
        return self._open

    def _follow(self, piece: str) -> None:
        place = 0
        for found in _MARKS.finditer(piece):
            if found.start() > place:
                self._settle()
            place = found.end()
            if found.group() == "\n":
                self._run = self._open = 0
            else:
                self._run += place - found.start()
        if place < len(piece):
            self._settle()

    def _settle(self) -> None:
        if self._run and self._open in (0, self._run):
            self._open = 0 if self._open else self._run
        self._run = 0


def closes(source: Source, quotes: int) -> Generator[None, None, bool]:
    """Whether as many backquotes follow on this line. One that nothing closes opens no span: a call may follow it."""
    while True:
        text = source.text[source.at : source.at + _FURTHEST]
        line, newline, _ = text.partition("\n")
        over = bool(newline) or source.ended or len(text) == _FURTHEST
        for found in _QUOTES.finditer(line):
            if found.end() - found.start() == quotes and (found.end() < len(text) or over):
                return True
        if over:
            return False
        yield
