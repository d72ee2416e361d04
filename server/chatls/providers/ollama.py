"""The provider for Ollama by its own protocol, which knows the context window, thinking and the installed models.

The request is written in ollama_request.py, the reply read in ollama_reply.py; here they meet the server, and what one
model refuses is remembered.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import UserMessage
from chatls.providers import ollama_reply
from chatls.providers.adapter import HttpAdapter
from chatls.providers.delta import Delta, Failed
from chatls.providers.http.body import Decoder
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.framing import NdjsonFramer
from chatls.providers.http.server import HttpRequest
from chatls.providers.http.status import Origin
from chatls.providers.inline.doors import read_inline, with_tools_in_prompt
from chatls.providers.known.refused import Learnt, is_about_history, is_about_tools, told_in_prompt
from chatls.providers.known.streaming import Streams
from chatls.providers.known.template import ask_ollama
from chatls.providers.ollama_models import installed_models
from chatls.providers.ollama_request import THINK, TRUNCATE, encode
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.settings.config import LimitSettings

_THINKS_NOT = re.compile(r"does not support thinking|\bthink\b", re.IGNORECASE)
_CALLS_NOT = re.compile(r"does not support tools", re.IGNORECASE)
_NOT_INSTALLED = re.compile(r'"model .{0,300}not found', re.IGNORECASE)


class Ollama(HttpAdapter[Learnt]):
    """A `Provider`."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        context_window: int | None = None,
        *,
        stream: Literal["auto", "never"] = "auto",
        inline: bool = False,
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        """`inline`: calls and thinking may stand in the text."""
        super().__init__(
            replace(endpoint, base_url=_bare(endpoint.base_url)), limits, lambda _: Learnt(), stream, images
        )
        self.inline = inline
        self.context_window = context_window
        """Tokens, sent along as `num_ctx`; None leaves them to the server."""
        self.cut: dict[str, UserMessage] = {}
        """By model, the beginning of the last conversation that was too long for it: people were told."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        learnt = self.learnt(request.model)
        if self.inline and learnt.knows_tools is None and (told := await ask_ollama(self.server, request.model)):
            learnt.knows_tools, learnt.thinking_open = told.takes_tools, told.opens_thinking
        async with aclosing(self.server.ask(_OllamaQuestion(self, request))) as deltas:
            async for delta in deltas:
                yield _advised(delta, request) if isinstance(delta, Failed) else delta

    async def models(self) -> tuple[ModelInfo, ...]:
        """The installed models that can chat; empty where the server does not answer."""
        return await installed_models(self.server, self.context_window)


class _OllamaQuestion:
    """One request, and what is left out of it when the server refuses it (see `HttpQuestion`)."""

    def __init__(self, provider: Ollama, request: ModelRequest) -> None:
        self._provider = provider
        self._request = request
        self._learnt = learnt = provider.learnt(request.model)
        self._body: JsonObject = {}
        self._streaming = Streams(learnt.streaming, request, wanted=provider.streams)
        self._notices: list[Notice] = []
        if request.tools and request.tool_choice == "required":
            self._notices.append(Notice(f"{request.model} cannot be made to call a tool: it decides for itself"))
        self._beginning = next((one for one in request.messages if isinstance(one, UserMessage)), UserMessage(()))

    @property
    def _sent(self) -> ModelRequest:
        """The request as this server takes it."""
        return self._request if self._learnt.tools else with_tools_in_prompt(self._request)

    def request(self) -> HttpRequest:
        """The body, without what this server refused before."""
        provider = self._provider
        told = provider.cut.get(self._request.model) == self._beginning
        without = self._learnt.without | frozenset({TRUNCATE} if told else ())
        sent, window = self._sent, provider.context_window
        stream = self._streaming.start(tools=bool(sent.tools))
        kept = provider.histories.of(sent.messages)
        sees = provider.sees(sent)
        self._body = encode(sent, provider.name, window, stream=stream, without=without, sees=sees, history=kept)
        return HttpRequest("/api/chat", kept.dumps(self._body, "messages"), NdjsonFramer)

    def decoder(self, source: Origin) -> Decoder:
        """For streamed and whole answers alike."""
        decoder = ollama_reply.OllamaDecoder(source, self._request.model)
        return read_inline(decoder, self._request, self._learnt) if self._provider.inline else decoder

    def notices(self) -> list[Notice]:
        """That no text will come for a while, that a wish cannot be fulfilled, or that something is left out."""
        told = self._streaming.notices(tools=bool(self._sent.tools))
        return [*told, *self._provider.unseen(self._request), *self._notices]

    def amend(self, error: ProviderError) -> bool:
        """Do not ask for thinking where there is none, tell tools in words where none are taken; let Ollama cut what is
        too long; stop streaming where it is refused; at last, write the history plainly. People are told of all but the
        first and the last.
        """
        if self._provider.tell_in_words(error, self._request):
            return True
        if error.kind == "context_window_exceeded" and TRUNCATE in self._body and not self._request.whole:
            self._provider.cut[self._request.model] = self._beginning
            self._notices.append(self._too_long())
            return True
        if self._streaming.amend(error):
            return True
        if self._provider.inline and "tools" in self._body and is_about_tools(error):
            self._learnt.tools = False
            self._notices.append(told_in_prompt(self._request.model))
            return True
        thinks_not = error.kind == "bad_request" and THINK in self._body and _THINKS_NOT.search(str(error))
        if thinks_not and self._learnt.refuse(frozenset({THINK})):
            return True
        sent = self._sent.messages
        return is_about_history(error) and self._provider.histories.of(sent).write_plainly(self._request.model, sent)

    def _too_long(self) -> Notice:
        window = self._provider.context_window
        size, advice = (
            (f"context_window ({window} tokens)", "Set it higher") if window else ("its limit", "Set context_window")
        )
        text = (
            f"this conversation is longer than {size}, so the model does not read all of it. {advice} in the settings."
        )
        return Notice(f"{self._provider.name}: {text}", "warning")


def _bare(base_url: str) -> str:
    """The address without the path that some write behind it.

    >>> _bare("http://127.0.0.1:11434/v1/"), _bare("https://ollama.com/api")
    ('http://127.0.0.1:11434', 'https://ollama.com')
    """
    return base_url.rstrip("/").removesuffix("/v1").removesuffix("/api")


def _advised(failed: Failed, request: ModelRequest) -> Failed:
    """The same, with what a person can do about it."""
    said, model = failed.error.message, request.model
    if failed.error.kind == "context_window_exceeded" and request.whole:
        return Failed(replace(failed.error, retryable=True))  # it would be cut
    if _NOT_INSTALLED.search(said):
        advice = f"Install it: ollama pull {model}"
        return Failed(replace(failed.error, kind="not_found", message=f"{said} {advice}"))
    if _CALLS_NOT.search(said):
        advice = 'Choose a model with the capability "tools" (ollama show names them), or switch all tools off.'
        return Failed(replace(failed.error, message=f"{said} {advice}"))
    return failed
