"""The provider for any server that speaks OpenAI's chat completions.

The request is written in chat_request.py, the reply read in chat_reply.py; here they meet the server, and what one
server refuses is remembered.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import field
from typing import Literal

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers import chat_reply
from chatls.providers.adapter import HttpAdapter
from chatls.providers.chat_manner import Manner
from chatls.providers.chat_request import NO_EFFORT, encode, refused_effort, refused_fields
from chatls.providers.delta import Delta
from chatls.providers.http.body import Decoder
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import HttpRequest
from chatls.providers.http.status import Origin
from chatls.providers.inline.doors import read_inline, with_tools_in_prompt
from chatls.providers.known.catalog import ChatDialect
from chatls.providers.known.refused import Learnt, is_about_history, is_about_tools, told_in_prompt
from chatls.providers.known.streaming import Streams
from chatls.providers.known.template import ask_llamacpp
from chatls.providers.provider import ModelRequest
from chatls.settings.config import LimitSettings
from chatls.values import dataclass

_NEWEST = 8
"""Messages that may be new to a conversation's next request: no more than a reply, its results and a prompt."""


@dataclass(slots=True)
class _ChatLearnt(Learnt):
    manner: Manner = field(default_factory=Manner)
    """What it demands of a history."""


class OpenAIChat(HttpAdapter[_ChatLearnt]):
    """A `Provider`."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        dialect: ChatDialect | None = None,
        *,
        stream: Literal["auto", "never"] = "auto",
        inline: bool = False,
        llamacpp: bool = False,
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        """`inline`: calls and thinking may stand in the text; `llamacpp`: it can be asked what its template knows."""
        self.inline = inline
        self.dialect = dialect or ChatDialect()
        super().__init__(endpoint, limits, self._untaught_chat, stream, images)
        self._llamacpp = llamacpp

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        question = _ChatQuestion(self, request)
        if self._llamacpp and self.inline:
            return self._ask_carefully(question, tools=bool(request.tools))
        return self.server.ask(question)

    def _untaught_chat(self, model: str) -> _ChatLearnt:
        return _ChatLearnt(manner=Manner.guess(model, answers_tools=self.dialect.answers_tools))

    async def _ask_carefully(self, question: "_ChatQuestion", *, tools: bool) -> AsyncGenerator[Delta, None]:
        """llama.cpp leaves tools out, and says nothing, where the model's template knows none; and the template may
        open the model's thinking.
        """
        learnt = question.learnt
        if learnt.knows_tools is None and (told := await ask_llamacpp(self.server, question.model)):
            learnt.knows_tools, learnt.thinking_open = told.takes_tools, told.opens_thinking
            self.windows |= {question.model: told.window} if told.window else {}
        if learnt.knows_tools is False and tools and learnt.tools:
            question.tell_in_prompt()
        async with aclosing(self.server.ask(question)) as deltas:
            async for delta in deltas:
                yield delta


class _ChatQuestion:
    """One request, and what is left out of it when the server refuses it (see `HttpQuestion`)."""

    def __init__(self, provider: OpenAIChat, request: ModelRequest) -> None:
        self._provider = provider
        self.model = request.model
        self.learnt = provider.learnt(request.model)
        self._request = request
        self._streaming = Streams(self.learnt.streaming, request, wanted=provider.streams)
        self._body: JsonObject = {}
        self._notices: list[Notice] = []

    @property
    def _sent(self) -> ModelRequest:
        """The request as this server takes it."""
        return self._request if self.learnt.tools else with_tools_in_prompt(self._request)

    def request(self) -> HttpRequest:
        """The body, without what this server refused before."""
        provider, sent, learnt = self._provider, self._sent, self.learnt
        stream = self._streaming.start(tools=bool(sent.tools))
        kept = provider.histories.of(sent.messages)
        for message in sent.messages[-_NEWEST:] if kept.written else sent.messages:
            learnt.manner = learnt.manner.seen(message, provider.name, self.model)
        self._body = encode(
            sent,
            provider.name,
            provider.dialect,
            stream=stream,
            without=learnt.without,
            manner=learnt.manner,
            sees=provider.sees(sent),
            history=kept,
        )
        return HttpRequest("/chat/completions", kept.dumps(self._body, "messages"))

    def decoder(self, source: Origin) -> Decoder:
        """For streamed and whole answers alike."""
        decoder = chat_reply.ChatDecoder(source, self.model)
        return read_inline(decoder, self._request, self.learnt) if self._provider.inline else decoder

    def notices(self) -> list[Notice]:
        """That no text will come for a while, or that the model is told of its tools in words."""
        told = self._streaming.notices(tools=bool(self._sent.tools))
        return [*told, *self._provider.unseen(self._request), *self._notices]

    def tell_in_prompt(self) -> None:
        """From now on. People are told once."""
        self.learnt.tools = False
        self._notices.append(told_in_prompt(self.model))

    def amend(self, error: ProviderError) -> bool:
        """Write the history as a refusal demands it, leave out the optional fields that it names; stop streaming, or
        tell tools in the prompt, if it is about tools; at last, write the history plainly.
        """
        if self._provider.tell_in_words(error, self._request):
            return True
        known, self.learnt.manner = self.learnt.manner, self.learnt.manner.after(error)
        if known != self.learnt.manner or self._left_out(error) or self._streaming.amend(error):
            return True
        if "tools" in self._body and self._provider.inline and is_about_tools(error):
            self.tell_in_prompt()
            return True
        sent = self._sent.messages
        return is_about_history(error) and self._provider.histories.of(sent).write_plainly(self.model, sent)

    def _left_out(self, error: ProviderError) -> bool:
        if error.kind != "bad_request" or error.http_status not in (400, 422):
            return False
        if effort := refused_effort(self._request, self._body, str(error)):
            if NO_EFFORT in effort:
                self._notices.append(
                    Notice(
                        f"{self.model}: with tools, it does not think over chat completions; "
                        "the kind openai_responses has both"
                    )
                )
            return self.learnt.refuse(effort)
        return self.learnt.refuse(refused_fields(self._body, str(error)))
