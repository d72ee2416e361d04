"""What a turn looks like: a pure fold of its events into plain data, from which any face draws. Knows no face.

`fold(view, event)` takes one event, `finish(view, result)` the answer of `chat/prompt`, `fail(view, error)` what comes
instead of one. `view.to_wire()` is the same as JSON; what is None is left out of it, what is empty is not. Every client
has this fold in its own language, and all of them must give the views of tests/transcripts.

The rules:

1. `blocks` is what a reader sees from top to bottom, in the order in which the blocks began. Every block has the `step`
   in which it began: 1 plus the number of `stepEnd`s before it.
2. `textChunk` extends the last block if that is a text block of this step, else it begins one. `thinkingChunk` does the
   same with thinking blocks. (So text that flows while a tool runs stands below the tool's block.) `reclassified` from
   text to thinking makes thinking of the first `length` code points of this step's text, where they stand: of a text
   block that ends among them the whole, of one that goes on a thinking block of its beginning, in front of it.
3. `toolCallStart` begins a tool block, status `streaming`. The other events of a call change the block with its id
   wherever it stands; events of an unknown call are ignored, but `toolCallEnd` begins its block if there is none.
4. `toolCallDelta` appends to `argumentsText`. `toolCallEnd` sets name, title, arguments or argumentsError, and
   locations, makes the status `ready`, and takes back what an earlier run of the call left (startedEarly, output,
   content, durationMs, truncated).
5. `permissionRequested`: `awaiting_permission`. `permissionResolved`: `ready`, with the outcome in `permission`.
6. `toolRunStart`: `running`, with startedEarly. `toolRunOutput` appends to `output`. `toolRunEnd` sets the status to
   how the call ended (completed, failed, denied, cancelled, timed_out), and content, durationMs, truncated.
7. `notice` begins a notice block, unless the last block is a notice of the same level and step whose text is the same
   but for its numbers (progress: each run of `[0-9][0-9.,]*` counts as equal); then it replaces that text. Where it
   names a `model`, that is the view's from here on.
8. `retry` begins a retry block, unless the last block is one; then it replaces that. Where it `discards` the thinking,
   the thinking blocks of this step are taken out first.
9. `stepEnd` carries the reply's whole text. Where the text blocks of this step, joined, differ from it, they are taken
   out, and one text block with the whole text takes the place of the first (without any, it comes before all blocks of
   the step; an empty text makes no block). Its usage is added to `usage`, and the step is over.
10. `steered` begins a steered block with the words: the texts of its blocks, a line feed between them.
11. `compactStart` begins a compaction block with its reason and tokens; `compactEnd` completes the last one that is
    open. `contextUsage` sets `context`.
12. `turnStart`: status `running`, with session and model. An event of any other kind is ignored.
13. `finish`: status `ended`; stopReason, usage, steps, chunks, tools, durations and error are the result's. A call that
    has not ended by then (no daemon does that) is `cancelled`. `fail` is the same with the stop reason `error`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from chatls_client.protocol import (
    CompactEnd,
    CompactionReason,
    CompactStart,
    ContextUsage,
    ErrorKind,
    Event,
    JsonObject,
    Location,
    Notice,
    NoticeLevel,
    PermissionRequested,
    PermissionResolved,
    Prompt,
    PromptResult,
    Reclassified,
    Retry,
    Steered,
    StepEnd,
    StopReason,
    TextChunk,
    TextContent,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolContent,
    ToolKind,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
    ToolStatus,
    TurnError,
    TurnStart,
    Usage,
)
from chatls_client.values import WireValue

CallStatus = Literal["streaming", "ready", "awaiting_permission", "running"] | ToolStatus
"""Where a call is in its life."""

OPEN: tuple[CallStatus, ...] = ("streaming", "ready", "awaiting_permission", "running")
"""The statuses that are not the last one."""


@dataclass(frozen=True, slots=True)
class TextBlock(WireValue):
    """A stretch of the answer."""

    step: int
    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ThinkingBlock(WireValue):
    """A stretch of the model's thinking."""

    step: int
    text: str
    type: Literal["thinking"] = "thinking"


@dataclass(frozen=True, slots=True)
class ToolBlock(WireValue):
    """A tool call, from its first letter to its result."""

    step: int
    id: str
    name: str
    kind: ToolKind
    status: CallStatus = "streaming"
    arguments_text: str = ""
    """The arguments' JSON text as far as it was written; raw, for showing only."""
    title: str | None = None
    arguments: JsonObject | None = None
    arguments_error: str | None = None
    locations: tuple[Location, ...] = ()
    permission: str | None = None
    started_early: bool = False
    output: str = ""
    content: tuple[ToolContent, ...] = ()
    duration_ms: int | None = None
    truncated: bool = False
    type: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True)
class NoticeBlock(WireValue):
    """Something a person should know."""

    step: int
    level: NoticeLevel
    text: str
    type: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True)
class RetryBlock(WireValue):
    """The provider is asked again."""

    step: int
    attempt: int
    delay_ms: int
    reason: ErrorKind
    text: str
    type: Literal["retry"] = "retry"


@dataclass(frozen=True, slots=True)
class SteeredBlock(WireValue):
    """What the person said meanwhile, where the model was told."""

    step: int
    text: str
    type: Literal["steered"] = "steered"


@dataclass(frozen=True, slots=True)
class CompactionBlock(WireValue):
    """What the model is sent is made shorter."""

    step: int
    reason: CompactionReason
    before: int
    after: int | None = None
    """None while the summary is being written."""
    summary: str | None = None
    type: Literal["compaction"] = "compaction"


@dataclass(frozen=True, slots=True)
class Fill(WireValue):
    """How full the model's window is."""

    tokens: int
    window: int | None
    exact: bool


Block = TextBlock | ThinkingBlock | ToolBlock | NoticeBlock | RetryBlock | SteeredBlock | CompactionBlock


@dataclass(frozen=True, slots=True)
class View(WireValue):
    """A turn as far as it is known."""

    status: Literal["waiting", "running", "ended"] = "waiting"
    """`waiting`: no event yet."""
    session_id: str | None = None
    model: str | None = None
    blocks: tuple[Block, ...] = ()
    steps: int = 0
    """Replies that are whole; at the end, replies begun."""
    usage: Usage | None = None
    context: Fill | None = None
    stop_reason: StopReason | None = None
    error: TurnError | None = None
    chunks: int | None = None
    tools: dict[str, int] = field(default_factory=dict[str, int])
    duration_ms: int | None = None
    time_to_first_chunk_ms: int | None = None


def fold(view: View, event: Event) -> View:
    """The view after one more event."""
    match event:
        case TurnStart():
            return replace(view, status="running", session_id=event.session_id, model=event.model)
        case TextChunk() | ThinkingChunk():
            return replace(view, blocks=_written(view, event))
        case Reclassified():
            return replace(view, blocks=tuple(_reclassified(view, event)))
        case Notice() | Retry():
            model = event.model if isinstance(event, Notice) else None
            return replace(view, blocks=_told(view, event), model=model or view.model)
        case StepEnd():
            return _step_ended(view, event)
        case Prompt():  # in a replay: a view is of what came of it
            return view
        case ContextUsage() | CompactStart() | CompactEnd():
            return _sized(view, event)
        case Steered():
            words = "\n".join(block.text for block in event.content if isinstance(block, TextContent))
            return replace(view, blocks=(*view.blocks, SteeredBlock(view.steps + 1, words)))
        case _:
            return replace(view, blocks=_called(view, event))


def finish(view: View, result: PromptResult) -> View:
    """The view after the answer."""
    return replace(
        view,
        status="ended",
        session_id=result.session_id,
        blocks=_closed(view.blocks),
        steps=result.steps,
        usage=result.usage,
        stop_reason=result.stop_reason,
        error=result.error,
        chunks=result.chunks,
        tools=result.tools,
        duration_ms=result.duration_ms,
        time_to_first_chunk_ms=result.time_to_first_chunk_ms,
    )


def fail(view: View, error: TurnError) -> View:
    """The view after a refusal, or after the daemon's death."""
    return replace(view, status="ended", blocks=_closed(view.blocks), stop_reason="error", error=error)


def _sized(view: View, event: ContextUsage | CompactStart | CompactEnd) -> View:
    match event:
        case ContextUsage():
            return replace(view, context=Fill(event.tokens, event.window, event.exact))
        case CompactStart():
            begun = CompactionBlock(view.steps + 1, event.reason, event.tokens)
            return replace(view, blocks=(*view.blocks, begun))
        case CompactEnd():
            return replace(view, blocks=_compacted(view.blocks, event))


def _compacted(blocks: tuple[Block, ...], event: CompactEnd) -> tuple[Block, ...]:
    open_ones = [at for at, one in enumerate(blocks) if isinstance(one, CompactionBlock) and one.after is None]
    last = open_ones[-1] if open_ones else -1
    return tuple(
        replace(one, before=event.before, after=event.after, summary=event.summary)
        if at == last and isinstance(one, CompactionBlock)
        else one
        for at, one in enumerate(blocks)
    )


def _written(view: View, event: TextChunk | ThinkingChunk) -> tuple[Block, ...]:
    begin = TextBlock if isinstance(event, TextChunk) else ThinkingBlock
    last = view.blocks[-1] if view.blocks else None
    if isinstance(last, begin) and last.step == view.steps + 1:
        return (*view.blocks[:-1], begin(last.step, last.text + event.text))
    return (*view.blocks, begin(view.steps + 1, event.text))


def _reclassified(view: View, event: Reclassified) -> Iterator[Block]:
    left = event.length if (event.from_, event.to) == ("text", "thinking") else 0
    for block in view.blocks:
        if not (left and isinstance(block, TextBlock) and block.step == view.steps + 1):
            yield block
            continue
        thinking, text = block.text[:left], block.text[left:]
        left -= len(thinking)
        yield ThinkingBlock(block.step, thinking)
        if text:
            yield TextBlock(block.step, text)


def _told(view: View, event: Notice | Retry) -> tuple[Block, ...]:
    step, blocks = view.steps + 1, view.blocks
    if isinstance(event, Retry) and event.discards == "thinking":
        blocks = tuple(one for one in blocks if not (isinstance(one, ThinkingBlock) and one.step == step))
    last = blocks[-1] if blocks else None
    if isinstance(event, Retry):
        block = RetryBlock(step, event.attempt, event.delay_ms, event.reason, event.text)
        again = isinstance(last, RetryBlock)
    else:
        block = NoticeBlock(step, event.level, event.text)
        again = isinstance(last, NoticeBlock) and _but_for_numbers(last) == _but_for_numbers(block)
    return (*(blocks[:-1] if again else blocks), block)


def _but_for_numbers(block: NoticeBlock) -> NoticeBlock:
    return replace(block, text=re.sub(r"[0-9][0-9.,]*", "0", block.text))


def _step_ended(view: View, event: StepEnd) -> View:
    usage = view.usage if event.usage is None else _sum(view.usage or Usage(), event.usage)
    return replace(view, blocks=_with_text(view, event.text), steps=view.steps + 1, usage=usage)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cache_read_tokens + other.cache_read_tokens,
        one.cache_write_tokens + other.cache_write_tokens,
    )


def _with_text(view: View, text: str) -> tuple[Block, ...]:
    step = view.steps + 1
    places = [at for at, block in enumerate(view.blocks) if isinstance(block, TextBlock) and block.step == step]
    if "".join(block.text for block in view.blocks if isinstance(block, TextBlock) and block.step == step) == text:
        return view.blocks
    start = next((at for at, block in enumerate(view.blocks) if block.step == step), len(view.blocks))
    place = places[0] if places else start
    kept = [block for at, block in enumerate(view.blocks) if at not in places]
    return (*kept[:place], *([TextBlock(step, text)] if text else []), *kept[place:])


ToolEvent = (
    ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | PermissionRequested
    | PermissionResolved
    | ToolRunStart
    | ToolRunOutput
    | ToolRunEnd
)


def _called(view: View, event: ToolEvent) -> tuple[Block, ...]:
    blocks, step, call = view.blocks, view.steps + 1, event.tool_call_id
    match event:
        case ToolCallStart():
            return (*blocks, ToolBlock(step, call, event.name, event.tool_kind))
        case ToolCallDelta():
            return _change(
                blocks, call, lambda it: replace(it, arguments_text=it.arguments_text + event.arguments_delta)
            )
        case ToolCallEnd():
            known = any(isinstance(block, ToolBlock) and block.id == call for block in blocks)
            blocks = blocks if known else (*blocks, ToolBlock(step, call, event.name, "other"))
            return _change(blocks, call, lambda it: _ready(it, event))
        case PermissionRequested():
            return _change(blocks, call, lambda it: replace(it, status="awaiting_permission"))
        case PermissionResolved():
            return _change(blocks, call, lambda it: replace(it, status="ready", permission=event.outcome))
        case ToolRunStart():
            return _change(blocks, call, lambda it: replace(it, status="running", started_early=event.started_early))
        case ToolRunOutput():
            return _change(blocks, call, lambda it: replace(it, output=it.output + event.text))
        case ToolRunEnd():
            return _change(blocks, call, lambda it: _ran(it, event))
        case _:
            assert_never(event)


def _ready(block: ToolBlock, event: ToolCallEnd) -> ToolBlock:
    return replace(
        ToolBlock(block.step, block.id, event.name, block.kind, "ready", block.arguments_text),
        title=event.title,
        arguments=event.arguments,
        arguments_error=event.arguments_error,
        locations=event.locations,
        permission=block.permission,
    )


def _ran(block: ToolBlock, event: ToolRunEnd) -> ToolBlock:
    ended = replace(block, status=event.status, content=event.content)
    return replace(ended, duration_ms=event.duration_ms, truncated=event.truncated)


def _change(blocks: tuple[Block, ...], call: str, change: Callable[[ToolBlock], ToolBlock]) -> tuple[Block, ...]:
    return tuple(change(item) if isinstance(item, ToolBlock) and item.id == call else item for item in blocks)


def _closed(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    return tuple(
        replace(item, status="cancelled") if isinstance(item, ToolBlock) and item.status in OPEN else item
        for item in blocks
    )
