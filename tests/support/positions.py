"""Positions looked up the slow way: the whole text split into lines."""

import re

_LINE_END = re.compile(r"\r\n?|\n")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def offset(text: str, line: int, character: int, encoding: str) -> int:
    """Where in the text a position is."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    start = starts[line] if line < len(starts) else len(text)
    end = _LINE_END.search(text, start)
    content = text[start : end.start() if end else len(text)]
    codec, width = _CODECS[encoding]
    return start + len(content.encode(codec, "replace")[: character * width].decode(codec, "ignore"))
