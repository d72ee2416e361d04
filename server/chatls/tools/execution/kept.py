"""Truncation: the head and the tail of a long output, in memory that does not grow. Pure."""


class Kept:
    """At most `room` bytes of the beginning and as many of the end."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.size = 0
        """Bytes that there were in all."""
        self._head = bytearray()
        self._tail = bytearray()

    @property
    def is_whole(self) -> bool:
        """Whether nothing had to be left out."""
        return self.size <= 2 * self.room

    def add(self, data: bytes) -> None:
        """Take what comes next."""
        self.size += len(data)
        begun = self.room - len(self._head)
        self._head += data[:begun]
        self._tail += data[begun:][-self.room :]
        if len(self._tail) > 2 * self.room:
            del self._tail[: -self.room]

    def parts(self) -> tuple[str, int, str]:
        """The beginning, the number of bytes that are left out, and the end; cut between lines if those are short.

        >>> kept = Kept(8)
        >>> kept.add(b"one\\ntwo\\nthree\\nfour\\nfive\\n")
        >>> kept.parts()
        ('one\\ntwo\\n', 11, 'five\\n')
        """
        if self.is_whole:
            return (self._head + self._tail).decode("utf-8", "replace"), 0, ""
        head, tail = bytes(self._head), bytes(self._tail[-self.room :])
        last, first = head.rfind(b"\n") + 1, tail.find(b"\n") + 1
        head = head[:last] if 2 * last >= len(head) else head
        tail = tail[first:] if 2 * first <= len(tail) else tail
        return head.decode("utf-8", "ignore"), self.size - len(head) - len(tail), tail.decode("utf-8", "ignore")
