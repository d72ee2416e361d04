"""Whole replies of local models through the real daemon: their calls run, and all else is shown as it was written."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.raw import Daemon, Turn
from tests.providers.inline.replies import ANSWERS, MODELS
from tests.support.http_server import ScriptedServer, streamed


def spelled(text: str, size: int) -> list[Any]:
    """A reply that comes in pieces of that many characters."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events: list[Any] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return streamed(*events, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


@pytest.fixture
def server(daemon: Daemon) -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        provider = {"kind": "openai_chat", "baseUrl": f"{scripted.url}/v1"}
        daemon.configure({"providers": {"web": provider}, "model": "web/m"})
        yield scripted


def thinking(turn: Turn) -> str:
    return "".join(one["text"] for one in turn.events if one["kind"] == "thinkingChunk")


@pytest.mark.parametrize("model", MODELS)
def test_the_calls_of_a_models_reply_run(daemon: Daemon, server: ScriptedServer, model: str) -> None:
    told = MODELS[model]
    server.play(spelled(told.written, 3), spelled("Done.", 3))
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    calls = [(one["name"], one["arguments"]) for one in turn.events if one["kind"] == "toolCallEnd"]
    assert tuple(calls) == told.calls
    assert [one["status"] for one in turn.events if one["kind"] == "toolRunEnd"] == ["completed"] * len(calls)
    first = next(one for one in turn.events if one["kind"] == "stepEnd")
    assert (first["text"].strip(), thinking(turn).strip()) == (told.text, told.thinking)
    *_, said, _ = server.requests[1].json()["messages"][: -len(calls) + 1 or None]
    assert len(said["tool_calls"]) == len(calls)


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_holds_no_call_is_shown_as_it_was_written(
    daemon: Daemon, server: ScriptedServer, answer: str
) -> None:
    server.play(spelled(ANSWERS[answer], 4))
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text.encode() == ANSWERS[answer].encode()
    assert not {"toolCallStart", "thinkingChunk"} & {*turn.kinds}
