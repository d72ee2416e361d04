"""How Ollama's replies are read: every habit of its versions, however the bytes are cut."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.content import JsonObject, Usage
from chatls.errors import ErrorKind
from chatls.events import StepStopReason
from tests.providers.reading import Seen, read, stream_bytes
from tests.support.cases import for_each

PARIS = {"city": "Paris"}
ROME = {"city": "Rome"}
COUNTS = {"prompt_eval_count": 12, "eval_count": 3}


def line(content: str = "", **members: Any) -> JsonObject:
    """One line of a reply."""
    return {"model": "m", "message": {"role": "assistant", "content": content, **members}, "done": False}


def end(reason: str = "stop", content: str = "", counts: JsonObject | None = None) -> JsonObject:
    return {**line(content), "done": True, "done_reason": reason, **(counts or {})}


def call(name: str = "weather", *, call_id: str | None = None, **function: Any) -> JsonObject:
    return {**({"id": call_id} if call_id else {}), "function": {"name": name, **function}}


def calls(*items: JsonObject) -> JsonObject:
    return line(tool_calls=list(items))


def ollama(*values: Any) -> Seen:
    return read([stream_bytes(values, "ollama")], "ollama")


DEAD = {"model": "", "created_at": "0001-01-01T00:00:00Z", "message": {"role": "", "content": ""}, "done": False}
BOTH = (("weather", PARIS), ("weather", ROME))

CASES: dict[str, tuple[tuple[Any, ...], str, str, tuple[Any, ...], StepStopReason | None, ErrorKind | None]] = {
    "plain text": ((line("Hel"), line("lo"), end()), "Hello", "", (), "end_turn", None),
    "text in the last line": ((line("a"), end(content="b")), "ab", "", (), "end_turn", None),
    "no reason, as before 0.1.30": ((line("a"), {"done": True}), "a", "", (), "end_turn", None),
    "thinking": ((line(thinking="hm"), line("a"), end()), "a", "hm", (), "end_turn", None),
    "one call": ((calls(call(arguments=PARIS)), end()), "", "", BOTH[:1], "tool_calls", None),
    "calls in one line, with ids and thinking": (
        (
            line(thinking="hm"),
            calls(
                call(arguments=PARIS, index=0, call_id="call_1"),
                call(arguments=ROME, index=1, call_id="call_2"),
            ),
            end(),
        ),
        *("", "hm", BOTH, "tool_calls", None),
    ),
    "calls in lines of their own": (
        (calls(call(arguments=PARIS)), calls(call(arguments=ROME)), end()),
        *("", "", BOTH, "tool_calls", None),
    ),
    "every call has index 0 (ollama#15457)": (
        (calls(call(arguments=PARIS, index=0)), calls(call(arguments=ROME, index=0)), end()),
        *("", "", BOTH, "tool_calls", None),
    ),
    "one id for two calls": (
        (calls(call(arguments=PARIS, call_id="x"), call(arguments=ROME, call_id="x")), end()),
        *("", "", BOTH, "tool_calls", None),
    ),
    "the same call twice": (
        (calls(call(arguments=PARIS)), calls(call(arguments=PARIS)), end()),
        *("", "", (BOTH[0], BOTH[0]), "tool_calls", None),
    ),
    "no arguments": ((calls(call()), end()), "", "", (("weather", {}),), "tool_calls", None),
    "arguments null": ((calls(call(arguments=None)), end()), "", "", (("weather", {}),), "tool_calls", None),
    "arguments as text (ollama#12413)": (
        (calls(call(arguments=json.dumps(PARIS))), end()),
        *("", "", BOTH[:1], "tool_calls", None),
    ),
    "a call in the last line": (
        ({**calls(call(arguments=PARIS)), "done": True, "done_reason": "stop"},),
        *("", "", BOTH[:1], "tool_calls", None),
    ),
    "cut by the limit": ((line("a"), end("length")), "a", "", (), "max_tokens", None),
    "a call does not hide the limit": (
        (calls(call(arguments=PARIS)), end("length")),
        *("", "", BOTH[:1], "max_tokens", None),
    ),
    "only loaded": ((end("load"),), "", "", (), "end_turn", None),
    "no end": ((line("a"),), "a", "", (), None, "stream_interrupted"),
    "a runner that died": ((DEAD,), "", "", (), None, "stream_interrupted"),
    "an error in the middle": ((line("a"), {"error": "llama runner terminated"}), "a", "", (), None, "overloaded"),
    "a model that is not there": (({"error": "model 'x' not found"},), "", "", (), None, "not_found"),
    "a call that Ollama cannot read": (
        (line("a"), {"error": "error parsing tool call: raw='{\"a', err=unexpected end of JSON input"}),
        *("a", "", (), None, "bad_response"),
    ),
    "JSON that is broken": ((line("a"), '{"message": ['), "a", "", (), None, "bad_response"),
    "null members": (
        ({"message": None}, line(tool_calls=None, thinking=None), end()),
        *("", "", (), "end_turn", None),
    ),
    "blank lines": (("", line("a"), "", end(), ""), "a", "", (), "end_turn", None),
    "what follows the end": ((line("a"), end(), line("b")), "a", "", (), "end_turn", None),
}


@for_each("name", CASES)
def test_every_habit_is_read_as_it_was_meant(name: str) -> None:
    stream, said, thought, called, stop, error = CASES[name]
    got = ollama(*stream)
    assert (got.text, got.thinking, got.calls, got.stop, got.error) == (said, thought, called, stop, error)


@given(name=st.sampled_from(sorted(CASES)), data=st.data())
def test_where_the_bytes_are_cut_makes_no_difference(name: str, data: st.DataObject) -> None:
    whole = stream_bytes(CASES[name][0], "ollama")
    places = st.lists(st.integers(0, len(whole)), max_size=8).map(lambda cuts: sorted({0, len(whole), *cuts}))
    cuts = data.draw(places)
    pieces = [whole[start:stop] for start, stop in pairwise(cuts)]
    got, expected = read(pieces, "ollama"), ollama(*CASES[name][0])
    assert (got.text, got.calls, got.stop, got.error) == (expected.text, expected.calls, expected.stop, expected.error)


@for_each("cut", [1, 2, 3, 30])
@for_each("indent", [None, 1])
def test_a_whole_answer_is_read_like_a_stream(indent: int | None, cut: int) -> None:
    answer = {**calls(call(arguments=PARIS)), "done": True, "done_reason": "stop", **COUNTS}
    data = json.dumps(answer, indent=indent).encode()
    got = read([data[:cut], data[cut:]], "ollama")
    assert (got.calls, got.stop, got.usage) == (BOTH[:1], "tool_calls", Usage(12, 3))


def test_a_whole_answer_that_is_none_is_an_error() -> None:
    assert read([b'{\n "error": "model \'x\' not found"\n}'], "ollama").error == "not_found"
    assert read([b'{\n "models": []\n}'], "ollama").error == "bad_response"
    assert read([b"404 page not found"], "ollama").error == "bad_response"
    assert read([json.dumps(DEAD).encode()], "ollama").error == "stream_interrupted"


def test_a_line_that_the_connection_cut_is_no_nonsense() -> None:
    data = stream_bytes([line("a"), line("b")], "ollama")
    assert read([data[:-20]], "ollama").error == "stream_interrupted"


def test_counts_come_with_the_end() -> None:
    assert ollama(line("a"), end(counts=COUNTS)).usage == Usage(12, 3)
    assert ollama(line("a"), end(counts={"eval_count": 3})).usage == Usage(0, 3)
    assert ollama(line("a"), end()).usage is None


def test_what_goes_back_is_kept() -> None:
    got = ollama(calls(call(arguments=PARIS, call_id="call_1"), call(arguments=ROME)), end())
    assert got.replay is not None
    assert list(got.replay.call_ids.values()) == ["call_1"]
    assert ollama(line(thinking="hm"), line("a"), end()).replay is not None
    assert ollama(line("a"), end()).replay is None
