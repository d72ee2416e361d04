"""Step: every row of "The life of a call" (docs/protocol.md, section 4), and laws that hold for whatever is said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from chatls.agent.step import Outcome, Run, Step
from chatls.content import TextContent, Usage
from chatls.events import (
    Event,
    Notice,
    Reclassified,
    Retry,
    StepEnd,
    StepStopReason,
    TextChunk,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunStart,
)
from chatls.message import AssistantMessage, Message, Replay, ToolMessage, UserMessage
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
)
from chatls.tools import TOOLS as REAL_TOOLS
from chatls.tools.tool import Tool, ToolContext
from chatls.workspace.workspace import Workspace
from tests.agent.fakes import OUCH, check_events, check_history, desk, named


def look(context: ToolContext, path: str, lines: Annotated[int, Field(ge=1)] = 5) -> str:
    """Look."""
    return f"{path}:{lines}"


def write(context: ToolContext, path: str) -> str:
    """Write."""
    return path


pytestmark = pytest.mark.asyncio

TOOLS = {"look": named("look", look), "write": named("write", write, read_only=False)}
GOOD = {"path": "a.py"}


def new_step() -> Step:
    return Step(TOOLS, lambda: Workspace(desk()))


def feed(step: Step, *deltas: Delta) -> list[Event]:
    return [event for delta in deltas for event in step.add(delta)]


def ready(call_id: str, name: str = "look") -> list[Delta]:
    return [CallStart(call_id, name), CallArguments(call_id, '{"path": "a.py"}'), CallReady(call_id, dict(GOOD))]


def began(run: Run) -> ToolRunStart:
    """What the runner does when a run begins."""
    run.call.state = "running"
    return ToolRunStart(run.call.id, started_early=True)


def completed(run: Run, text: str = "found") -> ToolRunEnd:
    return run.call.end(Outcome.saying("completed", text))


def ends(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.tool_call_id, event.status) for event in events if isinstance(event, ToolRunEnd)]


def texts(message: Message) -> list[str]:
    assert isinstance(message, ToolMessage)
    return [result.text for result in message.results]


# What passes through


async def test_text_and_thinking_pass_through_piece_by_piece_and_are_remembered_whole() -> None:
    step = new_step()
    events = feed(
        step, ThinkingDelta("hm"), TextDelta("a"), ThinkingDelta("m"), TextDelta("b"), Finished("end_turn", None)
    )
    assert events == [
        ThinkingChunk("hm"),
        TextChunk("a"),
        ThinkingChunk("m"),
        TextChunk("b"),
        StepEnd("end_turn", None, "ab"),
    ]
    assert step.close() == ([], [AssistantMessage("ab", (), "hmm")])


async def test_text_that_was_thinking_is_told_by_its_length_and_remembered_as_that() -> None:
    step = new_step()
    events = feed(step, TextWasThinking(), TextDelta("h\N{WAVING HAND SIGN}"), TextWasThinking(), TextDelta("b"))
    assert events[1:] == [Reclassified("text", "thinking", 2), TextChunk("b")]
    assert feed(step, Finished("end_turn", None)) == [StepEnd("end_turn", None, "b")]
    assert step.close() == ([], [AssistantMessage("b", (), "h\N{WAVING HAND SIGN}")])


async def test_retries_and_notices_pass_through_and_leave_no_trace() -> None:
    step = new_step()
    retry, notice = Retry(1, 500, "overloaded", "busy"), Notice("no streaming")
    assert feed(step, retry, notice) == [retry, notice]
    assert step.close() == ([], [])


async def test_usage_and_replay_travel_with_the_end() -> None:
    step, usage, replay = new_step(), Usage(3, 4), Replay("player", {"a": "b"})
    assert feed(step, TextDelta("x"), Finished("end_turn", usage, replay))[-1] == StepEnd("end_turn", usage, "x")
    assert step.close()[1] == [AssistantMessage("x", (), "", replay)]


async def test_empty_text_makes_no_message() -> None:
    step = new_step()
    feed(step, TextDelta(""), Finished("end_turn", None))
    assert step.close() == ([], [])


# Ready, and who starts when


async def test_a_call_is_told_fragment_by_fragment_and_then_whole() -> None:
    step = new_step()
    assert feed(step, *ready("1")) == [
        ToolCallStart("1", "look", "read"),
        ToolCallDelta("1", '{"path": "a.py"}'),
        ToolCallEnd("1", "look", f"look {dict(GOOD, lines=5)}", GOOD),
    ]


async def test_a_read_only_call_may_start_while_the_reply_streams_and_is_handed_out_once() -> None:
    step = new_step()
    feed(step, *ready("1"))
    assert [run.call.id for run in step.startable()] == ["1"]
    assert step.startable() == []
    feed(step, Finished("tool_calls", None))
    assert step.waiting() == []


async def test_a_run_carries_the_arguments_with_their_defaults() -> None:
    step = new_step()
    feed(step, *ready("1"))
    (run,) = step.startable()
    assert (run.tool, run.arguments, run.counts) == (TOOLS["look"], {"path": "a.py", "lines": 5}, True)


async def test_a_call_that_changes_things_waits_for_the_whole_reply() -> None:
    step = new_step()
    feed(step, *ready("1", "write"), *ready("2"))
    assert [run.call.id for run in step.startable()] == ["2"]
    feed(step, Finished("tool_calls", None))
    assert [run.call.id for run in step.waiting()] == ["1"]
    assert step.waiting() == []


async def test_a_call_that_still_streams_starts_nowhere() -> None:
    step = new_step()
    feed(step, CallStart("1", "look"), CallArguments("1", '{"pa'))
    assert step.startable() == []
    feed(step, Finished("max_tokens", None))
    assert step.waiting() == []


@pytest.mark.parametrize("end", [Failed(OUCH), Finished("refusal", None), None])
async def test_nothing_starts_after_a_refusal_an_error_or_an_end_without_a_word(end: Delta | None) -> None:
    step = new_step()
    feed(step, *ready("1", "write"), *([end] if end else []))
    assert step.waiting() == []
    events, (message, results) = step.close()
    assert ends(events) == [("1", "cancelled")]
    assert isinstance(message, AssistantMessage)
    assert [item.id for item in message.calls] == ["1"]
    assert texts(results) == ["cancelled: the turn ended before it ran"]


# Calls that cannot run


async def test_an_unknown_tool_fails_at_once_and_the_model_is_told_which_there_are() -> None:
    step = new_step()
    events = feed(step, CallStart("1", "grep"), CallReady("1", {"a": 1}))
    assert events[:2] == [ToolCallStart("1", "grep", "other"), ToolCallEnd("1", "grep", "grep", {"a": 1})]
    assert ends(events) == [("1", "failed")]
    assert step.startable() == []
    assert texts(step.close()[1][1]) == ["There is no tool named 'grep'. The tools are: look, write."]


async def test_arguments_that_are_no_json_fail_and_are_remembered_as_an_empty_object() -> None:
    step = new_step()
    events = feed(step, CallStart("1", "look"), CallArguments("1", "{oops"), CallReady("1", None, "no JSON at 1"))
    assert events[2] == ToolCallEnd("1", "look", "look", None, "no JSON at 1")
    assert ends(events) == [("1", "failed")]
    message, results = step.close()[1]
    assert isinstance(message, AssistantMessage)
    assert message.calls[0].arguments == {}
    assert "no JSON at 1" in texts(results)[0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "path: required"),
        ({"path": "a", "lines": 0}, "lines: Input should be greater than or equal to 1"),
        ({"path": "a", "colour": 1}, "colour: no such argument; there are path, lines"),
        ({"path": 5.5}, "path: Input should be a valid string"),
    ],
)
async def test_arguments_that_do_not_fit_fail_with_a_reason_and_are_remembered_as_written(
    arguments: dict[str, Any], complaint: str
) -> None:
    step = new_step()
    events = feed(step, CallStart("1", "look"), CallReady("1", arguments))
    assert isinstance(events[1], ToolCallEnd)
    assert events[1].arguments is None
    assert complaint in (events[1].arguments_error or "")
    assert ends(events) == [("1", "failed")]
    message, results = step.close()[1]
    assert isinstance(message, AssistantMessage)
    assert message.calls[0].arguments == arguments
    assert complaint in texts(results)[0]


async def test_null_stands_for_what_was_not_given() -> None:
    step = new_step()
    feed(step, CallStart("1", "look"), CallReady("1", {"path": "a", "lines": None}))
    assert step.startable()[0].arguments == {"path": "a", "lines": 5}


# A provider that contradicts itself


async def test_more_argument_text_cancels_the_early_run_and_a_second_end_precedes_a_new_one() -> None:
    step = new_step()
    events = feed(step, *ready("1"))
    (early,) = step.startable()
    events += [began(early), *feed(step, CallArguments("1", "}"), CallReady("1", {"path": "b.py"}))]
    assert [type(event).__name__ for event in events[3:]] == [
        "ToolRunStart",
        "ToolRunEnd",
        "ToolCallDelta",
        "ToolCallEnd",
    ]
    assert ends(events) == [("1", "cancelled")]
    assert early.scope.cancel_called
    assert not early.counts
    (late,) = step.startable()
    assert late.arguments["path"] == "b.py"
    events += [began(late), completed(late, "b"), *feed(step, Finished("tool_calls", None))]
    more, messages = step.close()
    check_events(events + more)
    assert texts(messages[1]) == ["b"]


async def test_blank_text_contradicts_nothing() -> None:
    step = new_step()
    feed(step, *ready("1"))
    (run,) = step.startable()
    began(run)
    assert feed(step, CallArguments("1", " \n")) == [ToolCallDelta("1", " \n")]
    assert run.counts
    assert not run.scope.cancel_called


async def test_a_run_that_was_handed_out_but_has_not_begun_is_taken_back_without_a_word() -> None:
    step = new_step()
    feed(step, *ready("1"))
    (run,) = step.startable()
    events = feed(step, CallArguments("1", "x"))
    assert ends(events) == []
    assert run.scope.cancel_called
    assert not run.counts


async def test_a_call_that_was_taken_back_and_never_closed_again_is_not_remembered() -> None:
    step = new_step()
    events = feed(step, *ready("1"))
    (run,) = step.startable()
    events += [began(run), *feed(step, CallArguments("1", "x"), Finished("end_turn", None))]
    more, messages = step.close()
    check_events(events + more)
    assert ends(events + more) == [("1", "cancelled"), ("1", "cancelled")]
    assert messages == []


async def test_a_completed_early_run_does_not_count_after_a_contradiction() -> None:
    step = new_step()
    events = feed(step, *ready("1"))
    (run,) = step.startable()
    events += [began(run), completed(run, "of a.py")]
    events += feed(step, CallArguments("1", "x"), CallReady("1", {"path": "b.py"}), Finished("tool_calls", None))
    (again,) = step.waiting()
    events += [began(again), completed(again, "of b.py")]
    more, messages = step.close()
    check_events(events + more)
    assert texts(messages[1]) == ["of b.py"]


async def test_arguments_that_are_mended_later_may_run_after_all() -> None:
    step = new_step()
    events = feed(step, CallStart("1", "look"), CallReady("1", None, "cut"), CallArguments("1", "}"), *ready("1")[2:])
    assert [run.call.id for run in step.startable()] == ["1"]
    assert ends(events) == [("1", "failed")]


# Replies that were cut


async def test_after_max_tokens_complete_calls_run_and_unclosed_ones_fail_and_are_not_remembered() -> None:
    step = new_step()
    events = feed(step, TextDelta("let me"), *ready("1", "write"), CallStart("2", "look"), CallArguments("2", '{"pa'))
    events += feed(step, Finished("max_tokens", None))
    (run,) = step.waiting()
    events += [began(run), completed(run)]
    more, messages = step.close()
    check_events(events + more)
    assert more[0] == ToolCallEnd("2", "look", "look", None, "the reply ended before the arguments were complete")
    assert ends(events + more) == [("1", "completed"), ("2", "failed")]
    assert step.outcome == "max_tokens"
    assert isinstance(messages[0], AssistantMessage)
    assert [item.id for item in messages[0].calls] == ["1"]
    assert texts(messages[1]) == ["found"]


async def test_after_a_cancel_unclosed_calls_end_cancelled_and_complete_ones_are_answered() -> None:
    step = new_step()
    events = feed(step, TextDelta("see"), *ready("1"), *ready("2", "write"), CallStart("3", "look"))
    more, messages = step.close()
    check_events(events + more)
    assert ends(more) == [("1", "cancelled"), ("2", "cancelled"), ("3", "cancelled")]
    assert step.outcome is None
    check_history([UserMessage(()), *messages])
    assert isinstance(messages[1], ToolMessage)
    assert [result.is_error for result in messages[1].results] == [True, True]


async def test_an_error_before_any_word_leaves_nothing() -> None:
    step = new_step()
    assert feed(step, Failed(OUCH)) == []
    assert (step.error, step.outcome, step.close()) == (OUCH, None, ([], []))


async def test_results_stand_in_call_order_whatever_order_they_came_in() -> None:
    step = new_step()
    feed(step, *ready("1"), *ready("2"), *ready("3"))
    runs = step.startable()
    for run in reversed(runs):
        completed(run, run.call.id)
    assert texts(step.close()[1][1]) == ["1", "2", "3"]


# A person's cancel of one call


async def test_cancelling_a_call_that_still_streams_keeps_it_from_running() -> None:
    step = new_step()
    feed(step, CallStart("1", "look"))
    assert step.calls["1"].cancel() == []
    events = feed(step, CallReady("1", dict(GOOD)), Finished("tool_calls", None))
    assert ends(events) == [("1", "cancelled")]
    assert step.startable() + step.waiting() == []
    assert texts(step.close()[1][1]) == ["cancelled by the user; do not try it again unasked"]


async def test_cancelling_a_ready_call_ends_it_at_once() -> None:
    step = new_step()
    feed(step, *ready("1", "write"))
    assert ends(step.calls["1"].cancel()) == [("1", "cancelled")]
    feed(step, Finished("tool_calls", None))
    assert step.waiting() == []
    assert step.outcome == "tool_calls", "the turn goes on"


async def test_cancelling_a_call_that_runs_is_left_to_its_runner() -> None:
    step = new_step()
    feed(step, *ready("1"))
    (run,) = step.startable()
    assert step.calls["1"].cancel() == []
    assert run.scope.cancel_called
    assert run.counts


async def test_cancelling_a_call_that_ended_changes_nothing() -> None:
    step = new_step()
    feed(step, *ready("1"))
    completed(step.startable()[0], "kept")
    assert step.calls["1"].cancel() == []
    assert texts(step.close()[1][1]) == ["kept"]


# Stop reasons


@pytest.mark.parametrize(
    ("said", "calls", "outcome"),
    [
        ("end_turn", [], "end_turn"),
        ("tool_calls", [], "end_turn"),
        ("end_turn", ready("1"), "tool_calls"),
        ("tool_calls", ready("1"), "tool_calls"),
        ("max_tokens", ready("1"), "max_tokens"),
        ("refusal", ready("1"), "refusal"),
        ("tool_calls", [CallStart("1", "look")], "end_turn"),
        ("end_turn", [CallStart("1", "grep"), CallReady("1", {})], "tool_calls"),
    ],
)
async def test_the_calls_decide_whether_a_reply_wants_an_answer(
    said: StepStopReason, calls: list[Delta], outcome: StepStopReason
) -> None:
    step = new_step()
    *_, last = feed(step, *calls, Finished(said, None))
    assert isinstance(last, StepEnd)
    step.close()
    assert (last.stop_reason, step.outcome) == (outcome, outcome)


async def test_a_result_without_text_still_says_something() -> None:
    assert Outcome("completed", ()).text() == Outcome("completed", (TextContent(""),)).text() == "(no output)"


# Whatever is said


@dataclass
class Play:
    """A step, what it told so far, and the runs that are out."""

    step: Step = field(default_factory=new_step)
    events: list[Event] = field(default_factory=list[Event])
    out: list[Run] = field(default_factory=list[Run])
    running: list[Run] = field(default_factory=list[Run])

    def collect(self, runs: list[Run]) -> None:
        assert not {id(run.scope) for run in runs} & {id(run.scope) for run in self.out}
        self.out += runs

    def begin(self, index: int) -> None:
        """As the runner does: a run that was taken back before it began does nothing."""
        waiting = [run for run in self.out if run not in self.running and not run.scope.cancel_called]
        if waiting:
            run = waiting[index % len(waiting)]
            self.running.append(run)
            self.events.append(began(run))

    def finish(self, index: int) -> None:
        if self.running:
            run = self.running.pop(index % len(self.running))
            self.out.remove(run)
            if run.counts:
                self.events.append(completed(run, f"{run.call.id} found {run.arguments}"))

    def cancel(self, index: int) -> None:
        calls = [call for call in self.step.calls.values() if call.state != "ended"]
        if calls:
            self.events += calls[index % len(calls)].cancel()


Action = Callable[[Play], None]


def _speak(delta: Delta) -> Action:
    def act(play: Play) -> None:
        before = len(play.events)
        play.events += play.step.add(delta)
        assert before <= len(play.events)

    return act


def _do(name: str, index: int) -> Action:
    return lambda play: getattr(play, name)(index)


def _startable(play: Play) -> None:
    play.collect(play.step.startable())


ANSWERS = st.sampled_from([dict(GOOD), {"path": "b.py"}, {}, {"nothing": 1}, None])
PIECES = st.sampled_from(["{", '"path"', "}", " ", "\n", ""])


@st.composite
def calls_of(draw: st.DrawFn, call_id: str) -> list[Delta]:
    """One call as a provider may tell it: closed, contradicted, or cut anywhere."""
    deltas: list[Delta] = [CallStart(call_id, draw(st.sampled_from(["look", "look", "write", "grep"])))]
    for _ in range(draw(st.integers(0, 3))):
        deltas += [CallArguments(call_id, draw(PIECES)) for _ in range(draw(st.integers(0, 2)))]
        arguments = draw(ANSWERS)
        deltas.append(CallReady(call_id, arguments, None if arguments is not None else "broken"))
    deltas += [CallArguments(call_id, draw(PIECES)) for _ in range(draw(st.integers(0, 2)))]
    return deltas


@st.composite
def replies(draw: st.DrawFn) -> tuple[list[Delta], Delta | None]:
    """A reply: text and calls interleaved, and an end, if any."""
    threads = [draw(calls_of(str(number))) for number in range(draw(st.integers(0, 4)))]
    threads.append([draw(st.sampled_from([TextDelta("t"), TextDelta(""), ThinkingDelta("h")])) for _ in range(3)])
    deltas: list[Delta] = []
    while any(threads):
        thread = draw(st.sampled_from([thread for thread in threads if thread]))
        deltas.append(thread.pop(0))
    stops: list[Delta | None] = [Finished(stop, None) for stop in ("end_turn", "tool_calls", "max_tokens", "refusal")]
    return deltas, draw(st.sampled_from([*stops, Failed(OUCH), None]))


@st.composite
def plays(draw: st.DrawFn) -> tuple[list[Action], Delta | None]:
    """A reply with runs and a person's cancels in between."""
    deltas, end = draw(replies())
    doings = st.tuples(st.sampled_from(["begin", "finish", "cancel"]), st.integers(0, 7))
    actions: list[Action] = []
    for delta in deltas:
        actions.append(_speak(delta))
        if draw(st.booleans()):
            actions.append(_startable)
        actions += [_do(*doing) for doing in draw(st.lists(doings, max_size=2))]
    return actions, end


@settings(max_examples=300, deadline=None)
@given(plays(), st.booleans())
async def test_whatever_a_provider_says_and_tools_and_people_do_the_laws_hold(
    given_play: tuple[list[Action], Delta | None], all_run: bool
) -> None:
    actions, end = given_play
    play = Play()
    for act in actions:
        act(play)
    if end is not None:
        _speak(end)(play)
    if play.step.finished is not None:
        play.collect(play.step.waiting())
    for _ in range(len(play.out) if all_run else 0):
        play.begin(0)
        play.finish(0)
    complete = [call for call in play.step.calls.values() if call.state != "streaming"]
    events, messages = play.step.close()

    check_events(play.events + events)
    check_history([UserMessage(()), *messages])
    told = [item.id for message in messages if isinstance(message, AssistantMessage) for item in message.calls]
    assert told == [call.id for call in complete]
    assert (play.step.outcome is None) == (play.step.finished is None)
    assert (play.step.outcome == "tool_calls") <= bool(complete)


WORDS = st.text(st.characters(exclude_categories=[]), max_size=12) | st.sampled_from(["../..", "/", "file:///%00", "~"])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(REAL_TOOLS), WORDS, st.none() | st.integers(-1, 3), st.sampled_from([(), ("/a",), ("/a", "/b")]))
async def test_a_title_is_one_line_and_nothing_in_arguments_that_fit_breaks_a_step(
    real: Tool, word: str, number: int | None, roots: tuple[str, ...]
) -> None:
    properties = real.spec.input_schema["properties"]
    arguments = {name: {"string": word, "integer": number}.get(item.get("type")) for name, item in properties.items()}
    step = Step({real.name: real}, lambda: Workspace(desk(*map(Path, roots))))
    *_, end = feed(step, CallStart("1", real.name), CallReady("1", arguments))
    if isinstance(end, ToolCallEnd):
        assert end.title.startswith(real.name)
        assert len(end.title.splitlines()) == 1
