"""The Ollama provider over a real socket: two-step conversations, refusals and their advice, the installed models."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatls.content import TextContent
from chatls.events import Notice, Retry
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.delta import CallReady, CallStart, Delta, Failed, Finished
from chatls.providers.provider import ModelInfo, Parameters
from tests.providers.asking import HELLO, WITH_TOOLS, ask, failure, opened, reply, retries
from tests.providers.reading import seen
from tests.support.http_server import Chunk, End, Hang, Head, Reply, Request, ScriptedServer, answered

pytestmark = pytest.mark.asyncio

THINKING = replace(HELLO, parameters=Parameters(thinking="low"))
LONGER = (*HELLO.messages, AssistantMessage("hi"), UserMessage((TextContent("and now?"),)))
OTHER = replace(HELLO, messages=(UserMessage((TextContent("something else"),)),))


def stream(*lines: Any) -> Reply:
    pieces = [Chunk(json.dumps(line).encode() + b"\n") for line in lines]
    return [Head(headers={"content-type": "application/x-ndjson"}), *pieces, End()]


def line(**message: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": "", **message}, "done": False}


def refused(words: str, status: int = 400) -> Reply:
    return answered({"error": words}, status)


END = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
HI = stream(line(content="hi"), END)
TOO_LONG = "the input length exceeds the context length"


def warnings(deltas: list[Delta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice) and delta.level == "warning"]


def remembered(deltas: list[Delta]) -> AssistantMessage:
    """The reply as the agent remembers it."""
    names = {delta.call_id: delta.name for delta in deltas if isinstance(delta, CallStart)}
    ready = [delta for delta in deltas if isinstance(delta, CallReady)]
    calls = tuple(ToolCall(delta.call_id, names[delta.call_id], delta.arguments or {}) for delta in ready)
    last = deltas[-1]
    assert isinstance(last, Finished)
    return AssistantMessage(seen(deltas).text, calls, seen(deltas).thinking, last.replay)


async def test_the_native_protocol_is_spoken_at_the_bare_host(server: ScriptedServer) -> None:
    server.play(HI)
    async with opened(server.url + "/v1", kind="ollama", key="", contextWindow=16384) as provider:
        assert seen(await reply(provider)).text == "hi"
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/api/chat")
    assert request.json()["options"] == {"num_ctx": 16384}
    assert "authorization" not in request.headers


async def test_the_end_is_not_waited_for_once_it_was_said(server: ScriptedServer) -> None:
    server.play([*stream(line(content="hi"), END)[:-1], Hang()])
    assert seen(await ask(server, kind="ollama")).stop == "end_turn"


async def test_the_second_step_sends_back_thinking_calls_and_results(server: ScriptedServer) -> None:
    calls = [
        {"id": "call_1", "function": {"index": 0, "name": "search", "arguments": {"pattern": "a"}}},
        {"function": {"index": 0, "name": "search", "arguments": {"pattern": "b"}}},
    ]
    server.play(stream(line(thinking="hm"), line(tool_calls=calls), END), HI)
    async with opened(server.url, kind="ollama") as provider:
        said = remembered(await reply(provider, WITH_TOOLS))
        results = ToolMessage(tuple(ToolResult(call.id, call.name, f"for {call.arguments}") for call in said.calls))
        await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, said, results)))
    assert server.requests[1].json()["messages"][2:] == [
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [
                {"id": "call_1", "function": {"name": "search", "arguments": {"pattern": "a"}}},
                {"function": {"name": "search", "arguments": {"pattern": "b"}}},
            ],
        },
        {"role": "tool", "tool_name": "search", "content": "for {'pattern': 'a'}", "tool_call_id": "call_1"},
        {"role": "tool", "tool_name": "search", "content": "for {'pattern': 'b'}"},
    ]


@pytest.mark.parametrize(
    "words",
    [
        '"some-model" does not support thinking',
        "json: cannot unmarshal string into Go struct field ChatRequest.think of type bool",
    ],
)
async def test_a_model_that_does_not_think_is_not_asked_to_again(server: ScriptedServer, words: str) -> None:
    server.play(refused(words), HI)
    async with opened(server.url, kind="ollama") as provider:
        first = await reply(provider, THINKING)
        assert (seen(first).text, retries(first)) == ("hi", [])
        await reply(provider, THINKING)
        await reply(provider, replace(THINKING, model="other"))
    assert ["think" in request.json() for request in server.requests] == [True, False, False, True]


async def test_a_model_without_tools_is_told_as_such(server: ScriptedServer) -> None:
    server.play(refused("registry.ollama.ai/library/gemma:2b does not support tools"))
    error = failure(await ask(server, WITH_TOOLS, kind="ollama", inlineToolCalls="off"))
    assert error.kind == "bad_request"
    assert len(server.requests) == 1
    assert "gemma:2b does not support tools" in error.message
    assert 'capability "tools"' in error.message


@pytest.mark.parametrize(
    "words", ["model 'some-model' not found", 'model "some-model" not found, try pulling it first']
)
async def test_a_model_that_is_not_installed_is_told_with_how_to_install_it(server: ScriptedServer, words: str) -> None:
    server.play(refused(words, 404))
    error = failure(await ask(server, kind="ollama"))
    assert (error.kind, error.http_status) == ("not_found", 404)
    assert error.message.endswith("ollama pull some-model")


async def test_a_wrong_address_is_no_missing_model(server: ScriptedServer) -> None:
    server.play(answered(b"404 page not found", 404))
    error = failure(await ask(server, kind="ollama"))
    assert error.kind == "not_found"
    assert "ollama pull" not in error.message


async def test_a_conversation_that_is_cut_is_announced_once(server: ScriptedServer) -> None:
    def answer(request: Request) -> Reply:
        return refused(TOO_LONG) if "truncate" in request.json() else HI

    server.answer(answer)
    async with opened(server.url, kind="ollama") as provider:
        first = await reply(provider)
        assert (seen(first).text, retries(first), len(warnings(first))) == ("hi", [], 1)
        assert "context_window" in warnings(first)[0]
        assert warnings(await reply(provider, replace(HELLO, messages=LONGER))) == []
        assert len(warnings(await reply(provider, OTHER))) == 1
    assert ["truncate" in request.json() for request in server.requests] == [True, False, False, True, False]


async def test_a_prompt_that_is_too_long_even_when_cut_is_an_error(server: ScriptedServer) -> None:
    server.play(refused(TOO_LONG))
    assert failure(await ask(server, kind="ollama")).kind == "context_window_exceeded"
    assert len(server.requests) == 2


async def test_a_call_that_cannot_be_demanded_is_not_promised(server: ScriptedServer) -> None:
    server.play(HI)
    deltas = await ask(server, replace(WITH_TOOLS, tool_choice="required"), kind="ollama")
    [notice] = [delta.text for delta in deltas if isinstance(delta, Notice)]
    assert notice == "some-model cannot be made to call a tool: it decides for itself"


async def test_an_error_inside_the_stream_is_one(server: ScriptedServer) -> None:
    server.play(stream(line(content="hi"), {"error": "llama runner process has terminated"}))
    got = await ask(server, kind="ollama")
    assert (seen(got).text, failure(got).kind) == ("hi", "overloaded")


async def test_the_settings_can_forbid_streaming(server: ScriptedServer) -> None:
    server.play(answered({**END, "message": {"role": "assistant", "content": "hi"}}))
    got = await ask(server, kind="ollama", stream="never")
    assert (seen(got).text, seen(got).stop) == ("hi", "end_turn")
    assert server.requests[0].json()["stream"] is False


TAGS = {"models": [{"name": "qwen3:8b"}, {"name": "gemma:2b"}, {"name": "nomic-embed-text"}, {"name": "old"}, {}]}
SHOWN = {
    "qwen3:8b": {"capabilities": ["completion", "tools"], "model_info": {"qwen3.context_length": 40960}},
    "gemma:2b": {"capabilities": ["completion"], "model_info": {"gemma.context_length": 8192}},
    "nomic-embed-text": {"capabilities": ["embedding"]},
}


def shows(request: Request) -> Reply:
    if request.path == "/api/tags":
        return answered(TAGS)
    assert (request.method, request.path) == ("POST", "/api/show")
    name = request.json()["model"]
    return answered(SHOWN[name]) if name in SHOWN else answered({"error": "boom"}, 500)


async def test_installed_models_that_chat_are_listed_with_what_they_can(server: ScriptedServer) -> None:
    server.beside = ""
    server.answer(shows)
    async with opened(server.url, kind="ollama") as provider:
        assert await provider.models() == (
            ModelInfo("qwen3:8b", "qwen3:8b", 40960),
            ModelInfo("gemma:2b", "gemma:2b (no tools)", 8192),
            ModelInfo("old", "old"),
        )


async def test_the_context_window_that_is_set_holds_for_all_models(server: ScriptedServer) -> None:
    server.answer(shows)
    async with opened(server.url, kind="ollama", contextWindow=16384) as provider:
        assert {model.context_window for model in await provider.models()} == {16384}


async def test_models_that_are_not_described_in_time_are_listed_all_the_same(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatls.providers.ollama_models._LISTING", 0.5)
    server.answer(lambda request: answered(TAGS) if request.path == "/api/tags" else [Hang()])
    async with opened(server.url, kind="ollama") as provider:
        assert [model.name for model in await provider.models()] == ["qwen3:8b", "gemma:2b", "old"]


async def test_a_server_that_does_not_answer_has_no_models(server: ScriptedServer) -> None:
    server.play(answered({}, 500))
    async with opened(server.url, kind="ollama") as provider:
        assert await provider.models() == ()


async def test_a_history_that_is_refused_is_written_plainly_once(server: ScriptedServer) -> None:
    """Its own ids and thinking are what a newer version, or another template, may not take back."""
    native = {"id": "call_1", "function": {"index": 0, "name": "search", "arguments": {"pattern": "x"}}}
    server.play(stream(line(thinking="hm"), line(content="Look.", tool_calls=[native]), END), HI)
    async with opened(server.url, kind="ollama", key="") as provider:
        said = remembered(await reply(provider, WITH_TOOLS))
        result = ToolMessage((ToolResult(said.calls[0].id, "search", "found"),))
        request = replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, said, result))
        server.play(refused("messages: invalid thinking block in assistant message 2"), HI)
        deltas = await reply(provider, request)
    assert (seen(deltas).text, failures(deltas)) == ("hi", [])
    first, second = (sent.json()["messages"][-2:] for sent in server.requests[-2:])
    assert first[0]["thinking"] == "hm"
    assert "thinking" not in second[0]
    assert "id" not in second[0]["tool_calls"][0]
    assert [message["content"] for message in second] == ["Look.", "found"]


def failures(deltas: list[Delta]) -> list[object]:
    return [delta for delta in deltas if isinstance(delta, Failed | Retry)]
