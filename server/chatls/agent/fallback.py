"""The next model of a list answers where those before it cannot, as long as nothing was said that counts."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Literal

from chatls.content import TurnError
from chatls.errors import RequestError
from chatls.events import Notice, Retry
from chatls.models import Served
from chatls.providers.delta import CallStart, Delta, Failed, TextDelta, ThinkingDelta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass
from chatls.visible import LONGEST_NAME, visible_line

LONGEST_WAIT = 5.0
"""Seconds that a server may ask us to wait while another model could answer."""
_ABOUT_THE_REQUEST = ("bad_request", "context_window_exceeded", "content_filtered", "internal")
"""Failures that another model is no remedy for, or that nobody wants to be got around; of a length, see `larger`."""

_Begun = Literal["", "thinking", "more"]
"""What was said: nothing, what can be taken back, what cannot."""


def _nowhere(_served: Served, _failure: TurnError) -> None:
    """Nobody wants to know."""


@dataclass(slots=True, eq=False)
class Answering:
    """Who answers in one turn, or writes one summary."""

    served: Served
    """The one that does now."""
    moved: Callable[[Served, TurnError], None] = _nowhere
    """Hears that another one does from here on, and why the one before does not."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask it (see `Provider.stream`); the next one, where it fails before anything was said."""
        while True:
            served, failure = self.served, None
            begun: _Begun = ""
            tools = served.provider.offered(served.model, request.tools)
            asked = replace(request, model=served.model, tools=tools)
            async with aclosing(served.provider.stream(asked)) as deltas:
                async for delta in deltas:
                    if served.instead and begun != "more" and (failure := _failure(delta)):
                        break
                    begun = _next(begun, delta)
                    yield delta
            if served.instead is None or failure is None:
                return
            if begun:
                yield Retry(1, 0, failure.kind, failure.message, "thinking")
            try:
                self.served = await served.instead(failure.retry_after_ms)
            except RequestError as error:
                yield Failed(replace(failure, message=f"{failure.message} No other model can be asked: {error}"))
                return
            for notice in self._moved(served, failure):
                yield notice

    async def larger(self, window: int, failure: TurnError) -> list[Notice]:
        """Have a later one answer from here on that can read more than so many tokens, or may; else the last that
        answered stays. What a person is told of that; nothing where there is none."""
        found = before = self.served
        while found.instead is not None:
            try:
                found = await found.instead(0)
            except RequestError:
                return []
            if found.window is None or found.window > window:
                self.served = found
                return self._moved(before, failure)
        return []

    def _moved(self, before: Served, failure: TurnError) -> list[Notice]:
        """Another one answers from here on: what a person is told."""
        self.moved(self.served, failure)
        name, why = _shown(self.served.name), failure.message.partition(" Try again ")[0]
        notices = [Notice(f"{name} answers instead of {_shown(before.name)}: {why}", "warning", name)]
        if self.served.passed:
            notices.append(Notice(f"{name} answers, and not {self.served.passed}.", "warning"))
        return notices


def _failure(delta: Delta) -> TurnError | None:
    """Why it is given up, if it is: it failed, or is to be waited for longer than anybody wants to."""
    match delta:
        case Failed(error):
            pass
        case Retry() if delta.delay_ms > LONGEST_WAIT * 1000:
            error = TurnError(delta.reason, delta.text, retryable=True, retry_after_ms=delta.delay_ms)
        case _:
            return None
    return None if error.kind in _ABOUT_THE_REQUEST else error


def _next(begun: _Begun, delta: Delta) -> _Begun:
    """What was said by now."""
    match delta:
        case TextDelta() | CallStart():
            return "more"
        case ThinkingDelta():
            return begun or "thinking"
        case Retry(discards="thinking"):
            return ""
        case _:
            return begun


def _shown(name: str) -> str:
    return visible_line(name, LONGEST_NAME)
