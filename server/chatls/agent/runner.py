"""Runs one tool call: permitted, bounded, timed, cancellable, and always ended with an event. Knows no provider.

What only reads runs at once. Whatever changes something waits for its turn, plans, is permitted, and is carried out;
while a person thinks, it holds no slot, and no clock runs.
"""

import inspect
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cached_property, partial
from threading import Event as ThreadFlag
from typing import Any, Protocol

from anyio import CapacityLimiter, Lock, current_effective_deadline, move_on_after, to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from chatls.agent.live import LiveRun
from chatls.agent.permission.edited import EditedAnswer, changes, require_same, unescaped
from chatls.agent.queues import Order, Queues, Reads
from chatls.agent.step import UNWANTED, Outcome, Run, Step
from chatls.content import Diff, Image, ResourceLink, TextContent, ToolContent
from chatls.errors import ToolError
from chatls.events import Emit, Notice
from chatls.jsontext import printable
from chatls.settings.config import LimitSettings
from chatls.tools.tool import Plan, Tool, ToolContext, ToolOutput
from chatls.visible import harmless

log = logging.getLogger(__name__)

MakeContext = Callable[[Callable[[str], None], ThreadFlag], ToolContext]
"""What a tool may see, given where its output goes and what tells it that nobody waits any more."""
Changing = Callable[[str, Plan, ToolContext], AbstractAsyncContextManager[None]]
"""Stands around a plan of a call that is carried out."""
Returned = str | ToolOutput | Plan

_NOTE_BYTES = 100
"""Room for the words about what was cut."""

_CANCELLED = Outcome.saying("cancelled", "cancelled before it finished")


class Permitted(Protocol):
    """A call may run."""

    @property
    def way(self) -> Callable[[], Awaitable[ToolOutput]] | None:
        """How its plan is carried out; None: it has none."""
        ...


class Gate(Protocol):
    """Who permits."""

    async def weigh(self, run: Run, context: ToolContext, plan: Plan | None) -> "Weighed":
        """Whether a call may run, by the rules. `plan` is None for what only reads."""
        ...

    async def at_once(self, run: Run, context: ToolContext, plan: Plan) -> Permitted | None:
        """A permit for a command that only reads and that nobody need be asked about; None: it waits for its turn."""
        ...

    async def weigh_edited(
        self, run: Run, context: ToolContext, plan: Plan, answer: EditedAnswer
    ) -> Outcome | Permitted:
        """The same for a call as a person wrote it, who is not asked again."""
        ...


Asking = Callable[[], Awaitable[Outcome | Permitted | EditedAnswer]]
"""Asks a person, at once, and waits for the answer: why a call may not run, that it may, or that another one may."""
Weighed = Outcome | Asking | Permitted
"""Why a call may not run; a question that decides it; or that it may."""


class _TooLateError(Exception):
    """No result within the limit."""


class Runner:
    """Runs the calls of one turn."""

    def __init__(
        self,
        context: MakeContext,
        limits: LimitSettings,
        emit: Emit,
        ran: dict[str, int],
        *,
        gate: Gate,
        queues: Queues,
        changing: Changing | None = None,
    ) -> None:
        self._context = context
        self._changing = changing or _unwatched
        self.limits = limits
        self._emit = emit
        self._ran = ran
        self._gate = gate
        self._queues = queues
        self._order = Order()
        self._reads = Reads()

    # Made with the first call: many turns have none.

    @cached_property
    def _planning(self) -> Lock:
        """Held until a question goes out, so that people are asked in the order of the calls."""
        return Lock()

    @cached_property
    def _slots(self) -> CapacityLimiter:
        return CapacityLimiter(self.limits.concurrent_tools)

    @cached_property
    def _threads(self) -> CapacityLimiter:
        return CapacityLimiter(self.limits.concurrent_tools * 4)

    async def run(self, run: Run, step: Step) -> None:
        """Do a run that was handed out. Its last event goes out whatever happens; never raises for what a tool does.

        A tool in a thread cannot be stopped: when cancelled, it is told so and abandoned.
        """
        live, flag, outcome = LiveRun(run, self._emit), ThreadFlag(), _CANCELLED
        try:
            with run.scope:
                outcome = await self._outcome(run, step, live, flag)
        finally:
            flag.set()
            if run.counts:
                if outcome is _CANCELLED:
                    outcome = _with(UNWANTED if run.call.unwanted else _CANCELLED, live.tail())
                outcome = _behind(live.words, outcome)
                self._emit(run.call.end(outcome, live.milliseconds()))

    async def _outcome(self, run: Run, step: Step, live: LiveRun, flag: ThreadFlag) -> Outcome:
        name, work = run.tool.name, self._read if run.tool.read_only else self._change
        try:
            return await work(run, step, live, flag)
        except _TooLateError as error:
            return _with(Outcome.saying("timed_out", f"{name} was cancelled: {error}"), live.tail())
        except Exception as error:  # a bug in a tool must not end the turn: the model is told, and goes on
            if words := _told(error):
                return replace(self._bounded(ToolOutput((TextContent(words),))), status="failed")
            log.exception("a bug in the tool %s", name)
            return Outcome.saying("failed", f"{name} failed: a bug in the tool ({type(error).__name__})")

    async def _read(self, run: Run, step: Step, live: LiveRun, flag: ThreadFlag) -> Outcome:
        """Run a tool that changes nothing."""
        context = self._context(live.show, flag)
        with self._reads.going(run.tool.serial(context.workspace, run.arguments)):
            answer = await _answer(await self._gate.weigh(run, context, None))
            if isinstance(answer, Outcome):
                return answer
            if isinstance(answer, EditedAnswer):
                raise self._unchangeable(run, "what only reads runs as it was written, or not at all")
            called = partial(self._called, run, context)
            found = await self._in_slot(self.limits.tool_timeout, called, run, step, live)
            return self._bounded(_output(run.tool, found))

    async def _change(self, run: Run, step: Step, live: LiveRun, flag: ThreadFlag) -> Outcome:
        """Plan what a tool would change, have it permitted, carry it out. The next one in the queue sees the result.

        A command that turns out to read and no more takes no place in the queue.
        """
        word = run.tool.serial(self._context(live.show, flag).workspace, run.arguments)
        async with self._order.place(word) as place:
            if run.tool.kind == "execute" and (reading := await self._reading(run, self._context(live.show, flag))):
                place.leave()
                return await self._finished(*reading, run, step, live, self._context(live.show, flag))
            await place.turn()
            await self._reads.over(None if run.tool.kind == "execute" else word)
            async with self._queues.turn(word):
                context = self._context(live.show, flag)
                async with self._planning:
                    plan = await self._planned(run, context)
                    weighed = await self._gate.weigh(run, context, plan)
                answer = await _answer(weighed)
                if isinstance(answer, EditedAnswer):
                    run, plan, answer = await self._edited(run, plan, answer, step, live, context)
                if isinstance(answer, Outcome):
                    return answer
                return await self._finished(plan, answer, run, step, live, context)

    async def _edited(
        self, run: Run, plan: Plan, answer: EditedAnswer, step: Step, live: LiveRun, context: ToolContext
    ) -> tuple[Run, Plan, Outcome | Permitted]:
        """The call as a person wants it: checked, planned and weighed like any other. Raises `ToolError`."""
        try:
            arguments = await to_thread.run_sync(unescaped, answer.arguments, plan)
            wanted = replace(run, arguments=run.tool.validate(arguments))
            new = await self._planned(wanted, replace(context, by_person=True))
            require_same(plan, new)
        except Exception as error:
            if not (words := _told(error)):
                raise
            raise self._unchangeable(run, words) from error
        permit = await self._gate.weigh_edited(wanted, context, new, answer)
        if isinstance(permit, Outcome):
            self._emit(Notice(f"what you made of {run.call.name} did not run: {permit.text()}", "warning"))
        else:
            self._emit(step.told(run.call.id, run.tool, arguments, wanted.arguments))
        before = run.tool.tidied(run.call.arguments)
        live.words = await to_thread.run_sync(changes, (before, plan), (run.tool.tidied(arguments), new))
        return wanted, new, permit

    def _unchangeable(self, run: Run, why: str) -> ToolError:
        self._emit(Notice(f"what you made of {run.call.name} did not run: {why}", "warning"))
        return ToolError(f"The user wanted to change this call, and nothing was done: {why}")

    async def _reading(self, run: Run, context: ToolContext) -> tuple[Plan, Permitted] | None:
        try:
            plan = await self._planned(run, context)
        except ToolError:
            return None  # what it lacks may be made by a call before it
        permit = await self._gate.at_once(run, context, plan)
        return (plan, permit) if permit else None

    async def _finished(
        self, plan: Plan, permit: Permitted, run: Run, step: Step, live: LiveRun, context: ToolContext
    ) -> Outcome:
        limit = self.limits.tool_timeout if plan.time_limit is None else plan.time_limit
        way = permit.way or plan.carry_out
        async with self._changing(run.call.id, plan, context):
            found = await self._in_slot(limit, partial(_carried_out, way), run, step, live)
        return self._bounded(_output(run.tool, found))

    async def _planned(self, run: Run, context: ToolContext) -> Plan:
        plan = await self._in_slot(self.limits.tool_timeout, partial(self._called, run, context))
        if not isinstance(plan, Plan):
            raise TypeError(f"{run.tool.name} changes something and gave no plan")
        return plan

    async def _in_slot(
        self,
        limit: float,
        work: Callable[[], Awaitable[Returned]],
        run: Run | None = None,
        step: Step | None = None,
        live: LiveRun | None = None,
    ) -> Returned:
        """Work, as soon as not too many others do. With a run: now the client is told that it runs."""
        async with self._slots:
            await checkpoint_if_cancelled()  # a free slot is given also to who was cancelled meanwhile
            if run and step and live:
                self._ran[run.call.name] = self._ran.get(run.call.name, 0) + 1
                live.begin(early=step.finished is None)
            with move_on_after(limit or None):
                return await work()
            raise _TooLateError(f"no result within {limit:g} s")

    async def _called(self, run: Run, context: ToolContext) -> Returned:
        function: Callable[..., Any] = run.tool.run
        context = replace(context, ids=(*context.ids[:2], run.call.id))
        called = partial(function, context, **run.arguments)
        if inspect.iscoroutinefunction(function):
            with _contained():
                return await called()
        return await to_thread.run_sync(_in_thread, called, abandon_on_cancel=True, limiter=self._threads)

    def _bounded(self, output: ToolOutput) -> Outcome:
        """No more text than the settings allow."""
        left, cut, content = self.limits.tool_result_bytes, False, list[ToolContent]()
        for item in output.content:
            if not isinstance(item, TextContent):
                content.append(item)
            elif not cut:
                text, cut = _cut(harmless(printable(item.text)), left)
                left -= len(text.encode())
                content.append(TextContent(text))
        return Outcome(output.status, tuple(content), output.truncated or cut)


@asynccontextmanager
async def _unwatched(_call_id: str, _plan: Plan, _context: ToolContext) -> AsyncGenerator[None]:
    """Nobody keeps what files were."""
    yield


async def _answer(weighed: Weighed) -> Outcome | Permitted | EditedAnswer:
    return await weighed() if callable(weighed) else weighed


async def _carried_out(way: Callable[[], Awaitable[ToolOutput]]) -> Returned:
    with _contained():
        return await way()


@contextmanager
def _contained() -> Generator[None]:
    """A tool that tries to end the process, or its task, has a bug like any other. A cancel that is ours passes."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if current_effective_deadline() == -math.inf:
            raise
        raise RuntimeError(type(error).__name__) from error


def _in_thread(called: Callable[[], Returned]) -> Returned:
    """The same for a tool in a thread, whose exceptions must not reach the loop as they are."""
    try:
        return called()
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(type(error).__name__) from error


def _told(error: Exception) -> str:
    """What a tool says to the model, also from within a task group; nothing if any of it is a bug."""
    match error:
        case ToolError():
            return str(error) or "failed"
        case ExceptionGroup():
            words = list(map(_told, error.exceptions))
            return "\n".join(dict.fromkeys(words)) if all(words) else ""
        case _:
            return ""


def _output(tool: Tool, found: Any) -> ToolOutput:
    match found:
        case ToolOutput() if _is_content(found.content):
            return found
        case str():
            return ToolOutput((TextContent(found),))
        case _:
            raise TypeError(f"{tool.name} gave neither text nor a ToolOutput")


def _is_content(items: tuple[object, ...]) -> bool:
    return all(isinstance(item, TextContent | ResourceLink | Diff | Image) for item in items)


def _with(outcome: Outcome, tail: str) -> Outcome:
    """The same with the end of what a tool wrote before it was cut short."""
    return Outcome.saying(outcome.status, outcome.text() + tail) if tail else outcome


def _behind(words: str, outcome: Outcome) -> Outcome:
    """The same with words before it."""
    return replace(outcome, content=(TextContent(words), *outcome.content)) if words else outcome


def _cut(text: str, limit: int) -> tuple[str, bool]:
    """The beginning of a text with a word on what is missing, in whole lines if they are short, and whether anything
    is missing. `limit` in bytes.

    >>> _cut("short", 99)
    ('short', False)
    """
    data = text.encode()
    if len(data) <= limit:
        return text, False
    kept = data[: max(limit - _NOTE_BYTES, 0)].decode("utf-8", "ignore")
    lines = kept[: kept.rfind("\n") + 1]
    kept = lines if 2 * len(lines) > len(kept) else kept
    return f"{kept}\n[cut here: {len(kept.encode())} of {len(data)} bytes; ask for less at a time]", True
