"""Where a body ends (RFC 9112, sections 6 and 7.1): in chunks, at a length, with the connection. Bytes in, the body in
them out, the same at every split. Pure.
"""

import re

_HEAD = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LINE = re.compile(rb"[^\n]*\n")
_LONGEST_LINE = 64 * 1024


class Chunks:
    """A body in chunks.

    >>> chunks = Chunks()
    >>> chunks.feed(b"3\\r\\nabc\\r\\n2\\r\\nd"), chunks.feed(b"e\\r\\n0\\r\\n\\r\\n"), chunks.ended
    (b'abcd', b'e', True)
    """

    __slots__ = ("_behind", "_held", "_left", "ended", "rest")

    def __init__(self) -> None:
        self.ended = False
        """The last chunk came, and what may follow it."""
        self.rest = b""
        """What came behind the end."""
        self._held = b""
        """The beginning of a line."""
        self._left = 0
        """Bytes of the chunk that are still to come."""
        self._behind = False
        """The last chunk came: only trailers follow."""

    def feed(self, data: bytes) -> bytes:
        """The body in these bytes. Raises `ValueError` where they are not written so."""
        if not self._left and not self._held and not self._behind:  # the ordinary case by far: one whole chunk
            head = _HEAD.match(data)
            if head and (size := int(head[1], 16)) and len(data) == head.end() + size + 2 and data[-2:] == b"\r\n":
                return data[head.end() : -2]
        return self._taken(self._held + data)

    def eof(self) -> None:
        """The connection ended. Raises `ValueError` where the body did not."""
        if not self.ended:
            raise ValueError("the connection ended inside of a body")

    def _taken(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        place, self._held = 0, b""
        while place < len(data) and not self.ended:
            if self._left > 2:
                parts.append(data[place : place + self._left - 2])
                place += len(parts[-1])
                self._left -= len(parts[-1])
                continue
            line = (_LINE if self._left or self._behind else _HEAD).match(data, place)
            if line is None:
                self._hold(data[place:])
                break
            place = line.end()
            self._end_line(line)
        self.rest = data[place:] if self.ended else b""
        return b"".join(parts)

    def _end_line(self, line: re.Match[bytes]) -> None:
        if self._left:
            if line[0] not in (b"\r\n", b"\n"):
                raise ValueError("a chunk is longer than it says")
            self._left = 0
        elif self._behind:
            self.ended = line[0] in (b"\r\n", b"\n")
        else:
            size = int(line[1], 16)
            self._left, self._behind = size + 2 if size else 0, not size

    def _hold(self, data: bytes) -> None:
        if b"\n" in data or len(data) > _LONGEST_LINE:
            raise ValueError("a chunk has no size")
        self._held = data


class Sized:
    """A body of so many bytes."""

    __slots__ = ("_left", "ended", "rest")

    def __init__(self, size: int) -> None:
        self.ended = not size
        self.rest = b""
        self._left = size

    def feed(self, data: bytes) -> bytes:
        """See `Chunks`."""
        body, self.rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        self.ended = not self._left
        return body

    def eof(self) -> None:
        """See `Chunks`."""
        if not self.ended:
            raise ValueError("the connection ended inside of a body")


class Unsized:
    """A body that ends with its connection."""

    __slots__ = ("ended", "rest")

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """See `Chunks`."""
        return data

    def eof(self) -> None:
        """See `Chunks`."""
        self.ended = True


Transfer = Chunks | Sized | Unsized
