"""What a session emits: one closed union, carried by `$/progress` (docs/protocol.md, section 4).

An event knows neither its turn nor its number: `turnId` and `seq` are added where it leaves the daemon.
"""

from collections.abc import Callable
from dataclasses import field
from typing import Literal

from chatls.content import ContentBlock, JsonObject, Location, ToolContent, Usage, WireValue
from chatls.errors import ErrorKind
from chatls.values import dataclass

ToolKind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]
"""What a tool does, as the Agent Client Protocol spells it."""

ToolStatus = Literal["completed", "failed", "denied", "cancelled", "timed_out"]
"""How a call ended."""

StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"]
"""How a turn ended."""

StepStopReason = Literal["end_turn", "tool_calls", "max_tokens", "refusal"]
"""How one model reply ended."""

CompactionReason = Literal["threshold", "refused", "asked"]
"""Why a history is made shorter: it is about to be too long, the provider said that it is, or a person wants it."""

ReplyPart = Literal["text", "thinking"]
"""What a stretch of a reply is."""

NoticeLevel = Literal["info", "warning"]
"""How much a notice matters."""


WorkingMode = Literal["ask", "plan", "edits"]
"""How a session works. `ask`: as the rules say. `plan`: what only reads runs, all else is denied without a question.
`edits`: ordinary edits run unasked, commands too where they can run in the sandbox."""


@dataclass(frozen=True, slots=True)
class TurnStart(WireValue):
    """Always the first event of a turn."""

    session_id: str
    """Also where the daemon chose the name."""
    model: str
    """"provider/model"."""
    mode: WorkingMode = "ask"
    title: str | None = None
    """What the session is called."""
    kind: Literal["turnStart"] = "turnStart"


@dataclass(frozen=True, slots=True)
class TextChunk(WireValue):
    """A piece of the answer."""

    text: str
    kind: Literal["textChunk"] = "textChunk"


@dataclass(frozen=True, slots=True)
class ThinkingChunk(WireValue):
    """A piece of the model's thinking."""

    text: str
    kind: Literal["thinkingChunk"] = "thinkingChunk"


@dataclass(frozen=True, slots=True)
class Reclassified(WireValue):
    """The beginning of the reply's text is something else: the prompt had opened the model's thinking, and it ends."""

    from_: ReplyPart
    """What it was shown as: `text`."""
    to: ReplyPart
    """What it is: `thinking`."""
    length: int
    """Code points, from the beginning of the reply's text (since the last `stepEnd`)."""
    kind: Literal["reclassified"] = "reclassified"


@dataclass(frozen=True, slots=True)
class ToolCallStart(WireValue):
    """The model began to write a call."""

    tool_call_id: str
    name: str
    tool_kind: ToolKind
    kind: Literal["toolCallStart"] = "toolCallStart"


@dataclass(frozen=True, slots=True)
class ToolCallDelta(WireValue):
    """A raw fragment of the arguments' JSON text."""

    tool_call_id: str
    arguments_delta: str
    kind: Literal["toolCallDelta"] = "toolCallDelta"


@dataclass(frozen=True, slots=True)
class ToolCallEnd(WireValue):
    """The arguments are complete; the call has not run yet. Either `arguments` or `argumentsError` is present."""

    tool_call_id: str
    name: str
    title: str
    """One line for people: "read_file server/app.py 1-40"."""
    arguments: JsonObject | None = None
    arguments_error: str | None = None
    """No JSON object, or one that does not fit the tool's schema."""
    locations: tuple[Location, ...] = ()
    """The files that the call is about, for a client that follows along."""
    kind: Literal["toolCallEnd"] = "toolCallEnd"


@dataclass(frozen=True, slots=True)
class ToolRunStart(WireValue):
    """The tool runs."""

    tool_call_id: str
    started_early: bool
    """While the model still streams its reply."""
    kind: Literal["toolRunStart"] = "toolRunStart"


@dataclass(frozen=True, slots=True)
class ToolRunOutput(WireValue):
    """Output of a tool that still runs."""

    tool_call_id: str
    text: str
    kind: Literal["toolRunOutput"] = "toolRunOutput"


@dataclass(frozen=True, slots=True)
class ToolRunEnd(WireValue):
    """How a call ended; the last event of every call, also of one that never ran."""

    tool_call_id: str
    status: ToolStatus
    content: tuple[ToolContent, ...] = ()
    """What the model reads of it is the text."""
    duration_ms: int = 0
    """Of the run; 0 if there was none."""
    truncated: bool = False
    """Something was left out of `content`, which says what."""
    kind: Literal["toolRunEnd"] = "toolRunEnd"


@dataclass(frozen=True, slots=True)
class PermissionRequested(WireValue):
    """A call waits for a person's word."""

    tool_call_id: str
    kind: Literal["permissionRequested"] = "permissionRequested"


@dataclass(frozen=True, slots=True)
class PermissionResolved(WireValue):
    """The word was given."""

    tool_call_id: str
    outcome: str
    """allow_once, allow_always, reject_once, reject_always or cancelled."""
    kind: Literal["permissionResolved"] = "permissionResolved"


@dataclass(frozen=True, slots=True)
class StepEnd(WireValue):
    """One model reply is whole. There is none after an error or a cancel."""

    stop_reason: StepStopReason
    usage: Usage | None
    text: str
    """All text of the reply."""
    kind: Literal["stepEnd"] = "stepEnd"


@dataclass(frozen=True, slots=True)
class Steered(WireValue):
    """Words that were said while the turn ran reach the model, with its next request."""

    content: tuple[ContentBlock, ...]
    """As they were sent."""
    kind: Literal["steered"] = "steered"


@dataclass(frozen=True, slots=True)
class ContextUsage(WireValue):
    """How full the model's window is, behind each `stepEnd`."""

    tokens: int
    """What was sent, and the reply."""
    window: int | None = None
    """Tokens that the model can read; not there where nobody knows."""
    exact: bool = False
    """The provider counted; else it is an estimate, rather too high."""
    kind: Literal["contextUsage"] = "contextUsage"


@dataclass(frozen=True, slots=True)
class CompactStart(WireValue):
    """The history is made shorter: the model writes a summary, which is no step."""

    reason: CompactionReason
    tokens: int
    kind: Literal["compactStart"] = "compactStart"


@dataclass(frozen=True, slots=True)
class CompactEnd(WireValue):
    """It is shorter; as it was if that was cancelled."""

    before: int
    """Tokens, as in `compactStart`."""
    after: int
    """By the same measure."""
    summary: str
    """What the model goes on with; "" where there is none."""
    kind: Literal["compactEnd"] = "compactEnd"


@dataclass(frozen=True, slots=True)
class Retry(WireValue):
    """The provider is asked again. Also a delta: providers report it, the turn passes it on."""

    attempt: int
    """1 for the first try after the original one."""
    delay_ms: int
    """How long until then."""
    reason: ErrorKind
    text: str
    """For people."""
    discards: Literal["thinking"] | None = None
    """The thinking of the reply that broke off does not count: it begins anew."""
    kind: Literal["retry"] = "retry"


@dataclass(frozen=True, slots=True)
class Notice(WireValue):
    """Something a person should know. Also a delta: providers report it, the turn passes it on."""

    text: str
    level: NoticeLevel = field(default="info")
    model: str | None = None
    """"provider/model": another one than before answers from here on."""
    kind: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class Prompt(WireValue):
    """What a person asked; before all else that happens in a turn. Clients know it, so they get it in replays only."""

    content: tuple[ContentBlock, ...]
    """As it was sent: nothing is attached yet."""
    at: str
    """ISO 8601, UTC."""
    kind: Literal["prompt"] = "prompt"


Event = (
    Prompt
    | TurnStart
    | TextChunk
    | ThinkingChunk
    | Reclassified
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | ToolRunStart
    | ToolRunOutput
    | ToolRunEnd
    | PermissionRequested
    | PermissionResolved
    | StepEnd
    | ContextUsage
    | CompactStart
    | CompactEnd
    | Steered
    | Retry
    | Notice
)
"""Anything that happens in a turn."""

Emit = Callable[[Event], None]
"""The one way up. Does not raise, does not wait."""
