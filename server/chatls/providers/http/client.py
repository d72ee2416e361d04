"""The HTTP client below every provider: connections that are kept, proxies, certificates. The only maker of one."""

import importlib
import ipaddress
import os
import ssl
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from time import monotonic
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

import certifi
from anyio import fail_after

from chatls.providers.http import heads
from chatls.providers.http.faults import ProxyRefusalError
from chatls.providers.http.heads import Head
from chatls.providers.http.network import Connection, connect

_KEPT_CONNECTIONS = 16
_KEPT_FOR = 30.0
"""Seconds that an idle connection stays open for the next step: a new one costs a TLS handshake."""
_PORTS = {"http": 80, "https": 443}

FAULTS: tuple[type[Exception], ...] = (OSError, ValueError, ProxyRefusalError)
"""What goes wrong with connections and with what comes over them."""


class Address(NamedTuple):
    """A URL, taken apart for a request."""

    scheme: str
    host: str
    port: int
    netloc: str
    """Host, and port where it is not the usual one."""
    target: str
    """Path and query."""


class Proxy(NamedTuple):
    """One that the environment names."""

    at: Address
    headers: Mapping[str, str]
    """What it wants to be told: who we are."""
    certificates: ssl.SSLContext | None
    """Where it is spoken to over TLS."""


class Client:
    """The connections to one server."""

    def __init__(self, to: Address, certificates: ssl.SSLContext, proxy: Proxy | None) -> None:
        self.proxy = proxy.at.netloc if proxy else ""
        """host:port of the proxy in between, if there is one."""
        self._to = to
        self._certificates = certificates
        self._proxy = proxy
        self._forwarded = proxy if to.scheme == "http" else None
        self._idle: list[tuple[float, Connection]] = []
        """And since when they are, the last used last."""

    async def send(
        self, method: str, to: Address, headers: Mapping[str, str], content: bytes, limit: float | None
    ) -> Connection:
        """Send a request, over a connection that is kept or a new one, which is made within `limit` seconds.

        Whoever has it gives it back (`keep`) or closes it. Raises `FAULTS`.
        """
        target = to.target
        if self._forwarded is not None:
            target, headers = f"http://{to.netloc}{target}", {**headers, **self._forwarded.headers}
        head = heads.request(method, target, headers)
        connection = self._kept()
        if connection is None:
            with fail_after(limit):
                connection = await self._made()
        connection.write(head + content)
        return connection

    def keep(self, connection: Connection) -> None:
        """It is not used any more, and can be used again."""
        self._idle.append((monotonic(), connection))
        if len(self._idle) > _KEPT_CONNECTIONS:
            self._idle.pop(0)[1].abort()

    async def aclose(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    def _kept(self) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.idle and monotonic() - since < _KEPT_FOR:
                return connection
            connection.abort()
        return None

    async def _made(self) -> Connection:
        first = self._to if self._proxy is None else self._proxy.at
        connection = await connect(first.host, first.port)
        try:
            if self._proxy is not None:
                await self._pass(connection, self._proxy)
            if self._to.scheme == "https":
                await connection.start_tls(self._certificates, self._to.host)
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _pass(self, connection: Connection, proxy: Proxy) -> None:
        """Have a proxy lead us on, where it is not to forward requests itself."""
        if proxy.certificates is not None:
            await connection.start_tls(proxy.certificates, proxy.at.host)
        if self._to.scheme != "https":
            return
        there = f"[{self._to.host}]" if ":" in self._to.host else self._to.host
        there = f"{there}:{self._to.port}"
        connection.write(heads.request("CONNECT", there, {"host": there, **proxy.headers}))
        head = await answered(connection)
        if head.status >= 300:
            raise ProxyRefusalError(f"{head.status} {head.reason}")


async def answered(connection: Connection) -> Head:
    """Wait for the head of an answer. Raises `OSError`, `ValueError`."""
    data = b""
    while True:
        more = await connection.receive()
        if not more:
            raise ConnectionError("the connection ended before an answer")
        data += more
        while found := heads.split(data):
            head, data = heads.read(found[0]), found[1]
            if head.status >= 200:  # what comes before that is interim
                connection.give_back(data)
                return head


def make_client(base_url: str) -> Client:
    """A client for one server. Takes some 50 ms (certificates are loaded), so it is for a worker thread.

    Never follows a redirect: it would carry prompt and key to whom nobody chose. Environment proxies are used, but not
    for this machine. Raises `ValueError` for an address, or a proxy's, that is none.
    """
    to = address(base_url)
    proxy = None if is_loopback(to.host) else _proxy(to)
    return Client(to, _certificates(needed=to.scheme == "https"), proxy)


@lru_cache(maxsize=64)
def address(url: str) -> Address:
    """Take a URL apart; it is the same for many requests. Raises `ValueError` if it is none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    port = parts.port or _PORTS.get(parts.scheme, 0)
    netloc = f"[{host}]" if ":" in host else host
    if port != _PORTS.get(parts.scheme):
        netloc += f":{port}"
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, host, port, netloc, target)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.1.2.3"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(to: Address) -> Proxy | None:
    """The proxy that the environment names for an address."""
    urllib = importlib.import_module("urllib.request")  # 2 MB, which a server on this machine does not need
    proxies = urllib.getproxies()
    named = proxies.get(to.scheme) or proxies.get("all")
    if not named or urllib.proxy_bypass(to.netloc):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    if parts.scheme not in _PORTS:
        raise ValueError(f"a proxy that speaks {parts.scheme} cannot be used")
    certificates = _certificates(needed=True) if parts.scheme == "https" else None
    return Proxy(address(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"), _who(parts), certificates)


def _who(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None and proxy.password is None:
        return {}
    both = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(both.encode()).decode('ascii')}"}


def _certificates(*, needed: bool) -> ssl.SSLContext:
    """Whom to trust: certifi's list or SSL_CERT_FILE, and the system's, where companies put their own."""
    if not needed:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Trusts nobody, and loads nothing.
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    context = ssl.create_default_context(
        cafile=file or (None if folder else certifi.where()), capath=None if file else folder
    )
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context
