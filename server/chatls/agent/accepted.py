"""A prompt that was accepted: from its model to the end of its turn. It can be cancelled at any point."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event as ThreadFlag
from time import monotonic
from typing import Protocol
from uuid import uuid4

from anyio import CancelScope, move_on_after, to_thread

from chatls.agent.context.layout import again
from chatls.agent.context.limits import within
from chatls.agent.context.replies import Replies
from chatls.agent.context.room import ContextRoom
from chatls.agent.expanding import Expanding
from chatls.agent.fallback import Answering
from chatls.agent.history import AsItWas
from chatls.agent.instructions import Instructions
from chatls.agent.keeping import PATIENCE, Keeper, KeepsNothing, TurnOver, title_of
from chatls.agent.longest import cut_off
from chatls.agent.modes import told
from chatls.agent.permission.gate import TurnGate
from chatls.agent.permission.permissions import Permissions
from chatls.agent.queues import Queues
from chatls.agent.repeats import Repeats
from chatls.agent.request import Requests
from chatls.agent.runner import Runner
from chatls.agent.session import Session
from chatls.agent.steering import Steering
from chatls.agent.step import Step
from chatls.agent.surroundings import Surroundings
from chatls.agent.turn import Tally, Turn
from chatls.children.commands import Commands
from chatls.content import ContentBlock, MentionName, TurnError, Usage
from chatls.errors import ErrorKind, RequestError
from chatls.events import Event, Notice, Prompt, StopReason, TurnStart, WorkingMode
from chatls.message import UserMessage
from chatls.models import Models, Served
from chatls.providers.provider import ModelRequest, Parameters, ToolChoice
from chatls.seen.logs import about
from chatls.settings.config import McpSettings, Settings
from chatls.tools.tool import Mentionable, Tool, ToolContext, Traced, untraced
from chatls.values import dataclass
from chatls.visible import LONGEST_NAME, visible_line
from chatls.workspace.skills.handbook import Handbook, tells_skills
from chatls.workspace.workspace import Workspace

Listener = Callable[[Event], None]
"""Hears what happens, in order, while it happens. Does not raise, does not wait."""
Room = Callable[[], Awaitable[None]]
"""Waits until whoever hears it has taken enough."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person asks."""

    content: tuple[ContentBlock, ...]
    model: str | None = None
    """"provider/model"; None: by the settings."""
    tools: tuple[str, ...] | None = None
    """Only these; None: all that there are."""
    tool_choice: ToolChoice = "auto"
    mode: WorkingMode | None = None
    """How the session works from now on; None: as it did."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a turn ended."""

    session_id: str
    title: str
    turn_id: str
    stop_reason: StopReason
    tally: Tally
    """What it came to."""
    duration_ms: int
    """From the moment the prompt was accepted."""
    error: TurnError | None = None
    """Only with the stop reason `error`."""
    unsent: tuple[ContentBlock, ...] = ()
    """What the person said meanwhile and the model was not sent."""


class TurnWatch(Protocol):
    """Sees one turn from outside, and takes no part in it. Does not raise, does not wait."""

    def hear(self, event: Event) -> None:
        """`Listener`."""
        ...

    def asks(self, request: ModelRequest) -> None:
        """The model is asked this; what comes of it is heard."""
        ...

    def moves(self, model: str, failure: ErrorKind) -> None:
        """Another model ("provider/model") is asked the same, because the one before failed."""
        ...

    def spends(self, usage: Usage) -> None:
        """A summary was written for so much."""
        ...

    def ends(self, ended: Ended) -> None:
        """It is over, or never began."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What turns are run with, the same for all."""

    models: Models
    permissions: Permissions
    instructions: Instructions
    surroundings: Surroundings
    queues: Queues
    commands: Commands
    handbook: Handbook = field(default_factory=Handbook)
    mentions: Mapping[MentionName, Mentionable] = field(default_factory=dict[MentionName, Mentionable])
    keeper: Keeper = field(default_factory=KeepsNothing)
    news: Sequence[str] = ()
    """What a person is to be told when a turn begins, once in each session: which servers' tools are missing."""
    projects: Callable[[Sequence[Path], Mapping[str, McpSettings]], list[str]] = lambda _, __: []
    """What a person is to be told of servers that folders name, behind the first turn of a session. Blocks."""
    traced: Traced = untraced
    """`ToolContext.traced`."""


class Accepted:
    """One prompt, and the turn that answers it."""

    def __init__(
        self,
        means: Means,
        session: Session,
        ask: Ask,
        settings: Settings,
        tools: dict[str, Tool],
        room: Room,
        *,
        new: bool,
        refused: Callable[[], None],
        over: Callable[[], None],
    ) -> None:
        """`new`: it begins its session. `refused` is called if it could not begin, `over` when it is over, whatever
        happened."""
        self.id = f"turn-{uuid4().hex[:12]}"
        self.session = session
        self.listeners: tuple[Listener, ...] = ()
        self.watch: TurnWatch | None = None
        self.scope = CancelScope()
        self.tally = Tally()
        self.steering = Steering(session.history, self._emit, self._expanded)
        self._means = means
        self._ask = ask
        self._settings = settings
        self._limits = settings.limits
        """With results no longer than the model has room for, once that is known."""
        self._tools = tools
        self._room = room
        self._new = new
        self._refused = refused
        self._over = over
        self._turn: Turn | None = None
        self._gate: TurnGate | None = None

    async def run(self, *listeners: Listener) -> Ended:
        """Answer. Raises `RequestError` (1001, 1002, 1004, 1005, 1007) where there is no such session, or no model that
        could: then nothing was heard, and nothing is remembered."""
        about.begin(session=self.session.id, turn=self.id)
        self.listeners += (*((self.watch.hear,) if self.watch else ()), *listeners)
        stop: StopReason = "cancelled"
        session, history, keeper = self.session, self.session.history, self._means.keeper
        mark = history.mark()
        try:
            taken = await keeper.take(session, self.id, new=self._new)
            session.mode = self._ask.mode or session.mode
            session.title = session.title or title_of(self._ask.content)
            mark = history.mark()
            history.grow(UserMessage(self._ask.content))
            with self.scope:
                model = self._ask.model or session.model
                async with self._means.models.serving(model, self._settings) as served:
                    session.model = self._ask.model or session.model
                    self._emit(Prompt(self._ask.content, datetime.now(UTC).isoformat()))
                    with move_on_after(PATIENCE):
                        await taken.kept.wait()
                    stop = await self._answered(served, mark, taken.notice)
            if stop == "refusal" or (self.tally.error and self.tally.error.kind == "content_filtered"):
                # What was refused once is refused again with whatever follows it.
                history.rewind(mark)
                self._emit(Notice("The refused prompt, and what came of it, is not sent to the model again."))
        except RequestError:
            history.rewind(mark)
            keeper.drop(session)
            self._refused()
            raise
        except Exception:
            stop = "error"
            raise
        finally:
            ended = self.ended(stop, self.tally.error)
            if self.watch is not None:
                self.watch.ends(ended)
            with CancelScope(shield=True):
                await keeper.end(session, TurnOver(ended.stop_reason, self.tally.usage, ended.error))
            self._over()
        return ended

    def listen(self, listener: Listener) -> None:
        """Let somebody hear the rest as well."""
        self.listeners += (listener,)

    def ended(self, stop: StopReason, error: TurnError | None = None) -> Ended:
        """How it ended, as it is now."""
        if stop == "error" and error is None:
            error = TurnError("internal", "the provider ended its reply without a word", retryable=False)
        duration = round((monotonic() - self.tally.began) * 1000)
        error, title = error if stop == "error" else None, self.session.title
        return Ended(self.session.id, title, self.id, stop, self.tally, duration, error, self.steering.rest())

    def steer(self, said: tuple[ContentBlock, ...]) -> bool:
        """Words for this turn. False where it takes none any more: nothing was kept."""
        return self.steering.put(said)

    def cancel_call(self, call_id: str) -> bool:
        """Cancel one call: the model is told, the turn goes on. False where no such call is open."""
        step = self._turn.step if self._turn else None
        call = step.calls.get(call_id) if step else None
        if call is None or call.state == "ended":
            return False
        for event in call.cancel():
            self._emit(event)
        return True

    def _emit(self, event: Event) -> None:
        for hear in self.listeners:
            hear(event)

    async def _answered(self, served: Served, mark: AsItWas, news: str | None) -> StopReason:
        session = self.session
        name = visible_line(served.name, LONGEST_NAME)  # its server may have made it up
        self.tally.model = name
        self._emit(TurnStart(session.id, name, session.mode, session.title))
        if news:
            self._emit(Notice(news))
        if served.reason:
            self._emit(Notice(f"{name} answers: {served.reason}"))
        if served.passed:
            self._emit(Notice(f"{name} answers, and not {served.passed}.", "warning"))
        context = self._context()
        content, notices = await self._expanded(self._ask.content, context)
        content = (*content, *told(session))
        if content != self._ask.content:  # else it stands there, and is kept, as it is
            session.history.rewind(mark)
            session.history.grow(UserMessage(content))
        system, new = await self._system(context.workspace)
        for notice in (*notices, *([new] if new else []), *self._news()):
            self._emit(notice)
        stop = await self._asked(Answering(served), system)
        await self._tell_projects()
        return stop

    def _news(self) -> list[Notice]:
        """What this session was not told yet."""
        told, more = self.session.told_news, self.session.more
        known = (*self._means.news, *(more.news if more else ()))
        found = [words for words in known if words not in told]
        told.update(found)
        return list(map(Notice, found))

    async def _tell_projects(self) -> None:
        """Behind the answer: nobody waits for it."""
        session = self.session
        if session.keep and not session.told_projects:
            session.told_projects = True
            roots = tuple(root.path for root in session.editor.roots())
            look = partial(self._means.projects, roots, self._settings.mcp)
            for words in await to_thread.run_sync(look, abandon_on_cancel=True):
                self._emit(Notice(words))

    async def _asked(self, answering: Answering, system: str) -> StopReason:
        session, ask, served = self.session, self._ask, answering.served
        limits = self._limits = within(self._settings.limits, served.window)
        skills = tells_skills(system)
        useful = (tool for tool in self._tools.values() if skills or tool.needs != "skills")
        offered = served.provider.offered(served.model, tuple(tool.spec for tool in useful))
        tools = {spec.name: self._tools[spec.name] for spec in offered}
        parameters = Parameters(**self._settings.parameters.model_dump())
        requests = Requests(served.model, system, session.history, offered, parameters, ask.tool_choice)
        room = self._room_in(answering, requests)
        requests.before = (self.steering.deliver, room.fit)
        requests.asks = self.watch.asks if self.watch else requests.asks
        gate = self._gate = TurnGate(
            self._means.permissions,
            session.editor,
            self._emit,
            (session.id, self.id),
            mode=session.mode,
            readers=self._settings.commands.readers,
        )
        ran, queues = self.tally.ran, self._means.queues
        changing = partial(self._means.keeper.changing, session)
        runner = Runner(self._context, limits, self._emit, ran, gate=gate, queues=queues, changing=changing)
        self._turn = Turn(session.history, self._emit, self._room, self.tally)
        new_step = partial(
            Step, tools, self._workspace, Repeats(), partial(self._means.keeper.said, session), gate.free
        )
        stream = partial(Replies(room, answering.larger).watched, partial(cut_off, answering.stream, limits))
        more = self.steering.waiting

        def moved(served: Served, failure: TurnError) -> None:
            room.moved(served.window)
            self.tally.model = visible_line(served.name, LONGEST_NAME)
            if self.watch is not None:
                self.watch.moves(self.tally.model, failure.kind)
            runner.limits = self._limits = within(self._settings.limits, served.window)

        answering.moved = moved
        return await self._turn.run(stream, requests.next, new_step, runner, limits.max_steps, more)

    def _room_in(self, answering: Answering, requests: Requests) -> ContextRoom:
        """What the model's window has for this turn."""
        means = self._means

        async def renew(*, now: bool) -> str | None:
            self.session.system.forget()
            if not now:
                return None
            return (await self._system(self._workspace()))[0]

        return ContextRoom(
            requests,
            self.session.measure,
            answering.served.window,
            self._settings.context,
            partial(cut_off, answering.stream, self._limits),
            self._emit,
            self._spend,
            lambda window: means.models.learn(answering.served.name, self._settings, window),
            partial(again, self._tools),
            renew,
        )

    def _spend(self, usage: Usage) -> None:
        self.tally.spend(usage)
        if self.watch is not None:
            self.watch.spends(usage)

    async def _system(self, workspace: Workspace) -> tuple[str, Notice | None]:
        """The system prompt, and words for a person where what is in it is new."""
        means = self._means
        handbook = means.handbook if any(tool.needs == "skills" for tool in self._tools.values()) else None
        return await self.session.system.read(workspace, means.instructions, means.surroundings, handbook)

    def _workspace(self) -> Workspace:
        return Workspace(self.session.editor, beside=self._means.commands.folder)

    async def _expanded(
        self, said: tuple[ContentBlock, ...], context: ToolContext | None = None
    ) -> tuple[tuple[ContentBlock, ...], list[Notice]]:
        expanding = Expanding(self.session, self._means.handbook, self._means.mentions)
        return await expanding.blocks(said, context or self._context())

    async def _skill(self, name: str, file: str | None) -> str:
        expanding = Expanding(self.session, self._means.handbook, self._means.mentions)
        return await expanding.skill(name, file, self._workspace(), self._note)

    def _note(self, text: str) -> None:
        self._emit(Notice(text))

    def _context(
        self, output: Callable[[str], None] = lambda _: None, cancelled: ThreadFlag | None = None
    ) -> ToolContext:
        limits, session = self._limits, self.session
        context = ToolContext(
            self._workspace(),
            session.editor,
            session.seen,
            self._means.commands,
            output,
            cancelled or ThreadFlag(),
            limits.tool_timeout,
            limits.tool_result_bytes,
            self._settings.edits.save,
            self._settings.commands.sandbox,
            self._note,
            self._skill,
            ids=(session.id, self.id, ""),
            traced=self._means.traced,
        )
        gate = self._gate
        return replace(context, hides=gate.hides, denies=gate.denies) if gate else context
