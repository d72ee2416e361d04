"""The provider for Anthropic's Messages API, and for servers that speak it.

The request is written in anthropic_request.py, the reply read in anthropic_reply.py; here they meet the server, and
what one model refuses is remembered (anthropic_model.py).
"""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chatls.config import LimitSettings
from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import ToolSpec
from chatls.providers.anthropic_model import Accepted, is_about_blocks
from chatls.providers.anthropic_reply import Decoder
from chatls.providers.anthropic_request import encode, is_forced, seals
from chatls.providers.delta import Delta
from chatls.providers.endpoint import Endpoint
from chatls.providers.http import HttpRequest, Server
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.providers.shapes import as_count, as_object, as_objects, as_text
from chatls.providers.status import Source
from chatls.providers.streaming import Streaming, Streams

_VERSION = {"anthropic-version": "2023-06-01"}
_LISTING = 5.0
"""Seconds that a server gets to list its models."""


@dataclass(slots=True)
class _Learnt:
    """What was learnt about one model, so that it is not sent again what it refused."""

    accepted: Accepted
    stale: frozenset[str] = frozenset()
    """Seals of thinking that it refused: bound to a conversation that is not quite this one."""
    streaming: Streaming = field(default_factory=Streaming)


class Anthropic:
    """A `Provider`."""

    def __init__(self, endpoint: Endpoint, limits: LimitSettings, *, stream: Literal["auto", "never"] = "auto") -> None:
        self.name = endpoint.name
        self.streams = stream == "auto"
        self._server = Server(_addressed(endpoint), limits)
        self.local = self._server.local
        self._learnt: dict[str, _Learnt] = {}

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        learnt = self._learnt.setdefault(request.model, _Learnt(Accepted.guess(request.model)))
        return self._server.ask(_Question(self, request, learnt))

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them."""
        del model
        return tools

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's own list; empty where it does not answer."""
        try:
            listed = await self._server.get("/v1/models?limit=1000", _LISTING)
        except ProviderError:
            return ()
        return tuple(_models(listed))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()


class _Question:
    """One request, and what is changed in it when the server refuses it (see `Question`)."""

    def __init__(self, provider: Anthropic, request: ModelRequest, learnt: _Learnt) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt
        self._tools = bool(request.tools)
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)
        self._body: JsonObject = {}

    def request(self) -> HttpRequest:
        """The body, without what this model refused before."""
        provider, learnt = self._provider, self._learnt
        stream = self._streaming.start(tools=self._tools)
        self._body = encode(self._request, provider.name, learnt.accepted, stream=stream, stale=learnt.stale)
        return HttpRequest("/v1/messages", self._body)

    def decoder(self, source: Source) -> Decoder:
        """For streamed and whole answers alike."""
        return Decoder(source, self._request.model)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, or that a wish cannot be fulfilled."""
        notices = self._streaming.notices(tools=self._tools)
        if self._request.tool_choice == "required" and not is_forced(self._request, self._learnt.accepted):
            notices.append(Notice(f"{self._request.model} cannot be made to call a tool: it decides for itself"))
        return notices

    def amend(self, error: ProviderError) -> bool:
        """Leave out the optional fields that a refusal names, ask for thinking in the other form, or stop streaming."""
        return self._leave_out(error) or self._streaming.amend(error)

    def _leave_out(self, error: ProviderError) -> bool:
        if error.kind != "bad_request" or error.http_status not in (400, 422):
            return False
        learnt, complaint = self._learnt, str(error)
        if is_about_blocks(complaint) and (stale := seals(self._body) - learnt.stale):
            learnt.stale |= stale
            return True
        accepted, learnt.accepted = learnt.accepted, learnt.accepted.after(complaint, self._body)
        return learnt.accepted != accepted


def _addressed(endpoint: Endpoint) -> Endpoint:
    """The key in the header that this API reads, and the address without the version that some write behind it."""
    return replace(
        endpoint,
        base_url=endpoint.base_url.rstrip("/").removesuffix("/v1"),
        headers=_VERSION | dict(endpoint.headers),
        key_header=("x-api-key", ""),
    )


def _models(listed: Any) -> Iterator[ModelInfo]:
    for entry in as_objects(as_object(listed).get("data")):
        if name := as_text(entry.get("id")):
            title = as_text(entry.get("display_name")) or name
            yield ModelInfo(name, title, as_count(entry, "max_input_tokens", "context_length") or None)
