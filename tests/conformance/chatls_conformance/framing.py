"""Frames: `Content-Length: BYTES`, CR LF, CR LF, and a body. What comes is cut as strictly as a daemon has to write."""

import json
import re
from typing import Any

Json = dict[str, Any]

_HEAD = re.compile(rb"([^\r\n]+\r\n)+\r\n")
_LENGTH = re.compile(rb"^content-length: *(\d+) *\r$", re.IGNORECASE | re.MULTILINE)


class FramingError(Exception):
    """Something came that is no frame."""


def frame(body: bytes) -> bytes:
    """A body as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def packed(message: Json) -> bytes:
    """A message as a frame; `jsonrpc` is added where it is missing."""
    return frame(json.dumps({"jsonrpc": "2.0", **message}).encode())


class Cutter:
    """Cuts bytes into bodies, however they come."""

    def __init__(self) -> None:
        self._data = bytearray()

    @property
    def rest(self) -> bytes:
        """What is no whole frame yet."""
        return bytes(self._data)

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are whole by now. Raises `FramingError`."""
        self._data += data
        bodies: list[bytes] = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            start = bytes(self._data[:15]).lower()
            if not b"content-length:".startswith(start) and not start.startswith(b"content-"):
                raise FramingError(f"not a frame: {bytes(self._data[:80])!r}")
            return None
        head = bytes(self._data[: end + 4])
        length = _LENGTH.search(head)
        if length is None or _HEAD.fullmatch(head) is None:
            raise FramingError(f"not the head of a frame: {head[:80]!r}")
        whole = end + 4 + int(length[1])
        if len(self._data) < whole:
            return None
        body = bytes(self._data[end + 4 : whole])
        del self._data[:whole]
        return body
