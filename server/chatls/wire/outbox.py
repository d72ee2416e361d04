"""Backpressure, one ordered queue of what leaves: merges while the pipe is behind, numbers events. Knows no framing.

While the client keeps up, every event is written at once. While the pipe is full, adjacent chunks of one kind (and of
one call) merge per token, so that a slow client gets fewer and longer ones; nothing is lost or reordered.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from chatls.events import Event, TextChunk, ThinkingChunk, ToolCallDelta, ToolRunOutput
from chatls.jsontext import dumps
from chatls.signals import Signal
from chatls.wire.stdio import Output

ROOM = 2**20
"""Bytes that may wait for a client; above, turns stop reading their providers."""
_BATCH = 2**16

Chunk = TextChunk | ThinkingChunk | ToolCallDelta | ToolRunOutput


class Channel:
    """Where one turn's events go: what makes frames of them, and how far the count is."""

    def __init__(self, framed: Callable[[int, Event], bytes], count: int = 0) -> None:
        """`framed`: an event with its number as it leaves; `count`: how many left already."""
        self.framed = framed
        self._count = count
        self.last: Merging | None = None
        """The queued chunk that the next one may join."""

    def number(self) -> int:
        """The next event's `seq`: 1, 2, 3, ... A chunk that joins another takes none, so there are no gaps."""
        self._count += 1
        return self._count


class Merging:
    """Chunks of one kind that leave as one."""

    __slots__ = ("_channel", "_first", "_number", "_texts", "size")

    def __init__(self, channel: Channel, first: Chunk) -> None:
        self._channel = channel
        self._first = first
        self._number = channel.number()
        self._texts = [_text(first)]
        self.size = len(self._texts[0])
        """Characters, near enough to the bytes."""

    def joins(self, chunk: Chunk) -> bool:
        """Take the chunk if it continues this one."""
        if _key(chunk) != _key(self._first):
            return False
        self._texts.append(_text(chunk))
        self.size += len(self._texts[-1])
        return True

    def frame(self) -> bytes:
        """The merged chunk as it leaves. Nothing may join any more."""
        if self._channel.last is self:
            self._channel.last = None
        return self._channel.framed(self._number, _with_text(self._first, "".join(self._texts)))


class Outbox:
    """What leaves for one client, in order."""

    def __init__(self, output: Output, framed: Callable[[bytes], bytes]) -> None:
        """`framed`: one message as it leaves."""
        self._output = output
        self._framed = framed
        self._queue: deque[bytes | Merging] = deque()
        self._queued = 0
        self._changed = Signal()
        self.on_lost: Callable[[], None] = lambda: None
        """Called once when the client reads no more."""
        output.on_room = self._drain
        output.on_closed = self._discard

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken yet, nearly."""
        return self._output.waiting + self._queued

    def message(self, message: dict[str, Any]) -> None:
        """Send anything but an event."""
        self._put(self._framed(dumps(message)))

    def event(self, channel: Channel, event: Event) -> None:
        """Send an event; while the pipe is behind, a chunk may join the one before it."""
        if not self._output.waiting and not self._queue:
            self._output.write(channel.framed(channel.number(), event))
        elif isinstance(event, Chunk):
            self._merge(channel, event)
        else:
            channel.last = None
            self._put(channel.framed(channel.number(), event))

    async def room(self) -> None:
        """Wait until the client has taken enough. Returns at once while there is room."""
        while self._output.waiting + self._queued > ROOM:
            await self._changed.wait()

    async def flush(self) -> None:
        """Wait until the client has taken everything."""
        self._output.push()
        while self.waiting:
            await self._changed.wait()

    def _merge(self, channel: Channel, chunk: Chunk) -> None:
        self._queued += len(_text(chunk))
        if channel.last is None or not channel.last.joins(chunk):
            channel.last = Merging(channel, chunk)
            self._queue.append(channel.last)

    def _put(self, data: bytes) -> None:
        if self._output.waiting or self._queue:
            self._queue.append(data)
            self._queued += len(data)
        else:
            self._output.write(data)

    def _drain(self) -> None:
        """The pipe is empty again: hand over a good piece, and keep the rest where chunks can still join."""
        while self._queue and not self._output.waiting:
            batch = bytearray()
            while self._queue and len(batch) < _BATCH:
                item = self._queue.popleft()
                self._queued -= item.size if isinstance(item, Merging) else len(item)
                batch += item.frame() if isinstance(item, Merging) else item
            self._output.write(bytes(batch))
            self._output.push()
        self._changed.fire()

    def _discard(self) -> None:
        self._queue.clear()
        self._queued = 0
        self._changed.fire()
        self.on_lost()


def _key(chunk: Chunk) -> tuple[str, str]:
    return (chunk.kind, chunk.tool_call_id if isinstance(chunk, ToolCallDelta | ToolRunOutput) else "")


def _text(chunk: Chunk) -> str:
    return chunk.arguments_delta if isinstance(chunk, ToolCallDelta) else chunk.text


def _with_text(first: Chunk, text: str) -> Chunk:
    if isinstance(first, ToolCallDelta):
        return ToolCallDelta(first.tool_call_id, text)
    if isinstance(first, ToolRunOutput):
        return ToolRunOutput(first.tool_call_id, text)
    return type(first)(text)
