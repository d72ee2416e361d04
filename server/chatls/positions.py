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


def _line_start(text: str, line: int) -> int:
    if text.count("\r") == text.count("\r\n"):
        parts = text.split("\n", line)
        return len(text) - len(parts[-1]) if len(parts) > line else len(text)
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    return starts[line] if line < len(starts) else len(text)
