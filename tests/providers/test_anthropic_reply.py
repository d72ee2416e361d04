"""How replies of the Messages API are read, beyond the table of cases, and what is kept of them to go back."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.content import JsonObject, Usage
from chatls.errors import ErrorKind, ProviderError
from chatls.events import StepStopReason
from chatls.providers.anthropic_reply import AnthropicDecoder
from chatls.providers.delta import CallReady, CallStart, Delta, TextDelta
from chatls.providers.http.body import Body
from chatls.providers.http.framing import SseEvent, SseFramer
from tests.providers.reading import SOURCE, Seen, seen, stream_bytes
from tests.support.cases import for_each

PARIS = {"city": "Paris"}
START = {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 10, "output_tokens": 1}}}
PING = {"type": "ping"}
STOP = {"type": "message_stop"}


def begin(index: Any, kind: str, **more: Any) -> JsonObject:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **more}}


def add(index: Any, kind: str, **more: Any) -> JsonObject:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def end(index: Any) -> JsonObject:
    return {"type": "content_block_stop", "index": index}


def label(stop: Any, **usage: Any) -> JsonObject:
    return {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5, **usage}}


def text(*pieces: str, index: int = 0) -> list[JsonObject]:
    added = [add(index, "text_delta", text=piece) for piece in pieces]
    return [begin(index, "text", text=""), *added, end(index)]


def call(
    *pieces: str, index: int = 0, name: str = "weather", call_id: str = "toolu_1", **more: Any
) -> list[JsonObject]:
    added = [add(index, "input_json_delta", partial_json=piece) for piece in pieces]
    return [begin(index, "tool_use", id=call_id, name=name, **{"input": {}, **more}), *added, end(index)]


def thought(*pieces: str, index: int = 0, signature: str = "sig") -> list[JsonObject]:
    added = [add(index, "thinking_delta", thinking=piece) for piece in pieces]
    signed = [add(index, "signature_delta", signature=signature)] if signature else []
    return [begin(index, "thinking", thinking="", signature=""), *added, *signed, end(index)]


def whole(*events: JsonObject, stop: Any = "end_turn", **usage: Any) -> list[JsonObject]:
    return [START, *events, label(stop, **usage), STOP]


def read(pieces: Iterable[bytes]) -> Seen:
    body = Body(SOURCE, SseFramer(), AnthropicDecoder(SOURCE, "claude-x"))
    deltas: list[Delta] = []
    error: ProviderError | None = None
    try:
        for piece in pieces:
            deltas += body.feed(piece)
            if body.failure or body.decoder.ended:
                break
        else:
            deltas += body.end()
    except ProviderError as failure:
        error = failure
    return seen(deltas, error or body.failure)


def played(events: Iterable[Any]) -> Seen:
    return read([stream_bytes(events)])


def kept(got: Seen) -> list[JsonObject]:
    """The blocks that go back."""
    assert got.replay is not None
    assert (got.replay.provider, got.replay.data["server"], got.replay.data["model"]) == (
        "anthropic",
        "work",
        "claude-x",
    )
    return got.replay.data["content"]


Told = tuple[str, str, tuple[tuple[str, JsonObject | None], ...], StepStopReason | None, ErrorKind | None]


def told(got: Seen) -> Told:
    return got.text, got.thinking, got.calls, got.stop, got.error


ONE = (("weather", PARIS),)
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
SERVER_CALL = [
    begin(0, "server_tool_use", id="srv_1", name="web_search", input={}),
    add(0, "input_json_delta", partial_json=""),
    add(0, "input_json_delta", partial_json='{"query":'),
    add(0, "input_json_delta", partial_json='"x"}'),
    end(0),
]
SERVER_RESULT = [begin(1, "web_search_tool_result", tool_use_id="srv_1", content=[{"title": "T"}]), end(1)]

CASES: dict[str, tuple[list[Any], Told]] = {
    "pings everywhere": (
        [piece for event in whole(*text("a")) for piece in (PING, event, PING)],
        ("a", "", (), "end_turn", None),
    ),
    "text in the start of its block": (
        whole(begin(0, "text", text="a"), add(0, "text_delta", text="b")),
        ("ab", "", (), "end_turn", None),
    ),
    "a delta without its block's start": (
        whole(add(0, "thinking_delta", thinking="hm"), add(0, "text_delta", text="a")),
        ("a", "hm", (), "end_turn", None),
    ),
    "no index": (whole(begin(None, "text"), add(None, "text_delta", text="a")), ("a", "", (), "end_turn", None)),
    "calls at once": (
        whole(*call('{"city":"Paris"}'), *call("", index=1, call_id="toolu_2", name="now"), stop="tool_use"),
        ("", "", (*ONE, ("now", {})), "tool_calls", None),
    ),
    "no arguments: no piece at all": (
        whole(*call(name="now"), stop="tool_use"),
        ("", "", (("now", {}),), "tool_calls", None),
    ),
    "arguments that are an object": (
        whole(begin(0, "tool_use", id="a", name="weather"), add(0, "input_json_delta", partial_json=PARIS)),
        ("", "", ONE, "tool_calls", None),
    ),
    "one id for two calls": (
        whole(*call("", name="now"), *call('{"city":"Paris"}', index=1), stop="tool_use"),
        ("", "", (("now", {}), *ONE), "tool_calls", None),
    ),
    "no end of the blocks": (
        [START, *call('{"city":"Paris"}')[:-1], *call("", index=1, call_id="b", name="now")[:-1], label("tool_use")],
        ("", "", (*ONE, ("now", {})), "tool_calls", None),
    ),
    "cut in a call": (
        [START, *call('{"city":', '"Par')[:-1], label("max_tokens"), STOP],
        ("", "", (), "max_tokens", None),
    ),
    "cut in a call whose block is ended": (whole(*call('{"ci'), stop="max_tokens"), ("", "", (), "max_tokens", None)),
    "cut before the arguments": (whole(*call(""), stop="max_tokens"), ("", "", (), "max_tokens", None)),
    "cut in the second call": (
        whole(*call("", name="now"), *call('{"ci', index=1, call_id="b"), stop="max_tokens"),
        ("", "", (("now", {}),), "max_tokens", None),
    ),
    "the context is full": (
        whole(*text("a"), stop="model_context_window_exceeded"),
        ("a", "", (), "max_tokens", None),
    ),
    "a stop sequence": (whole(*text("a"), stop="stop_sequence"), ("a", "", (), "end_turn", None)),
    "a pause": (whole(*text("a"), stop="pause_turn"), ("a", "", (), "end_turn", None)),
    "a refusal": (whole(*text(), stop="refusal"), ("", "", (), "refusal", None)),
    "a refusal in a call": (whole(*text("a"), *call('{"c', index=1), stop="refusal"), ("a", "", (), "refusal", None)),
    "a label nobody knows": (whole(*text("a"), stop="tired"), ("a", "", (), None, "overloaded")),
    "no terminator but a label": (whole(*text("a"))[:-1], ("a", "", (), "end_turn", None)),
    "a terminator but no label": ([START, *text("a"), STOP], ("a", "", (), "end_turn", None)),
    "another protocol's terminator": (
        [START, *text("a"), label("end_turn"), "[DONE]"],
        ("a", "", (), "end_turn", None),
    ),
    "nothing but a beginning": ([START], ("", "", (), None, "stream_interrupted")),
    "overloaded at once": ([OVERLOADED], ("", "", (), None, "overloaded")),
    "an error in another shape": (
        [START, {"error": {"message": "x", "code": 429}}],
        ("", "", (), None, "rate_limited"),
    ),
    "an error of a kind nobody knows": (
        [START, {"type": "error", "error": {"type": "odd_error", "message": "x"}}],
        ("", "", (), None, "overloaded"),
    ),
    "too long": (
        [{"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8"}}],
        ("", "", (), None, "context_window_exceeded"),
    ),
    "the message's start twice": (
        [START, START, *text("a"), START, *text("b", index=1), label("end_turn"), STOP],
        ("ab", "", (), "end_turn", None),
    ),
    "the message's start again in a block": (
        whole(*call('{"city":')[:-1], START, add(0, "input_json_delta", partial_json='"Paris"}'), stop="tool_use"),
        ("", "", ONE, "tool_calls", None),
    ),
    "another message in the middle": (
        whole(
            *text("a"),
            *call('{"city":"Ro', index=1)[:-1],
            {"type": "message_start", "message": {"id": "msg_2"}},
            *text("b"),
            *call('{"city":"Paris"}', index=1, call_id="toolu_2"),
            stop="tool_use",
        ),
        ("ab", "", ONE, "tool_calls", None),
    ),
    "heartbeats": (["beat", START, *text("a"), label("end_turn"), STOP], ("a", "", (), "end_turn", None)),
}


@for_each("name", CASES)
def test_every_habit_is_read_as_it_was_meant(name: str) -> None:
    events, expected = CASES[name]
    assert told(played(events)) == expected


@given(name=st.sampled_from(sorted(CASES)), data=st.data())
def test_any_cut_gives_the_same(name: str, data: st.DataObject) -> None:
    events, expected = CASES[name]
    everything = stream_bytes(events)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(everything) - 1), max_size=12)))
    pieces = [everything[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(everything)], strict=True)]
    assert told(read(pieces)) == expected


def test_the_names_of_events_do_for_their_types() -> None:
    events = [(value["type"], {**value, "type": None}) for value in whole(*text("a"))]
    data = b"".join(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode() for name, value in events)
    assert told(read([data])) == ("a", "", (), "end_turn", None)


WHOLE: JsonObject = {
    "type": "message",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": PARIS},
        {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 3, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 5, "output_tokens": 7},
}


def test_a_whole_answer_is_read_like_a_streamed_one() -> None:
    got = read([json.dumps(WHOLE, indent=1).encode()])
    assert told(got) == ("a", "hm", (*ONE, ("now", {})), "tool_calls", None)
    assert got.usage == Usage(48, 7, 40, 5)
    assert [block["type"] for block in kept(got)] == ["thinking", "text", "tool_use", "tool_use"]


def test_a_whole_answer_that_was_cut_leaves_its_last_call_out() -> None:
    got = read([json.dumps({**WHOLE, "stop_reason": "max_tokens"}).encode()])
    assert told(got) == ("a", "hm", ONE, "max_tokens", None)


@for_each(
    ("body", "kind"),
    [
        (b"", "bad_response"),
        (b"<!DOCTYPE html>", "bad_response"),
        (b'{"id": 1}', "bad_response"),
        (b"[]", "bad_response"),
        (json.dumps(OVERLOADED).encode(), "overloaded"),
        (b'{"error": {"type": "authentication_error", "message": "no"}}', "unauthorized"),
        (b'{"content": [{"ty', "stream_interrupted"),
        (b"event: error\ndata: it broke\n\n", "overloaded"),
    ],
)
def test_what_is_no_reply_says_so(body: bytes, kind: str) -> None:
    assert read([body]).error == kind


def test_counts_are_totals_and_later_ones_hold() -> None:
    begun = {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 1}
    start = {"type": "message_start", "message": {"usage": begun}}
    assert played([start, *text("a"), label("end_turn"), STOP]).usage == Usage(130, 5, 100, 20)
    later = label("end_turn", input_tokens=12, cache_read_input_tokens=None, cache_creation_input_tokens=0)
    assert played([start, *text("a"), label(None), later, STOP]).usage == Usage(112, 5, 100, 0)
    assert played([*text("a"), {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}]).usage is None


def test_a_call_is_ready_while_the_reply_still_streams() -> None:
    decoder = AnthropicDecoder(SOURCE)
    events = [START, *call("", '{"city":', '"Paris"}')[:-1]]
    deltas = [delta for item in events for delta in decoder.feed(SseEvent("message", json.dumps(item)))]
    assert isinstance(deltas[0], CallStart)
    assert deltas[-1] == CallReady(deltas[0].call_id, PARIS)
    assert decoder.feed(SseEvent("message", json.dumps(add(1, "text_delta", text="more")))) == [TextDelta("more")]


def test_a_call_without_arguments_is_ready_when_the_next_block_begins() -> None:
    decoder = AnthropicDecoder(SOURCE)
    for item in call(""):
        decoder.feed(SseEvent("message", json.dumps(item)))
    [ready] = decoder.feed(SseEvent("message", json.dumps(begin(1, "text", text=""))))
    assert isinstance(ready, CallReady)
    assert ready.arguments == {}


def test_blocks_are_kept_as_they_came_and_in_their_order() -> None:
    got = played(
        whole(
            *thought("h", "m", signature="sig-1"),
            begin(1, "redacted_thinking", data="xyz"),
            end(1),
            *text("Let me ", "see.", index=2),
            begin(3, "tool_use", id="toolu_1", name="weather", input={}, caller={"type": "direct"}),
            add(3, "input_json_delta", partial_json='{"city":"Paris"}'),
            end(3),
            stop="tool_use",
        )
    )
    assert got.replay is not None
    [(ours, theirs)] = got.replay.call_ids.items()
    assert theirs == "toolu_1"
    assert kept(got) == [
        {"type": "thinking", "thinking": "hm", "signature": "sig-1"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": ours, "name": "weather", "input": {}, "caller": {"type": "direct"}},
    ]


def test_thinking_that_is_signed_but_empty_is_kept() -> None:
    got = played(whole(*thought(signature="sig"), *call("", index=1), stop="tool_use"))
    assert kept(got)[0] == {"type": "thinking", "thinking": "", "signature": "sig"}


def test_thinking_without_a_signature_is_kept_unless_it_broke_off() -> None:
    events = [*thought("hm", signature=""), *text("a", index=1)]
    assert [block["type"] for block in kept(played(whole(*events)))] == ["thinking", "text"]
    cut = [*thought("hm", signature=""), *thought("so", signature="", index=1)]
    assert [block["thinking"] for block in kept(played(whole(*cut, stop="max_tokens")))] == ["hm"]


def test_a_servers_own_call_is_kept_with_its_input_and_its_result() -> None:
    assert kept(played(whole(*SERVER_CALL, *SERVER_RESULT, *text("a", index=2)))) == [
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"title": "T"}]},
        {"type": "text", "text": "a"},
    ]


def test_a_servers_own_call_without_a_result_is_kept_only_while_ours_are_pending() -> None:
    assert played(whole(*SERVER_CALL, *text("a", index=1), stop="pause_turn")).replay is None
    got = played(whole(*SERVER_CALL, *call("{}", index=1), stop="tool_use"))
    assert [block["type"] for block in kept(got)] == ["server_tool_use", "tool_use"]


def test_citations_and_additions_nobody_knows_are_kept() -> None:
    got = played(
        whole(
            begin(0, "text", text="", citations=None),
            add(0, "citations_delta", citation={"n": 1}),
            add(0, "text_delta", text="a"),
            add(0, "citations_delta", citation={"n": 2}),
            begin(1, "compaction", content=None),
            add(1, "compaction_delta", content="sum"),
            add(1, "compaction_delta", content="mary"),
        )
    )
    assert kept(got) == [
        {"type": "text", "text": "a", "citations": [{"n": 1}, {"n": 2}]},
        {"type": "compaction", "content": "summary"},
    ]


def test_of_two_spliced_messages_the_second_goes_back() -> None:
    events, _ = CASES["another message in the middle"]
    assert [block.get("text") for block in kept(played(events))] == ["b", None]


def test_all_of_a_message_that_begins_twice_goes_back() -> None:
    assert [block["text"] for block in kept(played([START, *text("a"), START, *text("b"), label("end_turn")]))] == [
        "a",
        "b",
    ]


def test_a_plain_answer_needs_nothing_replayed() -> None:
    assert played(whole(*text("a"))).replay is None
    assert played(whole(*text("a"), *text(" \n", index=1))).replay is None


names = st.sampled_from(
    [
        *("type", "index", "content_block", "delta", "message", "usage", "id", "name", "input", "text", "thinking"),
        *(
            "partial_json",
            "signature",
            "citation",
            "citations",
            "stop_reason",
            "content",
            "error",
            "data",
            "tool_use_id",
        ),
    ]
)
types = st.sampled_from(
    [
        *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "text"),
        *("tool_use", "thinking", "server_tool_use", "text_delta", "thinking_delta", "input_json_delta", "other"),
        *("signature_delta", "citations_delta"),
    ]
)
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.floats(allow_nan=False) | st.text(max_size=5) | types
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)
events = st.fixed_dictionaries(
    {"type": types, "index": st.integers(0, 2) | junk},
    optional={
        "content_block": st.fixed_dictionaries({"type": types}, optional={"id": junk, "name": junk, "input": junk}),
        "delta": st.fixed_dictionaries(
            {"type": types},
            optional={"text": junk, "partial_json": junk, "signature": junk, "citation": junk, "stop_reason": junk},
        ),
        "message": junk,
        "usage": junk,
    },
)


@given(st.lists(junk | events, max_size=8))
def test_no_json_value_whatever_confuses_it(values: list[Any]) -> None:
    decoder = AnthropicDecoder(SOURCE)
    deltas: list[Delta] = []
    try:
        for value in values:
            deltas += decoder.feed(SseEvent("message", json.dumps(value)))
        deltas += decoder.finish()
    except ProviderError:
        pass
    seen(deltas)


@given(junk, st.lists(junk, max_size=3))
def test_no_whole_answer_whatever_confuses_it(value: Any, content: list[Any]) -> None:
    for answer in (value, {"content": content, "stop_reason": value, "usage": value}):
        decoder = AnthropicDecoder(SOURCE)
        try:
            decoder.feed_json(answer)
            decoder.finish()
        except ProviderError:
            pass
