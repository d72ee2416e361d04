"""The provider for any server that speaks OpenAI's chat completions.

The request is written in chat_request.py, the reply read in chat_reply.py; here they meet the server, and what one
server refuses is remembered.
"""

import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from chatls.config import LimitSettings
from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import ToolSpec
from chatls.providers.catalog import ChatDialect
from chatls.providers.chat_reply import Decoder
from chatls.providers.chat_request import encode, refused_fields
from chatls.providers.delta import Delta
from chatls.providers.endpoint import Endpoint
from chatls.providers.http import HttpRequest, Server
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.providers.status import Source

_NO_TOOLS_IN_STREAMS = re.compile(r"\btools?\b.*\bstream|\bstream(ing|ed)?\b.*\btools?\b", re.IGNORECASE | re.DOTALL)
_NOT_FOR_CHAT = re.compile(
    r"embed|whisper|\btts\b|transcribe|dall-e|moderation|realtime|\bsora\b|rerank|davinci|babbage", re.IGNORECASE
)
_LISTING = 5.0
"""Seconds that a server gets to list its models."""


@dataclass(slots=True)
class _Learnt:
    """What a server refused for one model, so that it is not sent again."""

    without: frozenset[str] = frozenset()
    tools_in_streams: bool = True


class OpenAIChat:
    """A `Provider`."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        dialect: ChatDialect | None = None,
        *,
        stream: Literal["auto", "never"] = "auto",
    ) -> None:
        self.name = endpoint.name
        self.dialect = dialect or ChatDialect()
        self.streams = stream == "auto"
        self._server = Server(endpoint, limits)
        self.local = self._server.local
        self._learnt: dict[str, _Learnt] = {}

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self._server.ask(_ChatQuestion(self, request, self._learnt.setdefault(request.model, _Learnt())))

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them."""
        del model
        return tools

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's own list, without what is plainly no chat model; empty where it does not answer."""
        try:
            listed = await self._server.get("/models", _LISTING)
        except ProviderError:
            return ()
        return tuple(_models(listed))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()


class _ChatQuestion:
    """One request, and what is left out of it when the server refuses it (see `Question`)."""

    def __init__(self, provider: OpenAIChat, request: ModelRequest, learnt: _Learnt) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt
        self._body: JsonObject = {}

    @property
    def _streams(self) -> bool:
        return self._provider.streams and (self._learnt.tools_in_streams or not self._request.tools)

    def request(self) -> HttpRequest:
        """The body, without what this server refused before."""
        provider = self._provider
        without = self._learnt.without
        self._body = encode(self._request, provider.name, provider.dialect, stream=self._streams, without=without)
        return HttpRequest("/chat/completions", self._body)

    def decoder(self, source: Source) -> Decoder:
        """For streamed and whole answers alike."""
        return Decoder(source)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, and why."""
        if self._streams:
            return []
        why = "the provider cannot stream with tools" if self._provider.streams else "the settings say so"
        return [Notice(f"answered without streaming: {why}")]

    def amend(self, error: ProviderError) -> bool:
        """Leave out the optional fields that a refusal names, or stop streaming if it is about tools in a stream."""
        complaint = str(error)
        if error.kind == "bad_request" and error.http_status in (400, 422):
            refused = refused_fields(self._body, complaint) - self._learnt.without
            self._learnt.without |= refused
            if refused:
                return True
        if error.http_status in (None, 400, 422, 500, 501) and self._streams and self._request.tools:
            self._learnt.tools_in_streams = not _NO_TOOLS_IN_STREAMS.search(complaint)
            return not self._learnt.tools_in_streams
        return False


def _models(listed: Any) -> Iterator[ModelInfo]:
    """Every shape of list that was seen: `{"data": [...]}`, `{"models": [...]}`, or the list alone (Together)."""
    if isinstance(listed, dict):
        members = cast(JsonObject, listed)
        listed = members.get("data") or members.get("models")
    for item in cast(list[Any], listed) if isinstance(listed, list) else []:
        entry = cast(JsonObject, item) if isinstance(item, dict) else {}
        name, title = entry.get("id"), entry.get("name")
        if isinstance(name, str) and name and not _NOT_FOR_CHAT.search(name):
            yield ModelInfo(name, title if isinstance(title, str) and title else name, _window(entry))


def _window(entry: JsonObject) -> int | None:
    """Tokens that the model can read, under whatever name the server gives them."""
    names = ("context_length", "context_window", "max_context_length", "max_model_len")
    values = [entry.get(name) for name in names]
    if isinstance(meta := entry.get("meta"), dict):
        values.append(cast(JsonObject, meta).get("n_ctx_train"))
    return next((value for value in values if type(value) is int and value > 0), None)
