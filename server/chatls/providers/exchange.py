"""One request on the wire and the bytes of its answer; a bad status is an error. Knows nothing of what they mean."""

import zlib
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import httpx

from chatls.config import LimitSettings
from chatls.errors import ProviderError
from chatls.providers.client import Client, ReadLimit
from chatls.providers.complaint import visible
from chatls.providers.faults import connection_error, interrupted, silent
from chatls.providers.status import Source, http_error

_REUSE = 0.02
"""Seconds that the end of a finished body may take: its connection can then be used for the next step."""

_CLOSE = 2.0
_ERROR_BYTES = 65536
_ERROR_TIME = 5.0
_ENCODINGS = ("", "identity", "gzip", "x-gzip")


class TransportSilenceError(Exception):
    """The transport's own read limit ran out."""


class Exchange:
    """Open it, take the bytes, and close it in any case (`aclosing`)."""

    def __init__(self, client: Client, source: Source, limits: LimitSettings) -> None:
        self.source = source
        self.limits = limits
        self.read_limit = ReadLimit(float("inf"))
        """The transport's limit on silence; for the owner to set, once it knows what silence is."""
        self.finished = False
        """All that matters has come; set by the owner."""
        self._client = client
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def open(self, method: str, url: str, headers: dict[str, str], content: bytes) -> None:
        """Send the request and wait for the head of a good answer. Raises `ProviderError` for any other."""
        connect = self.limits.connect_timeout or None
        timeout = httpx.Timeout(None, connect=connect, pool=connect, read=self.read_limit)
        http = self._client.http
        request = http.build_request(method, url, headers=headers, content=content, timeout=timeout)
        try:
            with anyio.move_on_after(self.limits.first_byte_timeout or None):
                self._response = await http.send(request, stream=True)
        except self._client.faults as error:
            raise connection_error(self.source, error, self.limits.connect_timeout) from error
        if self._response is None:
            raise silent(self.source, self.limits.first_byte_timeout, "no answer")
        # The transport's own stream: httpx's layers above it (decoding, counting, cutting) cost and do nothing here.
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        self._chunks = aiter(self._response.stream)
        await self._check(self._response)

    async def next(self) -> bytes | None:
        """The next bytes, or None at the end. Raises `ProviderError`, `TransportSilenceError`."""
        assert self._chunks is not None
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            return None
        except httpx.ReadTimeout as error:
            raise TransportSilenceError from error
        except self._client.faults as error:
            raise interrupted(self.source) from error

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
        with anyio.move_on_after(_CLOSE, shield=True), suppress(*self._client.faults, ProviderError):
            if self.finished:
                with anyio.move_on_after(_REUSE):
                    await self.next()
            await self._response.aclose()

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
        what = f"sends requests on to {address} (HTTP {response.status_code}), and they are not followed. Set baseUrl."
        return self.source.error("bad_response", what, status=response.status_code)


def _inflated(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    with suppress(zlib.error):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, _ERROR_BYTES)
    return b""
