"""One model reply and the results of its calls: deltas in, events out, messages at the end. Pure; runs nothing."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Literal, assert_never

from anyio import CancelScope

from chatls.agent.repeats import Repeats
from chatls.content import JsonObject, Location, TextContent, ToolContent, TurnError
from chatls.errors import ToolError
from chatls.events import (
    Event,
    Notice,
    Reclassified,
    Retry,
    StepEnd,
    StepStopReason,
    TextChunk,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolStatus,
)
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
    Underway,
)
from chatls.tools.tool import Tool
from chatls.values import dataclass
from chatls.visible import visible_line
from chatls.workspace.workspace import Workspace

log = logging.getLogger(__name__)

CallState = Literal["streaming", "ready", "running", "ended"]
_LONGEST_WORDS = 4000
"""Characters of what people are told; names that a server made up may stand in it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended and what the model is told."""

    status: ToolStatus
    content: tuple[ToolContent, ...]
    truncated: bool = False

    @classmethod
    def saying(cls, status: ToolStatus, text: str) -> "Outcome":
        """One that is only words."""
        return cls(status, (TextContent(text),))

    def text(self) -> str:
        """What the model reads."""
        return "\n".join(item.text for item in self.content if isinstance(item, TextContent)) or "(no output)"


@dataclass(slots=True)
class Call:
    """One tool call, from its first fragment to its result."""

    id: str
    name: str
    tool: Tool | None
    state: CallState = "streaming"
    arguments: JsonObject = field(default_factory=dict[str, object])
    """As the model wrote them; `{}` where that was no object."""
    valid: JsonObject = field(default_factory=dict[str, object])
    """With defaults filled in."""
    outcome: Outcome | None = None
    duration_ms: int = 0
    """Of the run that counts."""
    scope: CancelScope | None = None
    """Of the run that counts. A contradicting provider, or a person, cancels it."""
    unwanted: bool = False
    """A person cancelled this call."""
    repeats: Repeats = field(default_factory=Repeats)
    """What failed in this turn before."""

    def end(self, outcome: Outcome, duration_ms: int = 0) -> ToolRunEnd:
        """The call is over."""
        outcome = self._weighed(outcome)
        self.state, self.outcome, self.scope, self.duration_ms = "ended", outcome, None, duration_ms
        return ToolRunEnd(self.id, outcome.status, outcome.content, duration_ms, outcome.truncated)

    def _weighed(self, outcome: Outcome) -> Outcome:
        """With a word for the model, if the same has failed before."""
        match outcome.status:
            case "completed":
                self.repeats.succeeded(changed=self.tool is not None and not self.tool.read_only)
            case "failed" | "denied" | "timed_out":
                if word := self.repeats.failed(self.name, self.arguments):
                    return replace(outcome, content=(*outcome.content, TextContent(word)))
            case _:
                pass
        return outcome

    def withdraw(self) -> list[Event]:
        """The provider contradicted itself: what ran early does not count."""
        running, scope = self.state == "running", self.scope
        self.state, self.outcome, self.scope = "streaming", None, None
        if scope is not None:
            scope.cancel()
        text = "cancelled: the model changed the arguments"
        return [ToolRunEnd(self.id, "cancelled", (TextContent(text),))] if running else []

    def cancel(self) -> list[Event]:
        """A person does not want it. The model is told."""
        self.unwanted = True
        if self.scope is not None:
            self.scope.cancel()
            return []
        return [self.end(UNWANTED)] if self.state == "ready" else []

    def result(self) -> ToolResult:
        """The answer in the history. Every complete call has one."""
        outcome = self.outcome or Outcome.saying("cancelled", "cancelled")
        return ToolResult(
            self.id,
            self.name,
            outcome.text(),
            is_error=outcome.status != "completed",
            status=outcome.status,
            content=outcome.content,
            duration_ms=self.duration_ms,
            truncated=outcome.truncated,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a call. A provider that contradicts itself makes another one, and this one does not count."""

    call: Call
    tool: Tool
    arguments: JsonObject
    """With defaults filled in."""
    scope: CancelScope

    @property
    def counts(self) -> bool:
        """Whether this is still the run that the call waits for."""
        return self.call.scope is self.scope


def _never(_tool: Tool) -> bool:
    """Nothing is free."""
    return False


def _unheard(_message: AssistantMessage) -> None:
    """Nobody wants to know."""


UNWANTED = Outcome.saying("cancelled", "cancelled by the user; do not try it again unasked")


class Step:
    """One model request: the reply as it comes, and its calls in order."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        workspace: Callable[[], Workspace],
        repeats: Repeats | None = None,
        whole: Callable[[AssistantMessage], None] = _unheard,
        free: Callable[[Tool], bool] = _never,
    ) -> None:
        """`workspace`: as it is when a call is complete; `repeats`: what failed in this turn before; `whole` is told
        what the history will have of the reply as soon as that is whole; `free`: a rule allows it, so that one that
        says that it only reads may begin early."""
        self._free = free
        self._repeats = repeats or Repeats()
        self._repeats.new_step()
        self.calls: dict[str, Call] = {}
        self.finished: Finished | None = None
        self.error: TurnError | None = None
        self.outcome: StepStopReason | None = None
        """How the reply ended; None if it broke off, or nothing can come of it (`error`)."""
        self._tools = tools
        self._workspace = workspace
        self._whole = whole
        self._replay: Callable[[], Replay | None] = _nothing
        """What the server has to get back of the reply so far."""
        self._text: list[str] = []
        self._thinking: list[str] = []

    @property
    def text(self) -> str:
        """What the model said so far."""
        self._text = ["".join(self._text)]  # asked for several times when the reply is whole: one text then
        return self._text[0]

    def add(self, delta: Delta) -> list[Event]:
        """Take what the provider says; give what the client is told."""
        match delta:
            case TextDelta(text):
                self._text.append(text)
                return [TextChunk(text)]
            case ThinkingDelta() | TextWasThinking():
                return self._thinks(delta)
            case CallStart(call_id, name):
                return self._start(call_id, name)
            case CallArguments(call_id, text):
                return self._fragment(self.calls[call_id], text)
            case CallReady():
                return self._ready(self.calls[delta.call_id], delta)
            case Underway() | Retry() | Notice():
                return self._beside(delta)
            case Finished():
                return [self._finish(delta)]
            case Failed(error):
                self.error = replace(error, message=visible_line(error.message, _LONGEST_WORDS))
                return []
        assert_never(delta)

    def startable(self) -> list[Run]:
        """Runs that may begin while the reply still streams. Each is handed out once."""
        return self._hand_out(read_only=True) if self.calls else []

    def waiting(self) -> list[Run]:
        """The rest, now that the reply is whole; none after an error or a refusal."""
        broken = self.finished is None or self.finished.stop == "refusal"
        return [] if broken else self._hand_out(read_only=False)

    def close(self) -> tuple[list[Event], list[Message]]:
        """The reply is over, however it ended: what the client is still owed, and what is remembered.

        Text that was shown stays; calls that never closed are left out; complete ones have a result.
        """
        complete = self._complete()
        events = [event for call in self.calls.values() for event in self._last_words(call)]
        if self.outcome == "tool_calls" and (error := self._repeats.hopeless()):
            self.outcome, self.error = None, error
        said = self._said(complete)
        if said is None or not complete:
            return events, [said] if said else []
        return events, [said, ToolMessage(tuple(call.result() for call in complete))]

    def _complete(self) -> list[Call]:
        return [call for call in self.calls.values() if call.state != "streaming"]

    def _finish(self, finished: Finished) -> StepEnd:
        self.finished, self.outcome = finished, self._stop(finished)
        if said := self._said(self._complete()):
            self._whole(said)
        return StepEnd(self.outcome, finished.usage, self.text)

    def _stop(self, finished: Finished) -> StepStopReason:
        """What the calls say counts: some servers say "end" beside calls, others "calls" where none was completed."""
        if finished.stop not in ("end_turn", "tool_calls"):
            return finished.stop
        return "tool_calls" if any(call.state != "streaming" for call in self.calls.values()) else "end_turn"

    def _beside(self, delta: Underway | Retry | Notice) -> list[Event]:
        """What is no part of the reply itself."""
        if isinstance(delta, Underway):
            self._replay = delta.replay
            return []
        if isinstance(delta, Retry) and delta.discards:
            self._thinking.clear()
        return [replace(delta, text=visible_line(delta.text, _LONGEST_WORDS))]

    def _thinks(self, delta: ThinkingDelta | TextWasThinking) -> list[Event]:
        text = delta.text if isinstance(delta, ThinkingDelta) else self.text
        self._thinking.append(text)
        if isinstance(delta, ThinkingDelta):
            return [ThinkingChunk(text)]
        self._text.clear()
        return [Reclassified("text", "thinking", len(text))] if text else []

    def _start(self, call_id: str, name: str) -> list[Event]:
        tool = self._tools.get(name)
        # A name that was made up may hold anything, and goes to clients, into results and back to the model.
        call = self.calls[call_id] = Call(call_id, name if tool else visible_line(name), tool, repeats=self._repeats)
        return [ToolCallStart(call_id, call.name, tool.kind if tool else "other")]

    def _fragment(self, call: Call, text: str) -> list[Event]:
        contradicts = call.state != "streaming" and bool(text.strip())
        return [*(call.withdraw() if contradicts else []), ToolCallDelta(call.id, text)]

    def _ready(self, call: Call, delta: CallReady) -> list[Event]:
        events: list[Event] = [] if call.state == "streaming" else call.withdraw()
        call.arguments = delta.arguments or {}
        error, problem = self._problem(call, delta)
        if error is None and call.tool is not None:
            events.append(self.told(call.id, call.tool, call.arguments, call.valid))
        else:
            arguments = None if error else call.arguments
            events.append(ToolCallEnd(call.id, call.name, call.name, arguments, error))
        call.state = "ready"
        if problem is not None:
            events.append(call.end(Outcome.saying("failed", problem)))
        elif call.unwanted:
            events.append(call.end(UNWANTED))
        return events

    def told(self, call_id: str, tool: Tool, arguments: JsonObject, valid: JsonObject) -> ToolCallEnd:
        """What clients are told of a call whose arguments fit; `valid`: with their defaults."""
        title, locations = self._described(tool, valid)
        return ToolCallEnd(call_id, tool.name, title, arguments, None, locations)

    def _described(self, tool: Tool, arguments: JsonObject) -> tuple[str, tuple[Location, ...]]:
        """What people see of a call. A bug there must not end the turn."""
        try:
            return tool.title(arguments), tool.locate(self._workspace(), arguments)
        except Exception:
            log.exception("a bug in the title or the places of the tool %s", tool.name)
            return tool.name, ()

    def _problem(self, call: Call, delta: CallReady) -> tuple[str | None, str | None]:
        """What is wrong with the arguments, and why the call cannot run."""
        if delta.arguments is None:
            error = delta.error or "not a JSON object"
            return error, f"The arguments of {call.name} were not a JSON object ({error}). Write the call again."
        if call.tool is None:
            known = ", ".join(self._tools) or "none"
            return None, f"There is no tool named {call.name!r}. The tools are: {known}."
        try:
            call.valid = call.tool.validate(delta.arguments)
        except ToolError as error:
            return str(error), f"The arguments do not fit: {error}. Correct them and call again."
        return None, None

    def _hand_out(self, *, read_only: bool) -> list[Run]:
        runs: list[Run] = []
        for call in self.calls.values():
            if call.state == "ready" and call.scope is None and call.tool and (not read_only or self._early(call.tool)):
                call.scope = CancelScope()
                runs.append(Run(call, call.tool, call.valid, call.scope))
        return runs

    def _early(self, tool: Tool) -> bool:
        return tool.read_only or (tool.early and self._free(tool))

    def _last_words(self, call: Call) -> list[Event]:
        if call.state == "ended":
            return []
        if call.state != "streaming":
            return [call.end(Outcome.saying("cancelled", "cancelled: the turn ended before it ran"))]
        cut = self.finished is not None and self.finished.stop == "max_tokens"
        error = "the reply ended before the arguments were complete"
        status: ToolStatus = "failed" if cut else "cancelled"
        return [ToolCallEnd(call.id, call.name, call.name, None, error), call.end(Outcome.saying(status, error))]

    def _said(self, complete: list[Call]) -> AssistantMessage | None:
        if not (self.text or complete):
            return None
        calls = tuple(ToolCall(call.id, call.name, call.arguments) for call in complete)
        replay = self.finished.replay if self.finished else self._replay()
        return AssistantMessage(self.text, calls, "".join(self._thinking), replay)


def _nothing() -> None:
    """A provider that does not say."""
