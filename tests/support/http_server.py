"""A scripted HTTP server on a real socket: every byte, pause and fault of its replies is in the test's hands.

    with ScriptedServer() as server:
        server.play(streamed({"choices": []}), [Head(), Chunk(b"data: {"), Reset()])
        ...                                  # ask server.url
        server.requests[0].json()            # what was asked
        server.wait_until_closed(1)          # the client closed the connection of its second request

It runs in threads of its own, so that synchronous and asynchronous tests, and tests of other processes, use it alike
(an asynchronous one waits with `anyio.to_thread.run_sync(server.wait_until_closed, 0)`). Give it to a fixture or use it
in a `with` statement.
"""

import json
import os
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

SSE = {"content-type": "text/event-stream"}
_PATIENCE = 120.0
"""Seconds after which a test has failed rather than is waited for."""


@dataclass(frozen=True)
class Head:
    """The status line and the headers. The body is chunked unless a content-length or `connection: close` is given."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: SSE)


@dataclass(frozen=True)
class Chunk:
    """One chunk of a chunked body."""

    data: bytes


@dataclass(frozen=True)
class End:
    """The end of a chunked body; the connection stays open for the next request."""


@dataclass(frozen=True)
class Raw:
    """Bytes as they are: a body with a length, a broken chunk, no HTTP at all."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """Until the test opens the gate of that name. The client may leave meanwhile."""

    gate: str


@dataclass(frozen=True)
class Hang:
    """Until the client leaves."""


@dataclass(frozen=True)
class Drip:
    """The same bytes again and again, so many seconds apart, until the client leaves."""

    data: bytes
    every: float
    times: int = 0
    """0: for ever."""


@dataclass(frozen=True)
class Close:
    """An orderly end of the connection."""


@dataclass(frozen=True)
class Reset:
    """A disorderly end: the client's system is told to forget the connection."""


Step = Head | Chunk | End | Raw | Wait | Hang | Drip | Close | Reset
Reply = Sequence[Step]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    connection: int
    """Which one, counted from 0: requests may share it."""
    closed: threading.Event = field(default_factory=threading.Event, compare=False)
    """Its connection is closed, by whichever side."""

    def json(self) -> Any:
        """The body's JSON value."""
        return json.loads(self.body)


def event(value: Any) -> bytes:
    """One server-sent event with a JSON value, or with text as it is."""
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


def streamed(*values: Any, done: bool = True) -> list[Step]:
    """A whole streamed reply: one chunk per event, `[DONE]` at the end."""
    events = [event(value) for value in (*values, *(["[DONE]"] if done else []))]
    return [Head(), *(Chunk(data) for data in events), End()]


def answered(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> list[Step]:
    """A whole reply that is not streamed: JSON, or bytes as they are."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    return [Head(status, head), Raw(body)]


class ScriptedServer:
    """Plays one reply per request, in order; the last one again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._tls = tls
        self._replies: list[Reply] = []
        self._answer: Callable[[Request], Reply] | None = None
        self._changed = threading.Condition(threading.RLock())
        self._gates: dict[str, tuple[int, int]] = {}
        self._open_gates: set[str] = set()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._numbers = count()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.beside = "/api/show"
        """An address that is not known, and asked beside what a test is about: not recorded, and nothing is played."""
        self.greeting = b""
        """Sent as soon as a client connects, and the connection closed."""

    def play(self, *replies: Reply) -> None:
        """From now on play these."""
        with self._changed:
            self._replies = list(replies)

    def answer(self, answer: Callable[[Request], Reply]) -> None:
        """From now on let a function decide."""
        self._answer = answer

    def open(self, gate: str) -> None:
        """Let all pass that wait at a gate, now and later."""
        with self._changed:
            if gate not in self._open_gates:
                self._open_gates.add(gate)
                os.close(self._gate(gate)[1])

    def wait_for_requests(self, count: int) -> None:
        """Until so many requests have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, _PATIENCE), f"no request {count}"

    def wait_until_closed(self, number: int = -1) -> None:
        """Until the connection of a request, counted from 0, is closed."""
        assert self.requests[number].closed.wait(_PATIENCE), f"the connection of request {number} is still open"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _wake(self._listener)
        for connection in list(self._sockets):
            _wake(connection)
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._listener.close()
        for name, ends in self._gates.items():
            os.close(ends[0])
            if name not in self._open_gates:
                os.close(ends[1])

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.add(connection)
                self._start(self._serve, connection, next(self._numbers))

    def _serve(self, connection: socket.socket, number: int) -> None:
        here: list[Request] = []
        with suppress(OSError, EOFError, ValueError):
            if self.greeting:
                connection.sendall(self.greeting)
                raise EOFError
            if self._tls:
                connection = self._encrypted(connection)
            stream = connection.makefile("rb", buffering=65536)
            while True:
                request = _read_request(stream, number)
                if request.path == self.beside:
                    self._perform(connection, answered({"error": "not found"}, 404))
                    continue
                here.append(request)
                with self._changed:
                    self.requests.append(request)
                    self._changed.notify_all()
                if not self._perform(connection, self._next_reply(request)):
                    break
        self._sockets.discard(connection)
        with suppress(OSError):
            connection.close()
        for request in here:
            request.closed.set()

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        assert self._tls
        self._sockets.discard(connection)
        encrypted = self._tls.wrap_socket(connection, server_side=True)
        self._sockets.add(encrypted)
        return encrypted

    def _next_reply(self, request: Request) -> Reply:
        if self._answer:
            return self._answer(request)
        with self._changed:
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _perform(self, connection: socket.socket, reply: Reply) -> bool:
        """Play one reply; whether the connection goes on."""
        for step in reply:
            match step:
                case Wait(gate):
                    self._wait(connection, self._gate(gate)[0])
                case Hang():
                    self._wait(connection, None)
                case Drip(data, every, times):
                    _drip(connection, _bytes(Chunk(data)), every, times)
                case Close():
                    return False
                case Reset():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return False
                case Head() | Chunk() | End() | Raw():
                    connection.sendall(_bytes(step))
        return not any(isinstance(step, Head) and step.headers.get("connection") == "close" for step in reply)

    def _gate(self, name: str) -> tuple[int, int]:
        with self._changed:
            if name not in self._gates:
                self._gates[name] = os.pipe()
            return self._gates[name]

    def _wait(self, connection: socket.socket, gate: int | None) -> None:
        """Until the gate opens; raises `EOFError` when the client leaves."""
        watched: list[Any] = [connection] if gate is None else [connection, gate]
        ready, _, _ = select.select(watched, [], [])
        if connection in ready:
            raise EOFError


def _drip(connection: socket.socket, data: bytes, every: float, times: int) -> None:
    sent = 0
    while not select.select([connection], [], [], every)[0]:
        connection.sendall(data)
        sent += 1
        if sent == times:
            return
    raise EOFError


def _read_request(stream: Any, connection: int) -> Request:
    method, path, _ = _line(stream).split(" ")
    headers: dict[str, str] = {}
    while line := _line(stream):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, path, headers, stream.read(int(headers.get("content-length", 0))), connection)


def _line(stream: Any) -> str:
    line: bytes = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line.strip().decode("latin-1")


def _bytes(step: Head | Chunk | End | Raw) -> bytes:
    match step:
        case Head(status, headers):
            return _head(status, headers)
        case Chunk(data):
            return b"%x\r\n%b\r\n" % (len(data), data)
        case End():
            return b"0\r\n\r\n"
        case Raw(data):
            return data


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    names = {name.lower() for name in headers}
    if "content-length" not in names and headers.get("connection") != "close":
        lines.append("transfer-encoding: chunked")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _wake(connection: socket.socket) -> None:
    """Let a thread that waits for this socket go on, and end."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
