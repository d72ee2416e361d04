"""The provider for any server that speaks OpenAI's chat completions.

The request is written in chat_request.py, the reply read in chat_reply.py; here they meet the server, and what one
server refuses is remembered.
"""

from collections.abc import AsyncGenerator
from typing import Literal

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
from chatls.providers.learnt import Learnt, not_streamed
from chatls.providers.listing import listed_models
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.providers.status import Source


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
        self._learnt: dict[str, Learnt] = {}

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self._server.ask(_ChatQuestion(self, request, self._learnt.setdefault(request.model, Learnt())))

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


class _ChatQuestion:
    """One request, and what is left out of it when the server refuses it (see `Question`)."""

    def __init__(self, provider: OpenAIChat, request: ModelRequest, learnt: Learnt) -> None:
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
        return [] if self._streams else [not_streamed(wanted=self._provider.streams)]

    def amend(self, error: ProviderError) -> bool:
        """Leave out the optional fields that a refusal names, or stop streaming if it is about tools in a stream."""
        refused = error.kind == "bad_request" and error.http_status in (400, 422)
        if refused and self._learnt.refuse(refused_fields(self._body, str(error))):
            return True
        return self._streams and bool(self._request.tools) and self._learnt.refuse_streaming(error)
