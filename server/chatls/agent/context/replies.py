"""Replies and their length: what each came to is told, and a request that is refused for its length is made shorter;
where that is not to be had, a model that reads more is asked."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from chatls.agent.context.measure import BYTES
from chatls.agent.context.room import ADVICE, ContextRoom
from chatls.agent.repeats import Stream
from chatls.content import TurnError
from chatls.events import ContextUsage, Notice, Retry
from chatls.providers.delta import CallArguments, CallStart, Delta, Failed, Finished, TextDelta, ThinkingDelta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

_TRIES = 8
"""Times that one request is made shorter, or goes to another model."""


@dataclass(slots=True, eq=False)
class Replies:
    """Those of one turn."""

    room: ContextRoom
    larger: Callable[[int, TurnError], Awaitable[list[Notice]]]
    """Has a model answer that can read more than so many tokens (`Answering.larger`)."""

    async def watched(self, stream: Stream, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """The reply to a request; where that was refused for its length to a shorter one, or that of another model."""
        room, requests = self.room, self.room.requests
        failure: TurnError | None = None
        for _ in range(_TRIES):
            failure = room.hopeless
            if failure is None:
                reply = _Length()
                async with aclosing(stream(replace(request, whole=True))) as deltas:
                    async for delta in deltas:
                        if reply.take(delta):
                            yield delta
                failure = reply.refusal
                if failure is None:
                    self._told(request, reply)
                    return
            notices = await self._room_made(failure)
            if notices is None:
                break
            for notice in notices:
                yield notice
            request = replace(request, system=requests.system, messages=requests.history.messages)
        assert failure is not None
        async with aclosing(self._given_up(stream, request, failure)) as deltas:
            async for delta in deltas:
                yield delta

    async def _room_made(self, failure: TurnError) -> list[Notice] | None:
        """Whether to ask again: there is less to say, or somebody who reads more, and what is told of that."""
        room = self.room
        if failure is not room.hopeless and await room.refused(failure):
            return []
        notices = await self.larger(room.most(), replace(failure, message=failure.message.removesuffix(ADVICE)))
        if notices:
            await room.fit()
        return notices or None

    async def _given_up(self, stream: Stream, request: ModelRequest, failure: TurnError) -> AsyncGenerator[Delta, None]:
        """What comes of a request that is too long for all."""
        if failure.retryable:  # its server would rather cut it
            async with aclosing(stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        more = "" if failure is self.room.hopeless else f" {self.room.explained()}"
        yield Failed(replace(failure, message=failure.message + more))

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
