"""Servers that take no tools: they are told in the prompt, which is remembered; text that is a call is one."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest
from anyio import to_thread

from chatls.events import Notice
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult
from chatls.providers import open_provider
from chatls.providers.delta import CallReady, TextWasThinking
from chatls.providers.provider import Provider
from chatls.settings.config import Settings
from tests.providers.asking import HELLO, WITH_TOOLS, ask, failure, opened, reply
from tests.providers.cases import end, say
from tests.providers.reading import seen
from tests.support.http_server import Chunk, Close, End, Head, Reply, Request, ScriptedServer, Wait, answered, streamed

pytestmark = pytest.mark.asyncio

CALL = '<tool_call>\n{"name": "search", "arguments": {"pattern": "TODO"}}\n</tool_call>'
CALLED = (("search", {"pattern": "TODO"}),)
IN_TEXT = streamed(say(CALL[:20]), say(CALL[20:]), end("stop"))
WHOLE = answered({"choices": [{"message": {"content": CALL}, "finish_reason": "stop"}]})
AFTER = replace(
    WITH_TOOLS,
    messages=(
        *WITH_TOOLS.messages,
        AssistantMessage("", (ToolCall("c1", "search", {"pattern": "TODO"}),)),
        ToolMessage((ToolResult("c1", "search", "one match"),)),
    ),
)

NO_STREAM = "answered without streaming: the provider cannot stream with tools"
REFUSALS: list[tuple[int, Any]] = [
    # Ollama; llama.cpp (#10920), without --jinja, and its relatives (ik_llama.cpp#677); vLLM, SGLang.
    (400, {"error": "registry.ollama.ai/library/gemma:2b does not support tools"}),
    (500, {"error": {"code": 500, "message": "Unsupported param: tools", "type": "server_error"}}),
    (500, {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}),
    (500, {"error": {"code": 500, "message": "tools param is not fully supported yet", "type": "server_error"}}),
    (
        400,
        {
            "object": "error",
            "message": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
    ),
    (400, {"error": {"message": "Please specify --tool-call-parser to use tools"}}),
    # Xinference (#1215), Google behind a gateway (agno#3505), Groq, Azure, Bedrock, Unsloth Studio (#10314).
    (400, {"detail": "Only ['qwen-chat', 'glm4-chat'] support tool calls"}),
    (400, {"error": {"code": 400, "message": "Function calling is not enabled for models/gemma-3-12b-it"}}),
    (400, {"error": {"message": "`tool calling` is not supported with this model"}}),
    (400, {"error": {"message": "tools is not supported in this model."}}),
    (400, {"message": "This model doesn't support tool use."}),
    (400, {"error": {"message": "The loaded model does not advertise tools in its chat template"}}),
    # Strict servers that do not know the field.
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "tools"], "msg": "Extra inputs are not permitted"}]}),
    (400, {"error": {"message": "Unrecognized request argument supplied: tools"}}),
    (400, {"error": {"message": 'json: unknown field "tools"'}}),
    (400, {"error": {"message": "This model does not support function calling"}}),
    (400, {"error": {"message": "this backend doesn't support tool calls"}}),
    (501, {"error": {"message": "Tool use is not supported by this model."}}),
]
ABOUT_ELSE: list[tuple[int, Any]] = [
    (400, {"error": {"message": "Invalid 'temperature': must be at most 2"}}),
    (400, {"error": {"message": "the tool message must follow a tool call"}}),
    (401, {"error": {"message": "tools are not allowed for this key"}}),
    (404, {"error": {"message": "model does not support tools: not found"}}),
]


@asynccontextmanager
async def opened_as(name: str, own: Any) -> AsyncGenerator[Provider, None]:
    provider = open_provider(name, Settings.model_validate({"providers": {name: own}}), {})
    try:
        yield provider
    finally:
        await provider.aclose()


def notices(deltas: list[Any]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice)]


@pytest.mark.parametrize(("status", "body"), REFUSALS)
async def test_tools_that_are_refused_are_told_in_the_prompt_from_then_on(
    server: ScriptedServer, status: int, body: Any
) -> None:
    server.play(answered(body, status), IN_TEXT)
    async with opened(server.url) as provider:
        first = await reply(provider, WITH_TOOLS)
        assert (seen(first).calls, seen(first).stop, seen(first).text) == (CALLED, "tool_calls", "")
        [notice] = notices(first)
        assert "told in the prompt" in notice
        assert notices(await reply(provider, AFTER)) == []
    assert ["tools" in request.json() for request in server.requests] == [True, False, False]
    system, _, said, result = server.requests[-1].json()["messages"]
    assert '"name":"search"' in system["content"]
    assert said["role"] == "assistant"
    assert CALL.split() == said["content"].replace(":", ": ").replace(",", ", ").split()
    assert result == {"role": "user", "content": "<tool_response>\none match\n</tool_response>"}


@pytest.mark.parametrize(("status", "body"), ABOUT_ELSE)
async def test_another_refusal_says_nothing_of_tools(server: ScriptedServer, status: int, body: Any) -> None:
    server.play(answered(body, status))
    async with opened(server.url) as provider:
        failure(await reply(provider, WITH_TOOLS))
        failure(await reply(provider, WITH_TOOLS))
    assert ["tools" in request.json() for request in server.requests] == [True, True]


async def test_two_questions_that_are_refused_at_once_are_both_told(server: ScriptedServer) -> None:
    """What the one refusal teaches does not make the other final."""

    def answer(request: Request) -> Reply:
        late = [Wait("gate")] if len(server.requests) == 1 else []
        return [*late, *answered(REFUSALS[0][1], 400)] if "tools" in request.json() else IN_TEXT

    server.answer(answer)
    calls: list[object] = []
    async with opened(server.url) as provider:

        async def ask_one() -> None:
            calls.append(seen(await reply(provider, WITH_TOOLS)).calls)

        async with anyio.create_task_group() as group:
            group.start_soon(ask_one)
            await to_thread.run_sync(server.wait_for_requests, 1)
            await ask_one()
            server.open("gate")
    assert calls == [CALLED, CALLED]


async def test_what_one_model_does_not_take_another_may(server: ScriptedServer) -> None:
    def answer(request: Request) -> Reply:
        asked = request.json()
        refused = "tools" in asked and asked["model"] == "old"
        return answered({"error": {"message": "old does not support tools"}}, 400) if refused else IN_TEXT

    server.answer(answer)
    async with opened(server.url) as provider:
        await reply(provider, replace(WITH_TOOLS, model="old"))
        await reply(provider, WITH_TOOLS)
    assert "tools" in server.requests[-1].json()


async def test_ollama_is_told_in_the_prompt_as_well(server: ScriptedServer) -> None:
    refusal = answered({"error": "registry.ollama.ai/library/gemma:2b does not support tools"}, 400)
    said = {"message": {"role": "assistant", "content": CALL}, "done": True, "done_reason": "stop"}
    server.play(refusal, answered(said))
    async with opened(server.url, kind="ollama") as provider:
        first = await reply(provider, WITH_TOOLS)
        assert (seen(first).calls, seen(first).stop, len(notices(first))) == (CALLED, "tool_calls", 1)
        assert notices(await reply(provider, WITH_TOOLS)) == []
    assert ["tools" in request.json() for request in server.requests] == [True, False, False]


async def test_with_the_setting_off_a_refusal_is_one_and_text_is_text(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": "this model does not support tools"}}, 400), IN_TEXT)
    async with opened(server.url, inlineToolCalls="off") as provider:
        assert failure(await reply(provider, WITH_TOOLS)).kind == "bad_request"
        assert seen(await reply(provider, HELLO)).text == CALL


async def test_where_no_tools_are_offered_a_call_is_text_and_thinking_is_thinking(server: ScriptedServer) -> None:
    server.play(streamed(say(f"<think>hm</think>{CALL}"), end()))
    got = seen(await ask(server, HELLO))
    assert (got.thinking, got.text, got.calls) == ("hm", CALL, ())


async def test_a_call_in_the_text_is_one_beside_tools_that_the_server_took(server: ScriptedServer) -> None:
    server.play(IN_TEXT)
    got = seen(await ask(server, WITH_TOOLS))
    assert (got.text, got.calls, got.stop) == ("", CALLED, "tool_calls")
    assert "tools" in server.requests[0].json()


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "Cannot use tools with stream"), (400, "This model doesn't support tool use in streaming mode.")],
)
async def test_a_whole_answer_may_hold_its_calls_in_the_text(server: ScriptedServer, status: int, words: str) -> None:
    server.play(answered({"error": {"message": words}}, status), WHOLE)
    async with opened(server.url) as provider:
        for _ in range(2):
            deltas = await reply(provider, WITH_TOOLS)
            assert [delta.arguments for delta in deltas if isinstance(delta, CallReady)] == [{"pattern": "TODO"}]
            assert notices(deltas) == [NO_STREAM]
    asked = [request.json() for request in server.requests]
    assert [("stream" in body, "tools" in body) for body in asked] == [(True, True), (False, True), (False, True)]


async def test_a_server_that_takes_tools_neither_way_is_told_of_them_and_streams_again(server: ScriptedServer) -> None:
    refusals = ("Cannot use tools with stream", "tools are not supported")
    server.play(*(answered({"error": {"message": words}}, 400) for words in refusals), IN_TEXT)
    got = await ask(server, WITH_TOOLS)
    assert (seen(got).calls, len(notices(got))) == (CALLED, 2)
    assert ["stream" in request.json() for request in server.requests] == [True, False, True]


async def test_a_llamacpp_whose_template_knows_no_tools_is_asked_once(server: ScriptedServer) -> None:
    server.play(answered({"chat_template_caps": {"supports_tools": False}}), IN_TEXT)
    from_settings = {"baseUrl": server.url + "/v1"}
    async with opened_as("llamacpp", from_settings) as provider:
        assert seen(await reply(provider, WITH_TOOLS)).calls == CALLED
        assert seen(await reply(provider, WITH_TOOLS)).calls == CALLED
    assert [request.path.partition("?")[0] for request in server.requests] == [
        "/props",
        "/v1/chat/completions",
        "/v1/chat/completions",
    ]
    assert "tools" not in server.requests[1].json()


async def test_a_llamacpp_that_runs_only_later_is_asked_then(server: ScriptedServer) -> None:
    server.play([Close()])
    async with opened_as("llamacpp", {"baseUrl": server.url + "/v1"}) as provider:
        assert failure(await reply(provider, WITH_TOOLS)).kind == "network"
        server.play(answered({"chat_template_caps": {"supports_tools": False}}), IN_TEXT)
        assert seen(await reply(provider, WITH_TOOLS)).calls == CALLED
    assert "tools" not in server.requests[-1].json()


@pytest.mark.parametrize("props", [answered({}, 404), answered({"chat_template": "x"}), answered(b"no")])
async def test_a_llamacpp_that_does_not_say_is_given_its_tools(server: ScriptedServer, props: Reply) -> None:
    server.play(props, IN_TEXT)
    async with opened_as("llamacpp", {"baseUrl": server.url + "/v1"}) as provider:
        assert seen(await reply(provider, WITH_TOOLS)).calls == CALLED
    assert "tools" in server.requests[1].json()


R1 = "{% if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}"
INSIDE = streamed(say("I wonder."), say("\n</think>\n\nIt is 4."), end("stop"))


def reasons(how: str) -> Any:
    return {"params": {"reasoning_format": how}}


@pytest.mark.parametrize(
    ("props", "opened"),
    [
        ({"chat_template": R1}, True),
        ({"chat_template": R1, "default_generation_settings": reasons("none")}, True),
        ({"chat_template": R1, "default_generation_settings": reasons("deepseek")}, False),
        ({"chat_template": "{{ '<think>' }}"}, False),
    ],
)
async def test_a_llamacpp_tells_by_its_template_that_replies_begin_with_thinking(
    server: ScriptedServer, props: Any, *, opened: bool
) -> None:
    server.play(answered(props), INSIDE)
    async with opened_as("llamacpp", {"baseUrl": server.url + "/v1"}) as provider:
        deltas = await reply(provider, replace(WITH_TOOLS, tools=()))
    assert (TextWasThinking() in deltas) is not opened
    assert (seen(deltas).thinking.strip(), seen(deltas).text) == ("I wonder.", "It is 4.")


@pytest.mark.parametrize(("capabilities", "opened"), [(["completion"], True), (["completion", "thinking"], False)])
async def test_so_does_ollama_unless_it_splits_off_thinking(
    server: ScriptedServer, capabilities: list[str], *, opened: bool
) -> None:
    template = "<|User|>{{ .Prompt }}<|Assistant|><think>\n{{ .Response }}"
    about = answered({"template": template, "capabilities": capabilities})
    lines = [{"message": {"content": piece}, "done": False} for piece in ("I wonder.\n</think>", "It is 4.")]
    over: Any = {"message": {}, "done": True, "done_reason": "stop"}
    said = "".join(json.dumps(one) + "\n" for one in (*lines, over))
    server.beside = ""
    server.play(about, [Head(200, {"content-type": "application/x-ndjson"}), Chunk(said.encode()), End()])
    async with opened_as("ollama", {"baseUrl": server.url}) as provider:
        deltas = await reply(provider, replace(WITH_TOOLS, tools=()))
        await reply(provider, replace(WITH_TOOLS, tools=()))
    assert [request.path for request in server.requests] == ["/api/show", "/api/chat", "/api/chat"]
    assert (TextWasThinking() in deltas) is not opened
    assert (seen(deltas).thinking.strip(), seen(deltas).text) == ("I wonder.", "It is 4.")
