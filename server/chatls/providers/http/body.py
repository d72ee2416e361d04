"""The response body with status 200: bytes in, deltas out. Pure; knows no socket and no provider.

It is what it looks like, not what its headers say: a stream of events, one whole JSON text (an answer that was not
streamed, or an error), a page for browsers, or nothing; compressed by servers that were asked not to.
"""

import zlib
from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

from chatls import jsontext
from chatls.errors import ProviderError
from chatls.message import Replay
from chatls.providers.delta import Delta
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import interrupted
from chatls.providers.http.framing import Framer, NdjsonFramer, SseEvent, check_size
from chatls.providers.http.status import Origin

_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_PIECE = 65536
_FIELDS = (b":", b"data", b"event", b"id", b"retry", b"error")


class Decoder(Protocol):
    """What an adapter knows of its protocol: events in, deltas out. One for each reply. Touches no socket."""

    ending: bool
    """The reply is labelled as finished; only numbers and a terminator may follow."""
    ended: bool
    """The terminator was seen: nothing follows, whether or not the server closes the connection."""

    def feed(self, event: SseEvent) -> list[Delta]:
        """Take one event with data. Raises `ProviderError` for an error inside the stream and for nonsense."""
        ...

    def feed_json(self, value: Any) -> list[Delta]:
        """Take a whole answer that was not streamed. Raises `ProviderError` if it is an error, or no answer."""
        ...

    def finish(self) -> list[Delta]:
        """The last deltas, `Finished` among them. Raises `ProviderError` (stream_interrupted) if no end was seen."""
        ...

    def replay(self) -> Replay | None:
        """What the server would have to get back, were the reply to end now."""
        ...


@runtime_checkable
class Holder(Protocol):
    """A decoder that may hold back what it is not sure of."""

    def broken_off(self) -> list[Delta]:
        """What was held back, once no more comes though the reply is not whole. Nothing is fed behind it."""
        ...


class Body:
    """Turns the bytes of one reply into deltas."""

    def __init__(self, source: Origin, framer: Framer, decoder: Decoder) -> None:
        self.decoder = decoder
        self.heard = False
        """The bytes that were fed last brought data: comments and incomplete events do not count."""
        self.failure: ProviderError | None = None
        """What went wrong behind the deltas that were given last."""
        self._source = source
        self._framer = framer
        self._lines = isinstance(framer, NdjsonFramer)
        self._shape: Literal["unknown", "events", "json"] = "unknown"
        self._head: bytes = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._any = False
        self._inflater: Any = None

    def feed(self, chunk: bytes) -> list[Delta]:
        """The deltas that these bytes completed. Raises `ProviderError`."""
        self.heard = False
        if self._any and self._inflater is None:
            return self._decode(self._framer.feed(chunk))
        return [delta for piece in self._inflated(chunk) for delta in self._feed(piece)]

    def end(self) -> list[Delta]:
        """The last deltas: nothing more will come. Raises `ProviderError`."""
        match self._shape:
            case "unknown":
                raise self._source.error("bad_response", "sent an empty answer. Is base_url right?")
            case "json":
                return self._read_whole()
            case "events":
                return self._read_last(self._framer.eof())

    def break_off(self, error: ProviderError) -> list[Delta]:
        """What was held back before the reply failed. The failure is what went wrong behind it."""
        self.failure = error
        return self.decoder.broken_off() if isinstance(self.decoder, Holder) else []

    def _feed(self, piece: bytes) -> list[Delta]:
        if self._shape == "unknown":
            piece = (self._head + piece).lstrip(_BLANKS)
            begin = piece.removeprefix(_BOM)
            if _BOM.startswith(piece) or (self._lines and begin == b"{"):
                self._head = piece
                return []
            self._head, self._shape = b"", self._look(begin)
        if self._shape == "json":
            self._parts.append(piece)
            self._size += len(piece)
            check_size(self._size)
            return []
        self._head = self._head if self._any else (self._head + piece)[:200]
        return self._decode(self._framer.feed(piece))

    def _look(self, head: bytes) -> Literal["events", "json"]:
        if head.startswith(b"<"):
            raise self._source.error("bad_response", "answered with a web page. Is base_url right?")
        if self._lines and not head.startswith((b"{", b"[")):
            raise self._no_answer(head)
        # Where every event is a JSON text on a line of its own, only one that is spread over lines is a whole answer.
        whole = (b"{\n", b"{\r", b"[") if self._lines else (b"{", b"[")
        return "json" if head.startswith(whole) else "events"

    def _no_answer(self, head: bytes) -> ProviderError:
        what = f"sent no answer but {visible(head.decode('utf-8', 'replace'), 100)!r}. Is base_url right?"
        return self._source.error("bad_response", what)

    def _decode(self, events: list[SseEvent]) -> list[Delta]:
        deltas: list[Delta] = []
        for event in events:
            if not event.data:
                continue
            self.heard = self._any = True
            try:
                deltas += self.decoder.feed(event)
                if self.decoder.ended:
                    deltas += self.decoder.finish()
                    break
            except ProviderError as error:
                # What came before it is still good.
                self.failure = error
                break
        return deltas

    def _read_last(self, rest: list[SseEvent]) -> list[Delta]:
        deltas = self._decode(rest)
        if self.failure and not _is_json(rest[-1].data):
            raise interrupted(self._source)
        if self.failure or self.decoder.ended:
            return deltas
        if not self._any and not self._head.startswith(_FIELDS):
            raise self._no_answer(self._head)
        return deltas + self.decoder.finish()

    def _read_whole(self) -> list[Delta]:
        try:
            value = jsontext.loads_leniently(b"".join(self._parts))
        except ValueError as error:
            raise interrupted(self._source) from error
        return self.decoder.feed_json(value) + self.decoder.finish()

    def _inflated(self, chunk: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            if self._shape != "unknown" or not _GZIP.startswith((self._head + chunk)[:2]):
                yield chunk
                return
            chunk, self._head = self._head + chunk, b""
            self._inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        size = 0
        while chunk:
            try:
                piece = self._inflater.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise self._source.error("bad_response", "compressed its answer, and not as it should.") from error
            size += len(piece)
            check_size(size)
            yield piece
            chunk = self._inflater.unconsumed_tail


def _is_json(text: str) -> bool:
    try:
        jsontext.loads_leniently(text)
    except ValueError:
        return False
    return True
