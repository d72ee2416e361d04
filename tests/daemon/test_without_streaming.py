"""Servers that do not stream with tools, through the real daemon: the turn is the same, said once, and ends at once
when it is cancelled.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.raw import Daemon, Json, Turn
from tests.support.http_server import (
    Chunk,
    End,
    Hang,
    Head,
    Reply,
    Request,
    ScriptedServer,
    Wait,
    answered,
    event,
    streamed,
)

ARGUMENTS = {"path": "a.txt"}
FUNCTION = {"name": "read_file", "arguments": json.dumps(ARGUMENTS)}
CALL = {"id": "c1", "type": "function", "function": FUNCTION}
NOT_WITH_TOOLS = "answered without streaming: the provider cannot stream with tools"
NOT_AT_ALL = "answered without streaming: the provider does not stream this model"
SETTINGS = "answered without streaming: the settings say so"
LLAMACPP = {"error": {"code": 500, "message": "Cannot use tools with stream", "type": "server_error"}}
BEDROCK = {"message": "This model doesn't support tool use in streaming mode."}
UNVERIFIED = {"error": {"message": "Your organization must be verified to stream this model.", "param": "stream"}}


def whole(text: str = "", *calls: Json) -> Reply:
    message = {"content": text, **({"tool_calls": calls} if calls else {})}
    return answered({"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"completion_tokens": 3}})


def refusing(status: int, body: Json) -> Any:
    """A server that streams nothing: it calls a tool, reads its result, and is done."""

    def answer(request: Request) -> Reply:
        asked = request.json()
        if asked.get("stream"):
            return answered(body, status)
        return whole("Done.") if asked["messages"][-1]["role"] == "tool" else whole("I look.", CALL)

    return answer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


def configure(daemon: Daemon, server: ScriptedServer, model: str = "m", **own: Any) -> None:
    provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", **own}
    daemon.configure({"providers": {"web": provider}, "model": f"web/{model}"})


def notices(turn: Turn) -> list[str]:
    return [one["text"] for one in turn.events if one["kind"] == "notice"]


def streams(server: ScriptedServer) -> list[bool]:
    return [bool(request.json().get("stream")) for request in server.requests]


def shape(turn: Turn) -> list[str]:
    """Its events, without pieces that follow a piece of the same kind, and without what was said about streaming."""
    kinds = [one["kind"] for one in turn.events if one["kind"] not in ("notice", "usage")]
    return [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind]


@pytest.mark.parametrize(
    ("status", "body", "notice"),
    [(500, LLAMACPP, NOT_WITH_TOOLS), (400, BEDROCK, NOT_WITH_TOOLS), (400, UNVERIFIED, NOT_AT_ALL)],
    ids=["llama.cpp", "Bedrock", "OpenAI"],
)
def test_a_refusal_is_said_once_in_a_turn_and_not_met_again(
    daemon: Daemon, server: ScriptedServer, status: int, body: Json, notice: str
) -> None:
    server.answer(refusing(status, body))
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert (turn.text, notices(turn), "retry" in turn.kinds) == ("I look.Done.", [notice], False)
    assert turn.event("toolRunEnd")["status"] == "completed"
    again = daemon.prompt(sessionId=turn.session_id)
    assert again.result()["stopReason"] == "end_turn"
    assert notices(again) == [notice]
    assert streams(server) == [True, False, False, False, False]


def test_the_events_are_those_of_a_streamed_turn(daemon: Daemon, server: ScriptedServer) -> None:
    delta = {"content": "I look.", "tool_calls": [{"index": 0, **CALL}]}
    done = streamed({"choices": [{"delta": {"content": "Done."}}]}, {"choices": [{"finish_reason": "stop"}]})
    server.play(streamed({"choices": [{"delta": delta}]}, {"choices": [{"finish_reason": "tool_calls"}]}), done)
    configure(daemon, server)
    first = daemon.prompt()
    first.result()
    server.answer(refusing(500, LLAMACPP))
    configure(daemon, server, "other")
    second = daemon.prompt()
    second.result()
    assert shape(second) == shape(first)


def test_it_is_remembered_for_that_model_at_that_server(daemon: Daemon, server: ScriptedServer) -> None:
    server.answer(refusing(500, LLAMACPP))
    for model in ("m", "n", "m"):
        configure(daemon, server, model)
        daemon.prompt().result()
    with ScriptedServer() as other:
        other.answer(refusing(500, LLAMACPP))
        configure(daemon, other)
        daemon.prompt().result()
        assert streams(other) == [True, False, False]
    assert [request.json()["model"] for request in server.requests if request.json().get("stream")] == ["m", "n"]


@pytest.mark.parametrize("kind", ["openai_chat", "ollama"])
def test_never_to_stream_is_never(daemon: Daemon, server: ScriptedServer, kind: str) -> None:
    called = {"function": {"name": "read_file", "arguments": ARGUMENTS}}

    def answer(request: Request) -> Reply:
        if kind == "openai_chat":
            return refusing(500, LLAMACPP)(request)
        last = request.json()["messages"][-1]["role"] == "tool"
        message = {"role": "assistant", "content": "Done."} if last else {"content": "I look.", "tool_calls": [called]}
        return answered({"message": message, "done": True, "done_reason": "stop"})

    server.answer(answer)
    configure(daemon, server, kind=kind, stream="never", baseUrl=server.url)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert (turn.text, notices(turn)) == ("I look.Done.", [SETTINGS])
    assert streams(server) == [False, False]


def test_an_old_ollama_that_answers_whole_though_asked_to_stream_is_read(
    daemon: Daemon, server: ScriptedServer
) -> None:
    """The first versions that knew tools did so whenever there were some (ollama#5796)."""
    called = {"function": {"name": "read_file", "arguments": ARGUMENTS}}
    over = {"done": True, "done_reason": "stop"}
    server.play(
        answered({"message": {"role": "assistant", "content": "", "tool_calls": [called]}, **over}),
        answered({"message": {"role": "assistant", "content": "Done."}, **over}),
    )
    configure(daemon, server, kind="ollama", baseUrl=server.url)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert (turn.text, turn.event("toolRunEnd")["status"], notices(turn)) == ("Done.", "completed", [])


def test_a_whole_answer_may_be_waited_for_longer_than_a_stream_may_pause(
    daemon: Daemon, server: ScriptedServer
) -> None:
    """While the model writes it is silent: the limit on the first byte counts, not the one on pauses."""
    begun = event({"choices": [{"delta": {"content": "hi"}}]})

    def answer(request: Request) -> Reply:
        if request.json().get("stream"):
            return [Head(), Chunk(begun), Hang()]
        return [Wait("written"), *whole("late")]

    server.answer(answer)
    limits = {"idleTimeout": 0.2}
    own = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1"}
    providers = {"web": {**own, "stream": "never"}, "streams": own}
    daemon.configure({"providers": providers, "model": "web/m", "limits": limits})
    turn = daemon.prompt()
    server.wait_for_requests(1)
    assert daemon.prompt(model="streams/m").result()["error"]["kind"] == "timeout"
    server.open("written")
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == "late"


@pytest.mark.parametrize("before", [(), (Head(200, {"content-type": "application/json"}), Chunk(b'{"choices"'))])
def test_cancelling_ends_the_wait_for_a_whole_answer(
    daemon: Daemon, server: ScriptedServer, before: tuple[Any, ...]
) -> None:
    server.play(answered(LLAMACPP, 500), [*before, Hang()])
    configure(daemon, server)
    turn = daemon.prompt()
    turn.event("notice")
    server.wait_for_requests(2)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    server.wait_until_closed(1)


def test_a_refusal_inside_the_stream_is_one(daemon: Daemon, server: ScriptedServer) -> None:
    refusal = [Head(), Chunk(event({"choices": [{"delta": {"role": "assistant"}}]})), Chunk(event(LLAMACPP)), End()]
    server.play(refusal, whole("Done."))
    configure(daemon, server)
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert (turn.text, notices(turn), "retry" in turn.kinds) == ("Done.", [NOT_WITH_TOOLS], False)
