"""Bytes over stdin and stdout: frames (`Content-Length`) in, non-blocking bounded output. Knows not what they say.

With process.py the only file that makes POSIX calls.
"""

import errno
import os
import re
import select
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Semaphore, Thread
from time import monotonic
from typing import NamedTuple, NoReturn, Protocol

FRAME_CAP = 64 * 2**20
"""The longest frame that is read, in bytes."""
SKIP_CAP = 2**30
"""The longest frame that is skipped by its count, in bytes; beyond, the next header is searched for."""
HEADER_CAP = 64 * 2**10
"""The longest header block, in bytes."""

_NEXT_HEADER = re.compile(rb"content-length:[ \t]*\d+[ \t]*\r?\n", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_READ_SIZE = 64 * 2**10
_READ_AHEAD = 16
_TAIL = 128
_SOON = 0.0002
"""Seconds: what is written so soon behind something else waits for the end of the loop's round, and leaves with all
that the round brings."""
_GATHERED = 8 * 2**10
"""Bytes that wait for it."""


class Pipes(NamedTuple):
    """The connection to the client: private descriptors that no child inherits."""

    source: int
    sink: int


class Loop(Protocol):
    """What is needed of asyncio's event loop, whose import would delay the answer to `initialize`."""

    def call_soon(self, callback: Callable[[], object], /) -> object: ...
    def call_soon_threadsafe(self, callback: Callable[[], object], /) -> object: ...
    def add_writer(self, fd: int, callback: Callable[[], object], /) -> object: ...
    def remove_writer(self, fd: int, /) -> object: ...
    def add_signal_handler(self, sig: int, callback: Callable[[], object], /) -> object: ...


class Lost(NamedTuple):
    """A stretch of input that holds no frame, and why, for people."""

    reason: str


def claim() -> Pipes:
    """Take stdin and stdout for frames alone.

    Afterwards descriptor 0 is the null device, so that no child eats input, and 1 is stderr, so that a stray `print`
    or a child's output cannot break a frame.
    """
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    os.set_blocking(source, True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C before the event loop runs: no traceback
    return Pipes(source, sink)


def frame(body: bytes) -> bytes:
    """One message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameReader:
    """Bytes in, bodies out; right at every split. Pure.

    Header names in any case and order, LF tolerated. Where the boundary is lost it is found again at the next
    `Content-Length` line, which cannot occur inside JSON.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self._need: int | None = None
        self._scanning = False

    def feed(self, data: bytes) -> list[bytes | Lost]:
        """Take what was read; give the bodies that are complete, and what was lost, in order."""
        self._buffer += data
        found: list[bytes | Lost] = []
        while (item := self._next()) is not None:
            found.append(item)
        return found

    def _next(self) -> bytes | Lost | None:
        if self._skip and not self._skipped():
            return None
        if self._scanning and not self._found():
            return None
        if self._need is None and (lost := self._header()):
            return lost
        return self._body()

    def _skipped(self) -> bool:
        count = min(self._skip, len(self._buffer))
        del self._buffer[:count]
        self._skip -= count
        return not self._skip

    def _found(self) -> bool:
        match = _NEXT_HEADER.search(self._buffer)
        if match is None:
            del self._buffer[:-_TAIL]
            return False
        del self._buffer[: match.start()]
        self._scanning = False
        return True

    def _header(self) -> Lost | None:
        if self._buffer.startswith((b"\r", b"\n")):
            self._buffer = self._buffer.lstrip(b"\r\n")
        end = _BLANK_LINE.search(self._buffer, 0, HEADER_CAP + 3)
        if end is None:
            if len(self._buffer) <= HEADER_CAP:
                return None
            return self._lose("a header block is longer than 64 KiB", 1)
        return self._length(end.start() + 1, end.end())

    def _length(self, last: int, end: int) -> Lost | None:
        """Read the header block's length; `last` ends its last line, `end` the block."""
        place = 0
        for line in bytes(self._buffer[:last]).splitlines(keepends=True):
            place += len(line)
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                return self._take(value.strip(), end, place)
        return self._lose("a header block has no Content-Length", 0)

    def _take(self, value: bytes, end: int, place: int) -> Lost | None:
        if not value.isdigit() or len(value) > 18 or int(value) > SKIP_CAP:
            return self._lose("a Content-Length cannot be used", place)
        del self._buffer[:end]
        if int(value) > FRAME_CAP:
            self._skip = int(value)
            return Lost(f"a message of {int(value)} bytes is longer than the {FRAME_CAP} that are read")
        self._need = int(value)
        return None

    def _lose(self, reason: str, drop: int) -> Lost:
        del self._buffer[:drop]
        self._scanning = True
        return Lost(f"{reason}; reading goes on at the next Content-Length line")

    def _body(self) -> bytes | None:
        if self._need is None or len(self._buffer) < self._need:
            return None
        body = bytes(self._buffer[: self._need])
        del self._buffer[: self._need]
        self._need = None
        return body


def read_some(source: int) -> bytes:
    """Wait for input; empty at its end. Blocks, also where the descriptor was made non-blocking by its other owner."""
    while True:
        try:
            return os.read(source, _READ_SIZE)
        except BlockingIOError:
            select.select([source], [], [])
        except OSError:
            return b""


def write_all(sink: int, data: bytes) -> None:
    """Write everything, waiting as long as it takes. Raises `OSError` if nobody reads."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(sink, view) :]
        except BlockingIOError:
            select.select([], [sink], [])


class Input:
    """Reads in a thread of its own, so that a busy pool of workers can never make the daemon deaf.

    The thread is no task: it holds nothing but the descriptor and ends with the process. What it hands to the loop runs
    in the context of who made it: by that anyio knows, where sniffio is installed, that it runs in asyncio.
    """

    def __init__(self, source: int, loop: Loop, receive: Callable[[bytes], None]) -> None:
        self._source = source
        self._loop = loop
        self._receive = receive
        self._ahead = Semaphore(_READ_AHEAD)
        Thread(target=copy_context().run, args=(self._read,), name="stdin", daemon=True).start()

    def _read(self) -> None:
        while True:
            data = read_some(self._source)
            self._ahead.acquire()
            try:
                self._loop.call_soon_threadsafe(partial(self._take, data))
            except RuntimeError:
                return
            if not data:
                return

    def _take(self, data: bytes) -> None:
        self._ahead.release()
        self._receive(data)


class Output:
    """Non-blocking output: writes at once what the pipe takes, keeps the rest, and says when there is room again.

    A write costs more than what it is for: where one follows the other, all that one round of the loop brings is one.
    """

    def __init__(self, sink: int, loop: Loop) -> None:
        self.on_room: Callable[[], None] = lambda: None
        """Called when everything has been written."""
        self.on_closed: Callable[[], None] = lambda: None
        """Called once when nobody reads any more."""
        self.waiting = 0
        """Bytes that the pipe has not taken yet."""
        self._sink = sink
        self._loop = loop
        self._queue: deque[memoryview] = deque()
        self._gathered: list[bytes] = []
        self._size = 0
        self._wrote = 0.0
        self._closed = False
        os.set_blocking(sink, False)

    def write(self, data: bytes) -> None:
        """Write, or keep for later. Never blocks, never raises; after the reader is gone, drops."""
        if self._closed:
            return
        before, self._wrote = self._wrote, monotonic()
        if self._queue:
            self._put(data)
            return
        if not self._gathered and self._wrote - before > _SOON:
            count = self._try(data)
            if count < len(data):
                self._put(data[count:])
            return
        if not self._gathered:
            self._loop.call_soon(self.push)
        self._gathered.append(data)
        self._size += len(data)
        if self._size >= _GATHERED:
            self.push()

    def push(self) -> None:
        """Write what waits for the end of the round."""
        if self._gathered:
            data = b"".join(self._gathered)
            self._gathered, self._size = [], 0
            self._put(data)

    def _put(self, data: bytes) -> None:
        if self._closed:
            return
        if not self._queue:
            count = self._try(data)
            if count == len(data) or self._closed:
                return
            data = data[count:]
            self._loop.add_writer(self._sink, self._writable)
        self._queue.append(memoryview(data))
        self.waiting += len(data)

    def close(self) -> None:
        """Give the descriptor back as it was."""
        self.push()
        if self._queue:
            self._loop.remove_writer(self._sink)
        self._closed = True
        os.set_blocking(self._sink, True)

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self._sink, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._broken(error)
            return 0

    def _writable(self) -> None:
        while self._queue:
            head = self._queue[0]
            count = self._try(head)
            self.waiting -= count
            if count < len(head):
                if self._queue:
                    self._queue[0] = head[count:]
                return
            self._queue.popleft()
        self._loop.remove_writer(self._sink)
        self.on_room()

    def _broken(self, error: OSError) -> None:
        if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.EBADF):
            with suppress(OSError):
                os.write(2, f"chatls: cannot write to the client: {error.strerror}\n".encode())
        if self._queue:
            self._loop.remove_writer(self._sink)
        self._queue.clear()
        self.waiting = 0
        self._closed = True
        self.on_closed()


def on_terminate(loop: Loop, stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM, SIGINT and SIGHUP, so that children are ended whoever ends the daemon."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop)


def leave(code: int) -> NoReturn:
    """End the process now: a worker thread that hangs in the kernel must not keep it."""
    os._exit(code)


def seen(pid: int) -> bool:
    """Whether there is such a process, as far as can be seen from here."""
    with suppress(ProcessLookupError, OverflowError):  # no process has so great a number
        with suppress(PermissionError):  # somebody else's, but there
            os.kill(pid, 0)
        return True
    return False
