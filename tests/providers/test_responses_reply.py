"""How OpenAI's Responses are read where servers leave out, repeat or contradict; cases_native.py has the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import JsonObject, Usage
from chatls.errors import ProviderError
from chatls.providers.delta import CallArguments, CallReady, CallStart, Finished
from chatls.providers.http.framing import SseEvent
from chatls.providers.responses_reply import ResponsesDecoder
from tests.providers.cases import ONE, PARIS, ROME, TWO, P, R
from tests.providers.reading import SOURCE, Seen, read, stream_bytes

KIND = "openai_responses"


def streamed(*events: Any) -> Seen:
    return read([stream_bytes(events, KIND)], KIND)


def whole(value: Any) -> Seen:
    return read([json.dumps(value, indent=1).encode()], KIND)


def event(kind: str, place: Any = ..., **more: Any) -> JsonObject:
    return {"type": f"response.{kind}", **({} if place is ... else {"output_index": place}), **more}


def added(place: Any, item: JsonObject) -> JsonObject:
    return event("output_item.added", place, item=item)


def done(place: Any, item: JsonObject) -> JsonObject:
    return event("output_item.done", place, item=item)


def completed(*output: JsonObject, **more: Any) -> JsonObject:
    return event("completed", response={"status": "completed", "output": list(output), **more})


def said(text: str, **more: Any) -> JsonObject:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}], **more}


def call(arguments: str = P, call_id: str = "c1", **more: Any) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": "weather", "arguments": arguments, **more}


def thought(summary: str = "", content: str = "", **more: Any) -> JsonObject:
    return {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": summary}] if summary else [],
        "content": [{"type": "reasoning_text", "text": content}] if content else [],
        **more,
    }


HEL = event("output_text.delta", 0, content_index=0, delta="Hel")
USAGE = {
    "input_tokens": 12,
    "output_tokens": 3,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
}

TEXTS = {
    "in pieces": (HEL, event("output_text.delta", 0, content_index=0, delta="lo"), completed()),
    "the rest when the text is done": (HEL, event("output_text.done", 0, content_index=0, text="Hello"), completed()),
    "the rest when the item is done": (HEL, done(0, said("Hello")), completed()),
    "the rest at the end": (HEL, completed(said("Hello"))),
    "all when the item is done": (done(0, said("Hello")), completed()),
    "all at the end": (completed(said("Hello")),),
    "all of it, four times": (
        HEL,
        event("output_text.done", 0, text="Hello"),
        done(0, said("Hello")),
        completed(said("Hello")),
    ),
    "at another place at the end": (HEL, done(0, said("Hello")), completed(thought(), said("Hello"))),
    "the item is done twice": (HEL, done(0, said("Hello", id="m")), done(0, said("Hello", id="m")), completed()),
    "another spelling when it is done": (
        HEL,
        event("output_text.delta", 0, content_index=0, delta="lo"),
        done(0, said("HELLO!")),
        completed(),
    ),
    "in parts that are numbered otherwise when they are done": (
        event("output_text.delta", 0, content_index=1, delta="Hel"),
        event("output_text.delta", 0, content_index=1, delta="lo"),
        event("output_text.done", 0, content_index=0, text="Hello"),
        done(0, said("Hello")),
        completed(),
    ),
    "in two items": (done(0, said("Hel")), done(1, said("lo")), completed()),
    "in two items of one number": (done(0, said("Hel", id="a")), done(0, said("lo", id="b")), completed()),
    "in two items of one number, in pieces": (
        added(0, said("")),
        HEL,
        done(0, said("Hel")),
        added(0, said("")),
        event("output_text.delta", 0, delta="l"),
        done(0, said("lo")),
        completed(said("Hel"), said("lo")),
    ),
    "without a number": (
        added(..., said("", id="m")),
        event("output_text.delta", item_id="m", delta="Hel"),
        done(..., said("Hello", id="m")),
        completed(),
    ),
    "without a number and an id": (
        added(..., said("")),
        event("output_text.delta", delta="Hel"),
        done(..., said("Hello")),
        completed(),
    ),
    "a terminator instead of the last event": (HEL, event("output_text.delta", 0, delta="lo"), "[DONE]"),
    "a whole answer as one event": ({"object": "response", "output": [said("Hello")]},),
}


@pytest.mark.parametrize("name", TEXTS)
def test_each_piece_of_text_comes_once_wherever_it_stands(name: str) -> None:
    got = streamed(*TEXTS[name])
    whole = "Hel\n\nlo" if name.startswith("in two items") else "Hello"
    assert (got.text, got.thinking, got.stop, got.error) == (whole, "", "end_turn", None)


def test_the_name_of_an_event_stands_for_a_missing_type() -> None:
    data = b'event: response.output_text.delta\ndata: {"delta":"hi"}\n\nevent: response.completed\ndata: {}\n\n'
    assert (read([data], KIND).text, read([data], KIND).stop) == ("hi", "end_turn")


ADDED = added(0, call(""))


def piece(text: str, place: Any = 0, **more: Any) -> JsonObject:
    return event("function_call_arguments.delta", place, delta=text, **more)


CALLS = {
    "in pieces": (ADDED, piece(P[:5]), piece(P[5:]), done(0, call()), completed(call())),
    "only in the item": (done(0, call()), completed()),
    "only at the end": (completed(call()),),
    "begun, and whole at the end": (ADDED, completed(call())),
    "begun, and whole at the end, elsewhere": (ADDED, piece(P[:4]), completed(thought(), call())),
    "the rest when the arguments are done": (
        ADDED,
        piece(P[:5]),
        event("function_call_arguments.done", 0, arguments=P),
        completed(),
    ),
    "the rest when the item is done": (ADDED, piece(P[:5]), done(0, call()), completed()),
    "a short beginning is no member of itself": (ADDED, piece('{"city":'), done(0, call()), completed()),
    "spelled otherwise when it is done": (ADDED, piece(P), done(0, call('{"city": "Paris"}')), completed()),
    "a placeholder in the first event": (added(0, call("{}")), piece(P), done(0, call()), completed()),
    "pieces that were lost": (ADDED, piece(P[:5]), piece(P[9:]), done(0, call()), completed()),
    "the name comes with the item": (added(0, call("", name="")), piece(P), done(0, call()), completed()),
    "another item id in each event": (
        ADDED,
        piece(P[:5], item_id="x"),
        piece(P[5:], item_id="y"),
        done(0, call(id="z")),
        completed(),
    ),
    "without a number": (
        added(..., call("", id="f")),
        piece(P[:5], ..., item_id="f"),
        piece(P[5:], ..., item_id="f"),
        done(..., call(id="f")),
        completed(),
    ),
    "an empty text when it is done": (
        ADDED,
        piece(P),
        event("function_call_arguments.done", 0, arguments=""),
        completed(),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_has_its_arguments_wherever_they_stand(name: str) -> None:
    got = streamed(*CALLS[name])
    assert (got.calls, got.stop, got.error) == (ONE, "tool_calls", None)
    assert got.replay is not None
    assert list(got.replay.call_ids.values()) == ["c1"]


PAIRS = {
    "one number for all": (
        ADDED,
        piece(P),
        done(0, call()),
        added(0, call("", "c2")),
        piece(R),
        done(0, call(R, "c2")),
        completed(),
    ),
    "one number for all, only whole": (done(0, call()), done(0, call(R, "c2")), completed()),
    "interleaved": (
        ADDED,
        added(1, call("", "c2")),
        piece(R[:5], 1),
        piece(P[:5]),
        piece(R[5:], 1),
        piece(P[5:]),
        done(1, call(R, "c2")),
        done(0, call()),
        completed(),
    ),
    "interleaved without numbers": (
        added(..., call("", id="f1")),
        added(..., call("", "c2", id="f2")),
        piece(R, ..., item_id="f2"),
        piece(P, ..., item_id="f1"),
        done(..., call(R, "c2", id="f2")),
        done(..., call(id="f1")),
        completed(),
    ),
    "one of them only at the end": (done(0, call()), completed(call(), call(R, "c2"))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_calls_stay_two(name: str) -> None:
    got = streamed(*PAIRS[name])
    assert (got.calls, got.stop) == (TWO, "tool_calls")
    assert got.replay is not None
    assert list(got.replay.call_ids.values()) == ["c1", "c2"]


def test_a_call_without_an_id_that_is_whole_only_at_the_end_is_one() -> None:
    assert streamed(added(0, call("", "")), piece(P[:5]), completed(call(P, ""))).calls == ONE


def test_a_call_is_ready_while_the_reply_still_streams() -> None:
    decoder = ResponsesDecoder(SOURCE)
    deltas = [delta for item in (ADDED, piece(P[:8]), piece(P[8:])) for delta in fed(decoder, item)]
    assert isinstance(deltas[0], CallStart)
    assert deltas[-1] == CallReady(deltas[0].call_id, PARIS)
    for again in (P, '{"city": "Paris"}', ""):
        assert fed(decoder, event("function_call_arguments.done", 0, arguments=again)) == []
    assert fed(decoder, done(0, call('{ "city": "Paris" }'))) == []


def fed(decoder: ResponsesDecoder, item: JsonObject) -> list[Any]:
    return decoder.feed(SseEvent("message", json.dumps(item)))


def test_a_call_without_arguments_is_ready_when_its_item_is_done() -> None:
    decoder = ResponsesDecoder(SOURCE)
    [start] = fed(decoder, ADDED)
    assert fed(decoder, done(0, call(""))) == [CallReady(start.call_id, {})]


def test_what_is_said_when_a_call_is_done_holds() -> None:
    decoder = ResponsesDecoder(SOURCE)
    [start] = fed(decoder, ADDED)
    assert fed(decoder, piece(P))[-1] == CallReady(start.call_id, PARIS)
    assert fed(decoder, done(0, call(R))) == [CallArguments(start.call_id, R), CallReady(start.call_id, ROME)]
    [last] = fed(decoder, completed()) + decoder.finish()
    assert isinstance(last, Finished)


def test_a_call_that_is_cut_is_none() -> None:
    cut = call(P[:5], status="incomplete")
    over = event("incomplete", response={"incomplete_details": {"reason": "max_output_tokens"}, "output": [cut]})
    for events in ((ADDED, piece(P[:5]), done(0, cut), over), (over,)):
        got = streamed(*events)
        assert (got.calls, got.stop) == ((), "max_tokens")


def test_a_custom_tool_is_called_with_what_is_in_its_input() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c1", "name": "weather"}
    begun = added(0, {**custom, "input": ""})
    pieces = [event("custom_tool_call_input.delta", 0, delta=text) for text in (P[:5], P[5:])]
    ended = event("custom_tool_call_input.done", 0, input=P)
    assert streamed(begun, *pieces, ended, done(0, {**custom, "input": P}), completed()).calls == ONE
    assert streamed(begun, ended, completed()).calls == ONE
    assert streamed(done(0, {**custom, "input": "*** Begin"}), completed()).calls == (("weather", None),)


SUMMARY = event("reasoning_summary_text.delta", 0, summary_index=0, delta="h")
CONTENT = event("reasoning_text.delta", 0, content_index=0, delta="h")
THOUGHTS = {
    "a summary in pieces": (SUMMARY, done(0, thought("hm"))),
    "in full, in pieces": (
        CONTENT,
        event("reasoning_text.done", 0, content_index=0, text="hm"),
        done(0, thought("", "hm")),
    ),
    "only in the item": (done(0, thought("hm")),),
    "both, only in the item": (done(0, thought("hm", "hmmm")),),
    "both, and the summary was streamed": (SUMMARY, done(0, thought("hm", "hmmm"))),
    "both, and all was streamed": (CONTENT, done(0, thought("hmmm", "hm"))),
    "before it is done, the answer is": (added(0, thought()), SUMMARY, done(1, said("a")), done(0, thought("hm"))),
}


@pytest.mark.parametrize("name", THOUGHTS)
def test_thinking_comes_once(name: str) -> None:
    assert streamed(*THOUGHTS[name], completed(thought("hm"))).thinking == "hm"


def test_thinking_only_at_the_end_is_not_lost() -> None:
    assert streamed(HEL, completed(thought("hm"), said("Hello"))).thinking == "hm"


def test_all_items_go_back_as_they_came_and_in_their_order() -> None:
    items = [
        thought("hm", id="rs_1", encrypted_content="gAAA"),
        said("a", id="msg_1", status="completed", phase="commentary"),
        {"type": "web_search_call", "id": "ws_1"},
        call(id="fc_1", status="completed"),
    ]
    late = [done(place, items[place]) for place in (1, 0, 2, 3)]
    for got in (streamed(*late, completed()), streamed(completed(*items)), whole({"output": items})):
        assert got.replay is not None
        assert (got.replay.provider, got.replay.data) == (KIND, {"server": "work", "model": "", "items": items})
        [(ours, theirs)] = got.replay.call_ids.items()
        assert (len(ours), theirs) == (9, "c1")


def test_parts_of_a_summary_are_apart() -> None:
    def summed(number: int, text: str) -> JsonObject:
        return event("reasoning_summary_text.delta", 0, summary_index=number, delta=text)

    parts = [{"type": "summary_text", "text": "**A**"}, {"type": "summary_text", "text": "**B** b"}]
    item = {"type": "reasoning", "id": "rs_1", "summary": parts}
    pieces = (summed(0, "**A"), summed(0, "**"), summed(1, "**B** "), summed(1, "b"), done(0, item))
    for got in (streamed(*pieces, completed()), streamed(done(0, item), completed())):
        assert got.thinking == "**A**\n\n**B** b"


def test_a_call_that_was_not_done_goes_back_behind_its_reasoning() -> None:
    decoder = ResponsesDecoder(SOURCE, "m")
    reasoning = thought("hm", id="rs_1", encrypted_content="gAAA")
    for item in (
        done(0, reasoning),
        added(1, call("", id="fc_1")),
        event("function_call_arguments.delta", 1, delta=P),
    ):
        fed(decoder, item)
    replay = decoder.replay()
    assert replay is not None
    assert replay.data == {"server": "work", "model": "m", "items": [reasoning, call("", id="fc_1")]}


def test_a_response_that_is_incomplete_for_no_good_reason_was_given_up() -> None:
    got = streamed(event("incomplete", response={"incomplete_details": {"reason": "server_shutdown"}}))
    assert (got.stop, got.error) == (None, "overloaded")


def test_numbers_for_each_token_do_not_go_back() -> None:
    part = {"type": "output_text", "text": "a", "logprobs": [{"token": "a", "logprob": 0}]}
    got = streamed(done(0, {**said("a"), "content": [part]}), completed())
    assert got.replay is not None
    assert got.replay.data["items"] == [{**said("a"), "content": [{**part, "logprobs": []}]}]


def test_a_whole_answer_is_read_like_a_streamed_one() -> None:
    got = whole({"status": "completed", "output": [thought("hm"), said("a"), call(), call("", "c2")], "usage": USAGE})
    assert (got.text, got.thinking, got.stop, got.usage) == ("a", "hm", "tool_calls", Usage(12, 3, 8, 2))
    assert got.calls == (*ONE, ("weather", {}))
    assert whole({"status": "incomplete", "output": [said("a")]}).stop == "max_tokens"
    assert streamed(HEL, event("incomplete", response={})).stop == "max_tokens"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {"message": "x", "code": "rate_limit_exceeded"}}, "rate_limited"),
        ({"status": "failed", "error": {"code": "server_error", "message": "x"}, "output": []}, "overloaded"),
        ({"status": "in_progress", "output": []}, "stream_interrupted"),
        ({"status": "cancelled", "output": []}, "stream_interrupted"),
        ({"id": 1}, "bad_response"),
        ([], "bad_response"),
    ],
)
def test_a_whole_answer_that_is_none_says_so(value: Any, kind: str) -> None:
    assert whole(value).error == kind


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        (({"type": "error", "code": "context_length_exceeded", "message": "x"},), "context_window_exceeded"),
        (({"type": "error", "error": {"code": "insufficient_quota", "message": "x"}},), "quota_exceeded"),
        ((event("failed", response={"error": {"code": "rate_limit_exceeded", "message": "x"}}),), "rate_limited"),
        ((event("failed", response={"error": {"code": "invalid_prompt", "message": "x"}}),), "bad_request"),
        ((event("failed", response={"status": "failed", "error": None}),), "overloaded"),
        ((completed(error={"code": "server_error", "message": "x"}),), "overloaded"),
        ((event("cancelled", response={}),), "stream_interrupted"),
        (({"error": {"message": "x", "code": 429}},), "rate_limited"),
        (({"detail": "boom"},), "overloaded"),
        (('[{"error": {"message": "x", "code": 429}}]',), "rate_limited"),
        ((HEL, done(0, said("Hello"))), "stream_interrupted"),
    ],
)
def test_what_is_no_reply_says_so(events: tuple[Any, ...], kind: str) -> None:
    assert streamed(*events).error == kind


def test_an_error_in_words_is_an_error() -> None:
    assert read([b"event: error\ndata: it broke\n\n"], KIND).error == "overloaded"


names = st.sampled_from(
    [
        *("type", "delta", "item", "response", "output", "output_index", "content_index", "summary_index", "item_id"),
        *("content", "summary", "text", "refusal", "arguments", "input", "call_id", "id", "name", "status", "error"),
        *("usage", "incomplete_details", "reason", "detail", "logprobs"),
    ]
)
words = st.sampled_from(
    [
        *("response.output_text.delta", "response.output_text.done", "response.output_item.added", "message", "error"),
        *("response.output_item.done", "response.function_call_arguments.delta", "response.reasoning_text.delta"),
        *("response.function_call_arguments.done", "response.completed", "function_call", "reasoning", "output_text"),
    ]
)
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | words
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)


@given(st.lists(st.one_of(junk, st.dictionaries(names, junk, max_size=5)), max_size=6))
def test_no_json_value_whatever_confuses_it(values: list[Any]) -> None:
    decoder = ResponsesDecoder(SOURCE)
    try:
        for value in values:
            fed(decoder, value)
            fed(decoder, {"type": "response.output_item.done", "item": value})
        decoder.finish()
    except ProviderError:
        pass


@given(junk)
def test_no_whole_answer_whatever_confuses_it(value: Any) -> None:
    for answer in (value, {"output": value}, {"output": [value]}):
        decoder = ResponsesDecoder(SOURCE)
        try:
            decoder.feed_json(answer)
            decoder.finish()
        except ProviderError:
            pass
