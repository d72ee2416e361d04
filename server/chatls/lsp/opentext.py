r"""The text of one open document as a rope: pieces of bounded size, so that a key stroke costs the same in any text.

The pieces stand in pages; pieces and pages know how many units of the client's encoding and how many line ends they
hold. A position is turned into a count of units, and that into a piece. Two rules make counts add up: no boundary
divides \r\n, and no page or piece is ever changed, only replaced. So a text as it is now can be kept, and joined in
another thread, while the next change comes.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate, chain, pairwise
from threading import Lock
from typing import NamedTuple

from chatls.workspace.positions import reached, units

LONGEST = 1024
"""Characters of a piece, and one where CR LF would be divided."""
SHORTEST = 256
"""Characters of a piece, unless it is the only one; a shorter one joins its neighbour."""
MOST = 128
"""Pieces of a page."""


class _Piece(NamedTuple):
    units: int
    ends: int
    text: str


class _Leaf(NamedTuple):
    units: int
    ends: int
    pieces: tuple[_Piece, ...]


class _Spot(NamedTuple):
    """Between two characters; of equal places there is one spelling, so they compare as they follow each other."""

    page: int
    piece: int
    at: int


class Snapshot:
    """A text as it was at one moment. Safe to use in any thread."""

    def __init__(self, pages: Iterable[_Leaf]) -> None:
        self.pages = tuple(pages)
        """What it is joined of; empty afterwards."""
        self._text: str | None = None
        self._joining = Lock()

    def text(self) -> str:
        """The whole text; joined when it is first asked for."""
        with self._joining:
            if self._text is None:
                self._text = "".join(piece.text for page in self.pages for piece in page.pieces)
                self.pages = ()
            return self._text


class OpenText:
    r"""A text that changes at positions as LSP counts them (LSP 3.17, "Position").

    A line ends with \n, \r\n or \r and with nothing else. A position beyond a line's end means its end, one beyond the
    last line the end of the text; within a character of several units it is the place before it.

    >>> text = OpenText("one\ntwo", "utf-16")
    >>> text.replace((0, 3), (1, 1), "-")
    >>> text.snapshot().text()
    'one-wo'
    """

    def __init__(self, text: str, encoding: str) -> None:
        self._encoding = encoding
        self._pages = _paged(self._cut(text))
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The text as it is now; the same object until it changes."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self._pages)
        return self._snapshot

    def replace(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        """Put `text` where that between two positions (line, character) is. Raises `ValueError` if they are not in
        this order.
        """
        first = self._place(*start)
        last = first if end == start else self._place(*end)
        if last < first:
            raise ValueError("the range ends before it starts")
        self._splice(first, last, text)
        self._snapshot = None

    def _place(self, line: int, character: int) -> _Spot:
        start = self._line_end(line)[1] if line else 0
        return self._unit(min(start + character, self._line_end(line + 1)[0]))

    def _line_end(self, number: int) -> tuple[int, int]:
        """Units of the text before and behind its line end of this number, counted from 1; without it all and all."""
        page, ends = _reach((page.ends for page in self._pages), number)
        before = sum(item.units for item in self._pages[:page])
        if page == len(self._pages):
            return before, before
        pieces = self._pages[page].pieces
        piece, ends = _reach((piece.ends for piece in pieces), ends)
        before += sum(item.units for item in pieces[:piece])
        text = pieces[piece].text
        at = _behind(text, ends)
        behind = before + units(text[:at], self._encoding)
        return behind - (2 if text.endswith("\r\n", 0, at) else 1), behind

    def _unit(self, number: int) -> _Spot:
        """The place that so many units lie before."""
        page, number = _reach((page.units for page in self._pages), number + 1)
        if page == len(self._pages):
            last = self._pages[-1].pieces
            return _Spot(page - 1, len(last) - 1, len(last[-1].text))
        pieces = self._pages[page].pieces
        piece, number = _reach((piece.units for piece in pieces), number)
        return _Spot(page, piece, reached(pieces[piece].text, number - 1, self._encoding))

    def _splice(self, start: _Spot, end: _Spot, new: str) -> None:
        """Replace the pieces between two places, and those beside them where the rules want it."""
        first, last = max(start.page - (not start.piece), 0), end.page + 1
        if end.piece == len(self._pages[end.page].pieces) - 1:
            last += 1
        pieces = list(chain.from_iterable(page.pieces for page in self._pages[first:last]))
        left = start.piece + sum(len(page.pieces) for page in self._pages[first : start.page])
        right = end.piece + sum(len(page.pieces) for page in self._pages[first : end.page])
        middle = pieces[left].text[: start.at] + new + pieces[right].text[end.at :]
        right += 1
        while left and _belong(pieces[left - 1].text, middle):
            left -= 1
            middle = pieces[left].text + middle
        while right < len(pieces) and _belong(middle, pieces[right].text):
            middle += pieces[right].text
            right += 1
        pieces[left:right] = self._cut(middle)
        self._pages[first:last] = _paged(pieces)

    def _cut(self, text: str) -> list[_Piece]:
        """Pieces of about the same size; one at least."""
        count = -(-len(text) // LONGEST) or 1
        found: list[_Piece] = []
        start = 0
        for number in range(1, count + 1):
            end = len(text) * number // count
            if text[end - 1 : end + 1] == "\r\n":
                end += 1
            part = text[start:end]
            found.append(_Piece(units(part, self._encoding), _line_ends(part), part))
            start = end
        return found


def _paged(pieces: list[_Piece]) -> list[_Leaf]:
    count = -(-len(pieces) // MOST)
    bounds = [len(pieces) * number // count for number in range(count + 1)]
    return [_page(pieces[start:end]) for start, end in pairwise(bounds)]


def _page(pieces: list[_Piece]) -> _Leaf:
    return _Leaf(sum(piece.units for piece in pieces), sum(piece.ends for piece in pieces), tuple(pieces))


def _belong(left: str, right: str) -> bool:
    """Whether two neighbours have to be one piece."""
    return min(len(left), len(right)) < SHORTEST or (left[-1] == "\r" and right[0] == "\n")


def _reach(counts: Iterable[int], number: int) -> tuple[int, int]:
    """Which of some items holds the thing of this number, counted from 1, and its number in there.

    >>> _reach([2, 0, 3], 3), _reach([2, 0, 3], 6)
    ((2, 1), (3, 1))
    """
    sums = list(accumulate(counts, initial=0))
    index = bisect_left(sums, number) - 1
    return index, number - sums[index]


def _line_ends(text: str) -> int:
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)


def _behind(text: str, number: int) -> int:
    r"""Where in a text its line end of this number ends.

    >>> _behind("a\r\nb\rc\n", 2)
    5
    """
    if "\r" in text:
        text = text.replace("\r\n", "+\n").replace("\r", "\n")
    return len(text) - len(text.split("\n", number)[number])
