"""Bytes in, events out: the SSE parser (`text/event-stream`) and newline-delimited JSON. Pure; knows no JSON.

Both framers give the same events however a stream is cut into reads. Lines end at LF, CR LF and CR alone, never at
U+2028, U+2029, U+0085, VT or FF, which may stand inside JSON. The time spent is linear in the bytes fed, also for one
huge line that arrives in small reads, and the bytes held are bounded.
"""

from typing import NamedTuple

from chatls.errors import ProviderError

BUFFER_LIMIT = 32 * 1024 * 1024
"""Bytes that may wait for the end of their event; beyond it a `ProviderError` (bad_response) is raised."""

_BOM = b"\xef\xbb\xbf"


class SseEvent(NamedTuple):
    """One event of a stream. A tuple, because one is made per streamed token."""

    event: str
    """Its name; "message" where the server gave none, "error" for a field `error:` (llama-box, GPUStack)."""
    data: str
    """Its lines joined with LF; invalid UTF-8 is replaced by U+FFFD."""


class _Lines:
    """Cuts bytes into lines, terminators removed."""

    __slots__ = ("_after_return", "_begun", "_limit", "_parts", "_size", "clean")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._after_return = False
        self._begun = False
        self.clean = False
        """The next byte begins a line, somewhere behind the first one."""

    def cut(self, chunk: bytes) -> list[bytes]:
        """The lines that this read completed."""
        lines = self._cut(chunk)
        self.clean = not self._parts and self._begun and not self._after_return
        return lines

    def _cut(self, chunk: bytes) -> list[bytes]:
        if self._after_return and chunk:
            # A CR ended its line at once; the LF that may belong to it must not end another one.
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_return = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        complete, _, rest = chunk.rpartition(b"\n")
        complete = self._take(complete)
        self._hold(rest)
        return complete.split(b"\n")

    def rest(self) -> bytes:
        """What no terminator followed, at the end of the stream."""
        return self._take(b"")

    def _hold(self, chunk: bytes) -> None:
        if chunk:
            self._parts.append(chunk)
            self._size += len(chunk)
            check_size(self._size, self._limit)

    def _take(self, end: bytes) -> bytes:
        self._parts.append(end)
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        if not self._begun:
            self._begun = True
            line = line.removeprefix(_BOM)
        return line


class SseFramer:
    """`text/event-stream`, as the HTML standard says (section 9.2.6), and a little more tolerant: blanks before a
    field name are skipped, and a field `error:` is passed on as an event of that name.
    """

    __slots__ = ("_data", "_event", "_id", "_limit", "_lines", "_size", "last_id", "retry_ms")

    def __init__(self, limit: int = BUFFER_LIMIT) -> None:
        self.last_id = ""
        """Of the last event that was whole and had one."""
        self.retry_ms: int | None = None
        """What the server asks for: how long to wait before it is asked for the rest."""
        self._id = ""
        self._limit = limit
        self._lines = _Lines(limit)
        self._data: list[str] = []
        self._size = 0
        self._event = "message"

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that this read completed. Raises `ProviderError` (bad_response) for an endless one."""
        lines = self._lines
        if lines.clean and not self._data and self._event == "message" and (event := _one_event(chunk)):
            return [event]
        events: list[SseEvent] = []
        for line in self._lines.cut(chunk):
            self._line(line, events)
        return events

    def eof(self) -> list[SseEvent]:
        """The event that the end of the stream completed: many servers leave out the last blank line."""
        events: list[SseEvent] = []
        self._line(self._lines.rest(), events)
        self._line(b"", events)
        return events

    def _line(self, line: bytes, events: list[SseEvent]) -> None:
        if line[:6] == b"data: ":
            self._add(line[6:])
        elif not line:
            if self._data:
                events.append(SseEvent(self._event, "\n".join(self._data)))
                self._data.clear()
                self._size = 0
            self._event = "message"
            self.last_id = self._id
        elif line[:1] != b":":
            self._field(line)

    def _field(self, line: bytes) -> None:
        name, _, value = line.lstrip(b" \t").partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._add(value)
            case b"event":
                self._event = value.decode("utf-8", "replace") or "message"
            case b"error":
                self._event = "error"
                self._add(value)
            case b"id":
                self._id = value.decode("utf-8", "replace")
            case b"retry" if value.isdigit() and len(value) < 10:
                self.retry_ms = int(value)
            case _:
                pass

    def _add(self, value: bytes) -> None:
        self._size += len(value) + 1
        check_size(self._size, self._limit)
        self._data.append(value.decode("utf-8", "replace"))


class NdjsonFramer:
    """One JSON text a line; blank lines are skipped. Its events are all named "message"."""

    __slots__ = ("_lines",)

    def __init__(self, limit: int = BUFFER_LIMIT) -> None:
        self._lines = _Lines(limit)

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The lines that this read completed. Raises `ProviderError` (bad_response) for an endless one."""
        return _messages(self._lines.cut(chunk))

    def eof(self) -> list[SseEvent]:
        """The last line, if no terminator followed it."""
        return _messages([self._lines.rest()])


Framer = SseFramer | NdjsonFramer


def _one_event(chunk: bytes) -> SseEvent | None:
    """The ordinary case by far: one read holds one event, of one line of data, behind its name or not."""
    name, begin = "message", 6
    if chunk[:7] == b"event: ":
        end = chunk.find(b"\n")
        name, begin = chunk[7:end].decode("utf-8", "replace") or name, end + 7
    if chunk[begin - 6 : begin] != b"data: " or chunk[-1:] != b"\n" or b"\r" in chunk:
        return None
    if chunk.find(b"\n", begin) != len(chunk) - 2:
        return None
    return SseEvent(name, chunk[begin:-2].decode("utf-8", "replace"))


def _messages(lines: list[bytes]) -> list[SseEvent]:
    return [SseEvent("message", line.decode("utf-8", "replace")) for line in lines if line.strip()]


def check_size(size: int, limit: int = BUFFER_LIMIT) -> None:
    """Raise `ProviderError` (bad_response) where more bytes wait than the limit allows."""
    if size > limit:
        raise ProviderError("bad_response", f"the provider sent more than {limit >> 20} MiB without an end")
