"""The Gemini provider over a real socket: the request line, two-step conversations, refusals, retries, the list."""

from dataclasses import replace
from typing import Any

import pytest

from chatls.events import Notice
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult
from chatls.providers.delta import CallReady, CallStart, Delta, Finished
from chatls.providers.provider import ModelInfo, Parameters
from tests.providers.asking import HELLO, KEY, WITH_TOOLS, ask, failure, opened, reply, retries
from tests.providers.reading import seen
from tests.support.http_server import Reply, ScriptedServer, answered, streamed

pytestmark = pytest.mark.asyncio

THINKING = replace(HELLO, parameters=Parameters(thinking="low"))


def event(*parts: Any, finish: str | None = None) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": list(parts)}, **({"finishReason": finish} if finish else {})}
    return {"candidates": [candidate]}


def stream(*events: Any) -> Reply:
    return streamed(*events, done=False)


def remembered(deltas: list[Delta]) -> AssistantMessage:
    """The reply as the agent remembers it."""
    names = {delta.call_id: delta.name for delta in deltas if isinstance(delta, CallStart)}
    ready = [delta for delta in deltas if isinstance(delta, CallReady)]
    calls = tuple(ToolCall(delta.call_id, names[delta.call_id], delta.arguments or {}) for delta in ready)
    last = deltas[-1]
    assert isinstance(last, Finished)
    return AssistantMessage(seen(deltas).text, calls, seen(deltas).thinking, last.replay)


HI = stream(event({"text": "hi"}, finish="STOP"))
PARTS = [
    {"text": "hm", "thought": True},
    {"text": "Let me look."},
    {"functionCall": {"name": "search", "args": {"pattern": "a"}, "id": "x1"}, "thoughtSignature": "c2ln"},
    {"functionCall": {"name": "search", "args": {"pattern": "b"}}},
    {"text": "", "thoughtSignature": "ZW5k"},
]


async def test_the_key_travels_in_a_header_and_never_in_the_address(server: ScriptedServer) -> None:
    server.play(HI)
    assert seen(await ask(server, kind="gemini")).text == "hi"
    [request] = server.requests
    assert request.path == "/v1/models/some-model:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == KEY
    assert "authorization" not in request.headers


async def test_the_second_step_sends_back_what_the_first_one_said_part_by_part(server: ScriptedServer) -> None:
    server.play(stream(*(event(part) for part in PARTS), event(finish="STOP")), HI)
    async with opened(server.url, kind="gemini") as provider:
        said = remembered(await reply(provider, WITH_TOOLS))
        results = ToolMessage(tuple(ToolResult(call.id, call.name, f"for {call.arguments}") for call in said.calls))
        await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, said, results)))
    [_, model, answers] = server.requests[1].json()["contents"]
    assert model == {"role": "model", "parts": PARTS}
    assert [part["functionResponse"] for part in answers["parts"]] == [
        {"id": "x1", "name": "search", "response": {"output": "for {'pattern': 'a'}"}},
        {"name": "search", "response": {"output": "for {'pattern': 'b'}"}},
    ]


async def test_signatures_that_do_not_hold_any_more_are_left_out(server: ScriptedServer) -> None:
    refusal = {"error": {"code": 400, "message": "Corrupted thought signature.", "status": "INVALID_ARGUMENT"}}
    server.play(stream(*(event(part) for part in PARTS), event(finish="STOP")), answered(refusal, 400), HI)
    async with opened(server.url, kind="gemini") as provider:
        said = remembered(await reply(provider, WITH_TOOLS))
        second = await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, said)))
        assert (seen(second).text, retries(second)) == ("hi", [])
        await reply(provider, replace(WITH_TOOLS, messages=(*WITH_TOOLS.messages, said)))
    call = {**PARTS[2], "thoughtSignature": "skip_thought_signature_validator"}
    for request in server.requests[2:]:
        assert request.json()["contents"][1]["parts"] == [*PARTS[:2], call, PARTS[3]]
    assert len(server.requests) == 4


async def test_a_refusal_of_signatures_that_were_never_sent_is_an_error(server: ScriptedServer) -> None:
    server.play(answered({"error": {"code": 400, "message": "corrupted thought_signature"}}, 400))
    assert failure(await ask(server, kind="gemini")).kind == "bad_request"
    assert len(server.requests) == 1


async def test_what_one_model_refuses_is_dropped_once_and_for_good(server: ScriptedServer) -> None:
    refusal = {"error": {"code": 400, "message": "Thinking is not enabled for m", "status": "INVALID_ARGUMENT"}}
    server.play(answered(refusal, 400), HI)
    async with opened(server.url, kind="gemini") as provider:
        first = await reply(provider, THINKING)
        assert (seen(first).text, retries(first)) == ("hi", [])
        await reply(provider, THINKING)
        await reply(provider, replace(THINKING, model="other"))
    sent = ["generationConfig" in request.json() for request in server.requests]
    assert sent == [True, False, False, True]


async def test_the_settings_can_forbid_streaming(server: ScriptedServer) -> None:
    server.play(answered(event({"text": "hi"}, finish="STOP")))
    got = await ask(server, kind="gemini", stream="never")
    assert (seen(got).text, seen(got).stop) == ("hi", "end_turn")
    assert [delta.text for delta in got if isinstance(delta, Notice)] == [
        "answered without streaming: the settings say so"
    ]
    assert server.requests[0].path == "/v1/models/some-model:generateContent"


def limited(delay: str) -> Reply:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
    message = "You exceeded your current quota, please check your plan and billing details."
    complaint = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}
    return answered([{"error": complaint}], 429)


async def test_google_is_asked_again_when_it_says(server: ScriptedServer) -> None:
    server.play(limited("0.02s"), HI)
    got = await ask(server, kind="gemini")
    assert [(retry.delay_ms, retry.reason) for retry in retries(got)] == [(20, "rate_limited")]
    assert seen(got).text == "hi"


async def test_nobody_waits_for_hours(server: ScriptedServer) -> None:
    server.play(limited("4000s"))
    error = failure(await ask(server, kind="gemini"))
    assert (error.kind, error.retry_after_ms, len(server.requests)) == ("rate_limited", 4_000_000, 1)


async def test_a_call_that_the_server_could_not_read_is_asked_for_again(server: ScriptedServer) -> None:
    server.play(stream({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}), HI)
    got = await ask(server, kind="gemini")
    assert (seen(got).text, len(retries(got))) == ("hi", 1)


async def test_a_wrong_key_is_told_as_one(server: ScriptedServer) -> None:
    message = f"API key not valid: {KEY}. Please pass a valid API key."
    complaint = {
        "code": 400,
        "message": message,
        "status": "INVALID_ARGUMENT",
        "details": [{"reason": "API_KEY_INVALID"}],
    }
    server.play(answered({"error": complaint}, 400))
    error = failure(await ask(server, kind="gemini"))
    assert error.kind == "unauthorized"
    assert KEY not in error.message


async def test_a_reply_without_an_end_is_interrupted(server: ScriptedServer) -> None:
    server.play(stream(event({"text": "hi"})))
    assert failure(await ask(server, kind="gemini")).kind == "stream_interrupted"


async def test_models_that_chat_are_listed(server: ScriptedServer) -> None:
    def model(name: str, *methods: str, **more: Any) -> dict[str, Any]:
        return {"name": f"models/{name}", "supportedGenerationMethods": list(methods), **more}

    listed = [
        model("gemini-9", "generateContent", "countTokens", displayName="Gemini 9", inputTokenLimit=1000),
        model("gemini-9-image", "generateContent"),
        model("gemini-9-tts", "generateContent"),
        model("gemini-embedding-001", "embedContent"),
        model("gemma-9", "generateContent"),
        {"name": 7},
    ]
    server.play(answered({"models": listed}), answered({}, 500))
    async with opened(server.url, kind="gemini") as provider:
        assert await provider.models() == (ModelInfo("gemini-9", "Gemini 9", 1000), ModelInfo("gemma-9", "gemma-9"))
        assert await provider.models() == ()
    assert KEY not in server.requests[0].path
