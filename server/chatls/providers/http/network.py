"""Sockets, TCP and TLS: connections on asyncio's own transports. Knows no HTTP.

A read costs a future and nothing else: no timer, no look at the task, no checkpoint, and no round of the loop.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextvars import Context
from time import monotonic
from typing import Any

from anyio.lowlevel import cancel_shielded_checkpoint

from chatls.providers.http.watchdog import LOOK, LOOKS, OverdueError

_NEXT_ADDRESS = 0.25
"""Seconds until the next address of a host is tried beside the one before (RFC 8305)."""
_READ_AHEAD = 256 * 1024
"""Bytes that may wait for who reads them; beyond, the server waits."""

_ERRNO = re.compile(r"\[Errno (\d+)\]")


async def connect(host: str, port: int) -> "Connection":
    """Connect to the first address of a host that answers. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    try:
        _, made = await loop.create_connection(Connection, host, port, happy_eyeballs_delay=_NEXT_ADDRESS)
    except OSError as error:
        # Of several addresses, each with a fault of its own, asyncio tells in words alone.
        if error.errno is None and (found := _ERRNO.search(str(error))):
            raise OSError(int(found[1]), str(error)) from error
        raise
    return made


class Arrival(asyncio.Future[None]):
    """What one task waits for. It goes on in the very callback that brings it: others go on in the loop's next round,
    which costs a chunk of a stream as much again as being read.
    """

    _go_on: tuple[Callable[["Arrival"], object], Context] | None = None

    def add_done_callback(self, fn: Callable[["Arrival"], object], /, *, context: Context | None = None) -> None:
        """A task begins to wait."""
        assert context is not None
        self._go_on = fn, context

    def remove_done_callback(self, fn: Callable[["Arrival"], object], /) -> int:
        """It waits no more."""
        self._go_on, removed = None, self._go_on is not None and self._go_on[0] == fn
        return int(removed)

    def come(self) -> None:
        """It is here. To be called by the loop alone, and not from within a task."""
        if not self.done():
            self.set_result(None)
            waiting, self._go_on = self._go_on, None
            if waiting is not None:
                waiting[1].run(waiting[0], self)

    def fail(self, error: Exception) -> None:
        """It will never be. The same."""
        if not self.done():
            self.set_exception(error)
            self._continue()

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled, maybe by itself: it goes on later."""
        cancelled = super().cancel(msg)
        if cancelled:
            self.get_loop().call_soon(self._continue)
        return cancelled

    def _continue(self) -> None:
        waiting, self._go_on = self._go_on, None
        if waiting is not None:
            waiting[1].run(waiting[0], self)


class Connection(asyncio.Protocol):
    """One connection. One task reads it."""

    def __init__(self) -> None:
        self.patience = 0.0
        """Seconds that a read may wait, while that is not 0."""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._read: list[bytes] = []
        self._size = 0
        self._over = False
        self._fault: Exception | None = None
        self._waiter: Arrival | None = None
        self._since = 0.0
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read.append(data)
        self._size += len(data)
        if self._waiter is not None:
            self._waiter.come()
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

    # What we call.

    @property
    def idle(self) -> bool:
        """Whether a connection that nobody uses can be used: it is open, and nothing came of it unasked."""
        return not (self._over or self._read)

    def write(self, data: bytes) -> None:
        """Send it. What the kernel does not take waits in the transport; who reads is told of a fault."""
        if not self._over:
            self._transport.write(data)

    async def receive(self) -> bytes:
        """What has come, all of it. Empty at the end. Raises `OSError`, `OverdueError`."""
        if not self._read:
            if not self._over:
                self._since, self._looks = monotonic(), 0
                if self.patience and self._timer is None:
                    self._timer = self._loop.call_later(self.patience, self._ring)
                self._waiter = Arrival(loop=self._loop)
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

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. Raises `OSError`; the connection is closed then."""
        self._transport = await self._loop.start_tls(self._transport, self, context, server_hostname=host)

    def abort(self) -> None:
        """Close it; its socket goes in the loop's next round."""
        self._stop_timer()
        self._over = True
        self._transport.abort()

    async def aclose(self) -> None:
        """Close it, and wait for that."""
        self.abort()
        await cancel_shielded_checkpoint()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.come()

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
        else:
            self._waiter.fail(OverdueError())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
