"""One HTTP request on the wire and the bytes of its response; a bad status is an error. Knows not what they mean."""

import zlib
from asyncio import CancelledError
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import anyio
import httpx

from chatls.config import LimitSettings
from chatls.errors import ProviderError
from chatls.providers.http.client import Client
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import connection_error, interrupted, silent
from chatls.providers.http.status import Origin, http_error
from chatls.providers.http.watchdog import OverdueError, Watchdog, no_later

_REUSE = 0.02
"""Seconds that the end of a finished body may take: its connection can then be used for the next step."""

_CLOSE = 2.0
_ERROR_BYTES = 65536
_ERROR_TIME = 5.0
_ENCODINGS = ("", "identity", "gzip", "x-gzip")


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
        self._watchdog = Watchdog(limits.idle_timeout)
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._socket: Any = None

    async def open(self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes) -> None:
        """Send the request and wait for the head of a good answer. Raises `ProviderError` for any other."""
        connect = self.limits.connect_timeout or None
        timeout = httpx.Timeout(None, connect=connect, pool=connect)
        http = self._client.http
        request = http.build_request(
            method, url, headers=headers, content=content, timeout=timeout, extensions={"trace": self._trace}
        )
        self.sent = monotonic()
        try:
            self._response = await no_later(self.limits.first_byte_timeout or None, http.send(request, stream=True))
        except OverdueError as error:
            raise silent(self.source, self.limits.first_byte_timeout, "no answer") from error
        except self._client.faults as error:
            raise connection_error(self.source, error, self.limits.connect_timeout, self._client.proxy) from error
        # The transport's own stream: httpx's layers above it (decoding, counting, cutting) cost and do nothing here.
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        self._chunks = aiter(self._response.stream)
        await self._check(self._response)

    async def next(self) -> bytes | None:
        """The next bytes, or None at the end. Waits for ever. Raises `ProviderError`."""
        assert self._chunks is not None
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            return None
        except self._client.faults as error:
            raise interrupted(self.source) from error

    async def next_before_idle(self) -> bytes | None:
        """The same, but no later than the limit on silence allows. Raises `TimeoutError`."""
        self._watchdog.start()
        try:
            return await self.next()
        except CancelledError:
            if self._watchdog.barked():
                raise TimeoutError from None
            raise
        finally:
            self._watchdog.stop()

    async def beginning(self, most: int) -> bytes:
        """The answer up to so many bytes, or a few more, or fewer where it breaks off."""
        body = bytearray()
        with suppress(ProviderError):
            while len(body) < most and (chunk := await self.next()) is not None:
                body += chunk
        return bytes(body)

    async def aclose(self) -> None:
        """Close the connection, or leave it to the next request if the body came to its end."""
        self._watchdog.close()
        with anyio.move_on_after(_CLOSE, shield=True), suppress(*self._client.faults, ProviderError):
            if self.finished:
                with anyio.move_on_after(_REUSE):
                    await self.next()
            if self._response is not None:
                await self._response.aclose()
            elif self._socket is not None:
                await self._socket.aclose()

    async def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Keep hold of the socket: httpcore 1.0 leaves it open when cancelled in the middle of a TLS handshake."""
        if event == "connection.connect_tcp.complete":
            self._socket = details["return_value"]

    async def _check(self, response: httpx.Response) -> None:
        if response.status_code >= 400:
            body = b""
            with anyio.move_on_after(_ERROR_TIME):
                body = await self.beginning(_ERROR_BYTES)
            raise http_error(self.source, response.status_code, response.headers, _inflated(body))
        if response.status_code >= 300:
            raise self._redirected(response)
        encoding = response.headers.get("content-encoding", "").lower()
        if encoding not in _ENCODINGS:
            what = f"compressed its answer ({visible(encoding, 20)}), which it was asked not to do."
            raise self.source.error("bad_response", what)

    def _redirected(self, response: httpx.Response) -> ProviderError:
        try:
            target = response.url.join(response.headers.get("location", "")).copy_with(query=None, fragment=None)
            address = visible(f"{target.scheme}://{target.netloc.decode('ascii')}{target.path}", 200)
        except httpx.InvalidURL:
            address = "elsewhere"
        what = f"sends requests on to {address} (HTTP {response.status_code}), and they are not followed. Set base_url."
        return self.source.error("bad_response", what, status=response.status_code)


def _inflated(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    with suppress(zlib.error):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, _ERROR_BYTES)
    return b""
