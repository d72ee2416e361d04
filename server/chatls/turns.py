"""From a `chat/prompt` to its answer: accepted when it is read, run in a task of its own, always answered."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event as ThreadFlag
from time import monotonic
from uuid import uuid4

import platformdirs
from anyio.abc import TaskGroup

from chatls.agent.grants import Grants
from chatls.agent.instructions import Instructions
from chatls.agent.permission import Permissions, TurnGate
from chatls.agent.prompt import read_links
from chatls.agent.queues import Queues
from chatls.agent.runner import Runner
from chatls.agent.session import Session, Sessions
from chatls.agent.step import Step
from chatls.agent.turn import Turn
from chatls.commands import Commands
from chatls.config import PermissionRule, Settings
from chatls.content import ContentBlock, TextContent, TurnError
from chatls.editor import Editor
from chatls.errors import (
    INVALID_STATE,
    OVERLOADED,
    SESSION_NOT_FOUND,
    TURN_IN_PROGRESS,
    RequestError,
)
from chatls.events import Event, Notice, StopReason, TurnStart
from chatls.jsonrpc import Id
from chatls.message import UserMessage
from chatls.models import Models
from chatls.outbox import Channel, Outbox
from chatls.providers.choice import Choice
from chatls.providers.provider import ModelRequest, Parameters, Provider
from chatls.rpc import Answer, Rpc, internal
from chatls.signals import Signal
from chatls.tools.tool import Tool, ToolContext
from chatls.tools.toolbox import Toolbox
from chatls.wire import CancelParams, CancelResult, PromptParams, PromptResult
from chatls.workdone import WorkDone
from chatls.workspace import Workspace

log = logging.getLogger(__name__)

MOST = 64
"""Turns that may run at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted prompt."""

    answer: Answer
    params: PromptParams
    session: Session
    turn: Turn
    settings: Settings
    tools: dict[str, Tool]
    emit: Callable[[Event], None]
    work_done: WorkDone | None
    fresh: bool
    """The prompt began the session."""


class Turns:
    """All turns of this daemon."""

    def __init__(
        self,
        tasks: TaskGroup,
        outbox: Outbox,
        rpc: Rpc,
        models: Models,
        editor: Editor,
        commands: Commands,
        toolbox: Toolbox,
        *,
        can_create: bool,
    ) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._rpc = rpc
        self._models = models
        self._editor = editor
        self._commands = commands
        self._toolbox = toolbox
        self._can_create = can_create
        self.permissions = Permissions(
            self._rules, Grants(platformdirs.user_state_path("chatls", appauthor=False)), commands.environment
        )
        """What is permitted, in all sessions."""
        self._instructions = Instructions()
        self._queues = Queues()
        self._sound_rules: tuple[PermissionRule, ...] = ()
        self._sessions = Sessions()
        self._jobs: dict[str, Job] = {}
        self._ended = Signal()

    def accept(self, answer: Answer, params: PromptParams) -> None:
        """Begin a turn. From here on a cancel finds it. Raises `RequestError` if it cannot begin."""
        settings = self._models.settings()
        self._sound_rules = settings.permissions
        tools = self._toolbox.offered(self._editor, settings, params.tools)
        if len(self._jobs) >= MOST:
            text = f"{MOST} turns are running; try again when one has ended"
            raise RequestError(OVERLOADED, text)
        job = self._job(answer, params, self._session(params), settings, tools)
        job.session.turn = job.turn
        self._jobs[job.turn.id] = job
        answer.cancel = job.turn.scope.cancel
        self._tasks.start_soon(self._run, job)

    def cancel(self, params: CancelParams) -> CancelResult:
        """`chat/cancel`."""
        session = self._sessions.find(params.session_id)
        if session is None:
            return CancelResult("not_found")
        turn = session.turn
        if turn is None or params.turn_id not in (None, turn.id):
            return CancelResult("idle")
        if params.tool_call_id is not None:
            return CancelResult("cancelling" if self._cancel_call(turn, params.tool_call_id) else "not_found")
        turn.scope.cancel()
        return CancelResult("cancelling")

    def cancel_last(self) -> int:
        """Cancel the turn that started last. Gives how many turns this call cancelled."""
        return self._cancel([session.turn for session in self._sessions.running() if session.turn][-1:])

    def cancel_session(self, session_id: str) -> int:
        """Cancel a session's turn."""
        session = self._sessions.find(session_id)
        return self._cancel([session.turn] if session and session.turn else [])

    def cancel_all(self) -> int:
        """Cancel every turn."""
        return self._cancel([job.turn for job in self._jobs.values()])

    def cancel_token(self, token: object) -> None:
        """`window/workDoneProgress/cancel`. 1 is not "1", and True is no token."""
        for job in self._jobs.values():
            if job.work_done and type(job.work_done.token) is type(token) and job.work_done.token == token:
                job.turn.scope.cancel()

    async def idle(self) -> None:
        """Wait until no turn runs."""
        while self._jobs:
            await self._ended.wait()

    def _cancel(self, turns: list[Turn]) -> int:
        running = [turn for turn in turns if not turn.scope.cancel_called]
        for turn in running:
            turn.scope.cancel()
        return len(running)

    def _cancel_call(self, turn: Turn, call_id: str) -> bool:
        call = turn.step.calls.get(call_id) if turn.step else None
        if call is None or call.state == "ended":
            return False
        for event in call.cancel():
            self._jobs[turn.id].emit(event)
        return True

    def _session(self, params: PromptParams) -> Session:
        if params.session_id is None:
            session = self._sessions.begin(params.new_session_id)
            if session is None:
                raise RequestError(INVALID_STATE, f"the session {params.new_session_id!r} exists")
            return session
        session = self._sessions.find(params.session_id)
        if session is None:
            raise RequestError(SESSION_NOT_FOUND, f"there is no session {params.session_id!r}")
        if session.turn is not None:
            text = f"a turn is running in the session {session.id!r}; wait for its end or cancel it"
            raise RequestError(TURN_IN_PROGRESS, text)
        return session

    def _job(
        self, answer: Answer, params: PromptParams, session: Session, settings: Settings, tools: dict[str, Tool]
    ) -> Job:
        turn_id = f"turn-{uuid4().hex[:12]}"
        token = params.partial_result_token
        channel = Channel(token, turn_id) if token is not None else None
        work_done = self._work_done(params.work_done_token)

        def emit(event: Event) -> None:
            if channel is not None:
                self._outbox.event(channel, event)
            if work_done is not None:
                work_done.event(event)

        turn = Turn(turn_id, session.history, emit, self._outbox.room)
        fresh = params.session_id is None
        return Job(answer, params, session, turn, settings, tools, emit, work_done, fresh)

    def _work_done(self, token: Id | None) -> WorkDone | None:
        if token is None and not self._can_create:
            return None
        return WorkDone(self._rpc.notify, token, f"chatls-{uuid4().hex[:12]}")

    def _show(self, work_done: WorkDone) -> None:
        """Show the spinner: at once with the client's token, with one of ours once the client agreed."""
        if work_done.given:
            work_done.begin()
        else:
            self._tasks.start_soon(work_done.ask, self._rpc.ask)

    async def _run(self, job: Job) -> None:
        """Run the turn and answer. The session is free before the client can know that it is."""
        reply: PromptResult | RequestError
        try:
            reply = await self._result(job)
        except RequestError as error:
            reply = error
            if job.fresh:
                self._sessions.forget(job.session)
        except Exception:  # a bug must cost neither the answer nor the other turns
            log.exception("a bug in a turn")
            reply = _summary(job, "error", TurnError("internal", str(internal("the turn")), retryable=False))
        finally:
            job.session.turn = None
            if job.work_done is not None:
                await job.work_done.end()
            self._jobs.pop(job.turn.id)  # from here to the answer nobody else runs: `idle` means answered
        if isinstance(reply, RequestError):
            job.answer.refuse(reply)
        else:
            job.answer.give(reply)
        self._ended.fire()

    async def _result(self, job: Job) -> PromptResult:
        stop: StopReason = "cancelled"
        history = job.session.history
        mark = history.mark()
        history.grow(UserMessage(_blocks(job.params.content)))
        with job.turn.scope:
            try:
                choice = await self._models.pick(job.params.model)
                async with self._models.lend(choice.provider) as provider:
                    stop = await self._answered(job, choice, provider)
            except RequestError:
                history.rewind(mark)
                raise
        return _summary(job, stop, job.turn.tally.error)

    async def _answered(self, job: Job, choice: Choice, provider: Provider) -> StopReason:
        workspace = self._workspace()
        if job.work_done is not None:
            self._show(job.work_done)
        job.emit(TurnStart(job.session.id, f"{choice.provider}/{choice.model}"))
        if choice.reason:
            job.emit(Notice(f"{choice.provider}/{choice.model} answers: {choice.reason}"))
        blocks, notices = await read_links(_blocks(job.params.content), workspace)
        job.session.history.rewind(job.session.history.mark() - 1)
        job.session.history.grow(UserMessage(blocks))
        for notice in notices:
            job.emit(notice)
        return await self._turn(job, choice, provider, workspace)

    def _workspace(self) -> Workspace:
        return Workspace(self._editor, beside=self._commands.folder)

    def _runner(self, job: Job) -> Runner:
        limits, session = job.settings.limits, job.session
        gate = TurnGate(self.permissions, self._editor, job.emit, session.id, job.turn.id)

        def context(output: Callable[[str], None], cancelled: ThreadFlag) -> ToolContext:
            return ToolContext(
                self._workspace(),
                self._editor,
                session.seen,
                self._commands,
                output,
                cancelled,
                limits.tool_timeout,
                limits.tool_result_bytes,
            )

        return Runner(context, limits, job.emit, job.turn.tally.ran, gate=gate, queues=self._queues)

    def _rules(self) -> tuple[PermissionRule, ...]:
        """The rules of the settings as they are now, also for turns that run; the last ones that could be used."""
        with suppress(RequestError):
            self._sound_rules = self._models.settings().permissions
        return self._sound_rules

    async def _turn(self, job: Job, choice: Choice, provider: Provider, workspace: Workspace) -> StopReason:
        offered = provider.offered(choice.model, tuple(tool.spec for tool in job.tools.values()))
        tools = {spec.name: job.tools[spec.name] for spec in offered}
        runner = self._runner(job)
        parameters = Parameters(**job.settings.parameters.model_dump())
        choose = job.params.tool_choice if tools else "none"
        system, notice = await job.session.system(workspace, self._instructions)
        if notice is not None:
            job.emit(notice)
        request = ModelRequest(choice.model, system, (), offered, choose, parameters)

        def new_step() -> Step:
            return Step(tools, self._workspace())

        return await job.turn.run(provider, request, new_step, runner, job.settings.limits.max_steps)


def _blocks(content: str | list[ContentBlock]) -> tuple[ContentBlock, ...]:
    return (TextContent(content),) if isinstance(content, str) else tuple(content)


def _summary(job: Job, stop: StopReason, error: TurnError | None) -> PromptResult:
    tally = job.turn.tally
    if stop == "error" and error is None:
        error = TurnError("internal", "the provider ended its reply without a word", retryable=False)
    return PromptResult(
        session_id=job.session.id,
        turn_id=job.turn.id,
        stop_reason=stop,
        usage=tally.usage,
        steps=tally.steps,
        chunks=tally.chunks,
        tools=tally.ran,
        duration_ms=_since(tally.began, monotonic()),
        time_to_first_chunk_ms=None if tally.first_chunk is None else _since(tally.began, tally.first_chunk),
        text=tally.text if job.params.partial_result_token is None else None,
        error=error if stop == "error" else None,
    )


def _since(start: float, end: float) -> int:
    return round((end - start) * 1000)
