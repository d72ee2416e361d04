"""The Responses provider over a socket: conversations of two steps, what it learns from refusals, its models."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatls.content import JsonObject
from chatls.events import Notice
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult
from chatls.providers.delta import CallReady, CallStart, Delta, Finished
from chatls.providers.provider import ModelInfo, Parameters
from tests.providers import asking
from tests.providers.asking import HELLO, WITH_TOOLS, failure, opened, reply, retries
from tests.providers.cases import ONE, PARIS, P
from tests.providers.reading import seen
from tests.support.http_server import SSE, Chunk, End, Head, Reply, Request, ScriptedServer, Step, answered

pytestmark = pytest.mark.asyncio

KIND = "openai_responses"
REASONING: JsonObject = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
CALL: JsonObject = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": P}
MESSAGE: JsonObject = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "hi", "annotations": []}],
}


def streamed(*items: JsonObject) -> list[Step]:
    events = [{"type": "response.output_item.done", "output_index": at, "item": item} for at, item in enumerate(items)]
    events.append({"type": "response.completed", "response": {"status": "completed", "output": list(items)}})
    data = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return [Head(headers=SSE), Chunk(data.encode()), End()]


HI = streamed(MESSAGE)


def refused(words: str, status: int = 400, **more: Any) -> list[Step]:
    return answered({"error": {"message": words, "type": "invalid_request_error", **more}}, status)


async def ask(server: ScriptedServer, request: Any = HELLO, **options: Any) -> list[Delta]:
    return await asking.ask(server, request, kind=KIND, **options)


def remembered(deltas: list[Delta]) -> list[Message]:
    """A reply as a session remembers it, and what its calls found."""
    names = {delta.call_id: delta.name for delta in deltas if isinstance(delta, CallStart)}
    ready = {delta.call_id: delta.arguments or {} for delta in deltas if isinstance(delta, CallReady)}
    calls = tuple(ToolCall(name, names[name], arguments) for name, arguments in ready.items())
    last = deltas[-1]
    assert isinstance(last, Finished)
    said = AssistantMessage(seen(deltas).text, calls, seen(deltas).thinking, last.replay)
    return [said, ToolMessage(tuple(ToolResult(call.id, call.name, "sunny") for call in calls))]


async def test_the_second_step_gets_back_what_the_first_one_said(server: ScriptedServer) -> None:
    server.play(streamed(REASONING, CALL), HI)
    async with opened(server.url + "/v1", kind=KIND) as provider:
        first = await reply(provider, WITH_TOOLS)
        assert (seen(first).calls, seen(first).stop) == ((("weather", PARIS),), "tool_calls")
        second = await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, *remembered(first))))
    assert seen(second).text == "hi"
    [begun, asked] = [request.json() for request in server.requests]
    assert server.requests[1].path == "/v1/responses"
    assert asked["input"] == [
        *begun["input"],
        REASONING,
        CALL,
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    ]
    assert (asked["store"], asked["include"]) == (False, ["reasoning.encrypted_content"])


async def test_a_server_that_uses_an_id_again_gets_another_one_back(server: ScriptedServer) -> None:
    server.play(streamed(CALL), streamed(CALL), HI)
    async with opened(server.url, kind=KIND) as provider:
        request = WITH_TOOLS
        for _ in range(2):
            request = replace(request, messages=(*request.messages, *remembered(await reply(provider, request))))
        await reply(provider, request)
    items = [item for item in server.requests[-1].json()["input"] if "call_id" in item]
    ids = [item["call_id"] for item in items]
    assert [item["type"] for item in items] == ["function_call", "function_call_output"] * 2
    assert (ids[0], ids[0] == ids[1], ids[2] == ids[3], len(set(ids))) == ("call_1", True, True, 2)


async def test_a_refused_field_is_dropped_once_and_for_good(server: ScriptedServer) -> None:
    server.play(refused("Encrypted content is not supported with this model.", param="include"), HI)
    async with opened(server.url, kind=KIND) as provider:
        first = await reply(provider)
        assert (seen(first).text, retries(first)) == ("hi", [])
        await reply(provider)
        await reply(provider, replace(HELLO, model="another"))
    assert ["include" in request.json() for request in server.requests] == [True, False, False, True]


async def test_several_refused_fields_are_dropped_one_after_the_other(server: ScriptedServer) -> None:
    allowed = {"model", "input", "stream", "tools"}

    def answer(request: Request) -> Reply:
        surplus = [name for name in request.json() if name not in allowed]
        return refused(f"Unknown parameter: '{surplus[0]}'.", param=surplus[0]) if surplus else HI

    server.answer(answer)
    request = replace(WITH_TOOLS, parameters=Parameters(900, 0.5, "low"))
    assert seen(await ask(server, request)).text == "hi"
    assert server.requests[-1].json().keys() == allowed
    assert server.requests[-1].json()["input"][0]["role"] == "system"


async def test_reasoning_that_the_server_cannot_read_any_more_is_left_out(server: ScriptedServer) -> None:
    words = "The encrypted content gAAA...DQ== could not be verified."
    server.play(streamed(REASONING, CALL), refused(words, code="invalid_encrypted_content"), HI)
    async with opened(server.url, kind=KIND) as provider:
        first = await reply(provider, WITH_TOOLS)
        second = await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, *remembered(first))))
    assert (seen(second).text, retries(second)) == ("hi", [])
    kinds = [item["type"] for item in server.requests[-1].json()["input"]]
    assert kinds == ["message", "function_call", "function_call_output"]


async def test_a_server_that_refuses_everything_is_not_asked_for_ever(server: ScriptedServer) -> None:
    server.play(refused("'store', 'include', temperature: no. I cannot use tools with streams."))
    assert failure(await ask(server, WITH_TOOLS)).kind == "bad_request"
    assert len(server.requests) == 4


async def test_what_was_not_sent_is_not_left_out(server: ScriptedServer) -> None:
    server.play(refused("temperature is out of range"))
    assert failure(await ask(server)).kind == "bad_request"
    assert len(server.requests) == 1


async def test_the_settings_can_forbid_streaming(server: ScriptedServer) -> None:
    server.play(answered({"status": "completed", "output": [REASONING, MESSAGE, CALL]}))
    got = await ask(server, WITH_TOOLS, stream="never")
    assert (seen(got).text, seen(got).calls, seen(got).stop) == ("hi", ONE, "tool_calls")
    assert [delta.text for delta in got if isinstance(delta, Notice)] == [
        "answered without streaming: the settings say so"
    ]
    assert "stream" not in server.requests[0].json()


async def test_the_models_are_the_servers(server: ScriptedServer) -> None:
    server.play(answered({"data": [{"id": "gpt-5.4"}, {"id": "text-embedding-3"}]}))
    async with opened(server.url + "/v1", kind=KIND) as provider:
        assert await provider.models() == (ModelInfo("gpt-5.4", "gpt-5.4"),)
        assert server.requests[0].path == "/v1/models"
        server.play(answered({}, 404))
        assert await provider.models() == ()
        assert provider.offered("m", WITH_TOOLS.tools) == WITH_TOOLS.tools
