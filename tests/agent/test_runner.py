"""The runner: whatever a tool does, in a thread or on the loop, its call ends with one event and a result."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, to_thread

from chatls.agent import runner
from chatls.agent.permission.gate import Permit
from chatls.agent.queues import Queues
from chatls.agent.runner import Weighed
from chatls.agent.step import Outcome
from chatls.agent.step import Run as CallRun
from chatls.content import Diff, ResourceLink, TextContent
from chatls.errors import ToolError
from chatls.events import ToolRunEnd, ToolRunOutput, ToolRunStart
from chatls.message import ToolResult
from chatls.providers.delta import CallArguments, CallReady, TextDelta
from chatls.settings.config import LimitSettings
from chatls.tools.tool import EVERYTHING, Plan, Tool, ToolContext, ToolFunction, ToolOutput, tool
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import DEADLINE, Open, Player, Scene, call, desk, finished, named, planned

pytestmark = pytest.mark.asyncio

LIMIT = LimitSettings().tool_result_bytes


async def outcome_of(run: ToolFunction, **limits: Any) -> tuple[ToolRunEnd, ToolResult]:
    """Let a model call a tool once: how it ended, and what the model reads."""
    scene = Scene(Player([*call("1", "probe"), finished()], [finished()]), named("probe", run))
    scene.limits = LimitSettings(**limits)
    assert await scene.play() == "end_turn", "the turn goes on"
    (end,), (result,) = scene.stage.of(ToolRunEnd), scene.results()
    return end, result


def giving(value: Any) -> ToolFunction:
    """A tool in a thread that gives this."""

    def probe(context: ToolContext) -> Any:
        """Probe."""
        return value

    return probe


def raising(error: BaseException) -> ToolFunction:
    """A tool in a thread that raises this."""

    def probe(context: ToolContext) -> str:
        """Probe."""
        raise error

    return probe


def raising_on_the_loop(error: BaseException) -> ToolFunction:
    """A tool on the event loop that raises this."""

    async def probe(context: ToolContext) -> str:
        """Probe."""
        raise error

    return probe


@contextmanager
def quiet_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    with caplog.at_level(logging.CRITICAL + 1, "chatls.agent.runner"):
        yield


# What a tool gives


async def test_text_is_the_result() -> None:
    end, result = await outcome_of(giving("found"))
    assert (end.status, end.content, end.truncated) == ("completed", (TextContent("found"),), False)
    assert (result.text, result.is_error, result.name) == ("found", False, "probe")


async def test_content_goes_to_the_client_whole_and_its_text_to_the_model() -> None:
    content = (TextContent("one"), ResourceLink("file:///a"), Diff("file:///a", "x", "y"), TextContent("two"))
    end, result = await outcome_of(giving(ToolOutput(content, truncated=True)))
    assert (end.content, end.truncated) == (content, True)
    assert result.text == "one\ntwo"


async def test_a_tool_error_is_told_to_the_model() -> None:
    for run in (raising(ToolError("no such file")), raising_on_the_loop(ToolError("no such file"))):
        end, result = await outcome_of(run)
        assert (end.status, end.content) == ("failed", (TextContent("no such file"),))
        assert (result.text, result.is_error) == ("no such file", True)


async def test_what_a_tool_says_from_within_a_task_group_is_no_bug() -> None:
    inner = ExceptionGroup("inner", [ToolError("no such file"), ToolError("no such file")])
    end, result = await outcome_of(raising_on_the_loop(ExceptionGroup("outer", [inner, ToolError("nor this")])))
    assert (end.status, result.text) == ("failed", "no such file\nnor this")


@pytest.mark.parametrize("how", [raising, raising_on_the_loop])
@pytest.mark.parametrize(
    "error", [KeyError("k"), ExceptionGroup("g", [ValueError()]), StopIteration(), RecursionError(), TimeoutError()]
)
async def test_a_bug_in_a_tool_is_told_as_one_and_logged_and_does_not_leak(
    how: Callable[[BaseException], ToolFunction], error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    end, result = await outcome_of(how(error))
    assert end.status == "failed"
    assert result.text.startswith("probe failed: a bug in the tool (")
    assert "a bug in the tool probe" in caplog.text


@pytest.mark.parametrize("how", [raising, raising_on_the_loop])
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
async def test_a_tool_that_tries_to_end_the_process_is_a_bug_like_any_other(
    how: Callable[[BaseException], ToolFunction], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with quiet_log(caplog), fail_after(DEADLINE):
        end, result = await outcome_of(how(error))
    assert end.status == "failed"
    assert "a bug in the tool" in result.text


@pytest.mark.parametrize("value", [None, 5, b"bytes", ["text"]])
async def test_what_is_no_result_is_a_bug(value: object, caplog: pytest.LogCaptureFixture) -> None:
    with quiet_log(caplog):
        end, result = await outcome_of(giving(value))
    assert end.status == "failed"
    assert "a bug in the tool (TypeError)" in result.text


async def test_nothing_found_still_says_something() -> None:
    for value in ("", ToolOutput(())):
        _, result = await outcome_of(giving(value))
        assert (result.text, result.is_error) == ("(no output)", False)


# Bounds


async def test_a_huge_text_is_cut_at_a_line_and_says_so() -> None:
    text = "".join(f"line {number}\n" for number in range(100_000))
    end, result = await outcome_of(giving(text))
    assert end.truncated
    assert len(result.text.encode()) <= LIMIT
    kept, note = result.text.rsplit("\n", 1)
    assert text.startswith(kept)
    assert kept.endswith("\n")
    assert note == f"[cut here: {len(kept)} of {len(text)} bytes; ask for less at a time]"


async def test_one_huge_line_is_cut_within() -> None:
    _, result = await outcome_of(giving("head\n" + "é" * LIMIT))
    assert LIMIT - 200 < len(result.text.encode()) <= LIMIT


async def test_a_text_of_just_the_limit_is_left_alone() -> None:
    text = "é" * (LIMIT // 2)
    end, result = await outcome_of(giving(text))
    assert (result.text, end.truncated) == (text, False)


async def test_the_limit_is_for_all_of_a_result_and_for_errors_too() -> None:
    content = tuple(TextContent("x" * 600) for _ in range(100))
    end, result = await outcome_of(giving(ToolOutput(content)), tool_result_bytes=1024)
    assert end.truncated
    assert len(result.text.encode()) <= 1024 + 100
    end, result = await outcome_of(raising(ToolError("x" * 5000)), tool_result_bytes=1024)
    assert (end.status, end.truncated) == ("failed", True)
    assert len(result.text.encode()) <= 1024


async def test_half_characters_are_replaced() -> None:
    _, result = await outcome_of(giving("a\ud800b"))
    assert result.text == "a\ufffdb"
    _, result = await outcome_of(raising(ToolError("no \udcff")))
    assert result.text == "no \ufffd"


# Time


async def test_a_tool_on_the_loop_that_takes_too_long_is_cancelled() -> None:
    ended = list[str]()

    async def probe(context: ToolContext) -> str:
        """Probe."""
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("ended")
        return ""

    end, result = await outcome_of(probe, tool_timeout=0.01)
    assert (end.status, ended) == ("timed_out", ["ended"])
    assert result.text == "probe was cancelled: no result within 0.01 s"
    assert result.is_error


class Stuck:
    """A tool in a thread that hangs, looks at `cancelled` only when it is let go, and then still shows output."""

    def __init__(self, name: str = "stuck") -> None:
        self.inside = threading.Event()
        self.told = threading.Event()
        self.done = threading.Event()
        self.tool: Tool = named(name, self._run)

    @property
    def _run(self) -> ToolFunction:
        def stuck(context: ToolContext, word: str = "") -> str:
            """Hang, but for a word."""
            if word:
                return word
            self.inside.set()
            if context.cancelled.wait(DEADLINE):
                self.told.set()
            context.output("late")
            self.done.set()
            return "late"

        return stuck

    async def until_inside(self) -> None:
        assert await to_thread.run_sync(self.inside.wait, DEADLINE)

    async def check_told(self) -> None:
        """It heard that nobody waits, and went on to its own end."""
        assert await to_thread.run_sync(self.done.wait, DEADLINE)
        assert self.told.is_set()


async def test_a_tool_in_a_thread_that_takes_too_long_is_abandoned_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, clock = Stuck(), CancelScope()

    def deadline(_seconds: float | None) -> CancelScope:
        return clock

    monkeypatch.setattr(runner, "move_on_after", deadline)
    scene = Scene(Player([*call("1", "stuck"), finished()], [finished()]), stuck.tool)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await stuck.until_inside()
        clock.cancel()
    assert scene.ends() == {"1": "timed_out"}
    await stuck.check_told()
    assert scene.stage.of(ToolRunOutput) == []


async def test_no_limit_on_time_is_none() -> None:
    gate = threading.Event()

    def probe(context: ToolContext) -> str:
        """Probe."""
        return "in time" if gate.wait(DEADLINE) else "never"

    scene = Scene(Player([*call("1", "probe"), finished()], [finished()]), named("probe", probe))
    scene.limits = LimitSettings(tool_timeout=0)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(ToolRunStart)
        gate.set()
    assert scene.ends() == {"1": "completed"}


# Cancellation of threads


async def test_cancelling_the_turn_abandons_a_thread_that_hangs_and_tells_it() -> None:
    stuck = Stuck()
    beats = [TextDelta("x"), *call("1", "stuck"), stuck.until_inside, finished()]
    scene = Scene(Player(beats, [finished()]), stuck.tool)
    async with create_task_group() as tasks:

        async def cancel() -> None:
            await stuck.until_inside()
            scene.scope.cancel()

        tasks.start_soon(cancel)
        assert await scene.play() == "cancelled"
    assert scene.ends() == {"1": "cancelled"}
    await stuck.check_told()
    assert scene.stage.of(ToolRunOutput) == []


async def test_cancelling_one_call_abandons_its_thread_and_the_turn_goes_on() -> None:
    stuck, scenes = Stuck(), list[Scene]()

    async def cancel() -> None:
        await stuck.until_inside()
        scenes[0].cancel_call("1")

    scenes.append(Scene(Player([*call("1", "stuck"), cancel, finished()], [TextDelta("on"), finished()]), stuck.tool))
    assert await scenes[0].play() == "end_turn"
    assert scenes[0].ends() == {"1": "cancelled"}
    await stuck.check_told()
    assert scenes[0].stage.of(ToolRunOutput) == []


async def test_a_thread_that_the_provider_took_back_shows_nothing_more() -> None:
    stuck = Stuck()
    again = [CallArguments("1", "!"), CallReady("1", {"word": "final"})]
    beats = [*call("1", "stuck"), stuck.until_inside, *again, stuck.check_told, finished()]
    scene = Scene(Player(beats, [finished()]), stuck.tool)
    await scene.play()
    assert scene.stage.of(ToolRunOutput) == []
    assert [result.text for result in scene.results()] == ["final"]


async def test_a_hanging_thread_does_not_keep_other_tools_from_running() -> None:
    stuck = Stuck()
    quick = named("quick", giving("quick"))
    calls = [*call("1", "stuck"), *call("2", "quick"), *call("3", "quick")]
    scene = Scene(Player([*calls, finished()], [finished()]), stuck.tool, quick)

    async def cancel() -> None:
        await stuck.until_inside()
        await scene.stage.until_event(ToolRunEnd, "2")
        await scene.stage.until_event(ToolRunEnd, "3")
        scene.cancel_call("1")

    async with create_task_group() as tasks:
        tasks.start_soon(cancel)
        await scene.play()
    assert scene.ends() == {"1": "cancelled", "2": "completed", "3": "completed"}
    await stuck.check_told()


# Output


async def test_output_from_a_thread_and_from_the_loop_arrives_in_order_between_start_and_end() -> None:
    def in_thread(context: ToolContext) -> str:
        """Show."""
        for word in ("a", "", "b\ud800"):
            context.output(word)
        return "done"

    async def on_loop(context: ToolContext) -> str:
        """Show."""
        context.output("c")
        return "done"

    tools = named("one", in_thread), named("two", on_loop)
    scene = Scene(Player([*call("1", "one"), *call("2", "two"), finished()], [finished()]), *tools)
    await scene.play()
    shown = [(event.tool_call_id, event.text) for event in scene.stage.of(ToolRunOutput)]
    assert [text for call_id, text in shown if call_id == "1"] == ["a", "b\ufffd"]
    assert [text for call_id, text in shown if call_id == "2"] == ["c"]


async def test_output_of_a_tool_that_was_taken_back_is_dropped_also_while_it_cleans_up() -> None:
    inside = anyio.Event()

    async def probe(context: ToolContext, word: str = "") -> str:
        """Probe."""
        if word:
            return word
        try:
            inside.set()
            await anyio.sleep_forever()
        finally:
            context.output("late")
        return ""

    again = [CallArguments("1", "!"), CallReady("1", {"word": "final"})]
    scene = Scene(Player([*call("1", "probe"), inside.wait, *again, finished()], [finished()]), named("probe", probe))
    await scene.play()
    assert scene.stage.of(ToolRunOutput) == []
    assert [result.text for result in scene.results()] == ["final"]


# Its context


async def test_each_run_sees_the_workspace_as_it_is_when_it_begins(tmp_path: Path) -> None:
    roots, seen = list[Path](), list[int]()

    def probe(context: ToolContext) -> str:
        """Probe."""
        seen.append(len(context.workspace.roots))
        return "x"

    async def open_folder() -> None:
        roots.append(tmp_path)

    steps = [*call("1", "probe"), finished()], [open_folder, *call("2", "probe"), finished()], [finished()]
    scene = Scene(Player(*steps), named("probe", probe), workspace=lambda: Workspace(desk(*roots)))
    await scene.play()
    assert seen == [0, 1]


async def test_a_workspace_that_cannot_be_made_fails_the_call_and_not_the_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> Workspace:
        raise OSError("gone")

    player = Player([*call("1", "probe"), finished()], [finished()])
    scene = Scene(player, named("probe", giving("x")), workspace=broken)
    with quiet_log(caplog):
        assert await scene.play() == "end_turn"
    assert scene.ends() == {"1": "failed"}


# What changes something


def changing(name: str, plan: Callable[[ToolContext, str], Awaitable[Plan]], serial: str | None = None) -> Tool:
    """A tool with a plan of its own."""

    async def run(context: ToolContext, word: str = "") -> Plan:
        """Change."""
        return await plan(context, word)

    run.__name__ = name
    return tool(kind="edit", read_only=False, serial=lambda _workspace, _arguments: serial)(run)


async def test_a_changing_tool_without_a_plan_and_a_reading_one_with_a_plan_are_bugs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ran = list[str]()

    async def carry_out() -> ToolOutput:
        ran.append("ran")
        return ToolOutput(())

    async def no_plan(_context: ToolContext, _word: str) -> Plan:
        return cast(Plan, ToolOutput((TextContent("did it already"),)))

    async def plan(context: ToolContext) -> Plan:
        """Plan."""
        del context
        return planned(carry_out)

    with quiet_log(caplog):
        scene = Scene(Player([*call("1", "change"), finished()], [finished()]), changing("change", no_plan))
        await scene.play()
        assert "a bug in the tool (TypeError)" in scene.results()[0].text
        _, result = await outcome_of(plan)
        assert "a bug in the tool (TypeError)" in result.text
    assert ran == []


async def test_what_may_not_run_does_not_run_and_says_why() -> None:
    class Closed(Open):
        async def weigh(self, run: CallRun, context: ToolContext, plan: Plan | None) -> Weighed:
            assert plan is None or isinstance(plan, Plan)
            return Outcome.saying("denied", f"no {run.tool.name}")

    ran = list[str]()

    def read(context: ToolContext) -> str:
        """Read."""
        ran.append("read")
        return ""

    async def change(context: ToolContext) -> str:
        """Change."""
        ran.append("changed")
        return ""

    tools = named("read", read), named("change", change, read_only=False)
    scene = Scene(Player([*call("1", "read"), *call("2", "change"), finished()], [finished()]), *tools, gate=Closed())
    await scene.play()
    assert scene.ends() == {"1": "denied", "2": "denied"}
    assert [result.text for result in scene.results()] == ["no read", "no change"]
    assert ran == []
    assert scene.stage.of(ToolRunStart) == []


class Log:
    """A tool whose plans and works are written down, and wait until they are let on."""

    def __init__(self, name: str, serial: str | None) -> None:
        self.lines: list[str] = []
        self.let: dict[str, anyio.Event] = {}
        self.tool = changing(name, self._plan, serial)

    async def _plan(self, _context: ToolContext, word: str) -> Plan:
        self.lines.append(f"plan {word}")

        async def carry_out() -> ToolOutput:
            self.lines.append(f"begin {word}")
            if word in self.let:
                await self.let[word].wait()
            self.lines.append(f"end {word}")
            return ToolOutput(())

        await anyio.lowlevel.checkpoint()
        return planned(carry_out)


async def test_calls_for_the_same_thing_come_one_after_the_other_as_they_were_written() -> None:
    log, words = Log("change", "file:a"), "abcdef"
    calls = [delta for word in words for delta in call(word, "change", {"word": word})]
    scene = Scene(Player([*calls, finished()], [finished()]), log.tool)
    await scene.play()
    assert log.lines == [f"{what} {word}" for word in words for what in ("plan", "begin", "end")]


async def test_calls_for_different_things_and_for_none_run_side_by_side() -> None:
    logs = [Log("one", "file:a"), Log("two", "file:b"), Log("three", None)]
    both = anyio.Event()
    for log in logs:
        log.let["x"] = both
    names = ["one", "two", "three", "three"]
    calls = [delta for place, name in enumerate(names) for delta in call(str(place), name, {"word": "x"})]
    scene = Scene(Player([*calls, finished()], [finished()]), *(log.tool for log in logs))
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until(lambda: len(scene.stage.of(ToolRunStart)) == 4)
        both.set()
    assert set(scene.ends().values()) == {"completed"}


async def test_two_sessions_do_not_change_one_file_at_once() -> None:
    log, queues = Log("change", "file:a"), Queues()
    log.let["first"] = anyio.Event()
    scenes = [
        Scene(Player([*call("1", "change", {"word": word}), finished()], [finished()]), log.tool, queues=queues)
        for word in ("first", "second")
    ]
    async with create_task_group() as tasks:
        tasks.start_soon(scenes[0].play)
        await scenes[0].stage.until_event(ToolRunStart)
        tasks.start_soon(scenes[1].play)
        await anyio.wait_all_tasks_blocked()
        assert log.lines == ["plan first", "begin first"]
        log.let["first"].set()
    assert log.lines == ["plan first", "begin first", "end first", "plan second", "begin second", "end second"]


async def test_a_call_that_may_touch_anything_runs_alone_among_the_changes_of_its_turn() -> None:
    edits, command = Log("edit", "file:a"), Log("command", EVERYTHING)
    words = [("edit", "a"), ("command", "b"), ("command", "c"), ("edit", "d")]
    calls = [delta for name, word in words for delta in call(word, name, {"word": word})]
    edits.lines = command.lines
    scene = Scene(Player([*calls, finished()], [finished()]), edits.tool, command.tool)
    await scene.play()
    assert command.lines == [f"{step} {word}" for word in "abcd" for step in ("plan", "begin", "end")]


@pytest.mark.parametrize("serial", ["file:a", EVERYTHING])
async def test_a_change_waits_until_what_it_changes_was_read_and_a_command_does_not(serial: str) -> None:
    log, has_read = Log("change", serial), anyio.Event()

    async def look(_context: ToolContext) -> str:
        """Look."""
        await has_read.wait()
        log.lines.append("read")
        return "text"

    read, command = named("read", look, serial=lambda _space, _arguments: "file:a"), Log("command", EVERYTHING)
    calls = [*call("1", "read"), *call("2", "change", {"word": "x"})]
    scene = Scene(Player([*calls, finished()], [finished()]), read, log.tool)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(ToolRunStart)
        await anyio.wait_all_tasks_blocked()
        assert log.lines == []
        has_read.set()
    assert log.lines == ["read", "plan x", "begin x", "end x"]
    has_read = anyio.Event()
    log.lines.clear()
    ordered = replace(command.tool, kind="execute")
    calls = [*call("1", "read"), *call("2", "command", {"word": "x"})]
    scene = Scene(Player([*calls, finished()], [finished()]), read, ordered)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until(lambda: "end x" in command.lines)
        has_read.set()
    assert log.lines == ["read"]


async def test_people_are_asked_in_the_order_of_the_calls_however_long_planning_takes() -> None:
    asked: list[str] = []

    class Asking(Open):
        async def weigh(self, run: CallRun, context: ToolContext, plan: Plan | None) -> Weighed:
            del context, plan
            for _ in range(5 if run.call.id == "a" else 1):
                await anyio.lowlevel.checkpoint()

            async def ask() -> Permit:
                asked.append(run.call.id)
                return Permit()

            return ask

    log = Log("change", None)
    calls = [delta for word in "abc" for delta in call(word, "change", {"word": word})]
    scene = Scene(Player([*calls, finished()], [finished()]), log.tool, gate=Asking())
    await scene.play()
    assert asked == ["a", "b", "c"]


async def test_a_call_that_is_cancelled_in_the_queue_leaves_it_and_the_next_one_runs() -> None:
    log = Log("change", "file:a")
    log.let["a"] = anyio.Event()
    calls = [delta for word in "abc" for delta in call(word, "change", {"word": word})]
    scene = Scene(Player([*calls, finished()], [finished()]), log.tool)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(ToolRunStart, "a")
        await anyio.wait_all_tasks_blocked()
        scene.cancel_call("b")
        log.let["a"].set()
    assert scene.ends() == {"a": "completed", "b": "cancelled", "c": "completed"}
    assert "plan b" not in log.lines


async def test_a_plan_has_the_limit_of_tools_and_carrying_it_out_the_limit_of_the_plan() -> None:
    async def slow_plan(_context: ToolContext, _word: str) -> Plan:
        await anyio.sleep_forever()
        raise AssertionError

    scene = Scene(Player([*call("1", "change"), finished()], [finished()]), changing("change", slow_plan))
    scene.limits = LimitSettings(tool_timeout=0.01)
    await scene.play()
    assert scene.ends() == {"1": "timed_out"}
    assert scene.stage.of(ToolRunStart) == []

    async def own_limit(_context: ToolContext, word: str) -> Plan:
        async def carry_out() -> ToolOutput:
            with anyio.move_on_after(0.05 if word else None):
                await anyio.sleep_forever()
            return ToolOutput((TextContent("in time"),))

        return planned(carry_out, time_limit=0 if word else 0.01)

    calls = [*call("1", "change"), *call("2", "change", {"word": "none"})]
    scene = Scene(Player([*calls, finished()], [finished()]), changing("change", own_limit))
    scene.limits = LimitSettings(tool_timeout=0.02)
    await scene.play()
    assert scene.ends() == {"1": "timed_out", "2": "completed"}
    assert scene.results()[0].text == "change was cancelled: no result within 0.01 s"


async def test_a_tool_that_keeps_its_own_limit_says_so() -> None:
    end, result = await outcome_of(giving(ToolOutput((TextContent("so far"),), status="timed_out")))
    assert (end.status, result.text, result.is_error) == ("timed_out", "so far", True)


async def test_what_was_shown_is_told_to_the_model_when_a_call_is_cut_short() -> None:
    inside = anyio.Event()

    async def probe(context: ToolContext) -> str:
        """Probe."""
        context.output("x" * 10_000)
        context.output("the end\n")
        inside.set()
        await anyio.sleep_forever()
        return ""

    end, result = await outcome_of(probe, tool_timeout=0.01)
    assert end.status == "timed_out"
    head, _, tail = result.text.partition("\nwhat it wrote until then:\n")
    assert head == "probe was cancelled: no result within 0.01 s"
    assert (tail[:8], tail[-9:], len(tail)) == ("[...]xxx", "xthe end\n", 5 + 8192)

    inside = anyio.Event()
    scene = Scene(Player([*call("1", "probe"), finished()], [finished()]), named("probe", probe))
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await inside.wait()
        scene.cancel_call("1")
    assert scene.ends() == {"1": "cancelled"}
    assert scene.results()[0].text.startswith("cancelled by the user")
    assert scene.results()[0].text.endswith("the end\n")


async def test_nothing_is_shown_before_it_is_permitted() -> None:
    async def plan(context: ToolContext, _word: str) -> Plan:
        context.output("planning")

        async def carry_out() -> ToolOutput:
            context.output("working")
            await anyio.lowlevel.checkpoint()
            return ToolOutput(())

        return planned(carry_out)

    scene = Scene(Player([*call("1", "change"), finished()], [finished()]), changing("change", plan))
    await scene.play()
    assert [event.text for event in scene.stage.of(ToolRunOutput)] == ["working"]


async def test_each_call_in_a_queue_plans_on_what_the_one_before_it_left(tmp_path: Path) -> None:
    roots, counts = list[Path](), list[int]()

    async def plan(context: ToolContext, _word: str) -> Plan:
        counts.append(len(context.workspace.roots))

        async def carry_out() -> ToolOutput:
            await anyio.lowlevel.checkpoint()
            roots.append(tmp_path)
            return ToolOutput(())

        return planned(carry_out)

    calls = [*call("1", "change"), *call("2", "change")]
    tool = changing("change", plan, "one")
    await Scene(Player([*calls, finished()], [finished()]), tool, workspace=lambda: Workspace(desk(*roots))).play()
    assert counts == [0, 1]
