"""The one listener: hears a turn's events, adds to plain numbers, and tells the sinks what is over.

Of a chunk it keeps a count and nothing else. Texts that others keep anyway it points to.
"""

from collections.abc import Callable
from time import monotonic_ns, time_ns
from typing import ClassVar

from chatls.agent.accepted import Ended
from chatls.agent.session import Session
from chatls.content import TextContent, Usage
from chatls.errors import ErrorKind
from chatls.events import (
    CompactEnd,
    CompactStart,
    Event,
    PermissionRequested,
    PermissionResolved,
    Retry,
    StepEnd,
    TextChunk,
    ThinkingChunk,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunStart,
    TurnStart,
)
from chatls.providers.provider import ModelRequest
from chatls.seen.telemetry.facts import CallFacts, CompactionFacts, RetryFacts, Sink, Spending, StepFacts, TurnFacts

_LONGEST = 64
"""Characters of a name that a model made up."""


class Watching:
    """That of one turn. A `TurnWatch`."""

    def __init__(self, sinks: tuple[Sink, ...], session: Session, turn_id: str) -> None:
        self.facts = TurnFacts(session.id, turn_id, time_ns(), monotonic_ns())
        self._sinks = sinks
        self._call: StepFacts | None = None
        """The request that is under way."""
        self._tools: dict[str, CallFacts] = {}
        """Those without a result."""
        self._shortening: CompactionFacts | None = None

    def hear(self, event: Event) -> None:
        """Something happened."""
        heard = self._HEARD.get(type(event))
        if heard is not None:
            heard(self, event)

    def asks(self, request: ModelRequest) -> None:
        """The model is asked."""
        self.facts.steps += 1
        self._call = StepFacts(self.facts.steps, monotonic_ns(), request, self.facts.model)

    def moves(self, model: str, failure: ErrorKind) -> None:
        """Another model is asked the same."""
        self.facts.model = model
        if (call := self._call) is not None:
            self._over(call, failure)
            self._call = StepFacts(call.step, monotonic_ns(), call.request, model)

    def spends(self, usage: Usage) -> None:
        """A summary was written for so much."""
        if (change := self._shortening) is not None:
            change.usage = usage + (change.usage or Usage())

    def ends(self, ended: Ended) -> None:
        """The turn is over."""
        facts = self.facts
        if not facts.model:  # refused, or cancelled before it had one
            return
        facts.stop, facts.error, facts.duration_ms = ended.stop_reason, ended.error, ended.duration_ms
        facts.usage, facts.ended = ended.tally.usage, monotonic_ns()
        if self._call is not None:
            self._over(self._call, ended.error.kind if ended.error else "cancelled")
        for call in list(self._tools.values()):  # a bug: each call has an end
            self._ran(call)
        for sink in self._sinks:
            sink.turn_ended(facts)

    def _begins(self, event: TurnStart) -> None:
        self.facts.model, self.facts.mode, self.facts.chosen = event.model, event.mode, monotonic_ns()
        for sink in self._sinks:
            sink.turn_begins(self.facts)

    def _text(self, event: TextChunk) -> None:
        call = self._call
        if call is not None:
            call.text += len(event.text)
            self._chunk(call)

    def _thinking(self, event: ThinkingChunk) -> None:
        call = self._call
        if call is not None:
            call.thinking += len(event.text)
            self._chunk(call)

    def _chunk(self, call: StepFacts) -> None:
        call.chunks += 1
        self.facts.chunks += 1
        if not call.first_chunk:
            call.first_chunk = monotonic_ns()

    def _retried(self, event: Retry) -> None:
        if (asked := self._shortening or self._call) is not None:
            asked.retries.append(RetryFacts(monotonic_ns(), event.attempt, event.delay_ms, event.reason))

    def _replied(self, event: StepEnd) -> None:
        if self._call is not None:
            self._call.stop, self._call.usage, self._call.reply = event.stop_reason, event.usage, event.text
            self._over(self._call, None)

    def _over(self, call: StepFacts, error: str | None) -> None:
        call.ended, call.error = monotonic_ns(), error
        self._call = None
        paused = min(sum(again.delay_ms for again in call.retries) * 1_000_000, call.ended - call.began)
        self._spend("pauses", paused)
        self._spend("model", call.ended - call.began - paused)
        for sink in self._sinks:
            sink.model_called(self.facts, call)

    def _writes(self, event: ToolCallStart) -> None:
        step, known = (
            self.facts.steps,
            self._call is None or any(tool.name == event.name for tool in self._call.request.tools),
        )
        name = event.name if known else event.name[:_LONGEST]
        call = CallFacts(event.tool_call_id, name, known, event.tool_kind, step, monotonic_ns())
        self._tools[call.id] = call
        if self._call is not None:
            self._call.calls.append(call)

    def _written(self, event: ToolCallEnd) -> None:
        if call := self._tools.get(event.tool_call_id):
            call.written, call.arguments = monotonic_ns(), event.arguments

    def _runs(self, event: ToolRunStart) -> None:
        if call := self._tools.get(event.tool_call_id):
            call.began, call.early = monotonic_ns(), event.started_early
            self.facts.tools[call.name] = self.facts.tools.get(call.name, 0) + 1

    def _asked(self, event: PermissionRequested) -> None:
        if call := self._tools.get(event.tool_call_id):
            call.asked = monotonic_ns()

    def _answered(self, event: PermissionResolved) -> None:
        if (call := self._tools.get(event.tool_call_id)) and call.asked:
            call.waited, call.outcome = call.waited + monotonic_ns() - call.asked, event.outcome

    def _finished(self, event: ToolRunEnd) -> None:
        if call := self._tools.get(event.tool_call_id):
            call.status, call.truncated, call.content = event.status, event.truncated, event.content
            call.length = sum(len(part.text) for part in event.content if isinstance(part, TextContent))
            self._ran(call)

    def _ran(self, call: CallFacts) -> None:
        call.ended = monotonic_ns()
        del self._tools[call.id]
        self._spend("tools", call.ended - call.began if call.began else 0)
        self._spend("person", call.waited if call.outcome else call.ended - call.asked if call.asked else 0)
        for sink in self._sinks:
            sink.tool_called(self.facts, call)

    def _shortens(self, event: CompactStart) -> None:
        self._shortening = CompactionFacts(event.reason, monotonic_ns(), event.tokens)

    def _shortened(self, event: CompactEnd) -> None:
        change, self._shortening = self._shortening, None
        if change is not None:
            change.after, change.ended, change.model = event.after, monotonic_ns(), self.facts.model
            self._spend("shortening", change.ended - change.began)
            for sink in self._sinks:
                sink.shortened(self.facts, change)

    def _spend(self, what: Spending, nanoseconds: int) -> None:
        if nanoseconds > 0:
            self.facts.spent[what] = self.facts.spent.get(what, 0) + nanoseconds

    _HEARD: ClassVar[dict[type, Callable[..., None]]] = {
        TextChunk: _text,
        ThinkingChunk: _thinking,
        TurnStart: _begins,
        Retry: _retried,
        StepEnd: _replied,
        ToolCallStart: _writes,
        ToolCallEnd: _written,
        ToolRunStart: _runs,
        ToolRunEnd: _finished,
        PermissionRequested: _asked,
        PermissionResolved: _answered,
        CompactStart: _shortens,
        CompactEnd: _shortened,
    }
