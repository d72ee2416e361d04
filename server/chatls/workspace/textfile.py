r"""Text as files hold it: the encoding, the mark at the start, the line ends; and changes that keep all of them. Pure.

Models write `\n`, whatever the file's lines end with: texts are compared as `plain` gives them, and what is put in gets
the line ends of what was there.
"""

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatls.workspace.linediff import differences

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that can be changed."""

_SNIFFED = 8192
_TEXT_BYTES = bytes({*range(0x20, 0x100), *b"\t\n\r\f\b\x1b"} - {0x7F})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 stands first: its mark begins with UTF-16's."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


class NoTextError(ValueError):
    """Bytes that are no text. Its words go behind "the file"."""


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file holds."""

    text: str
    """With its own line ends and without the mark. A byte that is no UTF-8 is a lone surrogate (PEP 383)."""
    encoding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark at its start."""

    def encoded(self, text: str) -> bytes:
        """Another text, as this file would hold it."""
        return self.mark + text.encode(self.encoding, _errors(self.encoding))

    @property
    def is_broken(self) -> bool:
        """Whether there are bytes that are no UTF-8."""
        return not self.text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in set(self.text))


def decode(data: bytes) -> FileText:
    r"""The text of a whole file. Raises `NoTextError` where it is none.

    >>> decode(b"\xff\xfea\0").text, decode(b"caf\xe9").encoded("th\xe9") == "th\xe9".encode()
    ('a', True)
    """
    mark, encoding = next((pair for pair in _MARKS if data.startswith(pair[0])), (b"", "utf-8"))
    body = data[len(mark) :]
    if encoding == "utf-8" and is_binary(body[:_SNIFFED]):
        raise NoTextError("is binary")
    try:
        text = body.decode(encoding, _errors(encoding))
    except UnicodeDecodeError as error:
        raise NoTextError(f"is no valid {encoding[:6].upper()}") from error
    if "\0" in text:
        raise NoTextError("holds binary data")
    return FileText(text, encoding, mark)


def _errors(encoding: str) -> str:
    """How bytes that do not fit are kept: every file that is read is written again byte for byte."""
    return "surrogateescape" if encoding == "utf-8" else "surrogatepass"


def is_binary(start: bytes) -> bool:
    """Whether a file that starts so, without a mark, is no text."""
    start = start[:_SNIFFED]
    return b"\0" in start or 10 * len(start.translate(None, _TEXT_BYTES)) > 3 * len(start)


def plain(text: str) -> str:
    r"""With `\n` at the end of each line.

    >>> plain("a\r\nb\rc\n")
    'a\nb\nc\n'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def line_end(text: str) -> str:
    r"""What most lines end with; `\n` where there is only one line.

    >>> line_end("a\r\nb\nc\r\n"), line_end("a")
    ('\r\n', '\n')
    """
    pairs = text.count("\r\n")
    counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
    return max(counts, key=counts.__getitem__)


def replaced(text: str, spans: Iterable[tuple[int, int]], new: str) -> str:
    r"""`text` with `new` in place of each span: from, to, counted in `plain(text)`; in order, none overlapping.

    >>> replaced("a\r\nb\r\nc", [(2, 3)], "x\ny")
    'a\r\nx\r\ny\r\nc'
    """
    new, style = plain(new), line_end(text)
    pairs = [match.start() - count for count, match in enumerate(re.finditer("\r\n", text))]
    pieces, at = list[str](), 0
    for span in spans:
        start, end = (place + bisect_left(pairs, place) for place in span)
        pieces += text[at:start], _fitted(new, text[start:end], style)
        at = end
    return _joined((*pieces, text[at:]))


def rewritten(old: str, new: str) -> str:
    r"""`new` with the line ends of `old`: those of most lines or, where they are mixed, each line that stays its own.

    >>> rewritten("a\r\nb\r\n", "b\nc")
    'b\r\nc'
    """
    return _fitted(plain(new), old, line_end(old))


def _fitted(new: str, old: str, style: str) -> str:
    if "\n" not in new:
        return new
    if plain(old) == new:
        return old
    if len(ends := {line[len(line.rstrip("\r\n")) :] for line in _LINE.findall(old)} - {""}) < 2:
        return new.replace("\n", ends.pop() if ends else style)
    lines, wanted = _LINE.findall(old), _LINE.findall(new)
    pieces, at = list[str](), 0
    for first, last, start, stop in differences([plain(line) for line in lines], wanted):
        pieces += lines[at:first]
        pieces += _ended(wanted[start:stop], lines[first:last], style)
        at = last
    return _joined((*pieces, *lines[at:]))


def _ended(new: Sequence[str], old: Sequence[str], style: str) -> Iterable[str]:
    """Lines, each with the end of the one that it replaces."""
    for number, line in enumerate(new):
        end = style
        if number < len(old) and old[number][-1] in "\r\n":
            end = old[number][len(old[number].rstrip("\r\n")) :]
        yield line.replace("\n", end)


def _joined(pieces: Iterable[str]) -> str:
    r"""One text; a `\r` and a `\n` that meet stay two line ends."""
    joined = list[str]()
    for piece in filter(None, pieces):
        if joined and joined[-1][-1] == "\r" and piece[0] == "\n":
            joined.append("\n")
        joined.append(piece)
    return "".join(joined)
