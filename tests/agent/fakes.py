"""What the tests of the agent play with: a provider that says what it is told, tools, an editor, and the two laws.

`check_events` and `check_history` state what holds for every turn, however it ends (docs/protocol.md, section 4).
"""

import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from threading import Event as ThreadFlag
from typing import Any, TypeVar, cast

import anyio
from anyio import CancelScope, fail_after
from anyio.lowlevel import checkpoint

from chatls.agent.history import History
from chatls.agent.longest import cut_off
from chatls.agent.permission.edited import EditedAnswer
from chatls.agent.permission.gate import Permit
from chatls.agent.queues import Queues
from chatls.agent.repeats import Repeats
from chatls.agent.request import Requests
from chatls.agent.runner import Gate, Runner, Weighed
from chatls.agent.step import Run, Step
from chatls.agent.turn import Tally, Turn
from chatls.children.commands import Commands
from chatls.content import TextContent, TurnError, Usage
from chatls.editor import Change, Elicitation, FileOperation, FormAnswer, OpenDocument, Problem, Question, Reply, Root
from chatls.events import (
    Event,
    PermissionRequested,
    PermissionResolved,
    StepStopReason,
    StopReason,
    TextChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolKind,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
)
from chatls.language import LanguageFindings, LanguageRequest
from chatls.message import AssistantMessage, Message, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, Finished
from chatls.providers.provider import ModelInfo, ModelRequest, Parameters, Provider, ToolChoice
from chatls.settings.config import LimitSettings
from chatls.tools.tool import (
    CommandSubject,
    FileSubject,
    Plan,
    Serial,
    Tool,
    ToolContext,
    ToolFunction,
    ToolOutput,
    tool,
)
from chatls.workspace.seen import Seen
from chatls.workspace.workspace import Workspace

DEADLINE = 120
"""Seconds after which a test that waits has failed."""

OUCH = TurnError("overloaded", "the house is full", retryable=True)

E = TypeVar("E")


@dataclass
class Desk:
    """An editor with these folders and open documents, and a person before it who answers what the test wants."""

    folders: tuple[Root, ...] = ()
    documents: Mapping[Path, OpenDocument] = field(default_factory=dict[Path, OpenDocument])
    asks: bool = True
    diagnoses: bool = True
    knows_symbols: bool = False
    answer: Callable[[Question], Awaitable[Reply]] | None = None
    """None: nobody expects a question."""
    questions: list[Question] = field(default_factory=list[Question])

    def roots(self) -> tuple[Root, ...]:
        return self.folders

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return self.documents

    @property
    def elicits(self) -> bool:
        return False

    @property
    def encoding(self) -> str:
        return "utf-16"

    async def elicit(self, form: Elicitation) -> FormAnswer:
        raise AssertionError(f"nobody expected a form: {form}")

    async def ask_permission(self, question: Question) -> Reply:
        assert self.answer, f"nobody expected a question: {question}"
        self.questions.append(question)
        return await self.answer(question)

    def refusal(self, document: OpenDocument) -> str:
        return ""

    async def apply(self, change: Change) -> str:
        raise AssertionError(f"nobody expected a change: {change}")

    async def apply_together(self, changes: Sequence[Change]) -> tuple[str | None, ...]:
        raise AssertionError(f"nobody expected changes: {changes}")

    async def operate(self, operation: FileOperation) -> bool:
        raise AssertionError(f"nobody expected an operation: {operation}")

    async def reload(self, uris: Sequence[str]) -> bool:
        raise AssertionError(f"nobody expected that to be read anew: {uris}")

    async def save(self, uris: Sequence[str]) -> frozenset[str]:
        raise AssertionError(f"nobody expected that to be saved: {uris}")

    async def look(self, paths: Sequence[Path]) -> bool:
        return False

    async def problems(self, uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        del uri, changed
        return ()

    async def language(self, request: LanguageRequest) -> LanguageFindings:
        raise AssertionError(f"nobody expected that language servers are asked: {request}")


class Open:
    """A gate that lets everything pass."""

    async def weigh(self, run: Run, context: ToolContext, plan: Plan | None) -> Weighed:
        """`Gate.weigh`."""
        await checkpoint()
        return Permit()

    async def at_once(self, run: Run, context: ToolContext, plan: Plan) -> Permit | None:
        """`Gate.at_once`."""
        await checkpoint()
        return None

    async def weigh_edited(self, run: Run, context: ToolContext, plan: Plan, answer: EditedAnswer) -> Permit:
        """`Gate.weigh_edited`."""
        await checkpoint()
        return Permit()


def planned(
    carry_out: Callable[[], Awaitable[ToolOutput]],
    subject: FileSubject | CommandSubject | None = None,
    time_limit: float | None = None,
) -> Plan:
    """A plan to do this."""
    return Plan(
        subject or FileSubject(Path("/nowhere")), (TextContent("what would be done"),), carry_out, time_limit=time_limit
    )


def desk(*folders: Path, texts: Mapping[Path, str] | None = None) -> Desk:
    """An editor with these folders, and these unsaved texts open."""
    documents = {path: OpenDocument(path.as_uri(), text, 1) for path, text in (texts or {}).items()}
    return Desk(tuple(Root(path.name, path) for path in folders), documents)


def named(name: str, run: ToolFunction, *, read_only: bool = True, serial: Serial | None = None) -> Tool:
    """A tool of this name. One that changes something plans to do what the function does."""
    cast(Any, run).__name__ = name
    kind: ToolKind = "read" if read_only else "edit"
    function = run if read_only else _planning(run)
    return tool(kind=kind, read_only=read_only, title=lambda given: f"{name} {given}", serial=serial)(function)


def _planning(run: ToolFunction) -> ToolFunction:
    @wraps(run)
    async def plan(context: ToolContext, **arguments: Any) -> Plan:
        await checkpoint()

        async def carry_out() -> ToolOutput:
            found = run(context, **arguments)
            text = await found if isinstance(found, Awaitable) else found
            return ToolOutput((TextContent(text),)) if isinstance(text, str) else cast(ToolOutput, text)

        return planned(carry_out)

    return plan


def call(call_id: str, name: str, arguments: dict[str, Any] | None = None) -> list[Delta]:
    """A whole call, arguments given at once."""
    given = arguments or {}
    return [CallStart(call_id, name), CallArguments(call_id, str(given)), CallReady(call_id, given)]


def finished(stop: StepStopReason = "end_turn", usage: Usage | None = None) -> Finished:
    """The end of a reply."""
    return Finished(stop, usage)


class Stage:
    """Records what a turn emits."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = anyio.Event()

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()
        self._changed = anyio.Event()

    def of(self, kind: type[E]) -> list[E]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until something has happened, as told by the events so far."""
        while not happened():
            await self._changed.wait()

    async def until_event(self, kind: type[Any], call_id: str | None = None) -> None:
        """Wait for an event of a kind, and of a call."""
        await self.until(
            lambda: any(call_id is None or getattr(event, "tool_call_id", "") == call_id for event in self.of(kind))
        )

    def text(self) -> str:
        return "".join(event.text for event in self.of(TextChunk))


Beat = Delta | Callable[[], Awaitable[None]]
"""What a provider says, or what it waits for."""


class Player:
    """A provider that plays replies, the last one again and again."""

    def __init__(self, *replies: Sequence[Beat]) -> None:
        self.name = "player"
        self.local = True
        self.requests: list[ModelRequest] = []
        self.closed = 0
        """Streams that were closed."""
        self._replies = replies

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        reply = self._replies[min(len(self.requests), len(self._replies)) - 1]
        try:
            for beat in reply:
                if callable(beat):
                    await beat()
                else:
                    yield beat
        finally:
            self.closed += 1

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        return tools

    def window(self, model: str) -> int | None:
        return None

    async def models(self) -> tuple[ModelInfo, ...]:
        return ()

    async def aclose(self) -> None:
        await checkpoint()


async def plenty() -> None:
    """Room for output, always."""


class Scene:
    """One turn with everything around it."""

    def __init__(
        self,
        provider: Provider,
        *tools: Tool,
        limits: LimitSettings | None = None,
        room: Callable[[], Awaitable[None]] = plenty,
        history: History | None = None,
        workspace: Callable[[], Workspace] = lambda: Workspace(desk()),
        editor: Desk | None = None,
        gate: Gate | None = None,
        queues: Queues | None = None,
    ) -> None:
        self.stage = Stage()
        self.history = History() if history is None else history
        self.history.grow(UserMessage((TextContent("go"),)))
        self.scope = CancelScope()
        self.turn = Turn(self.history, self.stage.emit, room, Tally())
        self.limits = limits or LimitSettings()
        self.provider = provider
        self.gate: Gate = gate or Open()
        self._workspace = workspace if editor is None else lambda: Workspace(editor)
        self._editor = editor or desk()
        self._queues = queues or Queues()
        self._tools = {item.name: item for item in tools}
        self._repeats = Repeats()

    async def play(self, tool_choice: ToolChoice = "auto") -> StopReason:
        """Run the turn as the daemon does, and hold it to the laws."""
        stop: StopReason = "cancelled"
        emit, ran = self.stage.emit, self.turn.tally.ran
        runner = Runner(self._context, self.limits, emit, ran, gate=self.gate, queues=self._queues)
        specs = tuple(item.spec for item in self._tools.values())
        requests = Requests("model", "system", self.history, specs, Parameters(), tool_choice)
        try:
            with fail_after(DEADLINE), self.scope:
                stream = partial(cut_off, self.provider.stream, self.limits)
                steps = self.limits.max_steps
                stop = await self.turn.run(stream, requests.next, self._step, runner, steps)
        finally:
            check_events(self.stage.events)
            check_history(self.history.messages)
        return stop

    def _context(self, output: Callable[[str], None], cancelled: ThreadFlag) -> ToolContext:
        commands = Commands(os.environ, Path("/nowhere"))
        return ToolContext(self._workspace(), self._editor, Seen(), commands, output, cancelled)

    def _step(self) -> Step:
        return Step(self._tools, lambda: Workspace(self._editor), self._repeats)

    def results(self) -> list[ToolResult]:
        """All results in the history, in order."""
        return [
            result
            for message in self.history.messages
            if isinstance(message, ToolMessage)
            for result in message.results
        ]

    def cancel_call(self, call_id: str) -> None:
        """As `chat/cancel` with a toolCallId does."""
        wanted = self.turn.step.calls.get(call_id) if self.turn.step else None
        if wanted is not None and wanted.state != "ended":
            for event in wanted.cancel():
                self.stage.emit(event)

    def ends(self) -> dict[str, str]:
        """How each call ended in the end."""
        return {event.tool_call_id: event.status for event in self.stage.of(ToolRunEnd)}


_LETTERS: dict[type[Any], str] = {
    ToolCallStart: "S",
    ToolCallDelta: "D",
    ToolCallEnd: "E",
    PermissionRequested: "P",
    PermissionResolved: "Q",
    ToolRunStart: "R",
    ToolRunOutput: "O",
    ToolRunEnd: "X",
}
_LIFE = re.compile(r"S(D*E(PQ)?(RO*X|X)?)*(?<=X)")


def check_events(events: Iterable[Event]) -> None:
    """Every call lives one life: start, arguments, their end, at most one run at a time, and the last word an end."""
    lives: dict[str, str] = {}
    for event in events:
        if isinstance(event, ToolCallDelta) and not event.arguments_delta.strip():
            continue  # blank text contradicts nothing, so it may come while the tool runs
        if letter := _LETTERS.get(type(event)):
            call_id = cast(ToolCallStart, event).tool_call_id
            lives[call_id] = lives.get(call_id, "") + letter
    for call_id, life in lives.items():
        assert _LIFE.fullmatch(life), f"the call {call_id} lived {life}"


def check_history(history: Sequence[Message]) -> None:
    """A provider takes it: every call is answered right behind its message, in order, and nothing else is."""
    seen: list[str] = []
    for before, message in zip([None, *history], history, strict=False):
        if isinstance(message, ToolMessage):
            assert isinstance(before, AssistantMessage)
            assert [item.id for item in before.calls] == [result.call_id for result in message.results]
            assert [item.name for item in before.calls] == [result.name for result in message.results]
            assert all(isinstance(result.text, str) and result.text for result in message.results)
        else:
            assert not (isinstance(before, AssistantMessage) and before.calls), "a call without a result"
        if isinstance(message, AssistantMessage):
            assert message.text or message.calls, "a message that says nothing"
            assert not isinstance(before, AssistantMessage)
            seen += [item.id for item in message.calls]
    if history and isinstance(history[-1], AssistantMessage):
        assert not history[-1].calls, "a call without a result"
    assert len(seen) == len(set(seen))
