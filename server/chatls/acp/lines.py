"""Newline-delimited JSON: bytes in, lines out, right at every split. Pure."""

from chatls.wire.stdio import FRAME_CAP, Lost


def line(body: bytes) -> bytes:
    """One message as it goes over the wire. JSON text that orjson wrote has no line ends of its own."""
    return body + b"\n"


class MessageReader:
    """Cuts what is read into lines; empty ones are passed over, one that is too long is lost whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._losing = False

    def feed(self, data: bytes) -> list[bytes | Lost]:
        """Take what was read; give the lines that are complete, and what was lost, in order."""
        found: list[bytes | Lost] = []
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._take(piece, found)
            if not self._losing and self._buffer.strip():
                found.append(bytes(self._buffer))
            self._buffer.clear()
            self._losing = False
        self._take(rest, found)
        return found

    def _take(self, piece: bytes, found: list[bytes | Lost]) -> None:
        if self._losing:
            return
        self._buffer += piece
        if len(self._buffer) > FRAME_CAP:
            self._buffer.clear()
            self._losing = True
            found.append(Lost(f"a line is longer than the {FRAME_CAP} bytes that are read"))
