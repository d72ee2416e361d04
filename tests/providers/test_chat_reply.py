"""How chat completions are read; the habits of servers have their table in cases.py, which test_cases.py runs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import Usage
from chatls.errors import ProviderError
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.delta import CallReady, CallStart, TextDelta
from chatls.providers.http.framing import SseEvent
from tests.providers.cases import ONE, PARIS, USAGE, P, call, chunk, end, fragment, say
from tests.providers.reading import SOURCE, read, stream_bytes

WHOLE = {
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": "a",
                "reasoning_content": "hm",
                "tool_calls": [
                    fragment(P, name="weather", call_id="c1"),
                    fragment("", name="now", call_id="c2"),
                    fragment("", name="now", call_id="c3"),
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
}


def test_a_whole_answer_is_read_like_a_streamed_one() -> None:
    got = read([json.dumps(WHOLE, indent=1).encode()])
    assert (got.text, got.thinking, got.stop, got.usage) == ("a", "hm", "tool_calls", Usage(12, 3))
    assert got.calls == (("weather", PARIS), ("now", {}), ("now", {}))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "bad_response"),
        (b" \r\n\n ", "bad_response"),
        (b"<!DOCTYPE html><html>oh</html>", "bad_response"),
        (b"upstream connect error", "bad_response"),
        (b'{"id": 1}', "bad_response"),
        (b"[]", "bad_response"),
        (b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', "rate_limited"),
        (b'[{"error": {"code": 503, "message": "x"}}]', "overloaded"),
        (b'{"choices": [{"mess', "stream_interrupted"),
        (b": still there\n\n: still there\n\n", "stream_interrupted"),
        (b'data: {"choices"', "stream_interrupted"),
        (b"event: error\ndata: it broke\n\n", "overloaded"),
        (b'error: {"error": {"message": "failed to decode", "code": 500}}', "overloaded"),
    ],
)
def test_what_is_no_reply_says_so(body: bytes, kind: str) -> None:
    assert read([body]).error == kind
    assert read(body[place : place + 1] for place in range(len(body))).error == kind


def test_a_call_is_ready_while_the_reply_still_streams() -> None:
    decoder = ChatDecoder(SOURCE)
    events = [call("", name="weather", call_id="c1", index=0), call(P[:8], index=0), call(P[8:], index=0)]
    deltas = [delta for item in events for delta in decoder.feed(SseEvent("message", json.dumps(item)))]
    assert isinstance(deltas[0], CallStart)
    assert deltas[-1] == CallReady(deltas[0].call_id, PARIS)
    assert decoder.feed(SseEvent("message", json.dumps(say("more")))) == [TextDelta("more")]


def test_our_ids_of_calls_are_never_the_providers() -> None:
    got = read([stream_bytes([call(P, name="weather", call_id="c1", index=0), end()])])
    assert got.replay is not None
    [(ours, theirs)] = got.replay.call_ids.items()
    assert theirs == "c1"
    assert len(ours) == 9


def test_thinking_goes_back_under_the_name_that_the_server_used() -> None:
    for name in ("reasoning_content", "reasoning"):
        got = read([stream_bytes([chunk({name: "hm"}), end()])])
        assert got.replay is not None
        assert got.replay.data == {"server": "work", "model": "", "thinking": name}


def test_fragments_of_reasoning_details_are_joined() -> None:
    def details(*items: Any) -> Any:
        return chunk({"content": "", "reasoning_details": list(items)})

    got = read(
        [
            stream_bytes(
                [
                    details({"type": "reasoning.text", "text": "a", "index": 0, "signature": None}),
                    details({"type": "reasoning.text", "text": "b", "index": 0, "signature": "s"}),
                    details({"type": "reasoning.encrypted", "data": "x", "index": 0}),
                    details({"type": "reasoning.encrypted", "data": "y", "index": 0}),
                    end(),
                ]
            )
        ]
    )
    assert got.replay is not None
    assert got.replay.data["reasoning_details"] == [
        {"type": "reasoning.text", "text": "ab", "index": 0, "signature": "s"},
        {"type": "reasoning.encrypted", "data": "x", "index": 0},
        {"type": "reasoning.encrypted", "data": "y", "index": 0},
    ]


def test_a_plain_answer_needs_nothing_replayed() -> None:
    assert read([stream_bytes([say("a"), end()])]).replay is None


def test_what_came_before_an_error_in_the_same_read_is_not_lost() -> None:
    got = read([stream_bytes([say("a"), call(P, name="weather", call_id="c1", index=0), {"error": {"message": "x"}}])])
    assert (got.text, got.calls, got.error) == ("a", ONE, "overloaded")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
names = st.sampled_from(
    [
        *("choices", "delta", "message", "tool_calls", "function", "name", "arguments", "index", "id", "content"),
        *("usage", "finish_reason", "error", "reasoning", "reasoning_details", "refusal", "type", "text", "thinking"),
        *("detail", "function_call", "reasoning_content", "x_groq", "object"),
    ]
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=25,
)


@given(st.lists(st.one_of(junk, st.dictionaries(names, junk, max_size=4)), max_size=4))
def test_no_json_value_whatever_confuses_it(values: list[Any]) -> None:
    decoder = ChatDecoder(SOURCE)
    try:
        for value in values:
            decoder.feed(SseEvent("message", json.dumps(value)))
            decoder.feed(SseEvent("message", json.dumps({"choices": [{"delta": value}]})))
        decoder.finish()
    except ProviderError:
        pass


@given(junk)
def test_no_whole_answer_whatever_confuses_it(value: Any) -> None:
    decoder = ChatDecoder(SOURCE)
    try:
        decoder.feed_json(value)
        decoder.finish()
    except ProviderError:
        pass
