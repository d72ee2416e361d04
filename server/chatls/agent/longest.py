"""The longest reply: around any provider, one that does not end is cut off, and what was whole of it counts."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import field, replace

from chatls.agent.repeats import Stream
from chatls.events import Notice, Retry
from chatls.message import Replay
from chatls.providers.delta import CallArguments, CallStart, Delta, Finished, TextDelta, ThinkingDelta, Underway
from chatls.providers.provider import ModelRequest
from chatls.settings.config import LimitSettings
from chatls.values import dataclass
from chatls.workspace.pathtext import readable_size


async def cut_off(stream: Stream, limits: LimitSettings, request: ModelRequest) -> AsyncGenerator[Delta, None]:
    """The reply to a request, at most as long as the settings allow: `limits.replyBytes` of text, thinking and
    arguments, `limits.replyCalls` calls. A longer one ends there as if its model could write no more."""
    reply = _Measured(limits)
    async with aclosing(stream(request)) as deltas:
        async for delta in deltas:
            taken = reply.take(delta)
            if taken is not None:
                yield taken
            if reply.excess:
                text = f"The reply was cut off: {reply.excess}. What was whole of it counts."
                last = (Notice(text, "warning"), Finished("max_tokens", None, reply.replay()))
                break
        else:
            return
    for delta in last:
        yield delta


@dataclass(slots=True)
class _Measured:
    """A reply, measured as it comes."""

    limits: LimitSettings
    excess: str = ""
    """What it has too much of, in words."""
    replay: Callable[[], Replay | None] = field(default=lambda: None)
    """What its server has to get back of it."""
    _size: int = 0
    _calls: int = 0

    def take(self, delta: Delta) -> Delta | None:
        """The delta, or what there is room for. None: there is no room."""
        match delta:
            case TextDelta(text) | ThinkingDelta(text) | CallArguments(_, text):
                self._size += len(text) if text.isascii() else _bytes(text)
                return delta if self._size <= self.limits.reply_bytes else self._cut(delta, text)
            case CallStart():
                self._calls += 1
                if self._calls > self.limits.reply_calls:
                    self.excess = f"it has more than {self.limits.reply_calls} calls (limits.reply_calls)"
                    return None
            case Underway(replay):
                self.replay, self._size, self._calls = replay, 0, 0
            case Retry(discards="thinking"):
                self._size = 0
            case _:
                pass
        return delta

    def _cut(self, delta: TextDelta | ThinkingDelta | CallArguments, text: str) -> Delta | None:
        self.excess = f"it is longer than {readable_size(self.limits.reply_bytes)} (limits.reply_bytes)"
        room = self.limits.reply_bytes - (self._size - _bytes(text))
        kept = text.encode("utf-8", "surrogatepass")[:room].decode("utf-8", "ignore")
        return replace(delta, text=kept) if kept else None


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
