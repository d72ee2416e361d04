"""The loop: steps, tools beside text, order, the cap, backpressure, cancellation at every point, broken providers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import anyio
import pytest
from anyio import create_task_group
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.agent.session import Begin, Sessions
from chatls.content import Usage
from chatls.errors import RequestError
from chatls.events import StepEnd, TextChunk, ToolCallEnd, ToolRunEnd, ToolRunStart
from chatls.message import AssistantMessage, ToolMessage, UserMessage
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    ThinkingDelta,
)
from chatls.providers.provider import ModelRequest
from chatls.settings.config import LimitSettings
from chatls.settings.configuration import Configuration
from chatls.tools.tool import Tool, ToolContext
from tests.agent.fakes import OUCH, Beat, Player, Scene, call, desk, finished, named
from tests.agent.test_step import replies

pytestmark = pytest.mark.asyncio


def echo(context: ToolContext, word: str = "") -> str:
    """Echo."""
    return f"echo {word}"


ECHO = named("echo", echo)


class Gate:
    """A tool that waits until it is let through, and says who is in."""

    def __init__(self, name: str = "gate", *, read_only: bool = True) -> None:
        self.open: dict[str, anyio.Event] = {}
        self.inside: set[str] = set()
        self.most = 0
        self.entered = anyio.Event()
        self.tool: Tool = named(name, self._wait, read_only=read_only)

    def let(self, *words: str) -> Callable[[], Awaitable[None]]:
        """A beat of a provider that opens the gate for some."""

        async def beat() -> None:
            for word in words:
                self.open.setdefault(word, anyio.Event()).set()
            await checkpoint()

        return beat

    async def until(self, count: int) -> None:
        """Wait until so many are in."""
        while len(self.inside) < count:
            await self.entered.wait()

    @property
    def _wait(self) -> Callable[..., Awaitable[str]]:
        async def wait(context: ToolContext, word: str = "") -> str:
            """Wait."""
            self.inside.add(word)
            self.most = max(self.most, len(self.inside))
            self.entered.set()
            self.entered = anyio.Event()
            try:
                await self.open.setdefault(word, anyio.Event()).wait()
            finally:
                self.inside.discard(word)
            return f"through {word}"

        return wait


# Steps


async def test_an_answer_without_calls_is_one_step() -> None:
    player = Player([TextDelta("Hel"), ThinkingDelta("?"), TextDelta("lo"), finished("end_turn", Usage(3, 2))])
    scene = Scene(player)
    assert await scene.play() == "end_turn"
    tally = scene.turn.tally
    assert (tally.steps, tally.chunks, tally.text, tally.usage) == (1, 3, "Hello", Usage(3, 2))
    assert tally.first_chunk is not None
    assert scene.history.messages[1:] == (AssistantMessage("Hello", (), "?"),)
    assert player.closed == 1


async def test_each_step_sees_the_results_of_the_one_before() -> None:
    steps: list[list[Beat]] = [
        [TextDelta(f"step {number} "), *call(str(number), "echo", {"word": str(number)}), finished("tool_calls")]
        for number in range(5)
    ]
    player = Player(*steps, [TextDelta("done"), finished("end_turn", Usage(1, 1))])
    scene = Scene(player, ECHO)
    assert await scene.play() == "end_turn"
    assert [len(request.messages) for request in player.requests] == [1, 3, 5, 7, 9, 11]
    assert [result.text for result in scene.results()] == [f"echo {number}" for number in range(5)]
    last = player.requests[-1].messages[-1]
    assert isinstance(last, ToolMessage)
    assert last.results[0].text == "echo 4"
    assert (scene.turn.tally.steps, scene.turn.tally.text, scene.turn.tally.ran) == (6, "done", {"echo": 5})
    assert len(scene.stage.of(StepEnd)) == 6


async def test_usage_is_the_sum_over_the_turn_and_a_step_that_does_not_say_adds_nothing() -> None:
    beats: list[list[Beat]] = [
        [*call("1", "echo"), finished("tool_calls", Usage(10, 1, 5))],
        [*call("2", "echo"), finished("tool_calls")],
        [finished("end_turn", Usage(20, 2))],
    ]
    scene = Scene(Player(*beats), ECHO)
    await scene.play()
    assert scene.turn.tally.usage == Usage(30, 3, 5)


async def test_a_request_does_not_change_when_the_history_grows() -> None:
    player = Player([*call("1", "echo"), finished()], [finished()])
    scene = Scene(player, ECHO)
    await scene.play()
    assert [type(message) for message in player.requests[0].messages] == [UserMessage]


async def test_a_tool_is_required_for_the_first_step_only() -> None:
    player = Player([*call("1", "echo"), finished()], [*call("2", "echo"), finished()], [finished()])
    await Scene(player, ECHO).play("required")
    assert [request.tool_choice for request in player.requests] == ["required", "auto", "auto"]


async def test_no_tools_means_none_in_every_step() -> None:
    player = Player([*call("1", "echo"), finished()], [finished()])
    await Scene(player, ECHO).play("none")
    assert [request.tool_choice for request in player.requests] == ["none", "none"]


class Endless(Player):
    """Calls a tool in every reply."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        for delta in call(f"c{len(self.requests)}", "echo"):
            yield delta
        yield Finished("tool_calls", None)


async def test_the_step_cap_ends_an_endless_loop() -> None:
    provider = Endless()
    scene = Scene(provider, ECHO, limits=LimitSettings(max_steps=3))
    assert await scene.play() == "max_turn_requests"
    assert len(provider.requests) == 3
    assert [result.text for result in scene.results()] == ["echo "] * 3


async def test_a_cap_of_zero_is_none() -> None:
    provider = Endless()
    scene = Scene(provider, ECHO, limits=LimitSettings(max_steps=0))

    async def end_it() -> None:
        await scene.stage.until(lambda: len(provider.requests) >= 120)
        scene.scope.cancel()

    async with create_task_group() as tasks:
        tasks.start_soon(end_it)
        assert await scene.play() == "cancelled"


async def test_unclosed_calls_alone_do_not_ask_the_model_again() -> None:
    player = Player([CallStart("1", "echo"), CallArguments("1", "{"), finished("tool_calls")])
    scene = Scene(player, ECHO)
    assert await scene.play() == "end_turn"
    assert len(player.requests) == 1
    assert scene.ends() == {"1": "cancelled"}


@pytest.mark.parametrize("stop", ["max_tokens", "refusal"])
async def test_a_reply_that_was_cut_ends_the_turn(stop: str) -> None:
    gate = Gate("edit", read_only=False)
    end = finished("max_tokens") if stop == "max_tokens" else finished("refusal")
    await gate.let("x")()
    player = Player([TextDelta("I "), *call("1", "edit", {"word": "x"}), CallStart("2", "edit"), end])
    scene = Scene(player, gate.tool)
    assert await scene.play() == stop
    cut = stop == "max_tokens"
    assert scene.ends() == {"1": "completed" if cut else "cancelled", "2": "failed" if cut else "cancelled"}
    assert [result.call_id for result in scene.results()] == ["1"]


# Tools beside text


async def test_text_flows_while_a_tool_runs_and_the_tool_started_early() -> None:
    gate = Gate()
    early: list[Beat] = [*call("1", "gate", {"word": "a"}), lambda: gate.until(1)]
    text: list[Beat] = [TextDelta("still "), TextDelta("writing"), gate.let("a"), finished()]
    player = Player([*early, *text], [finished()])
    scene = Scene(player, gate.tool)
    assert await scene.play() == "end_turn"
    kinds = [type(event).__name__ for event in scene.stage.events]
    assert kinds.index("ToolRunStart") < kinds.index("TextChunk") < kinds.index("ToolRunEnd")
    assert scene.stage.of(ToolRunStart)[0].started_early
    assert player.closed == 2


async def test_a_tool_that_changes_things_starts_when_the_reply_is_whole() -> None:
    gate = Gate("edit", read_only=False)
    await gate.let("a")()
    scene = Scene(
        Player([*call("1", "edit", {"word": "a"}), checkpoint, TextDelta("x"), finished()], [finished()]), gate.tool
    )
    await scene.play()
    kinds = [type(event).__name__ for event in scene.stage.events]
    assert kinds.index("StepEnd") < kinds.index("ToolRunStart")
    assert not scene.stage.of(ToolRunStart)[0].started_early


async def test_results_go_back_in_call_order_whatever_order_they_finish() -> None:
    gate = Gate()
    words = "abcd"
    calls = [delta for word in words for delta in call(word, "gate", {"word": word})]
    scene = Scene(Player([*calls, finished()], [finished()]), gate.tool)

    async def open_backwards() -> None:
        await gate.until(4)
        for word in reversed(words):
            await gate.let(word)()
            await scene.stage.until_event(ToolRunEnd, word)

    async with create_task_group() as tasks:
        tasks.start_soon(open_backwards)
        await scene.play()
    assert [event.tool_call_id for event in scene.stage.of(ToolRunEnd)] == list(reversed(words))
    assert [result.text for result in scene.results()] == [f"through {word}" for word in words]


async def test_no_more_tools_run_at_once_than_the_settings_allow() -> None:
    gate = Gate()
    words = "abcdefg"
    calls = [delta for word in words for delta in call(word, "gate", {"word": word})]
    scene = Scene(Player([*calls, finished()], [finished()]), gate.tool, limits=LimitSettings(concurrent_tools=2))

    async def open_all() -> None:
        for word in words:
            await scene.stage.until_event(ToolRunStart, word)
            for _ in range(5):
                await checkpoint()
            await gate.let(word)()

    async with create_task_group() as tasks:
        tasks.start_soon(open_all)
        await scene.play()
    assert gate.most == 2
    assert len(scene.results()) == 7


async def test_a_contradiction_within_one_read_runs_the_tool_once_with_the_final_arguments() -> None:
    deltas = [*call("1", "echo", {"word": "early"}), CallArguments("1", "!"), CallReady("1", {"word": "final"})]
    scene = Scene(Player([*deltas, finished()], [finished()]), ECHO)
    await scene.play()
    assert [result.text for result in scene.results()] == ["echo final"]
    assert len(scene.stage.of(ToolRunStart)) == 1


@pytest.mark.parametrize("ticks", range(12))
async def test_a_contradiction_at_any_moment_of_the_early_run_ends_with_the_final_arguments(ticks: int) -> None:
    gate = Gate()
    early = [*call("1", "gate", {"word": "early"}), *[checkpoint] * ticks]
    late: list[Beat] = [CallArguments("1", "!"), *[checkpoint] * 6, CallReady("1", {"word": "final"})]
    scene = Scene(Player([*early, gate.let("final"), *late, finished()], [finished()]), gate.tool)
    await scene.play()
    assert [result.text for result in scene.results()] == ["through final"]
    assert len(scene.stage.of(ToolCallEnd)) == 2


@pytest.mark.parametrize("ticks", range(12))
async def test_a_contradiction_without_a_second_end_leaves_the_call_out(ticks: int) -> None:
    gate = Gate()
    beats: list[Beat] = [*call("1", "gate", {"word": "a"}), *[checkpoint] * ticks, CallArguments("1", "!")]
    scene = Scene(Player([TextDelta("x"), *beats, *[checkpoint] * 9, finished()]), gate.tool)
    assert await scene.play() == "end_turn"
    assert scene.history.messages[1:] == (AssistantMessage("x"),)
    assert scene.ends() == {"1": "cancelled"}
    starts = [index for index, event in enumerate(scene.stage.events) if isinstance(event, ToolRunStart)]
    if not starts:
        assert gate.most == 0, "what was not told to have started must not have"


# A person's cancel of one call


@pytest.mark.parametrize("ticks", range(12))
async def test_a_call_that_a_person_cancels_is_told_to_the_model_and_the_turn_goes_on(ticks: int) -> None:
    gate, scenes = Gate(), list[Scene]()

    async def cancel() -> None:
        scenes[0].cancel_call("1")

    beats: list[Beat] = [*call("1", "gate", {"word": "a"}), *[checkpoint] * ticks, cancel, TextDelta("on")]
    player = Player([*beats, *call("2", "echo"), finished()], [TextDelta("done"), finished()])
    scenes.append(Scene(player, gate.tool, ECHO))
    assert await scenes[0].play() == "end_turn"
    assert scenes[0].ends() == {"1": "cancelled", "2": "completed"}
    assert [result.text for result in scenes[0].results()] == [
        "cancelled by the user; do not try it again unasked",
        "echo ",
    ]
    assert scenes[0].turn.tally.text == "done"


async def test_a_cancelled_call_that_waits_for_its_turn_never_runs() -> None:
    gate, scenes = Gate(), list[Scene]()

    async def cancel() -> None:
        await gate.until(1)
        scenes[0].cancel_call("2")

    calls = [*call("1", "gate", {"word": "a"}), *call("2", "gate", {"word": "b"})]
    player = Player([*calls, cancel, gate.let("a"), finished()], [finished()])
    scenes.append(Scene(player, gate.tool, limits=LimitSettings(concurrent_tools=1)))
    await scenes[0].play()
    assert scenes[0].ends() == {"1": "completed", "2": "cancelled"}
    assert [event.tool_call_id for event in scenes[0].stage.of(ToolRunStart)] == ["1"]
    assert [event.duration_ms for event in scenes[0].stage.of(ToolRunEnd) if event.tool_call_id == "2"] == [0]


# Failures


async def test_a_failure_ends_the_turn_and_the_tools_that_started_early() -> None:
    gate = Gate()
    beats: list[Beat] = [TextDelta("so "), *call("1", "gate", {"word": "a"}), lambda: gate.until(1), Failed(OUCH)]
    scene = Scene(Player(beats), gate.tool)
    assert await scene.play() == "error"
    assert scene.turn.tally.error == OUCH
    assert scene.ends() == {"1": "cancelled"}
    assert not scene.stage.of(StepEnd)
    assert gate.inside == set()


async def test_a_reply_that_ends_without_a_word_is_an_error_and_ends_early_tools() -> None:
    gate = Gate()
    scene = Scene(Player([TextDelta("so "), *call("1", "gate", {"word": "a"}), lambda: gate.until(1)]), gate.tool)
    assert await scene.play() == "error"
    assert scene.ends() == {"1": "cancelled"}
    assert gate.inside == set()


@pytest.mark.parametrize("bug", [KeyError("bug"), RuntimeError("bug"), StopAsyncIteration()])
async def test_a_bug_in_a_provider_leaves_a_valid_history_and_no_tool(bug: Exception) -> None:
    gate = Gate()

    async def fall() -> None:
        await gate.until(1)
        raise bug

    beats: list[Beat] = [TextDelta("so "), *call("1", "gate", {"word": "a"}), CallStart("2", "gate"), fall]
    scene = Scene(Player(beats), gate.tool)
    with pytest.raises(ExceptionGroup):
        await scene.play()
    assert scene.ends() == {"1": "cancelled", "2": "cancelled"}
    assert [result.call_id for result in scene.results()] == ["1"]
    again = Scene(Player([TextDelta("fine"), finished()]), history=scene.history)
    assert await again.play() == "end_turn"


async def test_an_error_in_a_later_step_keeps_what_was_done_before() -> None:
    scene = Scene(
        Player([*call("1", "echo"), finished("tool_calls", Usage(1))], [TextDelta("and"), Failed(OUCH)]), ECHO
    )
    assert await scene.play() == "error"
    assert [result.text for result in scene.results()] == ["echo "]
    assert (scene.turn.tally.usage, scene.turn.tally.text) == (Usage(1), "and")
    assert scene.history.messages[-1] == AssistantMessage("and")


# Backpressure


async def test_the_provider_is_not_read_while_there_is_no_room() -> None:
    room, said = anyio.Event(), list[str]()

    async def note() -> None:
        said.append("read on")

    scene = Scene(Player([TextDelta("a"), note, TextDelta("b"), finished()]), room=room.wait)
    async with create_task_group() as tasks:
        tasks.start_soon(scene.play)
        await scene.stage.until_event(TextChunk)
        for _ in range(20):
            await checkpoint()
        assert said == []
        room.set()
    assert said == ["read on"]
    assert scene.stage.text() == "ab"


async def test_a_cancel_gets_through_while_there_is_no_room() -> None:
    scene = Scene(player := Player([TextDelta("a"), TextDelta("b"), finished()]), room=anyio.sleep_forever)
    async with create_task_group() as tasks:

        async def cancel() -> None:
            await scene.stage.until_event(TextChunk)
            scene.scope.cancel()

        tasks.start_soon(cancel)
        assert await scene.play() == "cancelled"
    assert scene.history.messages[-1] == AssistantMessage("a")
    assert player.closed == 1


async def test_two_turns_do_not_wait_for_one_another() -> None:
    gate = Gate()
    slow = Scene(Player([*call("1", "gate", {"word": "a"}), finished()], [finished()]), gate.tool)
    deaf = Scene(Player([TextDelta("a"), finished()]), room=anyio.sleep_forever)
    quick = Scene(Player([*call("2", "echo"), finished()], [TextDelta("quick"), finished()]), ECHO)
    async with create_task_group() as tasks:
        tasks.start_soon(slow.play)
        tasks.start_soon(deaf.play)
        await gate.until(1)
        assert await quick.play() == "end_turn"
        assert not slow.stage.of(ToolRunEnd)
        deaf.scope.cancel()
        await gate.let("a")()
    assert slow.ends() == {"1": "completed"}


# Cancellation


async def test_a_turn_that_was_cancelled_before_it_ran_asks_nobody() -> None:
    scene = Scene(Player([checkpoint, TextDelta("a"), finished()]))
    scene.scope.cancel()
    assert await scene.play() == "cancelled"
    assert scene.stage.events == []
    assert [type(message) for message in scene.history.messages] == [UserMessage]


async def test_a_cancel_that_comes_as_the_last_tool_ends_asks_the_model_no_more() -> None:
    scenes = list[Scene]()

    async def probe(context: ToolContext) -> str:
        """Cancel the turn and return at once."""
        scenes[0].scope.cancel()
        return "done"

    player = Player([*call("1", "probe"), finished()], [TextDelta("more"), finished()])
    scenes.append(Scene(player, named("probe", probe)))
    assert await scenes[0].play() == "cancelled"
    assert len(player.requests) == scenes[0].turn.tally.steps == 1
    assert scenes[0].ends() == {"1": "completed"}


def busy_player() -> Player:
    """Two steps with everything in them, and a checkpoint between any two deltas."""
    first: list[Beat] = [
        TextDelta("one "),
        *call("1", "slow", {"word": "a"}),
        *call("2", "edit", {"word": "b"}),
        *call("3", "nothing"),
        CallStart("4", "slow"),
        CallArguments("4", "{}"),
        CallReady("4", {}),
        CallArguments("4", "!"),
        CallReady("4", {"word": "d"}),
        *call("5", "slow", {"word": "e"}),
        finished("tool_calls"),
    ]
    second: list[Beat] = [TextDelta("two "), *call("6", "slow"), finished("tool_calls")]
    third: list[Beat] = [ThinkingDelta("hm"), TextDelta("three"), finished()]
    return Player(*([beat for item in reply for beat in (item, checkpoint)] for reply in (first, second, third)))


async def slow(context: ToolContext, word: str = "") -> str:
    """Take three moments, and clean up in two."""
    try:
        for _ in range(3):
            await checkpoint()
            context.output(word)
    finally:
        with anyio.CancelScope(shield=True):
            await checkpoint()
            context.output("bye")
            await checkpoint()
    return f"slow {word}"


SLOW, EDIT = named("slow", slow), named("edit", slow, read_only=False)


async def cancelled_after(ticks: int, busy: Scene) -> str:
    """Run the turn and cancel it after so many rounds of the event loop. Nobody is asked anything from then on."""
    asked = list[int]()

    async def cancel() -> None:
        for _ in range(ticks):
            await checkpoint()
        busy.scope.cancel()
        asked.append(busy.turn.tally.steps)

    stop = ""
    async with create_task_group() as tasks:
        tasks.start_soon(cancel)
        stop = await busy.play()
        tasks.cancel_scope.cancel()
    assert stop != "cancelled" or asked == [busy.turn.tally.steps]
    return stop


async def test_cancelled_at_any_moment_a_turn_leaves_no_task_a_valid_history_and_every_call_ended() -> None:
    before, stop, ticks, stops = asyncio.all_tasks(), "", 0, set[str]()
    while stop != "end_turn":
        scene = Scene(busy_player(), SLOW, EDIT, room=checkpoint, limits=LimitSettings(concurrent_tools=2))
        stop = await cancelled_after(ticks, scene)
        stops.add(stop)
        assert asyncio.all_tasks() == before
        assert isinstance(scene.provider, Player)
        assert scene.provider.closed == len(scene.provider.requests)
        assert scene.stage.text() == "".join(
            item.text for item in scene.history.messages if isinstance(item, AssistantMessage)
        )
        again = Scene(
            Player([*call(f"n{ticks}", "slow"), finished()], [TextDelta("x"), finished()]), SLOW, history=scene.history
        )
        assert await again.play() == "end_turn", "the next prompt on the session works"
        ticks += 1
        assert ticks < 2000
    assert stops == {"cancelled", "end_turn"}
    assert ticks > 50


@settings(max_examples=150, deadline=None)
@given(
    reply=replies(),
    seed=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    person=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), max_size=3),
    ticks=st.none() | st.integers(0, 80),
)
async def test_whatever_is_said_and_cancelled_the_laws_hold(
    reply: tuple[list[Delta], Delta | None],
    seed: list[int],
    person: list[tuple[int, int]],
    ticks: int | None,
) -> None:
    """`Scene.play` holds every turn to the laws; `seed` is how many moments pass between deltas."""
    deltas, end = reply
    scenes = list[Scene]()

    def cancelling(call_id: str) -> Beat:
        async def cancel() -> None:
            scenes[0].cancel_call(call_id)

        return cancel

    beats: list[Beat] = []
    whole: list[Delta] = [*deltas, *([end] if end else [])]
    for index, delta in enumerate(whole):
        beats += [cancelling(str(number)) for place, number in person if place == index]
        beats.append(delta)
        beats += [checkpoint] * seed[index % len(seed)]
    look, write = named("look", lookup), named("write", lookup, read_only=False)
    scenes.append(Scene(Player(beats, [finished()]), look, write, limits=LimitSettings(concurrent_tools=2)))
    stop = await (cancelled_after(ticks, scenes[0]) if ticks is not None else scenes[0].play())
    if ticks is None and not isinstance(end, Finished):
        assert stop == "error"
    assert stop in {"end_turn", "max_tokens", "refusal", "cancelled", "error"}


async def lookup(context: ToolContext, path: str) -> str:
    """Look."""
    await checkpoint()
    context.output("looking")
    await checkpoint()
    return path


# Sessions


def sessions() -> Sessions:
    return Sessions(desk(), Configuration())


async def test_a_session_has_a_name_of_its_own_or_the_given_one_and_a_taken_name_is_refused() -> None:
    all_ = sessions()
    found = [all_.begin(Begin("a")), all_.begin(Begin()), all_.begin(Begin())]
    assert len({session.id for session in found}) == 3
    assert all_.find("a") is found[0]
    with pytest.raises(RequestError, match="the session 'a' exists"):
        all_.begin(Begin("a"))
    assert all_.find("b") is None


async def test_a_session_that_was_refused_is_forgotten_and_its_name_is_free() -> None:
    all_ = sessions()
    session = all_.begin(Begin("a"))
    all_.forget(session)
    assert all_.find("a") is None
    assert all_.begin(Begin("a")) is not session


async def test_a_session_may_have_folders_and_settings_of_its_own() -> None:
    all_, own = sessions(), Configuration()
    assert own.configure("test", {"permissions": [{"tool": "x", "action": "deny"}]}) is None
    theirs, ours = all_.begin(Begin("a", desk(), own)), all_.begin(Begin("b"))
    assert (ours.editor is all_.editor, theirs.editor is all_.editor) == (True, False)
    assert [rule.tool for rule in all_.rules("a")] == ["x"]
    assert all_.rules("b") == all_.rules(None) == ()
