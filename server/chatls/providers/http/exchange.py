"""One HTTP request on the wire and the bytes of its response; a bad status is an error. Knows not what they mean."""

import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import httpcore

from chatls.config import LimitSettings
from chatls.errors import ProviderError
from chatls.providers.http.chunked import Chunks
from chatls.providers.http.client import FAULTS, Client, address
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import connection_error, interrupted, silent
from chatls.providers.http.network import Connection
from chatls.providers.http.status import Origin, http_error
from chatls.providers.http.watchdog import OverdueError, no_later

_REUSE = 0.02
"""Seconds that the end of a finished body may take: its connection can then be used for the next step."""

_CLOSE = 2.0
_ERROR_BYTES = 65536
_ERROR_TIME = 5.0
_ENCODINGS = ("", "identity", "gzip", "x-gzip")
_OURS = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive", "user-agent": "chatls"}
"""Headers of every request, unless the settings say otherwise."""


class Exchange:
    """Open it, take the bytes, and close it in any case (`aclosing`)."""

    def __init__(self, client: Client, source: Origin, limits: LimitSettings) -> None:
        self.source = source
        self.limits = limits
        self.finished = False
        """All that matters has come; set by the owner."""
        self.sent = 0.0
        """When the request was sent: the limit on the first data begins there (on `time.monotonic`'s clock)."""
        self._client = client
        self._response: httpcore.Response | None = None
        self._rest: AsyncIterator[bytes] | None = None
        """The body as httpcore gives it."""
        self._connection: Connection | None = None
        self._chunks: Chunks | None = None
        """The body as it comes, past httpcore."""

    async def open(self, method: str, url: str, headers: dict[str, str], content: bytes) -> None:
        """Send the request and wait for the head of a good answer. Raises `ProviderError` for any other."""
        to, connect = address(url), self.limits.connect_timeout or None
        sent: dict[str | bytes, str | bytes] = {"host": to.netloc, **_OURS, **headers}
        if content:
            sent["content-length"] = str(len(content))
        timeouts = {"timeout": {"connect": connect, "pool": connect}}
        request = httpcore.Request(method, to.url, headers=sent, content=content, extensions=timeouts)
        self.sent = monotonic()
        try:
            answer = self._client.pool.handle_async_request(request)
            self._response = await no_later(self.limits.first_byte_timeout or None, answer)
        except OverdueError as error:
            raise silent(self.source, self.limits.first_byte_timeout, "no answer") from error
        except FAULTS as error:
            raise connection_error(self.source, error, self.limits.connect_timeout, self._client.proxy) from error
        await self._begin(self._response, url)

    async def next(self, patience: float = 0) -> bytes | None:
        """The next bytes, or None at the end. Raises `ProviderError`, and `OverdueError` where it would wait for more
        than `patience` seconds; 0: for ever.
        """
        try:
            if self._connection is not None:
                self._connection.patience = patience
            if self._chunks is None or self._connection is None:
                return None if self._rest is None else await anext(self._rest, None)
            while not self._chunks.ended:
                data = await self._connection.receive()
                if not data:
                    raise interrupted(self.source)
                if body := self._chunks.feed(data):
                    return body
        except OverdueError:
            raise
        except (*FAULTS, ValueError) as error:
            raise interrupted(self.source) from error
        return None

    async def beginning(self, most: int) -> bytes:
        """The answer up to so many bytes, or a few more, or fewer where it breaks off."""
        body = bytearray()
        with suppress(ProviderError):
            while len(body) < most and (chunk := await self.next()) is not None:
                body += chunk
        return bytes(body)

    async def aclose(self) -> None:
        """Close the connection, or leave it to the next request if the body came to its end."""
        if self._response is None:
            return
        if self._connection is not None:
            self._connection.patience = 0
        with anyio.move_on_after(_CLOSE, shield=True), suppress(*FAULTS, ProviderError):
            try:
                if self.finished or (self._chunks is not None and self._chunks.ended):
                    with anyio.move_on_after(_REUSE):
                        await self._finish()
            finally:
                await self._response.aclose()

    async def _begin(self, response: Any, url: str) -> None:
        """Look at the head, and whether the body behind it can be read past httpcore."""
        headers: dict[str, str] = {}
        for name, value in response.headers:
            headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._rest = aiter(response.stream)
        connection = response.extensions.get("network_stream")
        if isinstance(connection, Connection):
            self._connection = connection
            if connection.at_body and headers.get("transfer-encoding", "").lower() == "chunked":
                self._chunks = Chunks()
        await self._check(response.status, headers, url)

    async def _finish(self) -> None:
        """Take the end of the body. httpcore is shown the shortest one: what it did not see, it cannot miss."""
        await self.next()
        if self._chunks is not None and self._chunks.ended and self._connection is not None and self._rest is not None:
            self._connection.give_back(b"0\r\n\r\n" + self._chunks.rest)
            await anext(self._rest, None)

    async def _check(self, status: int, headers: dict[str, str], url: str) -> None:
        if status >= 400:
            body = b""
            with anyio.move_on_after(_ERROR_TIME):
                body = await self.beginning(_ERROR_BYTES)
            raise http_error(self.source, status, headers, _inflated(body))
        if status >= 300:
            raise self._redirected(status, urljoin(url, headers.get("location", "")))
        encoding = headers.get("content-encoding", "").lower()
        if encoding not in _ENCODINGS:
            what = f"compressed its answer ({visible(encoding, 20)}), which it was asked not to do."
            raise self.source.error("bad_response", what)

    def _redirected(self, status: int, target: str) -> ProviderError:
        try:
            parts = urlsplit(target)
            where = visible(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", 200)
        except ValueError:
            where = "elsewhere"
        what = f"sends requests on to {where} (HTTP {status}), and they are not followed. Set base_url."
        return self.source.error("bad_response", what, status=status)


def _inflated(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    with suppress(zlib.error):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, _ERROR_BYTES)
    return b""
