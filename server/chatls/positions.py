r"""Positions in text as LSP counts them, and changes at them. Pure.

A line ends with \n, \r\n or \r and with nothing else; a character counts for one to four units of the encoding that was
negotiated. A position beyond a line's end means its end, one beyond the last line the end of the text (LSP 3.17,
"Position").
"""

import re

_LINE_END = re.compile(r"\r\n?|\n")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def offset(text: str, line: int, character: int, encoding: str) -> int:
    r"""Where in the text a position is. Within a character that counts for several units, it is the place before it.

    >>> offset("one\ntwo", 1, 2, "utf-16"), offset("one\ntwo", 0, 99, "utf-16"), offset("one\ntwo", 7, 0, "utf-16")
    (6, 3, 7)
    """
    start = _line_start(text, line)
    end = _LINE_END.search(text, start)
    content = text[start : end.start() if end else len(text)]
    if content.isascii():
        return start + min(character, len(content))
    codec, width = _CODECS[encoding]
    return start + len(content.encode(codec, "replace")[: character * width].decode(codec, "ignore"))


def position(text: str, at: int, encoding: str) -> tuple[int, int]:
    r"""The line and the character of a place in the text: what `offset` takes back.

    Between CR and LF there is no position; then it is the one before both.

    >>> position("one\ntwo", 6, "utf-16"), position("\U0001f600x", 1, "utf-16"), position("one\r\ntwo", 4, "utf-16")
    ((1, 2), (0, 2), (0, 3))
    """
    if text[at - 1 : at + 1] == "\r\n" and at > 0:
        at -= 1
    line, start = _line_of(text, at)
    content = text[start:at]
    if content.isascii():
        return line, len(content)
    codec, width = _CODECS[encoding]
    return line, len(content.encode(codec, "replace")) // width


def _line_of(text: str, at: int) -> tuple[int, int]:
    """The line that a place is in, and where that begins."""
    if text.count("\r", 0, at) == text.count("\r\n", 0, at):
        return text.count("\n", 0, at), text.rfind("\n", 0, at) + 1
    starts = [0, *(match.end() for match in _LINE_END.finditer(text, 0, at))]
    return len(starts) - 1, starts[-1]


def _line_start(text: str, line: int) -> int:
    if text.count("\r") == text.count("\r\n"):
        parts = text.split("\n", line)
        return len(text) - len(parts[-1]) if len(parts) > line else len(text)
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    return starts[line] if line < len(starts) else len(text)
