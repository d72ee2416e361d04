"""Rows of a terminal: foreign text wrapped, cropped and lightly styled. Knows no view and writes nowhere.

Every row is a rich `Text`, so markup in foreign text is never interpreted; what comes in must be `harmless`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.text import Text

_WORD = re.compile(r" *[^ ]+")
_FENCE = re.compile(r" *(```|~~~)")
_LINE_STYLES = (
    (re.compile(r"#{1,6} .*"), "bold"),
    (re.compile(r" *([-*+]|[0-9]{1,3}[.)]) "), "cyan"),
    (re.compile(r">.*"), "dim"),
)
_SPAN_STYLES = ((re.compile(r"`[^`]+`"), "cyan"), (re.compile(r"\*\*[^*\s][^*]*\*\*"), "bold"))


def wrap(line: str, start: int, width: int) -> Iterator[tuple[int, int]]:
    """Where the rows of a line begin and end, from `start` on: broken at spaces, inside of words that are too long.

    Text that is appended to the line later changes nothing but the last row.

    >>> [line[a:b] for line in ["one two threefour"] for a, b in wrap(line, 0, 7)]
    ['one two', 'threefo', 'ur']
    """
    begin = end = start
    while match := _WORD.match(line, end):
        if cell_len(line[begin : match.end()]) > width:
            if end > begin:
                yield begin, end
                begin = _word_start(line, end)
            while cell_len(line[begin : match.end()]) > width:
                cut = begin + max(1, _fitting(line[begin : match.end()], width))
                yield begin, cut
                begin = cut
        end = match.end()
    yield begin, end


def _word_start(line: str, at: int) -> int:
    return len(line) - len(line[at:].lstrip(" "))


def _fitting(text: str, width: int) -> int:
    """How many characters fit."""
    count = used = 0
    for character in text:
        used += cell_len(character)
        if used > width:
            break
        count += 1
    return count


def hard_wrap(line: str, width: int) -> Iterator[str]:
    """A line in rows from which nothing is left out, not even blanks.

    >>> list(hard_wrap("ab    c", 3))
    ['ab ', '   ', 'c']
    """
    begin = used = 0
    for at, character in enumerate(line):
        cells = cell_len(character)
        if used + cells > width and at > begin:
            yield line[begin:at]
            begin, used = at, 0
        used += cells
    yield line[begin:]


def hard_wrap_text(line: Text, width: int) -> list[Text]:
    """The same for a line that is styled."""
    cuts = [0]
    for piece in hard_wrap(line.plain, width):
        cuts.append(cuts[-1] + len(piece))
    return [line[begin:end] for begin, end in pairwise(cuts)]


def crop(text: str, width: int) -> str:
    """The beginning of a line, where it is too long.

    >>> crop("abcdef", 4)
    'abc…'
    """
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def crop_front(text: str, width: int) -> str:
    """The end of a line, where it is too long.

    >>> crop_front("abcdef", 4)
    '…def'
    """
    if cell_len(text) <= width:
        return text
    return "…" + text[len(text) - _fitting(text[::-1], max(width - 1, 0)) :]


def paragraph(text: str, style: str, width: int, *, sign: str = "") -> list[Text]:
    """A short text in one style, wrapped; what follows the first row stands below the text, not below its sign."""
    lead = f"{sign} " if sign else ""
    room = max(width - cell_len(lead), 1)
    pieces = [text[start:end] for start, end in wrap(text, 0, room)]
    return [Text((lead if at == 0 else " " * cell_len(lead)) + piece, style) for at, piece in enumerate(pieces)]


def listing(parts: list[str], separator: str, width: int) -> list[str]:
    """Parts in as few lines as they fit in, none of them broken.

    >>> listing(["one", "two", "three"], " - ", 10)
    ['one - two', 'three']
    """
    lines = parts[:1]
    for part in parts[1:]:
        longer = lines[-1] + separator + part
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


class Flow:
    """Text that grows while it is shown: hands out every row once, as soon as nothing can change it any more."""

    def __init__(self, style: str | None = None) -> None:
        """`style` for all of it; None for an answer, whose Markdown is coloured but not rearranged."""
        self._style = style
        self._offset = 0
        self._fenced = False

    def take(self, text: str, width: int, *, whole: bool) -> tuple[list[Text], list[Text]]:
        """The rows that are final and were not handed out yet, and the last one while it may still change."""
        text = text.rstrip()  # empty lines are not shown before something follows them
        if self._offset == 0:
            self._offset = len(text) - len(text.lstrip("\n"))
        final: list[Text] = []
        while (end := text.find("\n", self._offset)) >= 0:
            final += [row for _, row in self._rows(text, end, width)]
            self._pass(text, end)
        rest = self._rows(text, len(text), width) if text else []
        if whole or not rest:
            return final + [row for _, row in rest], []
        self._offset, last = rest.pop()
        return final + [row for _, row in rest], [last]

    def _rows(self, text: str, end: int, width: int) -> list[tuple[int, Text]]:
        """The rows of the line that ends there, from the offset on, each with the offset at which it begins."""
        start = text.rfind("\n", 0, self._offset) + 1
        line = self._styled(text[start:end])
        return [(start + a, line[a:b]) for a, b in wrap(line.plain, self._offset - start, width)]

    def _pass(self, text: str, end: int) -> None:
        """Go on behind a line."""
        if _FENCE.match(text, text.rfind("\n", 0, end) + 1):
            self._fenced = not self._fenced
        self._offset = end + 1

    def _styled(self, line: str) -> Text:
        if self._style is not None:
            return Text(line, self._style)
        if self._fenced or _FENCE.match(line):
            return Text(line, "cyan")
        row = Text(line)
        for pattern, style in _LINE_STYLES:
            if match := pattern.match(line):
                row.stylize(style, *match.span())
        for pattern, style in _SPAN_STYLES:
            for match in pattern.finditer(line):
                row.stylize(style, *match.span())
        return row
