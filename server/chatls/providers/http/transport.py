"""HTTP on our own sockets: connections to one server that are kept, and a proxy in between.

It is what costs: two thirds of a chunk's time went into the layers below httpx (docs/decisions/0004).
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple, Self
from urllib.parse import unquote

import httpx
from anyio import CancelScope, fail_after

from chatls.providers.http import heads
from chatls.providers.http.faults import ProxyRefusalError
from chatls.providers.http.heads import Head
from chatls.providers.http.network import Connection, connect

_KEPT_CONNECTIONS = 16
_KEPT_FOR = 30.0
"""Seconds that an idle connection stays open for the next step: a new one costs a TLS handshake."""
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """One that the environment names."""

    url: httpx.URL
    certificates: ssl.SSLContext | None
    """Where it is spoken to over TLS."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What it wants to be told: who we are."""
        if not self.url.userinfo:
            return {}
        both = unquote(self.url.userinfo.decode("ascii")).encode()
        return {"proxy-authorization": f"Basic {b64encode(both).decode('ascii')}"}


class RawRequest(NamedTuple):
    """A request."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    """By lower-case name; the host and how long the content is need not stand there."""
    content: bytes = b""


class Transport:
    """The connections to one server."""

    def __init__(self, to: httpx.URL, certificates: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        """`certificates`: whom to trust, where the server is spoken to over TLS."""
        self._to = to
        self._certificates = certificates
        self._proxy = proxy
        self._forwarded = proxy if to.scheme == "http" else None
        self._idle: list[tuple[float, Connection]] = []
        """And since when they are, the last used last."""

    async def ask(self, asked: RawRequest, within: float | None) -> "HttpAnswer":
        """Send a request and wait for the head of the answer. Whoever has it closes it.

        `within`: seconds that connecting may take. Raises `OSError`, `ValueError`, `ProxyRefusalError`.
        """
        connection = self._kept()
        if connection is not None:
            try:
                return await self._sent(connection, asked)
            except NoAnswerError:  # its server had closed it meanwhile, whatever it had promised
                pass
        with fail_after(within):
            connection = await self._made()
        return await self._sent(connection, asked)

    async def _sent(self, connection: Connection, asked: RawRequest) -> "HttpAnswer":
        """Send it on this connection. Raises as `ask` does."""
        try:
            connection.write(self._head(asked) + asked.content)
            head = await answered(connection)
            return HttpAnswer(self, connection, head, lasts=head.lasts and asked.headers.get("connection") != "close")
        except BaseException:
            connection.abort()
            raise

    def keep(self, connection: Connection) -> None:
        """It is not used any more, and can be used again."""
        self._idle.append((monotonic(), connection))
        if len(self._idle) > _KEPT_CONNECTIONS:
            self._idle.pop(0)[1].abort()

    async def aclose(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    def _head(self, asked: RawRequest) -> bytes:
        target, host = asked.url.raw_path.decode("ascii"), asked.url.netloc.decode("ascii")
        headers = {"host": host, **asked.headers}
        if asked.content:
            headers.setdefault("content-length", str(len(asked.content)))
        if self._forwarded is not None:
            target, headers = f"http://{host}{target}", {**headers, **self._forwarded.headers}
        return heads.request(asked.method, target, headers)

    def _kept(self) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.idle and monotonic() - since < _KEPT_FOR:
                return connection
            connection.abort()
        return None

    async def _made(self) -> Connection:
        first = self._to if self._proxy is None else self._proxy.url
        connection = await connect(_host(first), _port(first))
        try:
            if self._proxy is not None:
                await self._pass(connection, self._proxy)
            if self._certificates is not None:
                await connection.start_tls(self._certificates, _host(self._to))
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _pass(self, connection: Connection, proxy: Proxy) -> None:
        """Have a proxy lead us on, where it is not to forward requests itself."""
        if proxy.certificates is not None:
            await connection.start_tls(proxy.certificates, _host(proxy.url))
        if self._to.scheme != "https":
            return
        host = f"[{_host(self._to)}]" if ":" in _host(self._to) else _host(self._to)
        there = f"{host}:{_port(self._to)}"
        connection.write(heads.request("CONNECT", there, {"host": there, **proxy.headers}))
        head = await answered(connection)
        if head.status >= 300:
            raise ProxyRefusalError(f"{head.status} {head.reason}")


class HttpAnswer:
    """An answer: its head, and its body as it comes (`async for`)."""

    def __init__(self, transport: Transport, connection: Connection, head: Head, *, lasts: bool) -> None:
        """Raises `ValueError` for a length that is none."""
        self.status = head.status
        self.headers = head.headers
        self._transport = transport
        self._connection: Connection | None = connection
        self._transfer = head.body()
        self._lasts = lasts

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if (data := await self.next()) is None:
            raise StopAsyncIteration
        return data

    async def next(self, patience: float = 0) -> bytes | None:
        """The next bytes, or None at the end. Raises `OSError`, `ValueError` where it breaks off, and `OverdueError`
        where it would wait for more than `patience` seconds; 0: for ever.
        """
        while self._connection is not None and not self._transfer.ended:
            self._connection.patience = patience
            data = await self._connection.receive()
            if not data:
                self._transfer.eof()
            elif body := self._transfer.feed(data):
                return body
        return None

    async def aclose(self) -> None:
        """Close the connection, or keep it for the next request if the body came to its end. Not cut short."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.patience = 0
        if self._transfer.ended and self._lasts and not self._transfer.rest and connection.idle:
            self._transport.keep(connection)
        else:
            with CancelScope(shield=True):
                await connection.aclose()


class NoAnswerError(ConnectionError):
    """The connection ended before a single byte of an answer."""


async def answered(connection: Connection) -> Head:
    """Wait for the head of an answer. Raises `OSError`, `ValueError`."""
    data, silent = b"", True
    while True:
        try:
            more = await connection.receive()
        except ConnectionError as error:
            if silent:
                raise NoAnswerError(str(error)) from error
            raise
        if not more:
            kind = NoAnswerError if silent else ConnectionError
            raise kind("the connection ended before an answer")
        data, silent = data + more, False
        while found := heads.split(data):
            head, data = heads.read(found[0]), found[1]
            if head.status >= 200:  # what comes before that is interim
                connection.give_back(data)
                return head


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS.get(url.scheme, 0)
