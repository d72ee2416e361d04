"""Models that write their calls into the text, through the real daemon: the same events as from any other."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.raw import Daemon, Json, Turn
from tests.support.http_server import Chunk, End, Head, Reset, ScriptedServer, Wait, answered, event, streamed

ARGUMENTS = {"path": "a.txt"}
CALL = '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call>'

DIALECTS = {
    "hermes": (f"<think>hm</think>I look.\n{CALL}", "hm", "I look."),
    "qwen3 coder": (
        "I look.\n<tool_call>\n<function=read_file>\n<parameter=path>\na.txt\n</parameter>\n</function>\n</tool_call>",
        "",
        "I look.",
    ),
    "llama 3": ('{"name": "read_file", "parameters": {"path": "a.txt"}}', "", ""),
    "mistral": ('[THINK]hm[/THINK][TOOL_CALLS]read_file[ARGS]{"path": "a.txt"}', "hm", ""),
    "mistral's list": ('[TOOL_CALLS][{"name": "read_file", "arguments": {"path": "a.txt"}}]', "", ""),
    "gpt-oss": (
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.read_file "
            '<|constrain|>json<|message|>{"path": "a.txt"}<|call|>'
        ),
        "hm",
        "",
    ),
    "kimi k2": (
        (
            "I look.<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>"
            '{"path": "a.txt"}<|tool_call_end|><|tool_calls_section_end|>'
        ),
        "",
        "I look.",
    ),
    "glm": (
        "<think>hm</think>\n<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.txt</arg_value>\n</tool_call>",
        "hm",
        "",
    ),
}
MARKS = (
    "<think",
    "</think",
    "<tool_call",
    "</tool_call",
    "<function",
    "<parameter",
    "[TOOL",
    "[THINK",
    "<|",
    "|>",
    "<arg_",
)


def say(text: str) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def end(label: str = "stop") -> Json:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": label}]}


def spelled(text: str) -> list[Any]:
    """A reply that comes by characters, two to a piece."""
    return streamed(*(say(text[at : at + 2]) for at in range(0, len(text), 2)), end())


DONE = spelled("Done.")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


def configure(daemon: Daemon, server: ScriptedServer, **own: Any) -> None:
    provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", **own}
    allowed = [{"tool": "write_file", "action": "allow"}]
    daemon.configure({"providers": {"web": provider}, "model": "web/m", "permissions": allowed})


def texts(turn: Turn, kind: str) -> str:
    return "".join(one["text"] for one in turn.events if one["kind"] == kind)


def notices(turn: Turn) -> list[str]:
    return [one["text"] for one in turn.events if one["kind"] == "notice"]


def check_call(turn: Turn) -> None:
    """One call of read_file that ran, and whose arguments were seen while they were written."""
    [call] = [one for one in turn.events if one["kind"] == "toolCallEnd"]
    assert (call["name"], call["arguments"]) == ("read_file", ARGUMENTS)
    deltas = [one["argumentsDelta"] for one in turn.events if one["kind"] == "toolCallDelta"]
    assert json.loads("".join(deltas)) == ARGUMENTS
    [run] = [one for one in turn.events if one["kind"] == "toolRunEnd"]
    assert run["status"] == "completed"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_call_in_the_text_is_what_a_call_is_elsewhere(daemon: Daemon, server: ScriptedServer, dialect: str) -> None:
    written, thinking, text = DIALECTS[dialect]
    server.play(spelled(written), DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    check_call(turn)
    assert texts(turn, "thinkingChunk").strip() == thinking
    first, last = (one for one in turn.events if one["kind"] == "stepEnd")
    assert (first["text"].strip(), first["stopReason"]) == (text, "tool_calls")
    assert (last["text"], last["stopReason"]) == ("Done.", "end_turn")
    for one in turn.events:
        if one["kind"] in ("textChunk", "thinkingChunk"):
            assert not any(mark in one["text"] for mark in MARKS), one
    check_history(server.requests[1].json()["messages"])


def check_history(messages: list[Json]) -> None:
    """The server gets the call back as one, with its result."""
    *_, said, result = messages
    [call] = said["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == ARGUMENTS
    assert (result["role"], result["tool_call_id"]) == ("tool", call["id"])
    assert not any(mark in said["content"] for mark in MARKS)


def test_arguments_are_seen_before_the_call_is_written_to_its_end(daemon: Daemon, server: ScriptedServer) -> None:
    head, tail = CALL[: CALL.index("xt")], CALL[CALL.index("xt") :]
    pieces = [Chunk(event(say(one))) for one in head]
    server.play([Head(), *pieces, Wait("rest"), Chunk(event(say(tail))), Chunk(event(end())), End()], DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    turn.event("toolCallDelta")
    assert "toolCallEnd" not in turn.kinds
    server.open("rest")
    turn.result()
    check_call(turn)
    assert turn.kinds.count("toolCallDelta") > 1


def write_call(name: str, content: str) -> str:
    return (
        f"<tool_call>\n<function=write_file>\n<parameter=path>\n{name}\n</parameter>\n"
        f"<parameter=content>\n{content}\n</parameter>\n</function>\n</tool_call>"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tag.md", "A value ends with </parameter>, see:\n\n<list>\n  <parameter>1</parameter>\n</list>"),
        ("call.md", f"So a file is written:\n\n```xml\n{write_call('x.md', '# Title')}\n```\n\nThat is all."),
    ],
)
def test_a_file_that_holds_the_tags_around_it_is_written_whole(
    daemon: Daemon, server: ScriptedServer, name: str, content: str
) -> None:
    server.play(spelled(write_call(name, content)), DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    [run] = [one for one in turn.events if one["kind"] == "toolRunEnd"]
    assert (run["status"], (daemon.folder / "root" / name).read_text()) == ("completed", content)


def test_a_file_that_may_end_in_two_places_is_not_written_and_the_model_is_told(
    daemon: Daemon, server: ScriptedServer
) -> None:
    server.play(spelled(write_call("two.md", "a\n</parameter>\n<parameter=path>\nb")), DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert not (daemon.folder / "root" / "two.md").exists()
    [call] = [one for one in turn.events if one["kind"] == "toolCallEnd"]
    assert "not certain where they end" in call["argumentsError"]
    assert "not certain where they end" in server.requests[1].json()["messages"][-1]["content"]


def test_a_fence_and_a_mark_in_prose_stay_text(daemon: Daemon, server: ScriptedServer) -> None:
    written = f"Write it so:\n\n```xml\n{CALL}\n```\n\nThe mark is `<tool_call>`, I think."
    server.play(spelled(written))
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == written
    assert "toolCallStart" not in turn.kinds


def test_with_the_setting_off_a_call_in_the_text_is_text(daemon: Daemon, server: ScriptedServer) -> None:
    server.play(spelled(CALL))
    configure(daemon, server, inlineToolCalls="off")
    turn = daemon.prompt()
    turn.result()
    assert (turn.text, "toolCallStart" in turn.kinds) == (CALL, False)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "Cannot use tools with stream"),
        (400, "This model doesn't support tool use in streaming mode."),
    ],
)
@pytest.mark.parametrize("inline", [False, True])
def test_a_provider_that_refuses_tools_in_streams_is_asked_without(
    daemon: Daemon, server: ScriptedServer, status: int, words: str, *, inline: bool
) -> None:
    called = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": json.dumps(ARGUMENTS)}}
    message = {"content": f"<think>hm</think>{CALL}"} if inline else {"content": "", "tool_calls": [called]}
    whole = answered({"choices": [{"message": message, "finish_reason": "stop"}]})
    done = answered({"choices": [{"message": {"content": "Done."}, "finish_reason": "stop"}]})
    server.play(answered({"error": {"message": words}}, status), whole, done, done)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    check_call(turn)
    assert (turn.text.strip(), texts(turn, "thinkingChunk")) == ("Done.", "hm" if inline else "")
    assert "answered without streaming: the provider cannot stream with tools" in notices(turn)
    assert "retry" not in turn.kinds
    daemon.prompt().result()
    streams = [bool(request.json().get("stream")) for request in server.requests]
    assert streams == [True, False, False, False]


def test_never_to_stream_is_obeyed(daemon: Daemon, server: ScriptedServer) -> None:
    message = {"content": CALL}
    done = answered({"choices": [{"message": {"content": "Done."}, "finish_reason": "stop"}]})
    server.play(answered({"choices": [{"message": message, "finish_reason": "stop"}]}), done)
    configure(daemon, server, stream="never")
    turn = daemon.prompt()
    turn.result()
    check_call(turn)
    assert "answered without streaming: the settings say so" in notices(turn)
    assert not any(request.json().get("stream") for request in server.requests)


def test_a_server_that_takes_no_tools_has_them_in_the_prompt(daemon: Daemon, server: ScriptedServer) -> None:
    refusal = answered({"error": {"message": "this model does not support tools"}}, 400)
    server.play(refusal, spelled(CALL), DONE, DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    check_call(turn)
    assert len([text for text in notices(turn) if "told in the prompt" in text]) == 1
    again = daemon.prompt(sessionId=turn.session_id)
    again.result()
    assert not [text for text in notices(again) if "told in the prompt" in text]
    assert ["tools" in request.json() for request in server.requests] == [True, False, False, False]
    system, *_, said, result = server.requests[2].json()["messages"]
    assert '"name":"read_file"' in system["content"]
    assert "<tool_call>" in said["content"]
    assert result["role"] == "user"
    assert result["content"].startswith("<tool_response>\n")
    assert "one" in result["content"]


def test_ollama_has_it_all_as_well(daemon: Daemon, server: ScriptedServer) -> None:
    def lines(*values: Json) -> list[Any]:
        pieces = [Chunk(json.dumps(value).encode() + b"\n") for value in values]
        return [Head(headers={"content-type": "application/x-ndjson"}), *pieces, End()]

    over: Json = {"message": {"content": ""}, "done": True, "done_reason": "stop"}
    spelled_out = [{"message": {"content": one}, "done": False} for one in CALL]
    refusal = answered({"error": "registry.ollama.ai/library/gemma:2b does not support tools"}, 400)
    server.play(refusal, lines(*spelled_out, over), lines({"message": {"content": "Done."}, "done": False}, over))
    daemon.configure({"providers": {"web": {"kind": "ollama", "baseUrl": server.url}}, "model": "web/m"})
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    check_call(turn)
    assert turn.text == "Done."


PIECES = ["a", " plain", " answer", "\n", "Here", " is", " <", "b", ">", "\n\n", "f", "un", "."]


def test_plain_text_is_counted_as_it_was_sent(daemon: Daemon, server: ScriptedServer) -> None:
    server.play(streamed(*map(say, PIECES), end()))
    configure(daemon, server)
    turn = daemon.prompt()
    assert (turn.result()["chunks"], turn.text) == (len(PIECES), "".join(PIECES))


@pytest.mark.parametrize("asked", [{"tools": []}, {"toolChoice": "none"}])
def test_thinking_is_thinking_where_no_call_is_expected(daemon: Daemon, server: ScriptedServer, asked: Json) -> None:
    server.play(spelled("<think>hm</think>\n\nHello."))
    configure(daemon, server)
    turn = daemon.prompt(**asked)
    turn.result()
    assert (texts(turn, "thinkingChunk"), turn.text) == ("hm", "Hello.")


def test_a_call_that_the_server_tells_twice_runs_once(daemon: Daemon, server: ScriptedServer) -> None:
    called = {"index": 0, "id": "c1", "function": {"name": "read_file", "arguments": json.dumps(ARGUMENTS)}}
    native = {"choices": [{"index": 0, "delta": {"tool_calls": [called]}}]}
    server.play(streamed(say("I look. "), say(CALL), native, end("tool_calls")), DONE)
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["tools"] == {"read_file": 1}
    check_call(turn)
    *_, said, result = server.requests[1].json()["messages"]
    assert [call["id"] for call in said["tool_calls"]] == [result["tool_call_id"]] == ["c1"]


def test_what_was_held_back_is_told_before_a_failure(daemon: Daemon, server: ScriptedServer) -> None:
    server.play([Head(), *(Chunk(event(say(piece))) for piece in ("I look", " <", " [")), Reset()])
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "error"
    assert turn.text == "I look < ["


def test_a_call_that_breaks_off_is_closed_and_does_not_run(daemon: Daemon, server: ScriptedServer) -> None:
    server.play([Head(), *(Chunk(event(say(piece))) for piece in ("I look. ", CALL[:60])), Reset()])
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "error"
    [call] = [one for one in turn.events if one["kind"] == "toolCallEnd"]
    [run] = [one for one in turn.events if one["kind"] == "toolRunEnd"]
    assert (bool(call["argumentsError"]), run["status"]) == (True, "cancelled")
    assert turn.text == "I look. "


def test_a_think_block_that_the_prompt_opened_is_told_at_its_end_and_known_from_then_on(
    daemon: Daemon, server: ScriptedServer
) -> None:
    written = "I wonder \N{THINKING FACE}.\n</think>\n\nIt is 4."
    server.play(spelled(written), spelled(written))
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    [told] = [one for one in turn.events if one["kind"] == "reclassified"]
    assert (told["from"], told["to"], told["length"]) == ("text", "thinking", len("I wonder \N{THINKING FACE}.\n"))
    assert (turn.text, texts(turn, "thinkingChunk")) == ("I wonder \N{THINKING FACE}.\nIt is 4.", "")
    assert [one["text"] for one in turn.events if one["kind"] == "stepEnd"] == ["It is 4."]
    turn = daemon.prompt()
    turn.result()
    assert (turn.text, texts(turn, "thinkingChunk")) == ("It is 4.", "I wonder \N{THINKING FACE}.\n")
    assert not [one for one in turn.events if one["kind"] == "reclassified"]
