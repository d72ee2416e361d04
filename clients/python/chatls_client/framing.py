"""`Content-Length` frames over a stream of bytes: pure, no pipes and no JSON-RPC here."""

import json
from typing import Any

from chatls_client.errors import ProtocolError

HEADER_LIMIT = 65536
"""Bytes. A header block that is longer is no header block."""


def frame(message: dict[str, Any]) -> bytes:
    r"""One message as it goes over the pipe. Lone surrogates, which UTF-8 cannot hold, become question marks.

    >>> frame({"id": 1})
    b'Content-Length: 8\r\n\r\n{"id":1}'
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Unframer:
    """Bytes in, messages out, whatever the pieces in which the bytes arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: int | None = None
        """Length of the body that is being read; None while a header block is."""

    def feed(self, data: bytes) -> list[Any]:
        """Take what was read; give the JSON values that are whole by now.

        Raises `ProtocolError` where the bytes are no frames; nothing can be read after that.
        """
        self._buffer += data
        messages: list[Any] = []
        while (body := self._next()) is not None:
            messages.append(_parse(body))
        return messages

    def _next(self) -> bytes | None:
        if self._wanted is None:
            self._wanted = self._header()
        if self._wanted is None or len(self._buffer) < self._wanted:
            return None
        body = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = None
        return body

    def _header(self) -> int | None:
        end = self._buffer.find(b"\r\n\r\n", 0, HEADER_LIMIT)
        if end < 0:
            if len(self._buffer) >= HEADER_LIMIT:
                raise ProtocolError(f"the daemon wrote no frame but {bytes(self._buffer[:80])!r}")
            return None
        block = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return _length(block)


def _length(block: bytes) -> int:
    for line in block.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    raise ProtocolError(f"the daemon wrote no frame but {block[:80]!r}")


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"the daemon wrote no JSON but {body[:80]!r}") from error
