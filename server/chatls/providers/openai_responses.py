"""The provider for any server that speaks OpenAI's Responses.

The request is written in responses_request.py, the reply read in responses_reply.py; here they meet the server, and
what one server refuses is remembered.
"""

from collections.abc import AsyncGenerator
from typing import Literal

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.adapter import HttpAdapter
from chatls.providers.delta import Delta
from chatls.providers.encoded import EncodedHistory
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import HttpRequest
from chatls.providers.http.status import Origin
from chatls.providers.known.refused import OFF, Learnt, is_about_effort, is_about_history
from chatls.providers.known.streaming import Streams
from chatls.providers.provider import ModelRequest
from chatls.providers.responses_reply import ResponsesDecoder
from chatls.providers.responses_request import encode, refusable, refused_items
from chatls.settings.config import LimitSettings


class OpenAIResponses(HttpAdapter[Learnt]):
    """A `Provider`."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        *,
        stream: Literal["auto", "never"] = "auto",
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        super().__init__(endpoint, limits, lambda _: Learnt(), stream, images)

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self.server.ask(_ResponsesQuestion(self, request))


class _ResponsesQuestion:
    """One request, and what is left out of it when the server refuses it (see `HttpQuestion`)."""

    def __init__(self, provider: OpenAIResponses, request: ModelRequest) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt = provider.learnt(request.model)
        self._tools = bool(request.tools)
        self._stream = False
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)

    def request(self) -> HttpRequest:
        """The body, without what this server refused before."""
        self._stream = self._streaming.start(tools=self._tools)
        kept = self._provider.histories.of(self._request.messages)
        return HttpRequest("/responses", kept.dumps(self._encoded(self._learnt.without, kept), "input"))

    def decoder(self, source: Origin) -> ResponsesDecoder:
        """For streamed and whole answers alike."""
        return ResponsesDecoder(source, self._request.model)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, and why."""
        return [*self._streaming.notices(tools=self._tools), *self._provider.unseen(self._request)]

    def amend(self, error: ProviderError) -> bool:
        """Leave out the reasoning that a refusal is about, or the first thing that it names and that can be left out;
        stop streaming if it is about tools in a stream; at last, write the history plainly.
        """
        if self._provider.tell_in_words(error, self._request):
            return True
        learnt, sent = self._learnt, self._request.messages
        body = self._encoded(learnt.without)
        if learnt.withdraw(refused_items(body, error)):
            return True
        if self._request.parameters.thinking == "off" and is_about_effort(error) and OFF not in learnt.without:
            return learnt.refuse(frozenset({OFF}))
        for name in refusable(error):
            if body != self._encoded(learnt.without | {name}):
                return learnt.refuse(frozenset({name}))
        if self._streaming.amend(error):
            return True
        return is_about_history(error) and self._provider.histories.of(sent).write_plainly(self._request.model, sent)

    def _encoded(self, without: frozenset[str], history: EncodedHistory | None = None) -> JsonObject:
        return encode(
            self._request,
            self._provider.name,
            stream=self._stream,
            without=without,
            stale=self._learnt.stale,
            sees=self._provider.sees(self._request),
            history=history,
        )
