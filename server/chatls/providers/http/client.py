"""The HTTP client below every provider: which transport, which certificates, which limits. The only maker of one."""

import importlib
import importlib.util
import ipaddress
import ssl
import urllib.request
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httpx

_CONNECTIONS = 128
_KEPT_CONNECTIONS = 16
_KEPT_FOR = 30.0
"""Seconds that an idle connection stays open for the next step: a new one costs a TLS handshake."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client, and what its transport raises."""

    http: httpx.AsyncClient
    faults: tuple[type[Exception], ...]
    proxy: str = ""
    """host:port of the proxy in between, if there is one."""


def make_client(base_url: str, connect_timeout: float, *, fast: bool | None = None) -> Client:
    """A client for one server. Takes some 50 ms (certificates are loaded), so it is for a worker thread.

    `fast`: with aiohttp below; None: if it is installed (the extra `fast`). Never follows a redirect: it would carry
    prompt and key to whom nobody chose. Environment proxies are used, but not for this machine.
    """
    url = httpx.URL(base_url)
    local = is_loopback(url.host)
    fast = has_fast() if fast is None else fast
    limit = connect_timeout or None
    http = _client_class(fast=fast)(
        verify=_certificates(needed=url.scheme == "https" or (not local and bool(urllib.request.getproxies()))),
        trust_env=not local,
        follow_redirects=False,
        headers={"accept-encoding": "identity", "user-agent": "chatls"},
        timeout=httpx.Timeout(None, connect=limit, pool=limit),
        limits=httpx.Limits(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=_KEPT_FOR,
        ),
    )
    return Client(http, _faults(fast=fast), "" if local else _proxy(url))


def has_fast() -> bool:
    """Whether the extra `fast` is installed."""
    return importlib.util.find_spec("httpx_aiohttp") is not None


def load() -> None:
    """Load the transport: a quarter of a second of a processor, which is then spent."""
    _client_class(fast=has_fast())


def _client_class(*, fast: bool) -> type[httpx.AsyncClient]:
    if not fast:
        return httpx.AsyncClient
    return cast(type[httpx.AsyncClient], importlib.import_module("httpx_aiohttp").HttpxAiohttpClient)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.1.2.3"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(url: httpx.URL) -> str:
    """The proxy that the environment names for an address, without the password that may stand in it."""
    proxies = urllib.request.getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return ""
    proxy = urlsplit(named if "://" in named else f"//{named}")
    try:
        return f"{proxy.hostname}:{proxy.port}" if proxy.port else f"{proxy.hostname}"
    except ValueError:
        return "of the environment"


def _certificates(*, needed: bool) -> ssl.SSLContext:
    """Whom to trust: certifi's list or SSL_CERT_FILE, and the system's, where companies put their own."""
    if not needed:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Trusts nobody, and loads nothing.
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _faults(*, fast: bool) -> tuple[type[Exception], ...]:
    own = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
    if not fast:
        return own
    # The transport leaves some of aiohttp's exceptions as they are.
    return (*own, cast(type[Exception], importlib.import_module("aiohttp").ClientError))
