"""Empty replies: around any provider, one that holds nothing is looked through for calls that stand in its thinking,
and is asked for once more. Knows no protocol.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from chatls.content import Usage
from chatls.events import Notice, Retry
from chatls.message import ToolSpec
from chatls.providers.delta import (
    CallStart,
    Delta,
    Finished,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
)
from chatls.providers.inline.doors import calls_in
from chatls.providers.provider import ModelInfo, ModelRequest, Provider


class Insistent:
    """A `Provider`."""

    def __init__(self, provider: Provider) -> None:
        self.name = provider.name
        self.local = provider.local
        self._provider = provider

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model (see `Provider.stream`)."""
        reply = _WatchedReply(request)
        for last in (False, True):
            async with aclosing(self._provider.stream(request)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Finished):
                        for final in reply.end(delta):
                            yield final
                        break
                    reply.note(delta)
                    yield delta
            if reply.nothing is None:
                return
            if last:
                yield Notice(f"{self.name}: {reply.nothing}, twice. Ask again, or in other words.", "warning")
                yield Finished("end_turn", reply.usage)
            else:
                discards: Literal["thinking"] | None = "thinking" if reply.thinking else None
                yield Retry(1, 0, "bad_response", f"{self.name}: {reply.nothing}", discards)
                reply = _WatchedReply(request, reply.usage)

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """See `Provider.offered`."""
        return self._provider.offered(model, tools)

    def window(self, model: str) -> int | None:
        """See `Provider.window`."""
        return self._provider.window(model)

    async def models(self) -> tuple[ModelInfo, ...]:
        """See `Provider.models`."""
        return await self._provider.models()

    async def aclose(self) -> None:
        """See `Provider.aclose`."""
        await self._provider.aclose()


class _WatchedReply:
    """What one reply holds, so that its end is known for one at which nothing was said."""

    def __init__(self, request: ModelRequest, usage: Usage | None = None) -> None:
        """`usage`: what was used for it before."""
        self.nothing: str | None = None
        """In words, that there was nothing."""
        self.usage = usage
        self._request = request
        self._called = False
        self._text: list[str] = []
        self._thinking: list[str] = []

    @property
    def thinking(self) -> bool:
        """Whether the model thought."""
        return bool(self._thinking)

    def note(self, delta: Delta) -> None:
        """Look at what the provider says."""
        match delta:
            case TextDelta(text):
                self._text.append(text)
            case ThinkingDelta(text):
                self._thinking.append(text)
            case TextWasThinking():
                self._thinking += self._text
                self._text.clear()
            case Retry(discards="thinking"):
                self._thinking.clear()
            case CallStart():
                self._called = True
            case _:
                pass

    def end(self, finished: Finished) -> list[Delta]:
        """The reply is whole: its last deltas; none where nothing was said."""
        if finished.usage is not None:
            self.usage = finished.usage + (self.usage or Usage())
        finished = replace(finished, usage=self.usage)
        said = self._called or any(not text.isspace() for text in self._text)
        if said or finished.stop not in ("end_turn", "tool_calls"):
            return [finished]
        if calls := self._calls_in_thinking():
            return [*calls, replace(finished, stop="tool_calls")]
        self.nothing = "the model thought, and said nothing" if self._thinking else "the model said nothing"
        return []

    def _calls_in_thinking(self) -> list[Delta]:
        """Calls of offered tools that stand in the thinking: some servers take all up to the end for thinking
        (llama.cpp#22684).
        """
        if self._request.tool_choice == "none" or not self._thinking:
            return []
        return calls_in("".join(self._thinking), {tool.name: tool.input_schema for tool in self._request.tools})
