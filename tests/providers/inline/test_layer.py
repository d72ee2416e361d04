"""The layer between a decoder and the rest: what a server left in the text, and what it parsed itself."""

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.delta import Delta, TextDelta, TextWasThinking, ThinkingDelta
from chatls.providers.http.body import Body
from chatls.providers.http.framing import NdjsonFramer, SseFramer
from chatls.providers.inline.layer import InlineDecoder
from chatls.providers.known.catalog import KNOWN, hands_on_text
from chatls.providers.known.refused import Learnt
from chatls.providers.ollama_reply import OllamaDecoder
from chatls.settings.config import ProviderSettings
from tests.providers.cases import DONE, fragment
from tests.providers.reading import SOURCE, Seen, seen, stream_bytes
from tests.support.cases import for_each

TOOLS = {"search": {"type": "object", "properties": {"pattern": {"type": "string"}}}}
CALL = '<tool_call>\n{"name": "search", "arguments": {"pattern": "TODO"}}\n</tool_call>'
CALLED = (("search", {"pattern": "TODO"}),)


def say(text: str) -> JsonObject:
    return {"choices": [{"delta": {"content": text}}]}


def think(text: str) -> JsonObject:
    return {"choices": [{"delta": {"reasoning_content": text}}]}


def native(pattern: str) -> JsonObject:
    arguments = json.dumps({"pattern": pattern})
    return {"choices": [{"delta": {"tool_calls": [fragment(arguments, name="search", call_id="c1")]}}]}


def end(label: str = "stop") -> JsonObject:
    delta: JsonObject = {}
    return {"choices": [{"delta": delta, "finish_reason": label}]}


def characters(text: str) -> list[Any]:
    return [say(character) for character in text]


def deltas_of(values: Iterable[Any], learnt: Learnt | None = None, tools: Any = None) -> list[Delta]:
    decoder = InlineDecoder(ChatDecoder(SOURCE), TOOLS if tools is None else tools, learnt or Learnt(), "m")
    body = Body(SOURCE, SseFramer(), decoder)
    deltas = body.feed(stream_bytes([*values, DONE]))
    assert body.failure is None
    return deltas


def read(values: Iterable[Any], learnt: Learnt | None = None, tools: Any = None) -> Seen:
    return seen(deltas_of(values, learnt, tools))


def test_a_call_in_the_text_is_a_call_and_the_stop_reason_says_so() -> None:
    reply = read([*characters("I look. " + CALL), end("stop")])
    assert (reply.text.strip(), reply.calls, reply.stop) == ("I look.", CALLED, "tool_calls")


def test_the_same_in_an_answer_that_is_not_streamed() -> None:
    decoder = InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m")
    answer = {"choices": [{"message": {"content": f"<think>hm</think>{CALL}"}, "finish_reason": "stop"}]}
    reply = seen(decoder.feed_json(answer) + decoder.finish())
    assert (reply.text.strip(), reply.thinking, reply.calls, reply.stop) == ("", "hm", CALLED, "tool_calls")


def test_the_same_from_ollama() -> None:
    decoder = InlineDecoder(OllamaDecoder(SOURCE), TOOLS, Learnt(), "m")
    body = Body(SOURCE, NdjsonFramer(), decoder)
    lines = [{"message": {"content": piece}, "done": False} for piece in CALL]
    reply = seen(body.feed(stream_bytes([*lines, {"message": {}, "done": True, "done_reason": "stop"}], "ollama")))
    assert (reply.calls, reply.stop) == (CALLED, "tool_calls")


def test_arguments_come_while_they_are_written() -> None:
    reply = read([*characters(CALL), end()])
    assert [json.loads(text) for _, text in reply.argument_texts] == [{"pattern": "TODO"}]
    pieces = deltas_of([*characters(CALL), end()])
    assert len([piece for piece in pieces if type(piece).__name__ == "CallArguments"]) > 1


def test_a_call_that_was_cut_off_is_none() -> None:
    reply = read([say('<tool_call>\n{"name": "search", "arguments": {"pat'), end("length")])
    assert (reply.calls, reply.stop) == ((), "max_tokens")


def test_behind_calls_that_the_server_parsed_nothing_is_parsed() -> None:
    reply = read([native("x"), say(CALL), end("tool_calls")])
    assert (reply.calls, reply.text) == ((("search", {"pattern": "x"}),), CALL)


@for_each(("pattern", "text"), [("x", CALL), ("TODO", "")])
def test_in_a_whole_answer_only_the_calls_that_the_server_parsed_count(pattern: str, text: str) -> None:
    decoder = InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m")
    call = fragment(json.dumps({"pattern": pattern}), name="search", call_id="c1")
    message = {"content": CALL, "tool_calls": [call]}
    answer = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    reply = seen(decoder.feed_json(answer) + decoder.finish())
    assert (reply.calls, reply.text) == ((("search", {"pattern": pattern}),), text)


def native_pieces(pattern: str, index: int = 0) -> list[Any]:
    """A call of the server's own, its arguments in pieces."""
    text = json.dumps({"pattern": pattern})
    first = fragment(text[:5], name="search", call_id=f"c{index}") | {"index": index}
    rest = {"index": index, "function": {"arguments": text[5:]}}
    return [{"choices": [{"delta": {"tool_calls": [piece]}}]} for piece in (first, rest)]


TODO, FIXME = CALL, CALL.replace("TODO", "FIXME")


@for_each(
    "values",
    [
        [*characters(TODO), *native_pieces("TODO")],
        [*native_pieces("TODO"), *characters(TODO)],
        [*native_pieces("TODO"), *characters(f"\n{TODO}\n")],
        [say(TODO), native("TODO")],
    ],
)
def test_a_call_that_the_server_tells_twice_is_one(values: list[Any]) -> None:
    reply = read([*values, end("tool_calls")])
    assert (reply.calls, reply.text.strip(), reply.stop) == (CALLED, "", "tool_calls")
    assert [name for name, _ in reply.argument_texts] == ["search"]
    assert reply.replay is not None
    assert len(reply.replay.call_ids) == 1


@for_each(
    "values",
    [
        [say(TODO), say(FIXME), *native_pieces("TODO"), *native_pieces("FIXME", 1)],
        [say(TODO), *native_pieces("TODO"), say(FIXME), *native_pieces("FIXME", 1)],
        [*native_pieces("TODO"), *native_pieces("FIXME", 1), *characters(TODO + FIXME)],
        [*native_pieces("TODO"), say(TODO), *native_pieces("FIXME", 1), say(FIXME)],
    ],
)
def test_several_calls_that_the_server_tells_twice_are_as_many(values: list[Any]) -> None:
    reply = read([*values, end("tool_calls")])
    assert (reply.calls, reply.text) == ((*CALLED, ("search", {"pattern": "FIXME"})), "")


def test_calls_that_only_resemble_each_other_are_two() -> None:
    reply = read([say(TODO), *native_pieces("FIXME"), end("tool_calls")])
    assert reply.calls == (*CALLED, ("search", {"pattern": "FIXME"}))
    reply = read([say(TODO + TODO), *native_pieces("TODO"), end("tool_calls")])
    assert reply.calls == (*CALLED, *CALLED)


def test_a_call_of_the_servers_that_was_cut_off_is_told() -> None:
    reply = read([say(TODO), native_pieces("FIXME")[0], end("length")])
    assert (reply.calls, len(reply.argument_texts), reply.stop) == (CALLED, 2, "max_tokens")


@for_each("bare", ['{"name": "search", "arguments": {"pattern": "x"}}', "search\n{}", "all\nHi"])
def test_behind_calls_of_the_server_what_is_not_marked_as_one_is_text(bare: str) -> None:
    reply = read([*native_pieces("TODO"), *characters(bare), end("tool_calls")])
    assert (reply.calls, reply.text) == (CALLED, bare)


def test_where_no_tool_is_offered_there_is_no_call_but_there_is_thinking() -> None:
    reply = read([*characters(f"<think>hm</think>{CALL}"), end()], tools={})
    assert (reply.calls, reply.thinking, reply.text, reply.stop) == ((), "hm", CALL, "end_turn")


def test_what_the_server_split_off_as_thinking_stays_thinking() -> None:
    reply = read([think("hm"), say("hi"), end()])
    assert (reply.thinking, reply.text) == ("hm", "hi")


OPENED = "I wonder.\n</think>\n\nIt is 4."


def test_a_think_block_that_the_template_opens_is_known_when_it_ends_and_expected_from_then_on() -> None:
    learnt = Learnt()
    deltas = deltas_of([*characters(OPENED), end()], learnt)
    assert [delta for delta in deltas if isinstance(delta, ThinkingDelta)] == []
    before = deltas[: deltas.index(TextWasThinking())]
    assert "".join(delta.text for delta in before if isinstance(delta, TextDelta)) == "I wonder.\n"
    assert (seen(deltas).thinking, seen(deltas).text, learnt.thinking_open) == ("I wonder.\n", "It is 4.", True)
    deltas = deltas_of([*characters(OPENED), end()], learnt)
    assert TextWasThinking() not in deltas
    assert (seen(deltas).thinking.strip(), seen(deltas).text.strip()) == ("I wonder.", "It is 4.")
    assert learnt.thinking_open


CLOSED = {
    "qwen": "</think>",
    "hunyuan": "</think:opensource>",
    "magistral": "[/THINK]",
    "kimi k3": "<|close|>think<|sep|>",
    "solar open 2": "<|think:end|>",
    "command a": "<|END_THINKING|>",
    "gemma 4": "<channel|>",
    "minimax m3": "</mm:think>",
    "apriel": "[BEGIN FINAL RESPONSE]",
}


@for_each("mark", CLOSED.values(), ids=CLOSED.keys())
@for_each("size", [1, 3, 1000])
def test_what_any_familys_mark_closes_without_a_beginning_was_thinking(mark: str, size: int) -> None:
    for thought, gap in (("I `wonder`: a < b?\n\n", "\n\n"), ("I wonder.", ""), ("Is it\n", "\n")):
        learnt = Learnt()
        text = f"{thought}{mark}{gap}It is 4. {CALL}"
        reply = read([*(say(text[at : at + size]) for at in range(0, len(text), size)), end()], learnt)
        assert (reply.thinking, reply.text.strip(), reply.calls) == (thought, "It is 4.", CALLED)
        assert learnt.thinking_open


@for_each("opening", ["<think>\nhm\n</think>\n", "<think>hm</think>"])
def test_only_the_first_end_of_thinking_says_what_came_before_it(opening: str) -> None:
    assert TextWasThinking() not in deltas_of([*characters(f"{opening}so:\n</think>\nend"), end()])
    deltas = deltas_of([*characters("a\n</think>\nb\n</think>\nc"), end()])
    assert deltas.count(TextWasThinking()) == 1
    assert (seen(deltas).thinking, seen(deltas).text) == ("a\n", "b\n</think>\nc")


def test_where_the_server_tells_thinking_apart_its_marks_in_the_text_are_text() -> None:
    reply = read([think("hm"), *characters("I wonder.\n</think>\nIt is 4."), end()])
    assert (reply.thinking, reply.text) == ("hm", "I wonder.\n</think>\nIt is 4.")


def test_text_before_a_call_of_the_servers_can_be_thinking_too() -> None:
    reply = read([*characters("I wonder. "), *native_pieces("TODO"), *characters("So.\n</think>\nDone."), end()])
    assert (reply.thinking, reply.text, reply.calls) == ("I wonder. So.\n", "Done.", CALLED)


def test_a_code_fence_hides_what_ends_thinking() -> None:
    text = "So:\n```\nhm\n</think>\n```\nend"
    reply = read([*characters(text), end()])
    assert (reply.thinking, reply.text) == ("", text)


def test_in_a_whole_answer_it_is_known_at_once() -> None:
    decoder = InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m")
    answer = {"choices": [{"message": {"content": f"{OPENED}{CALL}"}, "finish_reason": "stop"}]}
    reply = seen(decoder.feed_json(answer) + decoder.finish())
    assert (reply.thinking, reply.text, reply.calls) == ("I wonder.\n", "It is 4.", CALLED)


@for_each("text", [OPENED, "I wonder.</think>It is 4.", "I wonder.</think>\n\nIt is 4.", "hm\n</think>"])
@for_each("size", [1, 1000])
def test_the_end_of_a_block_without_a_beginning_is_learnt_however_it_is_cut(text: str, size: int) -> None:
    learnt = Learnt()
    read([*(say(text[at : at + size]) for at in range(0, len(text), size)), end()], learnt)
    assert learnt.thinking_open


@for_each(
    "text",
    [
        "Write `</think>` to end it.",
        "It is </think>",
        "'</think>' ends it",
        "so:\n</think> ends it",
        "a </think>\nb",
        "<think>\nhm\n</think>\nhi",
        "no mark at all",
        "a </think> b",
    ],
)
def test_a_mark_in_prose_and_a_block_that_was_begun_teach_nothing(text: str) -> None:
    learnt = Learnt()
    read([*characters(text), end()], learnt)
    assert not learnt.thinking_open


def test_a_wrong_guess_loses_neither_the_answer_nor_its_calls() -> None:
    learnt = Learnt(thinking_open=True)
    reply = read([*characters("It is 4."), end()], learnt)
    assert (reply.text, learnt.thinking_open) == ("It is 4.", False)
    assert read([*characters(CALL), end()], Learnt(thinking_open=True)).calls == CALLED


def test_a_server_that_begins_to_split_off_thinking_is_believed() -> None:
    learnt = Learnt(thinking_open=True)
    reply = read([think("hm"), say("hi"), end()], learnt)
    assert (reply.thinking, reply.text, learnt.thinking_open) == ("hm", "hi", False)


def test_a_reply_that_breaks_off_is_still_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatls.providers.inline.layer")
    body = Body(SOURCE, SseFramer(), InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m"))
    body.feed(stream_bytes([say("half <tool")]))
    with pytest.raises(ProviderError) as raised:
        body.end()
    assert raised.value.kind == "stream_interrupted"
    assert caplog.messages == ["m wrote: half <tool"]


@for_each(
    ("written", "text"),
    [
        ("I look <", "I look <"),
        ("Hm.\n```", "Hm.\n```"),
        ("So.<|im_end|>", "So."),
        ("So <tool_ca", "So "),
        ("x [", "x ["),
    ],
)
def test_what_was_held_back_comes_before_the_failure(written: str, text: str) -> None:
    body = Body(SOURCE, SseFramer(), InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m"))
    deltas = body.feed(stream_bytes(characters(written)))
    with pytest.raises(ProviderError) as raised:
        body.end()
    deltas += body.break_off(raised.value)
    assert seen(deltas).text == text
    assert body.break_off(raised.value) == []


def test_a_call_that_broke_off_is_told_and_never_ready() -> None:
    body = Body(SOURCE, SseFramer(), InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m"))
    deltas = body.feed(stream_bytes([say(CALL[:-30])]))
    deltas += body.break_off(ProviderError("stream_interrupted", "broke off"))
    assert (seen(deltas).calls, len(seen(deltas).argument_texts)) == ((), 1)


def test_what_the_model_wrote_is_logged_at_the_lowest_level_only(caplog: pytest.LogCaptureFixture) -> None:
    read([*characters(CALL), end()])
    assert caplog.messages == []
    caplog.set_level(logging.DEBUG, "chatls.providers.inline.layer")
    read([*characters(CALL), end()])
    assert caplog.messages == [f"m wrote: {CALL}"]


@for_each(
    ("name", "own", "handed_on"),
    [
        ("llamacpp", {}, True),
        ("ollama", {}, True),
        ("vllm", {"base_url": "http://gpu.example:8000/v1"}, True),
        ("work", {"kind": "openai_chat", "base_url": "https://models.example/v1"}, True),
        ("openai", {"base_url": "https://gateway.example/v1"}, True),
        ("local", {"model_path": "/m.gguf"}, True),
        ("groq", {}, False),
        ("work", {"kind": "openai_chat", "base_url": "https://api.groq.com/openai/v1"}, False),
        ("azure", {"base_url": "https://x.openai.azure.com/openai/v1"}, False),
    ],
)
def test_text_is_read_for_calls_on_all_but_the_known_hosted_servers(name: str, own: Any, handed_on: bool) -> None:
    assert hands_on_text(name, ProviderSettings(**own)) is handed_on


def test_every_known_server_with_a_key_has_real_calls() -> None:
    for entry in KNOWN:
        assert hands_on_text(entry.name, ProviderSettings()) == (not entry.key_variables)


PARTS = st.lists(
    st.sampled_from((TODO, FIXME, f"{TODO}\n", "text ", "\n", "<think>hm</think>", "<|im_end|>", "<tool", '{"a": 1}'))
    | st.sampled_from((("TODO", 0), ("FIXME", 1), ("TODO", 2))),
    max_size=6,
)


def sent(parts: Iterable[str | tuple[str, int]], size: int) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, str):
            yield from (say(part[at : at + size]) for at in range(0, len(part), size))
        else:
            yield from native_pieces(*part)
    yield end()


@settings(max_examples=150, deadline=None)
@given(PARTS)
def test_text_and_calls_in_any_order_are_read_to_the_same_however_they_are_cut(
    parts: list[str | tuple[str, int]],
) -> None:
    numbered = [part for at, part in enumerate(parts) if isinstance(part, str) or part not in parts[:at]]
    whole, single = read(sent(numbered, 1000)), read(sent(numbered, 1))
    assert (whole.text, whole.thinking, whole.calls) == (single.text, single.thinking, single.calls)
    reported = [part[0] for part in numbered if not isinstance(part, str)]
    written = [part for part in numbered if isinstance(part, str) and part.startswith("<tool_call>")]
    assert max(len(reported), bool(written)) <= len(whole.calls) <= len(reported) + len(written)
