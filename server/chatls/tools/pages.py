"""Cuts a page of lines out of a stream of UTF-8 bytes, in flat memory however long the stream or a line; pure.

Lines end with a line feed, as in ripgrep, so that the numbers of `read_file` and `search` are the same.
"""

import codecs
from typing import Literal

from chatls.values import dataclass

MOST_LINES = 2000
MOST_BYTES = 50 * 1024 - 512
"""Of numbered lines; the rest of 50 KB is for the words around them."""
MOST_CHARACTERS = 2000
"""Of one line."""
COUNTED_BYTES = 10_000_000
"""How far the lines behind the page are counted."""
_HUGE_LINE = 64_000_000
_HEAD = 4 * MOST_CHARACTERS + 4

Trouble = Literal["binary", "huge line"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a text."""

    first: int
    """The number of the first line, from 1."""
    lines: tuple[str, ...]
    """Without their line ends."""
    seen: int
    """Lines that the stream has, as far as it was read."""
    whole: bool
    """Whether it was read to its end, so that `seen` is exact."""
    full: bool
    """The page was full before all lines that were asked for stood on it."""
    cut_lines: bool
    """A line was longer than `MOST_CHARACTERS`."""
    invalid: bool
    """Bytes that are no UTF-8 were replaced."""
    crlf: bool
    """Lines end with CR LF."""
    trouble: Trouble | None
    """Why reading ended before the end of the page: a NUL byte, or a line without an end."""

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + len(self.lines) - 1


class Pager:
    """Fed with a stream in pieces, it keeps the lines `first` to `last` as far as they fit on a page.

    >>> pager = Pager(2, 3)
    >>> pager.feed(b"a\\nb\\nc"), pager.feed(b"c\\nd")
    (True, True)
    >>> pager.page().lines, pager.page().seen
    (('b', 'cc'), 4)
    """

    def __init__(self, first: int, last: int | None) -> None:
        self._first = first
        self._last = last
        self._lines: list[str] = []
        self._room = MOST_BYTES
        self._read = 0
        self._ended = 0  # lines whose end was read
        self._length = 0  # of the line that has not ended, in bytes
        self._head = bytearray()
        self._done = self._full = self._cut = self._invalid = self._crlf = False
        self._trouble: Trouble | None = None

    def feed(self, data: bytes) -> bool:
        """Take the next piece. False when no more is needed."""
        self._read += len(data)
        at = self._skip(data)
        while not self._done and at < len(data):
            at = self._collect(data, at)
        if self._done and self._trouble is None:
            self._count(data, at)
        return self._trouble is None and (not self._done or self._read <= COUNTED_BYTES)

    def page(self, *, whole: bool = True) -> Page:
        """What was found. `whole`: the stream has ended."""
        if whole and self._length and not self._done and self._trouble is None and self._ended + 1 >= self._first:
            self._keep()
        return Page(
            first=self._first,
            lines=tuple(self._lines),
            seen=self._ended + (self._length > 0),
            whole=whole and self._trouble is None,
            full=self._full,
            cut_lines=self._cut,
            invalid=self._invalid,
            crlf=self._crlf,
            trouble=self._trouble,
        )

    def _skip(self, data: bytes) -> int:
        """Pass over the lines before the page; returns where they end in this piece."""
        missing = self._first - 1 - self._ended
        if self._done or missing <= 0:
            return 0
        here = data.count(b"\n")
        if here < missing:
            self._count(data, 0)
            return len(data)
        at = 0
        for _ in range(missing):
            at = data.index(b"\n", at) + 1
        self._ended += missing
        self._length = 0
        return at

    def _collect(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        stop = len(data) if end < 0 else end
        self._head += data[at : min(stop, at + _HEAD - len(self._head))]
        self._length += stop - at
        if data.find(b"\0", at, stop) >= 0:
            self._trouble, self._done = "binary", True
        elif end >= 0:
            self._keep()
            if not self._full:
                self._end_line()
                return end + 1
        elif self._length > _HUGE_LINE:
            self._keep()
            self._trouble, self._done = None if self._full else "huge line", True
        return stop

    def _keep(self) -> None:
        """Put the line on the page, if there is room."""
        text = self._text()
        room = self._room - len(f"{self._ended + 1}\t{text}\n".encode())
        if self._lines and (room < 0 or len(self._lines) == MOST_LINES):
            self._done = self._full = True
            return
        self._room = room
        self._lines.append(text)
        self._done = self._last is not None and self._ended + 1 >= self._last

    def _end_line(self) -> None:
        self._ended += 1
        self._length = 0
        self._head.clear()

    def _text(self) -> str:
        is_whole = self._length == len(self._head)
        if is_whole and self._head.endswith(b"\r"):
            self._crlf = True
            del self._head[-1]
        try:
            text = codecs.utf_8_decode(self._head, "strict", is_whole)[0]
        except UnicodeDecodeError:
            self._invalid = True
            text = codecs.utf_8_decode(self._head, "replace", is_whole)[0]
        if len(text) <= MOST_CHARACTERS:
            return text
        self._cut = True
        return f"{text[:MOST_CHARACTERS]} [line cut]"

    def _count(self, data: bytes, at: int) -> None:
        """Count the lines behind or before the page."""
        self._ended += data.count(b"\n", at)
        start = data.rfind(b"\n", at) + 1
        self._length = len(data) - start if start else self._length + len(data) - at
