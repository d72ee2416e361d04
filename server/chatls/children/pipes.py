"""Our ends of a child's pipes, as streams. The pipes do not block."""

import os
from typing import IO

import anyio
from anyio import abc, lowlevel

_CHUNK = 65536


class _Pipe:
    """Our end of a pipe to a child."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    async def aclose(self) -> None:
        """Close our end. A child that reads reads the end of its input."""
        self.close()
        await lowlevel.checkpoint()

    def close(self) -> None:
        """Close our end now; a task that waits here is told so."""
        if not self._pipe.closed:
            anyio.notify_closing(self._pipe)
            self._pipe.close()


class PipeReader(_Pipe, abc.ByteReceiveStream):
    """What a child writes."""

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """The next bytes. Raises `anyio.EndOfStream` after the last one, `anyio.ClosedResourceError` when closed."""
        await lowlevel.checkpoint()
        while True:
            try:
                return self.receive_nowait(max_bytes)
            except anyio.WouldBlock:
                await anyio.wait_readable(self._pipe)

    def receive_nowait(self, max_bytes: int = _CHUNK) -> bytes:
        """The same, but raises `anyio.WouldBlock` where nothing lies ready."""
        if self._pipe.closed:
            raise anyio.ClosedResourceError
        try:
            data = os.read(self._pipe.fileno(), max_bytes)
        except BlockingIOError as error:
            raise anyio.WouldBlock from error
        if not data:
            raise anyio.EndOfStream
        return data


class PipeWriter(_Pipe, abc.ByteSendStream):
    """What a child reads."""

    async def send(self, item: bytes) -> None:
        """Hand over all bytes. Raises `anyio.BrokenResourceError` if the child reads no more."""
        await lowlevel.checkpoint()
        rest = memoryview(item)
        while rest:
            if self._pipe.closed:
                raise anyio.ClosedResourceError
            try:
                rest = rest[os.write(self._pipe.fileno(), rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._pipe)
            except BrokenPipeError as error:
                raise anyio.BrokenResourceError from error
