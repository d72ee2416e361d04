"""The native face of a chat: `chat/prompt` and its answer, events on the client's token, the spinner, cancels."""

import logging
from collections.abc import Callable

from anyio.abc import TaskGroup

from chatls.agent.accepted import Accepted, Ask, Ended
from chatls.agent.chats import Chats
from chatls.agent.session import Begin
from chatls.content import ContentBlock, TextContent, TurnError
from chatls.errors import REQUEST_CANCELLED, RequestError
from chatls.events import Event, Prompt
from chatls.lsp.workdone import Spinners, WorkDone
from chatls.signals import Signal
from chatls.values import dataclass
from chatls.wire.jsonrpc import Id
from chatls.wire.later import Later
from chatls.wire.methods import CancelParams, CancelResult, PromptParams, PromptResult
from chatls.wire.outbox import Channel, Outbox
from chatls.wire.peer import Answer, internal
from chatls.wire.progress import progress
from chatls.wire.steering import CompactParams, CompactResult, SteerParams, SteerResult

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A prompt that is owed an answer."""

    answer: Answer
    accepted: Accepted
    token: Id | None
    """Where its events go."""
    work_done: WorkDone | None


class Turns:
    """All prompts of a client that are not answered yet."""

    def __init__(self, tasks: TaskGroup, outbox: Outbox, spinners: Spinners, chats: Chats, later: Later) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._spinners = spinners
        self._chats = chats
        self._later = later
        self._jobs: set[Job] = set()
        self._answered = Signal()

    def accept(self, answer: Answer, params: PromptParams) -> None:
        """Begin a turn. From here on a cancel finds it. Raises `RequestError` if it cannot begin."""
        tools = None if params.tools is None else tuple(params.tools)
        ask = Ask(_blocks(params.content), params.model, tools, params.tool_choice, params.mode)
        where = Begin(params.new_session_id, keep=params.keep) if params.session_id is None else params.session_id
        accepted = self._chats.accept(where, ask, self._outbox.room)
        spinner = self._spinners.take(params.work_done_token, accepted.scope.cancel)
        job = Job(answer, accepted, params.partial_result_token, spinner)
        self._jobs.add(job)
        answer.cancel = accepted.scope.cancel
        self._tasks.start_soon(self._run, job)

    def steer(self, params: SteerParams) -> SteerResult:
        """`chat/steer`. Raises `RequestError` (1001)."""
        return SteerResult(self._chats.steer(params.session_id, params.turn_id, _blocks(params.content)))

    def compact(self, answer: Answer, params: CompactParams) -> None:
        """`chat/session/compact`. Raises `RequestError` if it cannot begin; a cancel answers -32800."""
        compacting = self._chats.compact(params.session_id, params.instructions)
        token = params.partial_result_token
        sent = () if token is None else (self._sender(token, compacting.id),)

        async def compacted() -> None:
            done = await compacting.run(*sent)
            if compacting.scope.cancelled_caught:
                raise RequestError(REQUEST_CANCELLED, "cancelled")
            answer.give(CompactResult(done.before, done.after, done.usage, done.error))

        self._later.answer(answer, compacted)
        answer.cancel = compacting.scope.cancel

    def cancel(self, params: CancelParams) -> CancelResult:
        """`chat/cancel`, as far as sessions are in memory."""
        return CancelResult(self._chats.cancel(params.session_id, params.turn_id, params.tool_call_id))

    async def idle(self) -> None:
        """Wait until every prompt is answered."""
        while self._jobs:
            await self._answered.wait()

    async def _run(self, job: Job) -> None:
        """Run the turn and answer. The session is free before the client can know that it is."""
        reply: PromptResult | RequestError
        try:
            reply = _result(job, await job.accepted.run(*self._listeners(job)))
        except RequestError as error:
            reply = error
        except Exception:  # a bug must cost neither the answer nor the other turns
            log.exception("a bug in a turn")
            error = TurnError("internal", str(internal("the turn")), retryable=False)
            reply = _result(job, job.accepted.ended("error", error))
        finally:
            if job.work_done is not None:
                await self._spinners.end(job.work_done)
            self._jobs.discard(job)  # from here to the answer nobody else runs: `idle` means answered
        if isinstance(reply, RequestError):
            job.answer.refuse(reply)
        else:
            job.answer.give(reply)
        self._answered.fire()

    def _listeners(self, job: Job) -> tuple[Callable[[Event], None], ...]:
        """Who hears of a turn: its spinner, and the client that gave a token."""
        sent = () if job.token is None else (self._sender(job.token, job.accepted.id),)
        return sent if job.work_done is None else (*sent, self._spinners.listener(job.work_done))

    def _sender(self, token: Id, turn_id: str) -> Callable[[Event], None]:
        outbox, channel = self._outbox, Channel(progress(token, turn_id))

        def send(event: Event) -> None:
            if not isinstance(event, Prompt):
                outbox.event(channel, event)

        return send


def _blocks(content: str | list[ContentBlock]) -> tuple[ContentBlock, ...]:
    return (TextContent(content),) if isinstance(content, str) else tuple(content)


def _result(job: Job, ended: Ended) -> PromptResult:
    tally = ended.tally
    first = None if tally.first_chunk is None else round((tally.first_chunk - tally.began) * 1000)
    return PromptResult(
        session_id=ended.session_id,
        turn_id=ended.turn_id,
        title=ended.title,
        stop_reason=ended.stop_reason,
        usage=tally.usage,
        steps=tally.steps,
        chunks=tally.chunks,
        tools=tally.ran,
        duration_ms=ended.duration_ms,
        time_to_first_chunk_ms=first,
        text=tally.text if job.token is None else None,
        error=ended.error,
        unsent=ended.unsent or None,
        model=tally.model,
    )
