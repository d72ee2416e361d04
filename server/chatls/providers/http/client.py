"""The HTTP client below every provider: which proxy, which certificates, which limits. The only maker of one."""

import importlib
import ipaddress
import os
import ssl
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

import certifi
import httpcore

from chatls.providers.http.network import Network

_CONNECTIONS = 128
_KEPT_CONNECTIONS = 16
_KEPT_FOR = 30.0
"""Seconds that an idle connection stays open for the next step: a new one costs a TLS handshake."""
_PORTS = {"http": 80, "https": 443}

FAULTS: tuple[type[Exception], ...] = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    OSError,
)
"""What connections raise."""


class Client(NamedTuple):
    """A client for one server."""

    pool: httpcore.AsyncConnectionPool
    proxy: str = ""
    """host:port of the proxy in between, if there is one."""


class Address(NamedTuple):
    """A URL, taken apart for a request."""

    url: httpcore.URL
    netloc: str
    """Host, and port where it is not the usual one."""
    host: str


def make_client(base_url: str) -> Client:
    """A client for one server. Takes some 50 ms (certificates are loaded), so it is for a worker thread.

    Never follows a redirect: it would carry prompt and key to whom nobody chose. Environment proxies are used, but not
    for this machine.
    """
    to = address(base_url)
    proxy = None if is_loopback(to.host) else _proxy(to)
    pool = httpcore.AsyncConnectionPool(
        _certificates(needed=to.url.scheme == b"https" or proxy is not None),
        _as_proxy(proxy) if proxy else None,
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_KEPT_CONNECTIONS,
        keepalive_expiry=_KEPT_FOR,
        network_backend=Network(),
    )
    return Client(pool, _shown(proxy) if proxy else "")


@lru_cache(maxsize=64)
def address(url: str) -> Address:
    """Take a URL apart; it is the same for many requests. Raises `ValueError` if it is none."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").encode("ascii" if parts.netloc.isascii() else "idna"), parts.port
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
    name = host.decode("ascii")
    netloc = f"[{name}]" if ":" in name else name
    if port is not None and port != _PORTS.get(parts.scheme):
        netloc += f":{port}"
    made = httpcore.URL(scheme=parts.scheme, host=host, port=port, target=target)
    return Address(made, netloc, name)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.1.2.3"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(to: Address) -> SplitResult | None:
    """The proxy that the environment names for an address."""
    urllib = importlib.import_module("urllib.request")  # 2 MB, which a server on this machine does not need
    proxies = urllib.getproxies()
    named = proxies.get(to.url.scheme.decode()) or proxies.get("all")
    if not named or urllib.proxy_bypass(to.netloc):
        return None
    return urlsplit(named if "://" in named else f"http://{named}")


def _shown(proxy: SplitResult) -> str:
    """host:port, without the password that may stand before them."""
    try:
        return f"{proxy.hostname}:{proxy.port}" if proxy.port else f"{proxy.hostname}"
    except ValueError:
        return "of the environment"


def _as_proxy(proxy: SplitResult) -> httpcore.Proxy:
    user, password = unquote(proxy.username or "").encode(), unquote(proxy.password or "").encode()
    place = proxy.netloc.rpartition("@")[2]
    encrypted = _certificates(needed=True) if proxy.scheme == "https" else None
    return httpcore.Proxy(f"{proxy.scheme}://{place}", (user, password) if user or password else None, None, encrypted)


def _certificates(*, needed: bool) -> ssl.SSLContext:
    """Whom to trust: certifi's list or SSL_CERT_FILE, and the system's, where companies put their own."""
    if not needed:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Trusts nobody, and loads nothing.
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    context = ssl.create_default_context(
        cafile=file or (None if folder else certifi.where()), capath=None if file else folder
    )
    context.load_default_certs()
    return context
