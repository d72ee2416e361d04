"""One HTTP request on the wire and the bytes of its response; a bad status is an error. Knows not what they mean."""

import zlib
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from urllib.parse import urljoin, urlsplit

import anyio

from chatls.errors import ProviderError
from chatls.providers.http.client import FAULTS, Client, address
from chatls.providers.http.complaint import visible
from chatls.providers.http.faults import connection_error, interrupted, silent
from chatls.providers.http.status import Origin, http_error
from chatls.providers.http.transport import HttpAnswer, RawRequest
from chatls.providers.http.watchdog import OverdueError, no_later
from chatls.settings.config import LimitSettings

_REUSE = 0.02
"""Seconds that the end of a finished body may take: its connection can then be used for the next step."""

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
        self._answer: HttpAnswer | None = None
        self._ended = False

    async def open(self, method: str, url: str, headers: dict[str, str], content: bytes) -> None:
        """Send the request and wait for the head of a good answer. Raises `ProviderError` for any other."""
        self.sent = monotonic()
        try:
            asked = RawRequest(method, address(url), {**_OURS, **headers}, content)
            answering = self._client.transport.ask(asked, self.limits.connect_timeout or None)
            answer = self._answer = await no_later(self.limits.first_byte_timeout or None, answering)
        except OverdueError as error:
            raise silent(self.source, self.limits.first_byte_timeout, "no answer") from error
        except FAULTS as error:
            raise connection_error(self.source, error, self.limits.connect_timeout, self._client.proxy) from error
        await self._check(answer.status, answer.headers, url)

    async def next(self, patience: float = 0) -> bytes | None:
        """The next bytes, or None at the end. Raises `ProviderError`, and `OverdueError` where it would wait for more
        than `patience` seconds; 0: for ever.
        """
        assert self._answer is not None
        try:
            data = await self._answer.next(patience)
        except OverdueError:
            raise
        except FAULTS as error:
            raise interrupted(self.source) from error
        self._ended = data is None
        return data

    async def beginning(self, most: int) -> bytes:
        """The answer up to so many bytes, or a few more, or fewer where it breaks off."""
        body = bytearray()
        with suppress(ProviderError):
            while len(body) < most and (chunk := await self.next()) is not None:
                body += chunk
        return bytes(body)

    async def aclose(self) -> None:
        """Close the connection, or leave it to the next request if the body came to its end."""
        if self._answer is None:
            return
        with anyio.CancelScope(shield=True):
            if self.finished and not self._ended:
                with anyio.move_on_after(_REUSE), suppress(ProviderError):
                    await self.next()
            await self._answer.aclose()

    async def _check(self, status: int, headers: Mapping[str, str], url: str) -> None:
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
