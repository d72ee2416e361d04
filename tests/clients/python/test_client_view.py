"""The fold, rule by rule (chatls_client/view.py)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls_client.protocol import (
    Event,
    Location,
    Notice,
    PermissionRequested,
    PermissionResolved,
    PromptResult,
    Reclassified,
    Retry,
    StepEnd,
    TextChunk,
    TextContent,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
    TurnError,
    TurnStart,
    Usage,
)
from chatls_client.view import (
    NoticeBlock,
    RetryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    View,
    fail,
    finish,
    fold,
)

START = ToolCallStart("a", "search", "search")
READY = ToolCallEnd("a", "search", "search x", {"pattern": "x"}, None, (Location("file:///x"),))
SPLIT = (ThinkingBlock(2, "a"), TextBlock(2, "\U0001f600"))
BEHIND = (ThinkingBlock(2, "b"), TextBlock(2, "c"))
RESULT = PromptResult("s", "t", "end_turn", Usage(1, 2), 1, 3, {"search": 1}, 40, 5)


def view_of(*events: Event) -> View:
    view = View()
    for event in events:
        view = fold(view, event)
    return view


def call_of(*events: Event) -> ToolBlock:
    block = view_of(START, *events).blocks[0]
    assert isinstance(block, ToolBlock)
    return block


def test_a_turn_waits_runs_and_ends() -> None:
    assert View().status == "waiting"
    view = view_of(TurnStart("s", "p/m"))
    assert (view.status, view.session_id, view.model) == ("running", "s", "p/m")
    view = finish(view, RESULT)
    assert (view.status, view.stop_reason, view.usage, view.tools) == ("ended", "end_turn", Usage(1, 2), {"search": 1})


def test_chunks_extend_the_last_block_of_their_kind() -> None:
    events = [TextChunk("a"), TextChunk("b"), ThinkingChunk("c"), ThinkingChunk("d"), TextChunk("e")]
    assert view_of(*events).blocks == (TextBlock(1, "ab"), ThinkingBlock(1, "cd"), TextBlock(1, "e"))


@pytest.mark.parametrize(
    ("length", "blocks"),
    [
        (0, (TextBlock(2, "a\U0001f600"), ToolBlock(2, "a", "search", "search"), TextBlock(2, "bc"))),
        (1, (*SPLIT, ToolBlock(2, "a", "search", "search"), TextBlock(2, "bc"))),
        (3, (ThinkingBlock(2, "a\U0001f600"), ToolBlock(2, "a", "search", "search"), *BEHIND)),
        (9, (ThinkingBlock(2, "a\U0001f600"), ToolBlock(2, "a", "search", "search"), ThinkingBlock(2, "bc"))),
    ],
)
def test_the_beginning_of_a_replys_text_becomes_thinking_where_it_stands(length: int, blocks: Any) -> None:
    before = [TextChunk("first"), StepEnd("tool_calls", None, "first")]
    events = [TextChunk("a\U0001f600"), START, TextChunk("bc"), Reclassified("text", "thinking", length)]
    assert view_of(*before, *events).blocks == (TextBlock(1, "first"), *blocks)


def test_text_that_flows_while_a_tool_runs_stands_below_it() -> None:
    view = view_of(TextChunk("a"), START, READY, ToolRunStart("a", started_early=True), TextChunk("b"))
    assert [type(block) for block in view.blocks] == [TextBlock, ToolBlock, TextBlock]


def test_a_new_reply_begins_new_blocks() -> None:
    view = view_of(TextChunk("a"), StepEnd("tool_calls", None, "a"), TextChunk("b"))
    assert view.blocks == (TextBlock(1, "a"), TextBlock(2, "b"))


@pytest.mark.parametrize(
    ("seen", "whole", "blocks"),
    [
        ([], "ab", (TextBlock(1, "ab"),)),
        ([TextChunk("a")], "ab", (TextBlock(1, "ab"),)),
        ([START], "ab", (TextBlock(1, "ab"), ToolBlock(1, "a", "search", "search"))),
        ([TextChunk("a"), START, TextChunk("b")], "c", (TextBlock(1, "c"), ToolBlock(1, "a", "search", "search"))),
        ([START, TextChunk("b")], "", (ToolBlock(1, "a", "search", "search"),)),
    ],
)
def test_the_end_of_a_reply_has_the_last_word_on_its_text(seen: list[Event], whole: str, blocks: Any) -> None:
    before = [TextChunk("first"), StepEnd("tool_calls", None, "first")]
    after = tuple(replace(block, step=2) for block in blocks)
    assert view_of(*before, *seen, StepEnd("end_turn", None, whole)).blocks == (TextBlock(1, "first"), *after)


def test_a_call_goes_through_its_life() -> None:
    events: list[Event] = [
        ToolCallDelta("a", '{"pattern":'),
        ToolCallDelta("a", ' "x"}'),
        READY,
        PermissionRequested("a"),
        PermissionResolved("a", "allow_once"),
        ToolRunStart("a", started_early=True),
        ToolRunOutput("a", "so "),
        ToolRunOutput("a", "far"),
        ToolRunEnd("a", "completed", (TextContent("found"),), 7, truncated=True),
    ]
    statuses = [call_of(*events[:count]).status for count in range(len(events) + 1)]
    assert statuses == [
        *["streaming"] * 3,
        "ready",
        "awaiting_permission",
        "ready",
        *["running"] * 3,
        "completed",
    ]
    call = call_of(*events)
    assert (call.arguments_text, call.arguments, call.title) == ('{"pattern": "x"}', {"pattern": "x"}, "search x")
    assert (call.output, call.content, call.duration_ms) == ("so far", (TextContent("found"),), 7)
    assert (call.started_early, call.truncated, call.permission) == (True, True, "allow_once")


def test_a_second_end_of_the_arguments_takes_back_the_early_run() -> None:
    early = [READY, ToolRunStart("a", started_early=True), ToolRunOutput("a", "x"), ToolRunEnd("a", "cancelled")]
    call = call_of(*early, replace(READY, arguments={"pattern": "y"}))
    assert (call.status, call.arguments) == ("ready", {"pattern": "y"})
    assert (call.output, call.content, call.duration_ms, call.started_early) == ("", (), None, False)


def test_arguments_that_do_not_fit_are_kept_with_the_complaint() -> None:
    call = call_of(ToolCallEnd("a", "search", "search", None, "no JSON"), ToolRunEnd("a", "failed"))
    assert (call.status, call.arguments, call.arguments_error) == ("failed", None, "no JSON")


def test_events_of_unknown_calls_are_ignored_but_complete_arguments_make_one() -> None:
    assert (
        view_of(ToolCallDelta("z", "x"), ToolRunStart("z", started_early=False), ToolRunEnd("z", "failed")).blocks == ()
    )
    assert [type(block) for block in view_of(READY).blocks] == [ToolBlock]


def test_calls_change_where_they_stand() -> None:
    view = view_of(START, ToolCallStart("b", "read_file", "read"), READY, ToolRunEnd("b", "failed"))
    assert [block.status for block in view.blocks if isinstance(block, ToolBlock)] == ["ready", "failed"]


def test_progress_replaces_its_notice_and_nothing_else() -> None:
    view = view_of(Notice("1.5 of 98 MB"), Notice("98 of 98 MB"), Notice("98 of 98 MB", "warning"), Notice("ready"))
    assert view.blocks == (
        NoticeBlock(1, "info", "98 of 98 MB"),
        NoticeBlock(1, "warning", "98 of 98 MB"),
        NoticeBlock(1, "info", "ready"),
    )


def test_a_retry_replaces_the_one_before() -> None:
    view = view_of(Retry(1, 500, "network", "a"), Retry(2, 1000, "timeout", "b"))
    assert view.blocks == (RetryBlock(1, 2, 1000, "timeout", "b"),)


def test_usage_adds_up_until_the_result_says_it() -> None:
    view = view_of(StepEnd("tool_calls", Usage(1, 2, 3, 4), ""), StepEnd("end_turn", Usage(10, 20), ""))
    assert (view.usage, view.steps) == (Usage(11, 22, 3, 4), 2)
    assert finish(view, replace(RESULT, usage=None)).usage is None


def test_no_call_stays_open_after_the_end() -> None:
    error = TurnError("network", "gone", retryable=True)
    for view in (finish(view_of(START), RESULT), fail(view_of(START), error)):
        assert [block.status for block in view.blocks if isinstance(block, ToolBlock)] == ["cancelled"]
    failed = fail(View(), error)
    assert (failed.status, failed.stop_reason, failed.error) == ("ended", "error", error)


def test_a_view_is_plain_json_without_what_is_not_known() -> None:
    assert view_of(START).to_wire() == {
        "status": "waiting",
        "steps": 0,
        "tools": {},
        "blocks": [
            {
                "type": "tool",
                "step": 1,
                "id": "a",
                "name": "search",
                "kind": "search",
                "status": "streaming",
                "argumentsText": "",
                "output": "",
                "content": [],
                "locations": [],
                "startedEarly": False,
                "truncated": False,
            }
        ],
    }


@given(st.text(max_size=30), st.lists(st.integers(1, 10), max_size=10))
def test_merged_chunks_make_the_same_view(text: str, cuts: list[int]) -> None:
    pieces: list[str] = []
    rest = text
    for cut in [*cuts, len(text)]:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    events = [TextChunk(piece) for piece in pieces if piece]
    assert view_of(*events).blocks == (view_of(TextChunk(text)).blocks if text else ())
