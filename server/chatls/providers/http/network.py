"""Sockets, TCP and TLS: connections for httpcore, on asyncio's own transports. Knows no HTTP but where a head ends.

A read costs a future and nothing else: no timer, no look at the task, no checkpoint. What is written waits for the read
that follows, so that a request's head and body leave as one. Behind the head of an answer whoever reads its body may
go past httpcore (`body`), which takes a chunk apart for longer than all the rest takes to show it.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable
from time import monotonic
from typing import Any

import httpcore
from anyio import fail_after
from anyio.lowlevel import cancel_shielded_checkpoint

from chatls.providers.http.watchdog import LOOK, LOOKS, OverdueError

_NEXT_ADDRESS = 0.25
"""Seconds until the next address of a host is tried beside the one before (RFC 8305)."""
_READ_AHEAD = 256 * 1024
"""Bytes that may wait for who reads them; beyond, the server waits."""
_WRITTEN_AT_ONCE = 64 * 1024
"""Bytes that are joined to leave as one; more are not worth a copy."""

_HEAD_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.\d 1\d\d")
_ERRNO = re.compile(r"\[Errno (\d+)\]")


class Network(httpcore.AsyncNetworkBackend):
    """Makes connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Raises `OSError`."""
        del local_address, socket_options  # never asked for
        loop = asyncio.get_running_loop()
        try:
            with fail_after(timeout):
                _, made = await loop.create_connection(Connection, host, port, happy_eyeballs_delay=_NEXT_ADDRESS)
        except OSError as error:
            # Of several addresses, each with a fault of its own, asyncio tells in words alone.
            if error.errno is None and (found := _ERRNO.search(str(error))):
                raise OSError(int(found[1]), str(error)) from error
            raise
        return made


class Connection(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: asyncio's protocol on one side, httpcore's stream on the other."""

    def __init__(self) -> None:
        self.patience = 0.0
        """Seconds that a read may wait, while that is not 0."""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._written: list[bytes] = []
        self._read: list[bytes] = []
        self._size = 0
        self._over = False
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._since = 0.0
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._in_head = False
        self._at_body = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read.append(data)
        self._size += len(data)
        if self._waiter is not None:
            self._wake()
        elif self._size > _READ_AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over = True
        self._fault = exc
        self._stop_timer()
        self._wake()

    # What httpcore calls.

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Take it; it leaves before the next read."""
        del timeout  # What the kernel does not take waits in the transport.
        if self._over:
            raise httpcore.WriteError("the connection is closed")  # httpcore then reads what the server said before
        self._in_head, self._at_body = True, False
        if len(buffer) > _WRITTEN_AT_ONCE:
            self._push()
            self._transport.write(buffer)
        elif buffer:
            self._written.append(buffer)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come; of an answer's head no byte more. Empty at the end. Raises `OSError`, `OverdueError`."""
        del max_bytes, timeout  # `patience` is the limit that is set
        data = await self.receive()
        return self._head(data) if self._in_head else data

    async def aclose(self) -> None:
        """Close it at once."""
        self._stop_timer()
        self._over = True
        self._transport.abort()
        await cancel_shielded_checkpoint()  # the transport closes its socket in the loop's next round

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from here on. Raises `OSError`; the connection is closed then."""
        self._push()
        with fail_after(timeout):
            self._transport = await self._loop.start_tls(
                self._transport, self, ssl_context, server_hostname=server_hostname
            )
        return self

    def get_extra_info(self, info: str) -> Any:
        """See httpcore. `is_readable`: of a connection that nobody uses, that it cannot be used any more."""
        if info == "is_readable":
            return bool(self._over or self._read)
        return self._transport.get_extra_info(info)

    # What reads a body calls.

    @property
    def at_body(self) -> bool:
        """Whether the next bytes that come are the first of an answer's body."""
        return self._at_body

    async def receive(self) -> bytes:
        """What has come, all of it. Empty at the end. Raises `OSError`, `OverdueError`."""
        if self._written:
            self._push()
        if not self._read:
            if not self._over:
                self._since, self._looks = monotonic(), 0
                if self.patience and self._timer is None:
                    self._timer = self._loop.call_later(self.patience, self._ring)
                self._waiter = asyncio.Future(loop=self._loop)
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            if self._fault is not None and not self._read:
                raise self._fault
        data = self._read[0] if len(self._read) == 1 else b"".join(self._read)
        self._read.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def give_back(self, data: bytes) -> None:
        """Have this read next."""
        if data:
            self._read.insert(0, data)
            self._size += len(data)

    def _head(self, data: bytes) -> bytes:
        """The head in these bytes; what is behind it is kept. One that comes in pieces is left to httpcore."""
        found = _HEAD_END.search(data)
        self._in_head = found is not None and _INTERIM.match(data) is not None
        if found is None:
            return data
        self.give_back(data[found.end() :])
        self._at_body = not self._in_head
        return data[: found.end()]

    def _push(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _ring(self) -> None:
        """One timer outlives many reads; when it rings, it looks whether the present one is late."""
        self._timer = None
        if self._waiter is None or not self.patience:
            return
        left = self._since + self.patience - monotonic()
        if left > 0:
            self._timer = self._loop.call_later(left, self._ring)
        elif self._looks < LOOKS:
            self._looks += 1
            self._timer = self._loop.call_later(LOOK, self._ring)
        elif not self._waiter.done():
            self._waiter.set_exception(OverdueError())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
