"""Runs one tool call: bounded, timed, cancellable, and always ended with an event. Knows no provider."""

import inspect
import logging
from collections.abc import Callable
from functools import partial
from threading import Event as ThreadFlag
from threading import get_ident
from time import monotonic
from typing import Any

from anyio import CapacityLimiter, from_thread, move_on_after, to_thread
from anyio.lowlevel import checkpoint_if_cancelled

from chatls.agent.step import UNWANTED, Call, Outcome, Run, Step
from chatls.config import LimitSettings
from chatls.content import TextContent, ToolContent
from chatls.errors import ToolError
from chatls.events import Event, ToolRunOutput, ToolRunStart
from chatls.jsontext import printable
from chatls.tools.tool import Tool, ToolContext, ToolOutput
from chatls.workspace import Workspace

log = logging.getLogger(__name__)

Emit = Callable[[Event], None]

_NOTE_BYTES = 100
"""Room for the words about what was cut."""

_CANCELLED = Outcome.saying("cancelled", "cancelled before it finished")


class Runner:
    """Runs the calls of one turn."""

    def __init__(
        self, workspace: Callable[[], Workspace], limits: LimitSettings, emit: Emit, ran: dict[str, int]
    ) -> None:
        self._ran = ran
        self._workspace = workspace
        self._limits = limits
        self._emit = emit
        self._slots = CapacityLimiter(limits.concurrent_tools)
        self._threads = CapacityLimiter(limits.concurrent_tools * 4)

    async def run(self, run: Run, step: Step) -> None:
        """Do a run that was handed out. Its last event goes out whatever happens; never raises for what a tool does.

        A tool in a thread cannot be stopped: when cancelled, it is told so and abandoned.
        """
        call, outcome, began = run.call, _CANCELLED, 0.0
        try:
            with run.scope:
                async with self._slots:
                    await checkpoint_if_cancelled()  # a free slot is given also to who was cancelled meanwhile
                    began = monotonic()
                    self._begin(call, step)
                    outcome = await self._outcome(run)
        finally:
            if run.counts:
                cancelled = outcome is _CANCELLED and call.unwanted
                milliseconds = round((monotonic() - began) * 1000) if began else 0
                self._emit(call.end(UNWANTED if cancelled else outcome, milliseconds))

    def _begin(self, call: Call, step: Step) -> None:
        call.state = "running"
        self._ran[call.name] = self._ran.get(call.name, 0) + 1
        self._emit(ToolRunStart(call.id, started_early=step.finished is None))

    async def _outcome(self, run: Run) -> Outcome:
        name, flag = run.tool.name, ThreadFlag()
        try:
            context = ToolContext(self._workspace(), _Live(run, self._emit).show, flag)
            with move_on_after(self._limits.tool_timeout or None):
                return self._bounded(await self._called(run.tool, context, run.arguments))
            seconds = f"{self._limits.tool_timeout:g}"
            return Outcome.saying("timed_out", f"{name} was cancelled: no result within {seconds} s")
        except ToolError as error:
            return self._bounded(ToolOutput((TextContent(str(error)),)), failed=True)
        except Exception as error:  # a bug in a tool must not end the turn: the model is told, and goes on
            log.exception("a bug in the tool %s", name)
            return Outcome.saying("failed", f"{name} failed: a bug in the tool ({type(error).__name__})")
        finally:
            flag.set()

    async def _called(self, tool: Tool, context: ToolContext, arguments: dict[str, Any]) -> ToolOutput:
        function: Callable[..., Any] = tool.run
        run = partial(function, context, **arguments)
        try:
            if inspect.iscoroutinefunction(function):
                found = await run()
            else:
                found = await to_thread.run_sync(run, abandon_on_cancel=True, limiter=self._threads)
        except (SystemExit, KeyboardInterrupt) as error:  # a tool that tries to end the process
            raise RuntimeError(type(error).__name__) from error
        match found:
            case ToolOutput():
                return found
            case str():
                return ToolOutput((TextContent(found),))
            case _:
                raise TypeError(f"{tool.name} gave neither text nor a ToolOutput")

    def _bounded(self, output: ToolOutput, *, failed: bool = False) -> Outcome:
        """No more text than the settings allow."""
        left, cut, content = self._limits.tool_result_bytes, False, list[ToolContent]()
        for item in output.content:
            if not isinstance(item, TextContent):
                content.append(item)
            elif not cut:
                text, cut = _cut(printable(item.text), left)
                left -= len(text.encode())
                content.append(TextContent(text))
        return Outcome("failed" if failed else "completed", tuple(content), output.truncated or cut)


class _Live:
    """A tool's way to show output while it runs, from whichever thread it runs in."""

    def __init__(self, run: Run, emit: Emit) -> None:
        self._run = run
        self._emit = emit
        self._home = get_ident()

    def show(self, text: str) -> None:
        if get_ident() == self._home:
            self._shown(text)
        else:
            from_thread.run_sync(self._shown, text)

    def _shown(self, text: str) -> None:
        if self._run.counts and text:
            self._emit(ToolRunOutput(self._run.call.id, printable(text)))


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
