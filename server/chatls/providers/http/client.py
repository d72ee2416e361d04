"""The HTTP client below every provider: which proxy, which certificates, which limits. The only maker of one."""

import importlib
import ipaddress
import os
import ssl
from functools import lru_cache
from typing import NamedTuple

import httpx

from chatls.providers.http.faults import ProxyRefusalError
from chatls.providers.http.transport import Proxy, Transport

FAULTS: tuple[type[Exception], ...] = (OSError, ValueError, ProxyRefusalError)
"""What goes wrong with connections and with what comes over them."""


class Client(NamedTuple):
    """A client for one server."""

    transport: Transport
    proxy: str = ""
    """host:port of the proxy in between, if there is one."""


def make_client(base_url: str) -> Client:
    """A client for one server. Takes some 50 ms (certificates are loaded), so it is for a worker thread.

    No `httpx.AsyncClient` stands before the transport: cookies, hooks and redirects (they would carry prompt and key
    to whom nobody chose) are not wanted, and cost a prompt a tenth of a millisecond. Environment proxies are used, but
    not for this machine. Raises `ValueError` for an address, or a proxy's, that is none, and for certificates that
    cannot be read.
    """
    to = address(base_url)
    proxy = None if is_loopback(to.host) else _proxy(to)
    transport = Transport(to, _certificates() if to.scheme == "https" else None, proxy)
    return Client(transport, proxy.url.netloc.decode("ascii") if proxy else "")


@lru_cache(maxsize=64)
def address(url: str) -> httpx.URL:
    """A URL, taken apart; it is the same for many requests. Raises `ValueError` if it is none."""
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.1.2.3"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(to: httpx.URL) -> Proxy | None:
    """The proxy that the environment names for an address."""
    urllib = importlib.import_module("urllib.request")  # 2 MB, which a server on this machine does not need
    proxies = urllib.getproxies()
    named = proxies.get(to.scheme) or proxies.get("all")
    if not named or urllib.proxy_bypass(to.netloc.decode("ascii")):
        return None
    url = address(named if "://" in named else f"http://{named}")
    if url.scheme not in ("http", "https"):
        raise ValueError(f"a proxy that speaks {url.scheme} cannot be used")
    return Proxy(url, _certificates() if url.scheme == "https" else None)


def _certificates() -> ssl.SSLContext:
    """Whom to trust: certifi's list or SSL_CERT_FILE, and the system's, where companies put their own."""
    try:
        context = httpx.create_ssl_context()
    except OSError as error:  # no such file, or no certificates in it
        named = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        raise ValueError(f"SSL_CERT_FILE names {named}, which holds no certificates that can be read") from error
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context
