"""Every family with every kind of argument, alone and among others: what was written is what is called."""

import random
from typing import Any

from chatls.content import JsonObject
from tests.providers.inline.reading import Reply, cut_at_random, deltas_of, fold, without_pieces
from tests.providers.inline.writers import WRITERS, Writer
from tests.support.cases import for_each

MARKS = '<tool_call>{"name": "many"}</tool_call> </think> <|im_end|> [TOOL_CALLS] `x` <|call|> </s>'
ARGUMENTS: dict[str, JsonObject] = {
    "none": {},
    "text": {"text": "Oslo"},
    "quotes and newlines": {"text": "a \"q\" \\ \\n 's'\n\tb"},
    "unicode": {"text": "na\u00efve \u4f60\u597d \U0001f600 \u2028 \u0600"},
    "numbers": {"count": -5, "ratio": 0.25, "exact": False, "perhaps": None},
    "text like numbers": {"text": "42", "either": "7 days", "perhaps": "true"},
    "lists and objects": {"names": ["a", 'b"]', "}"], "where": {"a": {"b": [1, {"c": "}{", "d": None}]}, "e": []}},
    "code": {"text": "if (a < b && c > d) { x[0] = \"</b>\"; }\n// ]]> '''"},
    "json": {"text": '{"name": "many", "arguments": {}}'},
    "marks": {"text": MARKS},
    "a fence": {"text": "```python\nprint(1)\n```"},
    "ends": {"text": "  a b  "},
    "lines": {"text": "\na\n\n"},
    "empty": {"text": ""},
    "html": {"text": '<div class="a"><p>b</p>&amp;</div>', "count": 1},
    "braces": {"text": "{{a}} }} ]]] {{{"},
}
FAMILIES = for_each("writer", WRITERS.values(), ids=WRITERS.keys())


def can_write(writer: Writer, arguments: JsonObject) -> bool:
    texts = [value for value in arguments.values() if isinstance(value, str)]
    if any(tag in text for tag in writer.tags for text in texts):
        return False
    return not writer.tags or writer.quotes or not any(text.startswith("\n") for text in texts)


def read(text: str, **flags: Any) -> Reply:
    whole = fold(deltas_of([text], **flags))
    generator = random.Random(text)
    for pieces in (list(text), *(cut_at_random(text, generator.randrange(1000)) for _ in range(3))):
        assert without_pieces(fold(deltas_of(pieces, **flags))) == without_pieces(whole), pieces
    return whole


def called(reply: Reply) -> list[tuple[str, JsonObject | None]]:
    assert all(call.ready for call in reply.calls)
    return [(call.name, call.arguments) for call in reply.calls]


@FAMILIES
@for_each("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_what_was_written_is_what_is_called(writer: Writer, arguments: JsonObject) -> None:
    if not can_write(writer, arguments):
        return
    reply = read(writer.calls([("many", arguments)]))
    assert called(reply) == [("many", arguments)]
    assert (reply.text, reply.thinking) == ("", "")


@FAMILIES
def test_several_calls_are_several(writer: Writer) -> None:
    calls: list[tuple[str, JsonObject]] = [("many", {"count": 1}), ("get_time", {"city": "Oslo"}), ("many", {})]
    reply = read(writer.calls(calls))
    assert called(reply) == calls
    assert reply.text == ""


@FAMILIES
@for_each("newline", ["\n", "\r\n"])
def test_thinking_and_text_before_a_call_are_what_they_are(writer: Writer, newline: str) -> None:
    call = writer.calls([("get_time", {"city": "Oslo"})])
    reply = read(f"<think>{newline}I think.{newline}</think>{newline}{newline}I look.{newline}{newline}{call}{newline}")
    assert called(reply) == [("get_time", {"city": "Oslo"})]
    assert (reply.thinking.strip(), reply.text.strip()) == ("I think.", "I look.")


@FAMILIES
@for_each("before", [" ", "\n", "\n\n", "\r\n", "\t"])
def test_blanks_around_a_call_say_nothing(writer: Writer, before: str) -> None:
    reply = read(f"{before}{writer.calls([('get_time', {'city': 'Oslo'})])}{before}")
    assert (called(reply), reply.text) == ([("get_time", {"city": "Oslo"})], "")


@FAMILIES
def test_text_right_before_a_call_is_kept(writer: Writer) -> None:
    if not writer.apart:
        return
    reply = read(f"Look:{writer.calls([('get_time', {'city': 'Oslo'})])}")
    assert (called(reply), reply.text) == ([("get_time", {"city": "Oslo"})], "Look:")


@FAMILIES
def test_a_call_of_no_offered_tool_is_text_to_the_letter(writer: Writer) -> None:
    text = f"Look:\n{writer.calls([('nothing', {'city': 'Oslo'})])}"
    assert (read(f"{text}.").text, read(text).calls) == (f"{text}.", [])


@FAMILIES
@for_each("around", ["So:\n```\n{}\n```\nThat is all.", "So:\n~~~xml\n{}\n~~~"])
def test_a_call_in_a_code_fence_is_text_to_the_letter(writer: Writer, around: str) -> None:
    text = around.replace("{}", writer.calls([("get_time", {"city": "Oslo"})]))
    assert (read(text).text, read(text).calls) == (text, [])


@FAMILIES
def test_wherever_a_reply_is_cut_off_no_half_call_runs_and_no_piece_of_a_mark_is_shown(writer: Writer) -> None:
    written = writer.calls([("get_time", {"city": "Oslo"})])
    for size in range(len(written)):
        reply = read_once(f"I look.\n{written[:size]}", cut=True)
        assert all(call.arguments in (None, {"city": "Oslo"}) for call in reply.calls)
        marks = ("tool_", "TOOL", "<|", f"<{BAR}", "minimax", "parameter", "arg_", "steptml", "invoke")
        for mark in marks if writer.marked else ():
            assert mark not in reply.text, size


def read_once(text: str, **flags: Any) -> Reply:
    return fold(deltas_of([text], **flags))


BAR = "\uff5c"


@FAMILIES
def test_a_call_in_thinking_is_meant_only_where_nothing_follows(writer: Writer) -> None:
    if not (writer.marked and writer.apart):
        return
    call = writer.calls([("get_time", {"city": "Oslo"})])
    if "<|channel|>" in call:  # Where messages have channels, thinking is one of them, and holds no call.
        return
    meant = read(f"<think>I look. {call}")
    assert (called(meant), meant.thinking.strip(), meant.text) == ([("get_time", {"city": "Oslo"})], "I look.", "")
    thought = read(f"<think>I might write {call} here.</think>Yes")
    assert (thought.calls, thought.text) == ([], "Yes")
    assert thought.thinking == f"I might write {call} here."


@FAMILIES
def test_text_behind_a_call_is_kept(writer: Writer) -> None:
    call = writer.calls([("get_time", {"city": "Oslo"})])
    reply = read(f"I look.\n{call}\n\nThen I speak.")
    assert (called(reply), reply.text) == ([("get_time", {"city": "Oslo"})], "I look.\nThen I speak.")


@FAMILIES
def test_two_families_may_stand_in_one_reply(writer: Writer) -> None:
    one, other = [("get_time", {"city": "Oslo"})], [("many", {"count": 2})]
    for second in WRITERS.values():
        text = f"{writer.calls(one)}\n{second.calls(other)}"
        assert called(read_once(text)) == [*one, *other], text
