"""What gives way: whatever a history holds, it stays one that a provider takes, and what the person just said stays."""

from collections.abc import AsyncGenerator
from functools import partial

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.agent.context import limits
from chatls.agent.context.layout import Layout, again, pruned
from chatls.agent.context.measure import Measure, of_messages
from chatls.agent.context.room import ContextRoom
from chatls.agent.history import History
from chatls.agent.request import Requests
from chatls.content import TextContent, TurnError, Usage
from chatls.events import CompactEnd, CompactionReason, CompactStart, Event, Notice
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.delta import Delta, Failed, Finished, TextDelta
from chatls.providers.provider import ModelRequest, Parameters
from chatls.settings.config import ContextSettings
from tests.agent.fakes import check_history
from tests.support.cases import for_each

SUMMARY = "the task is to count"


def said(text: str, *, steered: bool = False) -> UserMessage:
    return UserMessage((TextContent(text),), "steered" if steered else "prompt")


def step(number: int, sizes: list[int]) -> list[Message]:
    """A reply with so many calls, whose results are so long."""
    calls = tuple(ToolCall(f"c{number}-{at}", "read_file", {"path": "a"}) for at in range(len(sizes)))
    results = tuple(ToolResult(call.id, call.name, "x" * size + ".") for call, size in zip(calls, sizes, strict=True))
    return [AssistantMessage(f"reply {number}", calls), *([ToolMessage(results)] if calls else [])]


SIZES = st.lists(st.sampled_from([1, 200, 2000, 9000]), min_size=1, max_size=3)
TURNS = st.lists(st.lists(SIZES, min_size=0, max_size=4), min_size=1, max_size=6)


def history_of(turns: list[list[list[int]]], *, words: int = 10, steered: bool = False) -> tuple[Message, ...]:
    messages, number = list[Message](), 0
    for at, turn in enumerate(turns):
        messages.append(said(f"prompt {at}" + " x" * words))
        for sizes in turn:
            number += 1
            messages += step(number, sizes)
            messages += [said(f"steered {number}", steered=True)] if steered and number % 3 == 0 else []
    return tuple(messages)


class Bench:
    """A room, and what it does."""

    def __init__(self, messages: tuple[Message, ...], window: int | None, *deltas: Delta, running: bool = True) -> None:
        self.history = History(messages)
        self.events: list[Event] = []
        self.spent: list[Usage] = []
        self.learnt: list[int] = []
        self.asked: list[ModelRequest] = []
        self._deltas = deltas or (TextDelta(SUMMARY), Finished("end_turn", Usage(5, 2)))
        requests = Requests("m", "system", self.history, (), Parameters(), "auto")
        self.room = ContextRoom(
            requests,
            Measure(),
            window,
            ContextSettings(),
            self._stream,
            self.events.append,
            self.spent.append,
            self.learnt.append,
            partial(again, {}),
            self._renew,
            running=running,
        )

    async def _renew(self, *, now: bool) -> str | None:
        return "a new system prompt" if now else None

    async def _stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        for delta in self._deltas:
            yield delta

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def text(self) -> str:
        return str(self.history.messages)


@given(TURNS, st.booleans(), st.sampled_from(["threshold", "refused", "asked"]), st.integers(1, 20000), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_gives_way_a_provider_takes_what_is_left(
    turns: list[list[list[int]]], steered: bool, reason: CompactionReason, target: int, fails: bool
) -> None:
    messages = history_of(turns, steered=steered)
    broken = (Failed(TurnError("overloaded", "no", retryable=True)),) if fails else ()
    bench = Bench(messages, 8000, *broken, running=reason != "asked")
    before, mark = bench.room.tokens().count, bench.history.mark()
    changed = anyio.run(bench.room.give_way, reason, target)
    check_history(bench.history.messages)
    last = len(turns) - 1
    if reason != "asked":
        assert f"prompt {last} x" in bench.text(), "what the person just said stays"
        last_words = [one for one in Layout.of(messages, running=True).messages() if isinstance(one, UserMessage)]
        assert all(one in bench.history.messages for one in last_words if one.origin == "steered" and one in _of(mark))
    assert len(bench.of(CompactStart)) == len(bench.of(CompactEnd))
    if not changed:
        assert bench.history.messages is mark
    elif not fails:
        assert bench.room.tokens().count <= before + 400, "a summary of nothing is short"
    bench.history.rewind(mark)
    assert bench.history.messages == messages, "a rewind brings all of it back"
    assert bool(bench.spent) == bool(bench.asked and not fails)


def _of(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turn that runs."""
    start = max(at for at, one in enumerate(messages) if isinstance(one, UserMessage) and one.origin == "prompt")
    return messages[start:]


@given(TURNS, st.integers(0, 8))
def test_one_line_stands_for_a_result_and_the_last_ones_stay(turns: list[list[list[int]]], keep: int) -> None:
    messages = history_of(turns)
    shorter = pruned(messages, partial(again, {}), keep)
    check_history(shorter)
    assert of_messages(shorter) <= of_messages(messages)
    old = [result for one in messages if isinstance(one, ToolMessage) for result in one.results]
    new = [result for one in shorter if isinstance(one, ToolMessage) for result in one.results]
    assert new[len(new) - keep :] == old[len(old) - keep :] or keep == 0 or keep >= len(old)
    assert [one.call_id for one in new] == [one.call_id for one in old]
    assert pruned(shorter, partial(again, {}), keep) == shorter


def test_each_gives_way_only_if_what_came_before_was_not_enough() -> None:
    turns = [[[2000]], [[2000]], [[2000]], [[2000]], [[2000]] * 8]
    full = of_messages(history_of(turns))

    def run(target: int) -> tuple[Bench, Layout]:
        bench = Bench(history_of(turns), 20_000)
        assert anyio.run(bench.room.give_way, "threshold", target) is True
        return bench, Layout.of(bench.history.messages, running=True)

    bench, layout = run(full - 400)
    assert (len(layout.turns), bench.asked, len(bench.of(CompactStart))) == (4, [], 0)
    assert "left out to save room" in str(layout.older())
    bench, layout = run(10_000)
    assert len(layout.turns) == 4
    bench, layout = run(int(full * 0.75) + 4000)
    assert len(bench.of(Notice)) <= 1
    bench, layout = run(6600)
    assert (len(layout.turns), len(layout.steps), SUMMARY in str(layout.summaries)) == (0, 8, True)
    assert "left out" not in str(layout.steps)
    bench, layout = run(5000)
    assert (len(layout.turns), len(layout.steps)) == (0, 8)
    assert str(layout.steps).count("left out to save room") == 2 * 3, "the text and what people saw, of three calls"
    bench, layout = run(1000)
    assert (len(layout.turns), len(layout.steps), SUMMARY in str(layout.recap)) == (0, 1, True)
    assert len(bench.asked) == 2
    assert bench.room.requests.system == "system", "it is made anew with the next turn"


@for_each(
    ("text", "limit"),
    [
        ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 8192),
        ("prompt is too long: 210000 tokens > 8000 maximum", 8000),
        ("The input token count (1250074) exceeds the maximum number of tokens allowed (8576).", 8576),
        ("request (9500 tokens) exceeds the available context size (8,192 tokens), try increasing it", 8192),
        ("This endpoint's maximum context length is 8000 tokens. However, you requested about 9021 tokens", 8000),
        ("prompt too long; exceeded max context length by 1119046 tokens (ref: 96164522)", None),
        ("the request exceeds the available context size", None),
        ("Too long: at most 200000 tokens", None),
        ('context overflow {"n_ctx": 4096, "n_prompt_tokens": 9000}', 4096),
    ],
)
def test_what_a_refusal_tells(text: str, limit: int | None) -> None:
    assert limits.told(text, 9000) == limit


def test_limits_of_a_catalogue_that_are_not_sane() -> None:
    assert limits.Limits(8000).room == 7200
    assert limits.Limits(8000, 2000).room == 6000
    assert limits.Limits(8000, 8000).room == limits.Limits(8000, 10**9).room == 4000
    assert limits.Limits(1).room == 1
