"""The provider for any server that speaks OpenAI's Responses.

The request is written in responses_request.py, the reply read in responses_reply.py; here they meet the server, and
what one server refuses is remembered.
"""

from collections.abc import AsyncGenerator
from typing import Literal

from chatls.config import LimitSettings
from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import ToolSpec
from chatls.providers.delta import Delta
from chatls.providers.endpoint import Endpoint
from chatls.providers.http import HttpRequest, Server
from chatls.providers.learnt import Learnt
from chatls.providers.listing import listed_models
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.providers.responses_reply import Decoder
from chatls.providers.responses_request import encode, refusable
from chatls.providers.status import Source
from chatls.providers.streaming import Streams


class OpenAIResponses:
    """A `Provider`."""

    def __init__(self, endpoint: Endpoint, limits: LimitSettings, *, stream: Literal["auto", "never"] = "auto") -> None:
        self.name = endpoint.name
        self.streams = stream == "auto"
        self._server = Server(endpoint, limits)
        self.local = self._server.local
        self._learnt: dict[str, Learnt] = {}

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self._server.ask(_ResponsesQuestion(self, request, self._learnt.setdefault(request.model, Learnt())))

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them."""
        del model
        return tools

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's own list, without what is plainly no chat model; empty where it does not answer."""
        return await listed_models(self._server)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()


class _ResponsesQuestion:
    """One request, and what is left out of it when the server refuses it (see `Question`)."""

    def __init__(self, provider: OpenAIResponses, request: ModelRequest, learnt: Learnt) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt
        self._tools = bool(request.tools)
        self._stream = False
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)

    def request(self) -> HttpRequest:
        """The body, without what this server refused before."""
        self._stream = self._streaming.start(tools=self._tools)
        return HttpRequest("/responses", self._body(self._learnt.without))

    def decoder(self, source: Source) -> Decoder:
        """For streamed and whole answers alike."""
        return Decoder(source)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, and why."""
        return self._streaming.notices(tools=self._tools)

    def amend(self, error: ProviderError) -> bool:
        """Leave out the first thing that a refusal names and that can be left out, or stop streaming if it is about
        tools in a stream.
        """
        for name in refusable(error):
            if self._body(self._learnt.without) != self._body(self._learnt.without | {name}):
                return self._learnt.refuse(frozenset({name}))
        return self._streaming.amend(error)

    def _body(self, without: frozenset[str]) -> JsonObject:
        return encode(self._request, self._provider.name, stream=self._stream, without=without)
