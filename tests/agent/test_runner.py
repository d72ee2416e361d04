"""The runner: whatever a tool does, in a thread or on the loop, its call ends with one event and a result."""

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, to_thread

from chatls.agent import runner
from chatls.config import LimitSettings
from chatls.content import Diff, ResourceLink, TextContent
from chatls.errors import ToolError
from chatls.events import ToolRunEnd, ToolRunOutput, ToolRunStart
from chatls.message import ToolResult
from chatls.providers.delta import CallArguments, CallReady, TextDelta
from chatls.tools.tool import Run, Tool, ToolContext, ToolOutput
from chatls.workspace import Workspace
from tests.agent.fakes import DEADLINE, Player, Scene, call, desk, finished, named

pytestmark = pytest.mark.asyncio

LIMIT = LimitSettings().tool_result_bytes


async def outcome_of(run: Run, **limits: Any) -> tuple[ToolRunEnd, ToolResult]:
    """Let a model call a tool once: how it ended, and what the model reads."""
    scene = Scene(Player([*call("1", "probe"), finished()], [finished()]), named("probe", run))
    scene.limits = LimitSettings(**limits)
    assert await scene.play() == "end_turn", "the turn goes on"
    (end,), (result,) = scene.stage.of(ToolRunEnd), scene.results()
    return end, result


def giving(value: Any) -> Run:
    """A tool in a thread that gives this."""

    def probe(context: ToolContext) -> Any:
        """Probe."""
        return value

    return probe


def raising(error: BaseException) -> Run:
    """A tool in a thread that raises this."""

    def probe(context: ToolContext) -> str:
        """Probe."""
        raise error

    return probe


def raising_on_the_loop(error: BaseException) -> Run:
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


@pytest.mark.parametrize("how", [raising, raising_on_the_loop])
@pytest.mark.parametrize(
    "error", [KeyError("k"), ExceptionGroup("g", [ValueError()]), StopIteration(), RecursionError(), TimeoutError()]
)
async def test_a_bug_in_a_tool_is_told_as_one_and_logged_and_does_not_leak(
    how: Callable[[BaseException], Run], error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    end, result = await outcome_of(how(error))
    assert end.status == "failed"
    assert result.text.startswith("probe failed: a bug in the tool (")
    assert "a bug in the tool probe" in caplog.text


@pytest.mark.parametrize("how", [raising, raising_on_the_loop])
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_a_tool_that_tries_to_end_the_process_is_a_bug_like_any_other(
    how: Callable[[BaseException], Run], error: BaseException, caplog: pytest.LogCaptureFixture
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
    def _run(self) -> Run:
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
            scene.turn.scope.cancel()

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
