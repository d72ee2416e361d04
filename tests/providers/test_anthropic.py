"""The Messages API over a real socket: what is asked, what is learnt from refusals, and conversations of many steps."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chatls.content import JsonObject
from chatls.events import Notice
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult
from chatls.providers.delta import CallReady, CallStart, Delta, Finished, TextDelta
from chatls.providers.provider import ModelInfo, ModelRequest, Parameters
from tests.providers.asking import HELLO, KEY, SEARCH, WITH_TOOLS, ask, failure, opened, reply, retries
from tests.providers.reading import seen
from tests.support.http_server import ScriptedServer, answered, streamed

pytestmark = pytest.mark.asyncio


def blocks(*contents: JsonObject, stop: str = "end_turn") -> list[JsonObject]:
    """A reply of whole blocks."""
    events: list[JsonObject] = [{"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 1}}}]
    for index, content in enumerate(contents):
        events += [
            {"type": "content_block_start", "index": index, "content_block": content},
            {"type": "content_block_stop", "index": index},
        ]
    return [
        *events,
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]


def played(*contents: JsonObject, stop: str = "end_turn") -> Any:
    return streamed(*blocks(*contents, stop=stop), done=False)


def refused(message: str, status: int = 400) -> Any:
    return answered({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, status)


def notices(deltas: list[Delta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice)]


HI = played({"type": "text", "text": "hi"})
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "sig-1"}
HIDDEN = {"type": "redacted_thinking", "data": "xyz"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {"pattern": "x"}}
OTHER_CALL = {"type": "tool_use", "id": "toolu_2", "name": "search", "input": {"pattern": "y"}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
EAGER = "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"


async def test_the_key_and_the_version_travel_in_the_apis_own_headers(server: ScriptedServer) -> None:
    server.play(HI)
    for url in (server.url, server.url + "/", server.url + "/v1"):
        async with opened(url, kind="anthropic") as provider:
            assert seen(await reply(provider)).text == "hi"
    for request in server.requests:
        assert (request.method, request.path) == ("POST", "/v1/messages")
        assert (request.headers["x-api-key"], request.headers["anthropic-version"]) == (KEY, "2023-06-01")
        assert "authorization" not in request.headers


async def test_headers_of_the_settings_win(server: ScriptedServer) -> None:
    server.play(HI)
    await ask(server, kind="anthropic", headers={"Anthropic-Version": "2030-01-01", "anthropic-beta": "b"})
    [request] = server.requests
    assert (request.headers["anthropic-version"], request.headers["anthropic-beta"]) == ("2030-01-01", "b")


def remembered(deltas: list[Delta]) -> list[Message]:
    """The reply and its results, as the agent keeps them."""
    names = {delta.call_id: delta.name for delta in deltas if isinstance(delta, CallStart)}
    calls = tuple(
        ToolCall(delta.call_id, names[delta.call_id], delta.arguments or {})
        for delta in deltas
        if isinstance(delta, CallReady)
    )
    text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    last = deltas[-1]
    assert isinstance(last, Finished)
    results = tuple(ToolResult(call.id, call.name, f"found {call.arguments['pattern']}") for call in calls)
    return [AssistantMessage(text, calls, "", last.replay), *([ToolMessage(results)] if results else [])]


def found(call_id: str, text: str) -> JsonObject:
    return {"type": "tool_result", "tool_use_id": call_id, "content": text}


async def test_a_thinking_model_gets_all_its_blocks_back_step_by_step(server: ScriptedServer) -> None:
    first = (THOUGHT, HIDDEN, {"type": "text", "text": "Let me see."}, CALL, OTHER_CALL)
    empty = {"type": "thinking", "thinking": "", "signature": "sig-2"}
    second = (empty, {**CALL, "id": "toolu_3"})
    server.play(played(*first, stop="tool_use"), played(*second, stop="tool_use"), HI)
    request = replace(WITH_TOOLS, model="claude-opus-5-5", parameters=Parameters(thinking="high"))
    async with opened(server.url, kind="anthropic") as provider:
        for _ in range(3):
            deltas = await reply(provider, request)
            request = replace(request, messages=(*request.messages, *remembered(deltas)))
    last = server.requests[-1].json()
    assert last["thinking"]["type"] == "adaptive"
    [_, one, answers, two, answer] = last["messages"]
    assert one == {"role": "assistant", "content": list(first)}
    assert [strip(block) for block in answers["content"]] == [found("toolu_1", "found x"), found("toolu_2", "found y")]
    assert two == {"role": "assistant", "content": list(second)}
    assert [strip(block) for block in answer["content"]] == [found("toolu_3", "found x")]
    for earlier, later in pairwise(server.requests):
        before, after = earlier.json()["messages"], later.json()["messages"]
        assert [bare(message) for message in after[: len(before)]] == [bare(message) for message in before]


def strip(block: JsonObject) -> JsonObject:
    return {name: value for name, value in block.items() if name != "cache_control"}


def bare(message: JsonObject) -> list[JsonObject]:
    return [strip(block) for block in message["content"]]


async def test_a_conversation_that_changes_its_model_leaves_the_other_ones_thinking_behind(
    server: ScriptedServer,
) -> None:
    server.play(played(THOUGHT, {"type": "text", "text": "a"}), HI)
    async with opened(server.url, kind="anthropic") as provider:
        said = remembered(await reply(provider, replace(HELLO, model="claude-opus-5")))
        messages = (*HELLO.messages, *said, *HELLO.messages)
        await reply(provider, replace(HELLO, model="claude-haiku-4-5", messages=messages))
    assert server.requests[-1].json()["messages"][1]["content"] == [{"type": "text", "text": "a"}]


async def test_a_refused_field_is_dropped_once_and_for_good(server: ScriptedServer) -> None:
    server.play(refused(EAGER), HI)
    async with opened(server.url, kind="anthropic") as provider:
        first = await reply(provider, WITH_TOOLS)
        assert (seen(first).text, retries(first)) == ("hi", [])
        await reply(provider, WITH_TOOLS)
        await reply(provider, replace(WITH_TOOLS, model="another"))
    eager = ["eager_input_streaming" in request.json()["tools"][0] for request in server.requests]
    assert eager == [True, False, False, True]


async def test_a_wrong_guess_at_how_a_model_thinks_is_corrected(server: ScriptedServer) -> None:
    server.play(refused("adaptive thinking is not supported on this model"), HI)
    request = replace(HELLO, model="claude-next-4-6", parameters=Parameters(thinking="low"))
    async with opened(server.url, kind="anthropic") as provider:
        assert seen(await reply(provider, request)).text == "hi"
        assert seen(await reply(provider, request)).text == "hi"
    kinds = [request.json()["thinking"]["type"] for request in server.requests]
    assert kinds == ["adaptive", "enabled", "enabled"]


async def test_a_server_that_refuses_everything_is_not_asked_for_ever(server: ScriptedServer) -> None:
    server.play(refused(f"{EAGER}; cache_control, thinking, adaptive, enabled, display, temperature, output_config"))
    request = replace(WITH_TOOLS, model="claude-opus-5-5", parameters=Parameters(None, 0.1, "high"))
    assert failure(await ask(server, request, kind="anthropic")).kind == "bad_request"
    assert len(server.requests) < 12


async def test_a_model_that_cannot_be_forced_decides_for_itself_and_that_is_said(server: ScriptedServer) -> None:
    disabled = '"thinking.type.disabled" is not supported for this model. Use "thinking.type.adaptive"'
    server.play(refused(disabled), refused('tool_choice: type "tool" and "any" are not supported for this model.'), HI)
    got = await ask(server, replace(WITH_TOOLS, model="claude-opus-5-5", tool_choice="required"), kind="anthropic")
    assert seen(got).text == "hi"
    assert notices(got) == ["claude-opus-5-5 cannot be made to call a tool: it decides for itself"]
    assert "tool_choice" not in server.requests[-1].json()


async def test_thinking_that_is_bound_to_another_conversation_is_left_out_for_good(server: ScriptedServer) -> None:
    bound = (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    )
    newer = {"type": "thinking", "thinking": "", "signature": "sig-2"}
    server.play(played(THOUGHT, CALL, stop="tool_use"), refused(bound), played(newer, CALL, stop="tool_use"), HI)
    request = replace(WITH_TOOLS, model="claude-opus-5-5")
    async with opened(server.url, kind="anthropic") as provider:
        for _ in range(3):
            deltas = await reply(provider, request)
            request = replace(request, messages=(*request.messages, *remembered(deltas)))
    signatures = [
        [block.get("signature") for message in request.json()["messages"] for block in message["content"]]
        for request in server.requests
    ]
    assert [("sig-1" in names, "sig-2" in names) for names in signatures] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]


async def test_overload_before_the_first_word_is_tried_again(server: ScriptedServer) -> None:
    server.play(streamed(blocks()[0], OVERLOADED, done=False), HI)
    got = await ask(server, kind="anthropic")
    assert (seen(got).text, [retry.reason for retry in retries(got)]) == ("hi", ["overloaded"])


async def test_overload_behind_the_first_word_is_not(server: ScriptedServer) -> None:
    server.play(streamed(*blocks({"type": "text", "text": "a"})[:2], OVERLOADED, done=False))
    got = await ask(server, kind="anthropic")
    assert (seen(got).text, failure(got).kind, retries(got)) == ("a", "overloaded", [])
    assert len(server.requests) == 1


async def test_a_conversation_that_is_too_long_is_not_asked_again(server: ScriptedServer) -> None:
    server.play(refused("prompt is too long: 3333404 tokens > 200000 maximum"))
    assert failure(await ask(server, kind="anthropic")).kind == "context_window_exceeded"
    assert len(server.requests) == 1


async def test_the_settings_can_forbid_streaming(server: ScriptedServer) -> None:
    server.play(answered({"content": [{"type": "text", "text": "hi"}, CALL], "stop_reason": "tool_use"}))
    got = await ask(server, WITH_TOOLS, kind="anthropic", stream="never")
    assert (seen(got).text, seen(got).calls, seen(got).stop) == ("hi", (("search", {"pattern": "x"}),), "tool_calls")
    assert notices(got) == ["answered without streaming: the settings say so"]
    asked = server.requests[0].json()
    assert "stream" not in asked
    assert "eager_input_streaming" not in asked["tools"][0]


async def test_the_servers_own_models_are_listed(server: ScriptedServer) -> None:
    listed = [
        {"type": "model", "id": "claude-opus-5-5", "display_name": "Claude Opus 5.5", "max_input_tokens": 1000000},
        {"type": "model", "id": "claude-old", "max_input_tokens": None},
        {"type": "model"},
        "junk",
    ]
    server.play(answered({"data": listed, "has_more": False}))
    async with opened(server.url, kind="anthropic") as provider:
        assert await provider.models() == (
            ModelInfo("claude-opus-5-5", "Claude Opus 5.5", 1000000),
            ModelInfo("claude-old", "claude-old", None),
        )
    [request] = server.requests
    assert (request.method, request.path) == ("GET", "/v1/models?limit=1000")
    assert request.headers["x-api-key"] == KEY


async def test_no_list_is_no_models(server: ScriptedServer) -> None:
    server.play(refused("no", 404))
    async with opened(server.url, kind="anthropic") as provider:
        assert await provider.models() == ()
        assert provider.offered("m", (SEARCH,)) == (SEARCH,)
        assert (provider.name, provider.local) == ("work", True)


async def test_a_request_without_a_reply_keeps_nothing(server: ScriptedServer) -> None:
    """A cancelled reply leaves text and no blocks; the next request is valid all the same."""
    server.play(HI)
    messages = (*HELLO.messages, AssistantMessage("half an ans"), *HELLO.messages)
    await ask(server, ModelRequest("m", "", messages), kind="anthropic")
    roles = [message["role"] for message in server.requests[0].json()["messages"]]
    assert roles == ["user", "assistant", "user"]
