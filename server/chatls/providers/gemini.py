"""The provider for Google's Gemini API.

The request is written in gemini_request.py, the reply read in gemini_reply.py; here they meet the server, and what one
model refuses is remembered.
"""

import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.adapter import HttpAdapter
from chatls.providers.chat_manner import is_demanded
from chatls.providers.delta import Delta
from chatls.providers.gemini_reply import GeminiDecoder
from chatls.providers.gemini_request import encode, refused_fields, signatures
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import HttpRequest
from chatls.providers.http.status import Origin
from chatls.providers.known.refused import Learnt, is_about_history
from chatls.providers.known.streaming import Streams
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.settings.config import LimitSettings
from chatls.shapes import as_count, as_list, as_object, as_objects, as_text

_KEY_HEADER = ("x-goog-api-key", "")
_NOT_FOR_CHAT = re.compile(r"embed|-tts\b|-image\b|imagen|veo|robotics|computer-use|\baqa\b", re.IGNORECASE)
_BAD_SIGNATURE = re.compile(r"thought.?signature", re.IGNORECASE)
"""What Google says of one that is missing, or not for this model (gemini-cli#13467): "Corrupted thought signature"."""


_UNSIGNED = "calls without a signature"
"""What a request can do without, by a name of our own."""


class Gemini(HttpAdapter[Learnt]):
    """A `Provider`."""

    listing = "/models?pageSize=1000"

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        *,
        stream: Literal["auto", "never"] = "auto",
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        super().__init__(replace(endpoint, key_header=_KEY_HEADER), limits, lambda _: Learnt(), stream, images)

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        return self.server.ask(_GeminiQuestion(self, request))

    def listed(self, answer: Any) -> Iterator[ModelInfo]:
        """The models in the answer."""
        for entry in as_objects(as_object(answer).get("models")):
            name = as_text(entry.get("name")).removeprefix("models/")
            methods = as_list(entry.get("supportedGenerationMethods"))
            if name and "generateContent" in methods and not _NOT_FOR_CHAT.search(name):
                title = as_text(entry.get("displayName")) or name
                yield ModelInfo(name, title, as_count(entry, "inputTokenLimit") or None)


class _GeminiQuestion:
    """One request, and what is left out of it when the server refuses it (see `HttpQuestion`)."""

    def __init__(self, provider: Gemini, request: ModelRequest) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt = provider.learnt(request.model)
        self._tools = bool(request.tools)
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)
        self._body: JsonObject = {}

    def request(self) -> HttpRequest:
        """The body, without what this server refused before. The model stands in the path."""
        provider, learnt = self._provider, self._learnt
        kept = provider.histories.of(self._request.messages)
        without, signed = learnt.without, _UNSIGNED in learnt.without
        self._body = encode(
            self._request,
            provider.name,
            without=without,
            stale=learnt.stale,
            signed=signed,
            sees=provider.sees(self._request),
            history=kept,
        )
        streams = self._streaming.start(tools=self._tools)
        method = "streamGenerateContent?alt=sse" if streams else "generateContent"
        return HttpRequest(f"/{_path(self._request.model)}:{method}", kept.dumps(self._body, "contents"))

    def decoder(self, source: Origin) -> GeminiDecoder:
        """For streamed and whole answers alike."""
        return GeminiDecoder(source, self._request.model)

    def notices(self) -> list[Notice]:
        """That no text will come for a while, and why."""
        return [*self._streaming.notices(tools=self._tools), *self._provider.unseen(self._request)]

    def amend(self, error: ProviderError) -> bool:
        """Leave out the optional fields that a refusal names, or the signatures that do not hold any more; or stop
        streaming; at last, write the history plainly.
        """
        if self._provider.tell_in_words(error, self._request):
            return True
        if self._leave_out(error) or self._streaming.amend(error):
            return True
        sent, model = self._request.messages, self._request.model
        return is_about_history(error) and self._provider.histories.of(sent).write_plainly(model, sent)

    def _leave_out(self, error: ProviderError) -> bool:
        if error.kind != "bad_request" or error.http_status != 400:
            return False
        complaint = str(error)
        if _BAD_SIGNATURE.search(complaint):
            if is_demanded(complaint) and self._learnt.refuse(frozenset({_UNSIGNED})):
                return True
            if self._learnt.withdraw(signatures(self._body)):
                return True
        return self._learnt.refuse(refused_fields(self._body, complaint))


def _path(model: str) -> str:
    """A model's resource; tuned ones have a collection of their own.

    >>> _path("gemini-2.5-flash"), _path("tunedModels/mine?")
    ('models/gemini-2.5-flash', 'tunedModels/mine%3F')
    """
    return quote(model if "/" in model else f"models/{model}", safe="/@:")
