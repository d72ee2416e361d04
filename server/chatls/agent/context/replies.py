"""Replies and their length: what each came to is told, and a request that is refused for its length is made shorter."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from chatls.agent.context.measure import BYTES
from chatls.agent.context.room import ContextRoom
from chatls.agent.repeats import Stream
from chatls.content import TurnError
from chatls.events import ContextUsage, Retry
from chatls.providers.delta import CallArguments, CallStart, Delta, Failed, Finished, TextDelta, ThinkingDelta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

_TRIES = 8
"""Times that one request is made shorter."""


@dataclass(slots=True, eq=False)
class Replies:
    """Those of one turn."""

    room: ContextRoom

    async def watched(self, stream: Stream, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """The reply to a request; to a shorter one where that was refused for its length."""
        failure = self.room.hopeless
        for _ in range(_TRIES if failure is None else 0):
            reply = _Length()
            async with aclosing(stream(replace(request, whole=True))) as deltas:
                async for delta in deltas:
                    if reply.take(delta):
                        yield delta
            failure = reply.refusal
            if failure is None:
                self._told(request, reply)
                return
            if not await self.room.refused(failure):
                break
            requests = self.room.requests
            request = replace(request, system=requests.system, messages=requests.history.messages)
        assert failure is not None
        if failure.retryable:  # its server would rather cut it
            async with aclosing(stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        said = failure.message if failure is self.room.hopeless else f"{failure.message} {self.room.explained()}"
        yield Failed(replace(failure, message=said))

    def _told(self, request: ModelRequest, reply: "_Length") -> None:
        """A reply is whole."""
        if reply.finished is None:
            return
        room, usage = self.room, reply.finished.usage
        if usage is not None and usage.input_tokens > 0 and reply.sure:
            count, exact = usage.input_tokens + usage.output_tokens, True
            room.measure.counted(request.messages, count)
        else:
            count, exact = room.measure.of(request.messages, room.offered()).count + reply.size // BYTES, False
        room.emit(ContextUsage(count, room.window, exact))


@dataclass(slots=True)
class _Length:
    """A reply, as far as it was heard."""

    size: int = 0
    """Characters."""
    sure: bool = True
    """The usage that comes is that of this reply alone."""
    finished: Finished | None = None
    refusal: TurnError | None = None

    def take(self, delta: Delta) -> bool:
        """False for a refusal, before anything was said."""
        match delta:
            case TextDelta(text) | ThinkingDelta(text) | CallArguments(_, text):
                self.size += len(text)
            case CallStart():
                self.size += 1
            case Retry():
                self.sure = self.sure and delta.reason != "bad_response"
                self.size = 0 if delta.discards else self.size
            case Finished():
                self.finished = delta
            case Failed(error) if error.kind == "context_window_exceeded" and not self.size:
                self.refusal = error
                return False
            case _:
                pass
        return True
