"""The provider for Anthropic's Messages API (Claude), and for servers that speak it.

The request is written in anthropic_request.py, the reply read in anthropic_reply.py; here they meet the server, and
what one model refuses is remembered (anthropic_model.py).
"""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import field, replace
from typing import Any, Literal

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.adapter import HttpAdapter
from chatls.providers.anthropic_model import Capabilities, is_about_blocks, lacks_blocks
from chatls.providers.anthropic_reply import AnthropicDecoder
from chatls.providers.anthropic_request import encode, is_forced, seals
from chatls.providers.delta import Delta
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import HttpRequest
from chatls.providers.http.status import Origin
from chatls.providers.known.refused import is_about_history
from chatls.providers.known.streaming import Streaming, Streams
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.settings.config import LimitSettings
from chatls.shapes import as_count, as_object, as_objects, as_text
from chatls.values import dataclass

_VERSION = {"anthropic-version": "2023-06-01"}


@dataclass(slots=True)
class _AnthropicLearnt:
    """What was learnt about one model, so that it is not sent again what it refused."""

    accepted: Capabilities
    stale: frozenset[str] = frozenset()
    """Seals of thinking that it refused: bound to a conversation that is not quite this one."""
    streaming: Streaming = field(default_factory=Streaming)


class Anthropic(HttpAdapter[_AnthropicLearnt]):
    """A `Provider`."""

    listing = "/v1/models?limit=1000"

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        *,
        stream: Literal["auto", "never"] = "auto",
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        super().__init__(
            _addressed(endpoint), limits, lambda model: _AnthropicLearnt(Capabilities.guess(model)), stream, images
        )

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self.server.ask(_AnthropicQuestion(self, request))

    def listed(self, answer: Any) -> Iterator[ModelInfo]:
        """The models in the answer."""
        for entry in as_objects(as_object(answer).get("data")):
            if name := as_text(entry.get("id")):
                title = as_text(entry.get("display_name")) or name
                yield ModelInfo(name, title, as_count(entry, "max_input_tokens", "context_length") or None)


class _AnthropicQuestion:
    """One request, and what is changed in it when the server refuses it (see `HttpQuestion`)."""

    def __init__(self, provider: Anthropic, request: ModelRequest) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt = provider.learnt(request.model)
        self._tools = bool(request.tools)
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)
        self._body: JsonObject = {}
        self._unthinking = False

    def request(self) -> HttpRequest:
        """The body, without what this model refused before."""
        provider, accepted, stale = self._provider, self._learnt.accepted, self._learnt.stale
        stream = self._streaming.start(tools=self._tools)
        kept = provider.histories.of(self._request.messages)
        self._body = encode(
            self._request,
            provider.name,
            accepted,
            stream=stream,
            stale=stale,
            unthinking=self._unthinking,
            sees=provider.sees(self._request),
            history=kept,
        )
        return HttpRequest("/v1/messages", kept.dumps(self._body, "messages"))

    def decoder(self, source: Origin) -> AnthropicDecoder:
        """For streamed and whole answers alike."""
        return AnthropicDecoder(source, self._request.model)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, or that a wish cannot be fulfilled."""
        notices = [*self._streaming.notices(tools=self._tools), *self._provider.unseen(self._request)]
        if self._request.tool_choice == "required" and not is_forced(self._request, self._learnt.accepted):
            notices.append(Notice(f"{self._request.model} cannot be made to call a tool: it decides for itself"))
        return notices

    def amend(self, error: ProviderError) -> bool:
        """Leave out the optional fields that a refusal names, ask for thinking in the other form, or stop streaming; at
        last, write the history plainly.
        """
        if self._provider.tell_in_words(error, self._request):
            return True
        if self._leave_out(error) or self._streaming.amend(error):
            return True
        sent, model = self._request.messages, self._request.model
        return is_about_history(error) and self._provider.histories.of(sent).write_plainly(model, sent)

    def _leave_out(self, error: ProviderError) -> bool:
        if error.kind != "bad_request" or error.http_status not in (400, 422):
            return False
        learnt, complaint = self._learnt, str(error)
        if lacks_blocks(complaint) and not self._unthinking:
            self._unthinking = True
            return True
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
