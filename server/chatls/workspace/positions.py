r"""Positions in text as LSP counts them, in UTF-8, UTF-16 or UTF-32. Pure.

A line ends with \n, \r\n or \r and with nothing else; a character counts for one to four units of the encoding that was
negotiated. A position beyond a line's end means its end, one beyond the last line the end of the text (LSP 3.17,
"Position").
"""

import re
from collections.abc import Sequence

_LINE_END = re.compile(r"\r\n?|\n")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2)}


def units(text: str, encoding: str) -> int:
    """How many units of an encoding a text is long. Half a character that stands alone counts for one.

    >>> units("a\U0001f600", "utf-8"), units("a\U0001f600", "utf-16"), units("a\U0001f600", "utf-32")
    (5, 3, 2)
    """
    if text.isascii() or encoding == "utf-32":
        return len(text)
    codec, width = _CODECS[encoding]
    return len(text.encode(codec, "replace")) // width


def reached(text: str, count: int, encoding: str) -> int:
    """How many characters of a text fit in so many units of an encoding.

    >>> reached("a\U0001f600b", 2, "utf-16"), reached("a\U0001f600b", 3, "utf-16"), reached("ab", 9, "utf-16")
    (1, 2, 2)
    """
    if text.isascii() or encoding == "utf-32":
        return min(count, len(text))
    codec, width = _CODECS[encoding]
    return len(text.encode(codec, "replace")[: count * width].decode(codec, "ignore"))


def position(text: str, at: int, encoding: str) -> tuple[int, int]:
    r"""The line and the character of a place in the text.

    Between CR and LF there is no position; then it is the one before both.

    >>> position("one\ntwo", 6, "utf-16"), position("\U0001f600x", 1, "utf-16"), position("one\r\ntwo", 4, "utf-16")
    ((1, 2), (0, 2), (0, 3))
    """
    if text[at - 1 : at + 1] == "\r\n" and at > 0:
        at -= 1
    line, start = _line_of(text, at)
    return line, units(text[start:at], encoding)


def line_spans(text: str) -> list[tuple[int, int]]:
    r"""Where each line begins and ends, without what ends it. A text has at least one.

    >>> line_spans("one\r\ntwo\n")
    [(0, 3), (5, 8), (9, 9)]
    """
    ends = list(_LINE_END.finditer(text))
    starts = (0, *(end.end() for end in ends))
    return list(zip(starts, (*(end.start() for end in ends), len(text)), strict=True))


def offset(text: str, spans: Sequence[tuple[int, int]], place: tuple[int, int], encoding: str) -> int:
    r"""Where in a text with these lines a position is, line and character, both at least 0.

    >>> offset("one\n\U0001f600x", line_spans("one\n\U0001f600x"), (1, 2), "utf-16")
    5
    """
    line, character = place
    if line >= len(spans):
        return len(text)
    start, end = spans[line]
    return start + reached(text[start:end], character, encoding)


def _line_of(text: str, at: int) -> tuple[int, int]:
    """The line that a place is in, and where that begins."""
    if text.count("\r", 0, at) == text.count("\r\n", 0, at):
        return text.count("\n", 0, at), text.rfind("\n", 0, at) + 1
    starts = [0, *(match.end() for match in _LINE_END.finditer(text, 0, at))]
    return len(starts) - 1, starts[-1]
