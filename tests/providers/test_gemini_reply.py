"""How Gemini's replies are read: every habit of the API, of Vertex AI and of proxies, however the bytes are cut."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import JsonObject, Usage
from chatls.errors import ErrorKind, ProviderError
from chatls.events import Notice, StepStopReason
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, Finished
from chatls.providers.gemini_arguments import PartialArguments
from chatls.providers.gemini_reply import GeminiDecoder
from chatls.providers.http.body import Body
from chatls.providers.http.framing import SseEvent, SseFramer
from tests.providers.reading import SOURCE, Seen, body_of, read, stream_bytes
from tests.support.cases import for_each

PARIS = {"city": "Paris"}
ROME = {"city": "Rome"}
USAGE = {"promptTokenCount": 12, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "cachedContentTokenCount": 8}


def chunk(*parts: JsonObject, finish: str | None = None, **more: Any) -> JsonObject:
    """One event with one candidate."""
    candidate: JsonObject = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **more}


def text(words: str, **more: Any) -> JsonObject:
    return {"text": words, **more}


def call(name: str | None = "weather", signature: str | None = None, **members: Any) -> JsonObject:
    function = {**({"name": name} if name else {}), **members}
    return {"functionCall": function, **({"thoughtSignature": signature} if signature else {})}


def partial(path: str, more: bool = True, **value: Any) -> JsonObject:
    pieces = [{"jsonPath": path, **value}]
    return call(None, partialArgs=pieces, willContinue=True) if more else call(None, partialArgs=pieces)


END = chunk(text(""), finish="STOP")
BARE_END = {"candidates": [{"finishReason": "STOP"}]}


def gemini(*values: Any) -> Seen:
    return read([stream_bytes(values, "gemini")], "gemini")


def deltas_of(*values: Any) -> list[Delta]:
    body = body_of("gemini")
    deltas = body.feed(stream_bytes(values, "gemini"))
    return deltas if body.decoder.ended else deltas + body.end()


CASES: dict[str, tuple[tuple[Any, ...], str, str, tuple[Any, ...], StepStopReason | None, ErrorKind | None]] = {
    "plain text": ((chunk(text("Hel")), chunk(text("lo"), finish="STOP")), "Hello", "", (), "end_turn", None),
    "the label on an empty candidate (req_llm#638)": (
        (chunk(text("a")), BARE_END),
        *("a", "", (), "end_turn", None),
    ),
    "the label on every event (one-api#1408)": (
        (chunk(text("a"), finish="STOP"), chunk(text("b"), finish="STOP"), END),
        *("ab", "", (), "end_turn", None),
    ),
    "the label before the text (kelivo#1003)": (
        (chunk(finish="STOP"), chunk(text("a")), chunk(text("b"))),
        *("ab", "", (), "end_turn", None),
    ),
    "no label": ((chunk(text("a")),), "a", "", (), None, "stream_interrupted"),
    "a label that says nothing": (
        (chunk(text("a"), finish="FINISH_REASON_UNSPECIFIED"),),
        *("a", "", (), None, "stream_interrupted"),
    ),
    "a terminator as OpenAI has it": ((chunk(text("a")), "[DONE]"), "a", "", (), "end_turn", None),
    "thinking": (
        (chunk(text("hm", thought=True)), chunk(text("a")), END),
        *("a", "hm", (), "end_turn", None),
    ),
    "several calls in one event": (
        (chunk(call(args=PARIS), call(args=ROME), finish="STOP"),),
        *("", "", (("weather", PARIS), ("weather", ROME)), "tool_calls", None),
    ),
    "calls over several events": (
        (chunk(call(args=PARIS)), chunk(call(args=ROME)), END),
        *("", "", (("weather", PARIS), ("weather", ROME)), "tool_calls", None),
    ),
    "the same call twice": (
        (chunk(call(args=PARIS), call(args=PARIS), finish="STOP"),),
        *("", "", (("weather", PARIS), ("weather", PARIS)), "tool_calls", None),
    ),
    "one id for two calls": (
        (chunk(call(args=PARIS, id="x"), call(args=ROME, id="x"), finish="STOP"),),
        *("", "", (("weather", PARIS), ("weather", ROME)), "tool_calls", None),
    ),
    "no arguments": ((chunk(call(), finish="STOP"),), "", "", (("weather", {}),), "tool_calls", None),
    "arguments null": ((chunk(call(args=None), finish="STOP"),), "", "", (("weather", {}),), "tool_calls", None),
    "arguments as text": (
        (chunk(call(args='{"city": "Paris"}'), finish="STOP"),),
        *("", "", (("weather", PARIS),), "tool_calls", None),
    ),
    "arguments that are no object": (
        (chunk(call(args=[1]), finish="STOP"),),
        *("", "", (("weather", None),), "tool_calls", None),
    ),
    "cut by the limit": ((chunk(text("a"), finish="MAX_TOKENS"),), "a", "", (), "max_tokens", None),
    "a call does not hide the limit (hermes-agent#43478)": (
        (chunk(call(args=PARIS), finish="MAX_TOKENS"),),
        *("", "", (("weather", PARIS),), "max_tokens", None),
    ),
    "withheld": ((chunk(text("a"), finish="SAFETY"),), "a", "", (), "refusal", None),
    "a prompt that is refused": (
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": USAGE},),
        *("", "", (), "refusal", None),
    ),
    "a prompt that is not refused": (
        ({"promptFeedback": {"safetyRatings": []}, **chunk(text("a"), finish="STOP")},),
        *("a", "", (), "end_turn", None),
    ),
    "a call that the server cannot read": (
        ({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "print(weather("}]},),
        *("", "", (), None, "bad_response"),
    ),
    "a call of no tool": ((chunk(finish="UNEXPECTED_TOOL_CALL"),), "", "", (), None, "bad_response"),
    "an error object": (
        (chunk(text("a")), {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}),
        *("a", "", (), None, "overloaded"),
    ),
    "an error in a list": (
        ([{"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED"}}],),
        *("", "", (), None, "rate_limited"),
    ),
    "an error behind the label": (
        (END, {"error": {"code": 500, "message": "x", "status": "INTERNAL"}}),
        *("", "", (), None, "overloaded"),
    ),
    "JSON that is broken": ((chunk(text("a")), '{"candidates": ['), "a", "", (), None, "bad_response"),
    "null and missing members": (
        ({"candidates": None}, {"candidates": [{}]}, {"candidates": [{"content": None}]}, {}, chunk({}), END),
        *("", "", (), "end_turn", None),
    ),
    "code that ran at the server": (
        (chunk({"executableCode": {"code": "1"}}, {"codeExecutionResult": {"output": "1"}}), chunk(text("1")), END),
        *("1", "", (), "end_turn", None),
    ),
    "arguments value by value": (
        (
            chunk(call(willContinue=True)),
            chunk(partial("$.city", stringValue="Pa", willContinue=True)),
            chunk(partial("$.city", stringValue="ris", willContinue=True)),
            chunk(partial("$.city", stringValue="")),
            chunk(call(None)),
            chunk(call(willContinue=True)),
            chunk(partial("$.city", stringValue="Rome", more=False)),
            END,
        ),
        *("", "", (("weather", PARIS), ("weather", ROME)), "tool_calls", None),
    ),
    "values without their end": (
        (chunk(call(willContinue=True)), chunk(partial("$.city", stringValue="Paris")), END),
        *("", "", (("weather", PARIS),), "tool_calls", None),
    ),
    "values cut by the limit": (
        (chunk(call(willContinue=True)), chunk(partial("$.city", stringValue="Pa")), chunk(finish="MAX_TOKENS")),
        *("", "", (), "max_tokens", None),
    ),
    "values cut by the connection": (
        (chunk(call(willContinue=True)), chunk(partial("$.city", stringValue="Pa"))),
        *("", "", (), None, "stream_interrupted"),
    ),
    "the end of no call": ((chunk(call(None)), chunk(text("a")), END), "a", "", (), "end_turn", None),
}


@for_each("name", CASES)
@for_each("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_every_habit_is_read_as_it_was_meant(name: str, newline: bytes) -> None:
    stream, said, thought, calls, stop, error = CASES[name]
    got = read([stream_bytes(stream, "gemini").replace(b"\n", newline)], "gemini")
    assert (got.text, got.thinking, got.calls, got.stop, got.error) == (said, thought, calls, stop, error)


@given(name=st.sampled_from(sorted(CASES)), data=st.data())
def test_where_the_bytes_are_cut_makes_no_difference(name: str, data: st.DataObject) -> None:
    whole = stream_bytes(CASES[name][0], "gemini").replace(b"\n", b"\r\n")
    places = st.lists(st.integers(0, len(whole)), max_size=8).map(lambda cuts: sorted({0, len(whole), *cuts}))
    cuts = data.draw(places)
    pieces = [whole[start:stop] for start, stop in pairwise(cuts)]
    got, expected = read(pieces, "gemini"), read([whole], "gemini")
    assert (got.text, got.calls, got.stop, got.error) == (expected.text, expected.calls, expected.stop, expected.error)


def test_the_list_form_is_read_like_the_stream() -> None:
    events = [chunk(text("a")), chunk(call(args=PARIS), signature_part()), {**END, "usageMetadata": USAGE}]
    got = read([b"[", *(b",".join(stream_bytes([one], "gemini")[6:-2] for one in events),), b"]"], "gemini")
    assert (got.text, got.calls, got.stop) == ("a", (("weather", PARIS),), "tool_calls")
    assert got.usage == Usage(12, 7, 8)
    cut = read([b"[", stream_bytes([events[0]], "gemini")[6:-2], b","], "gemini")
    assert cut.error == "stream_interrupted"


def signature_part() -> JsonObject:
    return text("", thoughtSignature="s")


def test_a_whole_answer_that_is_none_is_an_error() -> None:
    for answer in (b"{}", b"[]", b'{"candidates": []}', b'{"message": "hi"}'):
        assert read([answer], "gemini").error == "bad_response"
    assert read([b'[{"error": {"code": 429, "message": "x"}}]'], "gemini").error == "rate_limited"
    assert read([b'{"promptFeedback": {"blockReason": "OTHER"}}'], "gemini").stop == "refusal"


def test_the_last_counts_hold_and_thinking_is_output() -> None:
    early = {"promptTokenCount": 5, "candidatesTokenCount": 1}
    got = gemini(chunk(text("a"), usageMetadata=early), {**END, "usageMetadata": USAGE})
    assert got.usage == Usage(input_tokens=12, output_tokens=7, cache_read_tokens=8)
    assert gemini(chunk(text("a"), finish="STOP", usageMetadata={"trafficType": "ON_DEMAND"})).usage is None


def test_a_call_that_comes_whole_can_start_at_once() -> None:
    decoder = GeminiDecoder(SOURCE)
    [event] = SseFramer().feed(stream_bytes([chunk(call())], "gemini"))
    start, arguments, ready = decoder.feed(event)
    assert isinstance(start, CallStart)
    assert arguments == CallArguments(start.call_id, "{}")
    assert ready == CallReady(start.call_id, {})


def test_arguments_that_come_value_by_value_are_one_text() -> None:
    deltas = deltas_of(
        chunk(call(willContinue=True)),
        chunk(partial("$.a.b[1]", numberValue=2)),
        chunk(partial("$.a.c", boolValue=False), partial("$.a.d", nullValue="NULL_VALUE")),
        chunk(partial("$.a.b[0]", stringValue="x", more=False), finish="STOP"),
    )
    assert isinstance(deltas[0], CallStart)
    assert [type(delta) for delta in deltas[1:]] == [CallArguments, CallReady, Finished]
    assert isinstance(deltas[2], CallReady)
    assert deltas[2].arguments == {"a": {"b": ["x", 2], "c": False, "d": None}}


@for_each("path", ["", "a", "$", "$..a", "$.a[*]", "$[0]", "$.a[99999999]", "$.x.y", "$.a[200000]", "$" + ".a" * 200])
def test_a_place_that_nobody_can_find_is_left_out(path: str) -> None:
    arguments = PartialArguments()
    arguments.add([{"jsonPath": "$.x", "numberValue": 1}, {"jsonPath": path, "stringValue": "y"}, {}, 7])
    assert arguments.value["x"] == 1
    assert "y" not in str(arguments.value)


def test_what_is_withheld_is_explained() -> None:
    prompt = deltas_of({"promptFeedback": {"blockReason": "SAFETY"}})
    reply = deltas_of(chunk(text("a"), finish="RECITATION"))
    assert [delta.text for delta in [*prompt, *reply] if isinstance(delta, Notice)] == [
        "work withholds the prompt (SAFETY)",
        "work withholds the reply (RECITATION)",
    ]
    with pytest.raises(ProviderError, match="OTHER"):
        deltas_of(chunk(text("a"), finish="OTHER"))


def test_a_failure_of_the_model_may_be_tried_again() -> None:
    decoder = GeminiDecoder(SOURCE)
    decoder.feed(SseEvent("message", '{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}'))
    with pytest.raises(ProviderError, match="MALFORMED_FUNCTION_CALL") as caught:
        decoder.finish()
    assert (caught.value.kind, caught.value.retryable) == ("bad_response", True)


@for_each(
    ("events", "ending"),
    [
        ([chunk(text("a")), BARE_END], True),
        ([chunk(text("a"), finish="STOP")], True),
        ([chunk(finish="STOP")], False),
        ([chunk(finish="STOP"), chunk(text("a"))], False),
        ([chunk(text("a"), finish="STOP"), chunk(text("b"), finish="STOP")], False),
    ],
)
def test_nobody_is_hurried_by_a_label_that_says_nothing_about_the_end(events: list[Any], ending: bool) -> None:
    body = Body(SOURCE, SseFramer(), GeminiDecoder(SOURCE))
    body.feed(stream_bytes(events, "gemini"))
    assert (body.decoder.ending, body.decoder.ended) == (ending, False)


def test_parts_are_kept_as_they_came() -> None:
    got = gemini(
        chunk(text("h", thought=True)),
        chunk(text("m", thought=True)),
        chunk(text("a")),
        chunk(text("b")),
        chunk(signature_part()),
        chunk(call(args=PARIS, id="x", signature="t")),
        chunk(call("other")),
        chunk({"executableCode": {"code": "1"}, "thoughtSignature": "u"}),
        END,
    )
    assert got.replay is not None
    assert got.replay.data["parts"] == [
        text("hm", thought=True),
        text("ab"),
        signature_part(),
        {"functionCall": {"args": PARIS, "id": "x", "name": "weather"}, "thoughtSignature": "t"},
        {"functionCall": {"args": {}, "name": "other"}},
        {"executableCode": {"code": "1"}, "thoughtSignature": "u"},
    ]
    [first, second] = got.replay.data["calls"]
    assert got.replay.call_ids == {first: "x"}
    assert second != first


def test_a_reply_of_nothing_keeps_nothing() -> None:
    assert gemini(END).replay is None
