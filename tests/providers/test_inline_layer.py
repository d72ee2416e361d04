"""The layer between a decoder and the rest: what a server left in the text, and what it parsed itself."""

import json
import logging
from collections.abc import Iterable
from typing import Any

import pytest

from chatls.config import ProviderSettings
from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.body import Body
from chatls.providers.catalog import KNOWN, hands_on_text
from chatls.providers.chat_reply import Decoder as ChatDecoder
from chatls.providers.delta import Delta
from chatls.providers.framing import NdjsonFramer, SseFramer
from chatls.providers.inline_layer import InlineDecoder
from chatls.providers.learnt import Learnt
from chatls.providers.ollama_reply import Decoder as OllamaDecoder
from tests.providers.cases import DONE, fragment
from tests.providers.reading import SOURCE, Seen, seen, stream_bytes

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


def test_a_whole_answer_with_calls_is_not_parsed_at_all() -> None:
    decoder = InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m")
    call = fragment('{"pattern": "x"}', name="search", call_id="c1")
    message = {"content": CALL, "tool_calls": [call]}
    answer = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    reply = seen(decoder.feed_json(answer) + decoder.finish())
    assert (reply.calls, reply.text) == ((("search", {"pattern": "x"}),), CALL)


def test_where_no_tool_is_offered_there_is_no_call_but_there_is_thinking() -> None:
    reply = read([*characters(f"<think>hm</think>{CALL}"), end()], tools={})
    assert (reply.calls, reply.thinking, reply.text, reply.stop) == ((), "hm", CALL, "end_turn")


def test_what_the_server_split_off_as_thinking_stays_thinking() -> None:
    reply = read([think("hm"), say("hi"), end()])
    assert (reply.thinking, reply.text) == ("hm", "hi")


OPENED = "I wonder.\n</think>\n\nIt is 4."


def test_a_think_block_that_the_template_opens_is_expected_from_the_second_reply_on() -> None:
    learnt = Learnt()
    read([*characters(OPENED), end()], learnt)
    assert learnt.thinking_open
    reply = read([*characters(OPENED), end()], learnt)
    assert (reply.thinking.strip(), reply.text.strip()) == ("I wonder.", "It is 4.")
    assert learnt.thinking_open


@pytest.mark.parametrize(
    "text", ["Write `</think>` to end it.", "<think>\nhm\n</think>\nhi", "no mark at all", "a </think> b"]
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
    caplog.set_level(logging.DEBUG, "chatls.providers.inline_layer")
    body = Body(SOURCE, SseFramer(), InlineDecoder(ChatDecoder(SOURCE), TOOLS, Learnt(), "m"))
    body.feed(stream_bytes([say("half <tool")]))
    with pytest.raises(ProviderError) as raised:
        body.end()
    assert raised.value.kind == "stream_interrupted"
    assert caplog.messages == ["m wrote: half <tool"]


def test_what_the_model_wrote_is_logged_at_the_lowest_level_only(caplog: pytest.LogCaptureFixture) -> None:
    read([*characters(CALL), end()])
    assert caplog.messages == []
    caplog.set_level(logging.DEBUG, "chatls.providers.inline_layer")
    read([*characters(CALL), end()])
    assert caplog.messages == [f"m wrote: {CALL}"]


@pytest.mark.parametrize(
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
