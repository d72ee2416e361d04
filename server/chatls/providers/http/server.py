"""Asking a model server over HTTP: its address and key, one question at a time, and retry where that may help.

Knows no provider's protocol: an adapter says what to send (`HttpQuestion`) and how to read the answer (`Decoder`).
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import Any, Literal, Protocol

import anyio
from anyio import to_thread

from chatls import jsontext
from chatls.content import TurnError
from chatls.errors import ProviderError
from chatls.events import Notice, Retry
from chatls.providers.delta import Delta, Failed, ThinkingDelta, Underway
from chatls.providers.http.backoff import MOST_TRIES, pause, spoken
from chatls.providers.http.body import Body, Decoder
from chatls.providers.http.client import Client, address, is_loopback, make_client
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.exchange import Exchange
from chatls.providers.http.faults import SilenceError
from chatls.providers.http.framing import Framer, SseFramer
from chatls.providers.http.keys import Blotter
from chatls.providers.http.reply import ReplyReader
from chatls.providers.http.status import Origin
from chatls.settings.config import LimitSettings
from chatls.values import dataclass

_JSON_BYTES = 8 * 1024 * 1024
_luck = SystemRandom().random


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What an adapter wants to send."""

    path: str
    """Behind the base URL, with its slash."""
    content: bytes
    """JSON."""
    framer: Callable[[], Framer] = SseFramer


class HttpQuestion(Protocol):
    """What is asked for one reply; asked again if need be."""

    def request(self) -> HttpRequest:
        """What to send, as it stands now."""
        ...

    def decoder(self, source: Origin) -> Decoder:
        """How to read the answer to it."""
        ...

    def notices(self) -> list[Notice]:
        """What people should know before the answer."""
        ...

    def amend(self, error: ProviderError) -> bool:
        """Change the request so that this refusal does not come again; False if that cannot be. Ends after a few."""
        ...


class Server:
    """A model server. Nothing is opened, or loaded, before the first question."""

    def __init__(self, endpoint: Endpoint, limits: LimitSettings) -> None:
        at = address(endpoint.base_url)
        self.local = is_loopback(at.host)
        """Whether it runs on this machine."""
        start = endpoint.start if self.local else ""
        self.source = Origin(endpoint.name, at.netloc.decode("ascii"), endpoint.sent, start)
        self._endpoint = endpoint
        self._limits = limits
        self._base_url = endpoint.base_url.rstrip("/")
        self._warn = at.scheme == "http" and not self.local and endpoint.key is not None
        self._client: Client | None = None
        self._making = anyio.Lock()

    async def ask(self, question: HttpQuestion) -> AsyncGenerator[Delta, None]:
        """The reply, as it comes. Ends with `Finished` or `Failed`; never raises for what a server does."""
        tries, told = 1, set[Notice]()
        while True:
            begun: Literal["", "thinking", "more"] = ""
            try:
                async with aclosing(await self._exchange()) as exchange:
                    for notice in self._notices(question, told):
                        yield notice
                    reply = await self._send(exchange, question)
                    yield Underway(reply.replay)
                    while not reply.over:
                        for delta in await reply.read():
                            begun = "thinking" if begun != "more" and isinstance(delta, ThinkingDelta) else "more"
                            yield delta
            except ProviderError as error:
                failure = error
            else:
                return
            if not begun and question.amend(failure):
                continue
            wait = None if begun == "more" else _pause(failure, tries)
            yield self._told(failure, tries, wait, discards="thinking" if begun else None)
            if wait is None:
                return
            tries += 1
            await anyio.sleep(wait)

    async def get(self, path: str, within: float) -> Any:
        """A JSON value from this server, at most so many seconds later. Raises `ProviderError`."""
        return await self._value("GET", self._base_url + path, b"", within)

    async def get_beside(self, path: str, within: float) -> Any:
        """The same from beside the protocol's own addresses, which begin with `/v1`."""
        return await self._value("GET", self._base_url.removesuffix("/v1") + path, b"", within)

    async def post(self, path: str, body: Any, within: float) -> Any:
        """The same for a question that has a body, in JSON."""
        return await self._value("POST", self._base_url + path, jsontext.dumps(body), within)

    async def _value(self, method: str, url: str, content: bytes, within: float) -> Any:
        answer = b""
        with anyio.move_on_after(within):
            async with aclosing(await self._exchange()) as exchange:
                await exchange.open(method, url, await self._headers(), content)
                answer = await exchange.beginning(_JSON_BYTES)
        try:
            return jsontext.loads_leniently(answer)
        except ValueError as error:
            raise self.source.error("bad_response", "sent no JSON.") from error

    async def aclose(self) -> None:
        """Close all connections. The server is not asked again."""
        if self._client is not None:
            await self._client.transport.aclose()

    async def _exchange(self) -> Exchange:
        """A new one; whoever has it closes it. The first makes the client, in a thread."""
        if self._client is None:
            async with self._making:
                if self._client is None:
                    make = partial(make_client, self._base_url)
                    try:
                        self._client = await to_thread.run_sync(make, abandon_on_cancel=True)
                    except ValueError as error:
                        raise self.source.error("bad_request", f"cannot be asked: {error}.") from error
        return Exchange(self._client, self.source, self._limits)

    async def _send(self, exchange: Exchange, question: HttpQuestion) -> ReplyReader:
        asked = question.request()
        headers = await self._headers()
        await exchange.open("POST", self._base_url + asked.path, headers, asked.content)
        # Only now: what reads the answer must not delay the request.
        return ReplyReader(exchange, Body(self.source, asked.framer(), question.decoder(self.source)))

    async def _headers(self) -> dict[str, str]:
        """Raises `ProviderError` (unauthorized) if there is no key to send."""
        headers = {"content-type": "application/json"}
        if self._endpoint.key is not None:
            name, before = self._endpoint.key_header
            headers[name] = before + await self._endpoint.key.get()
        return headers | {name.lower(): value for name, value in self._endpoint.headers.items()}

    def _notices(self, question: HttpQuestion, told: set[Notice]) -> list[Notice]:
        """What was not told yet: about this server, once for all; about this reply, once for it."""
        notices = [notice for notice in question.notices() if notice not in told]
        told.update(notices)
        if self._warn:
            self._warn = False
            text = f"{self.source.name}: the key and all you say go to {self.source.host} without encryption (http)"
            notices.insert(0, Notice(text, "warning"))
        return notices

    def _told(
        self, error: ProviderError, tries: int, wait: float | None, *, discards: Literal["thinking"] | None
    ) -> Retry | Failed:
        """What people are told about a failure: it is tried again, or not."""
        blotter = self._blotter()
        text = blotter.clean(str(error))
        if wait is not None:
            return Retry(tries, round(wait * 1000), error.kind, text, discards)
        text += f" Asked {tries} times." if tries > 1 else ""
        if error.retryable:
            text += " Try again " + ("later." if error.retry_after is None else f"in {spoken(error.retry_after)}.")
        request_id = error.request_id and blotter.clean(error.request_id)
        return Failed(replace(TurnError.of(error), message=text, provider=self.source.name, request_id=request_id))

    def _blotter(self) -> Blotter:
        key = self._endpoint.key
        return Blotter([*(key.known if key else ()), *self._endpoint.headers.values()])


def _pause(error: ProviderError, tries: int) -> float | None:
    """Seconds until the next try, or None: it would not help, or take too long."""
    if not error.retryable or isinstance(error, SilenceError) or tries >= MOST_TRIES:
        return None
    return pause(tries, error.retry_after, _luck())
