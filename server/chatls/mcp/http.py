"""An MCP server behind an address (streamable HTTP): a POST for each message, whose answer may be a stream of them.

Redirects are not followed, and proxies are used, as for model servers (`providers/http/client.py`).
"""

import base64
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Literal

import anyio
from anyio import to_thread

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.jsontext import dumps, loads_leniently
from chatls.mcp.link import LONGEST_LINE, Hear, LinkError, cancelled
from chatls.providers.http.client import FAULTS, Client, address, make_client
from chatls.providers.http.framing import SseFramer
from chatls.providers.http.transport import HttpAnswer, RawRequest
from chatls.shapes import as_object, as_text, member
from chatls.signals import Signal
from chatls.visible import visible_line

CONNECT = 10.0
"""Seconds to a connection."""
_ERROR_BYTES = 64 * 1024
_TELLING = 10.0
"""Seconds for a message that gets no answer."""
_FAREWELL = 1.0
_RESUMED = 3
"""Times that the rest of an answer is asked for without anything new of it."""
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds before that, where the server names none, and at most."""
_PLAIN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_NAMED = {"tools/call": "name"}
_VERSION = "io.modelcontextprotocol/protocolVersion"
_HINTS = {
    401: "it wants a key, or another one: set key_env or key_command; OAuth is not spoken",
    403: "the key may not be used for it",
    404: "there is no MCP server at this address",
    405: "there is no MCP server at this address",
}


class _AnsweredError(Exception):
    """An error of the protocol came as the end of a request that HTTP calls bad."""

    def __init__(self, message: JsonObject) -> None:
        super().__init__()
        self.message = message


class _Bookmark:
    """How far a stream was read (MCP 2025-11-25, transports, "Resumability and Redelivery")."""

    def __init__(self) -> None:
        self.event = ""
        """What the rest is asked for with; "": it cannot be."""
        self.pause = _PAUSE
        self.tries = 0

    def note(self, framer: SseFramer) -> None:
        """Events came."""
        if framer.last_id != self.event and _PLAIN.fullmatch(framer.last_id):
            self.event, self.tries = framer.last_id, 0
        if framer.retry_ms is not None:
            self.pause = min(framer.retry_ms / 1000, _LONGEST_PAUSE)


class HttpLink:
    """An address (`ServerLink`)."""

    def __init__(
        self, url: str, headers: Callable[[], Awaitable[dict[str, str]]], hear: Hear, clean: Callable[[str], str]
    ) -> None:
        """`headers`: what the settings want every request to have, the key with it. `clean` takes secrets out of what
        the server says."""
        self.transport: Literal["pipe", "tcp"] = "tcp"
        self.version: str | None = None
        self.modern = False
        self._url = url
        self._headers = headers
        self._hear = hear
        self._clean = clean
        self._client: Client | None = None
        self._session: str | None = None
        self._told = deque[JsonObject]()
        self._more = Signal()
        self._lost: LinkError | None = None
        self._making = anyio.Lock()

    async def serve(self) -> None:
        """`ServerLink.serve`."""
        async with anyio.create_task_group() as tasks:
            while self._lost is None:
                while self._told:
                    tasks.start_soon(self._deliver, self._told.popleft())
                await self._more.wait()
            tasks.cancel_scope.cancel()
        raise LinkError(str(self._lost))

    async def ask(
        self, message: JsonObject, *, headers: Mapping[str, str] | None = None, quiet: bool = False
    ) -> JsonObject:
        """`ServerLink.ask`."""
        place = _Bookmark()
        try:
            stream = self._posted(message, headers or {})
            while (found := await self._answered(message, stream, place)) is None:
                await anyio.sleep(place.pause)
                stream = self._resumed(place)
        except _AnsweredError as error:
            return error.message
        except anyio.get_cancelled_exc_class():
            if not (quiet or self.modern):  # since 2026-07-28 the end of the connection says it
                self.tell(cancelled(message))
            raise
        else:
            return found

    async def _answered(
        self, message: JsonObject, stream: AbstractAsyncContextManager[HttpAnswer], place: _Bookmark
    ) -> JsonObject | None:
        """The answer; None where the rest of the stream is to be asked for."""
        identifier = int(message["id"])
        fault = LinkError("its answer broke off")
        try:
            async with stream as response:
                self._note_session(message, response)
                async with aclosing(_messages(response, place)) as messages:
                    async for one in messages:
                        if "method" in one:
                            self._hear(one, identifier)
                        elif ("result" in one or "error" in one) and one.get("id") in (identifier, None):
                            return one
        except LinkError as error:
            fault = error
        if self.modern or not place.event or place.tries == _RESUMED or fault.final or self._lost is not None:
            raise fault
        place.tries += 1
        return None

    @asynccontextmanager
    async def _resumed(self, place: _Bookmark) -> AsyncGenerator[HttpAnswer]:
        """The rest of a stream that broke off."""
        own = {"accept": "text/event-stream", "last-event-id": place.event, **self._ours()}
        async with self._opened("GET", b"", own) as response:
            if response.status != 200 or _kind(response) != "text/event-stream":
                place.event = ""
                raise LinkError("its answer broke off")
            yield response

    async def listen(self) -> None:
        """Hear what a server says unasked, until it ends that (until 2025-11-25; later ones are asked to tell).

        Raises `LinkError`.
        """
        async with self._opened("GET", b"", {"accept": "text/event-stream", **self._ours()}) as response:
            if response.status == 200 and _kind(response) == "text/event-stream":
                async with aclosing(_messages(response, _Bookmark())) as messages:
                    async for one in messages:
                        if "method" in one:
                            self._hear(one, None)

    def tell(self, message: JsonObject) -> None:
        """`ServerLink.tell`."""
        self._told.append(message)
        self._more.fire()

    def last_words(self) -> str:
        """`ServerLink.last_words`."""
        return ""

    async def aclose(self) -> None:
        """`ServerLink.aclose`."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(_FAREWELL):
            if self._session and self._lost is None:
                try:
                    async with self._opened("DELETE", b"", self._ours()):
                        pass
                except LinkError:
                    pass
        with anyio.CancelScope(shield=True):
            if self._client is not None:
                await self._client.transport.aclose()

    async def _deliver(self, message: JsonObject) -> None:
        try:
            with anyio.move_on_after(_TELLING):
                async with self._posted(message, {}):
                    pass
        except (LinkError, _AnsweredError):
            pass  # who waits for an answer hears of it

    def _ours(self) -> dict[str, str]:
        found = {"mcp-protocol-version": self.version} if self.version else {}
        return found | ({"mcp-session-id": self._session} if self._session else {})

    def _note_session(self, message: JsonObject, response: HttpAnswer) -> None:
        session = response.headers.get("mcp-session-id", "")
        if message["method"] == "initialize" and _PLAIN.fullmatch(session):
            self._session = session

    @asynccontextmanager
    async def _posted(self, message: JsonObject, more: Mapping[str, str]) -> AsyncGenerator[HttpAnswer]:
        """Send a message. A good answer, or an error that is one of the protocol's."""
        own = {"content-type": "application/json", "accept": "application/json, text/event-stream", **self._ours()}
        own |= {**_routing(message), **more}
        async with self._opened("POST", dumps(message), own) as response:
            status = response.status
            if status < 300:
                yield response
                return
            body = await _beginning(response)
            error = member(_value(body), "error")
            forgotten = status == 404 and self._session is not None
            if not isinstance(error, dict) or status >= 500 or status in (401, 403) or forgotten:
                raise self._refused(status, body)
            raise _AnsweredError({"jsonrpc": "2.0", "id": message.get("id"), "error": error})

    @asynccontextmanager
    async def _opened(self, method: str, body: bytes, own: dict[str, str]) -> AsyncGenerator[HttpAnswer]:
        try:
            client = await self._made()
            headers = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive"}
            headers["user-agent"] = "chatls"
            headers |= {name.lower(): value for name, value in (await self._headers()).items()} | own
            response = await client.transport.ask(RawRequest(method, address(self._url), headers, body), CONNECT)
        except (*FAULTS, TimeoutError) as error:
            raise LinkError(f"{self._where()} cannot be reached: {_words(error)}") from error
        except ProviderError as error:
            raise LinkError(str(error), final=True) from error
        try:
            yield response
        except FAULTS as error:
            raise LinkError(f"the connection with {self._where()} broke off: {_words(error)}") from error
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def _made(self) -> Client:
        async with self._making:
            if self._client is None:
                self._client = await to_thread.run_sync(make_client, self._url)
            return self._client

    def _refused(self, status: int, body: bytes) -> LinkError:
        said = as_text(member(member(_value(body), "error"), "message")) or body.decode("utf-8", "replace").strip()
        hint = _HINTS.get(status, "")
        if status < 400:
            hint = "it sends requests on to another address, and they are not followed: set url"
        if status == 404 and self._session:
            self._lost = LinkError("it has forgotten the session")
            self._more.fire()
            return LinkError("it has forgotten the session", status=status)
        words = f"{self._where()} answers HTTP {status}"
        words += f" ({hint})" if hint else f": {visible_line(self._clean(said), 200)}" if said else ""
        return LinkError(words, final=status in (401, 403, 404, 405) or status < 400, status=status)

    def _where(self) -> str:
        url = address(self._url)
        return visible_line(f"{url.host}:{url.port}" if url.port else url.host)


_JSON = "application/json"


def header_value(text: str) -> str:
    """A value as a header can carry it (MCP 2026-07-28, transports, "Custom Headers").

    >>> header_value("read_file"), header_value("é")
    ('read_file', '=?base64?w6k=?=')
    """
    if (not text or _PLAIN.fullmatch(text)) and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode('ascii')}?="


def _routing(message: JsonObject) -> dict[str, str]:
    """What a modern request says of itself in its head, too."""
    params = as_object(message.get("params"))
    version, method = member(params.get("_meta"), _VERSION), as_text(message.get("method"))
    if not isinstance(version, str):
        return {}
    name = params.get(_NAMED[method]) if method in _NAMED else None
    named = {"mcp-name": header_value(name)} if isinstance(name, str) else {}
    return {"mcp-protocol-version": version, "mcp-method": method, **named}


def _kind(response: HttpAnswer) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _value(body: bytes) -> object:
    try:
        return loads_leniently(body)
    except ValueError:
        return None


async def _beginning(response: HttpAnswer) -> bytes:
    body = bytearray()
    with anyio.move_on_after(_TELLING):
        async for data in response:
            body += data
            if len(body) > _ERROR_BYTES:
                break
    return bytes(body)


async def _messages(response: HttpAnswer, place: _Bookmark) -> AsyncGenerator[JsonObject]:
    """What an answer holds. Raises `LinkError` where it is none, or too long."""
    kind = _kind(response)
    if response.status == 202 or kind not in (_JSON, "text/event-stream"):
        raise LinkError(f"its answer is no message ({visible_line(kind) or 'no content'})")
    if kind == _JSON:
        yield as_object(await _read(await _all(response)))
        return
    framer = SseFramer(LONGEST_LINE)
    async for data in response:
        try:
            events = framer.feed(data)
        except ProviderError as error:
            place.event = ""
            raise LinkError(f"its answer is longer than {LONGEST_LINE >> 20} MiB") from error
        place.note(framer)
        for event in events:
            if event.event == "message" and event.data.strip():
                yield as_object(await _read(event.data.encode()))


async def _all(response: HttpAnswer) -> bytes:
    parts, size = list[bytes](), 0
    async for data in response:
        parts.append(data)
        size += len(data)
        if size > LONGEST_LINE:
            raise LinkError(f"its answer is longer than {LONGEST_LINE >> 20} MiB")
    return b"".join(parts)


async def _read(data: bytes) -> object:
    try:
        return await to_thread.run_sync(loads_leniently, data) if len(data) > _ERROR_BYTES else loads_leniently(data)
    except ValueError as error:
        raise LinkError("its answer is no JSON") from error


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"no connection within {CONNECT:g} s"
    return visible_line((error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__)
