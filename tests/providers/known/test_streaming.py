"""Servers that do not stream, with tools or at all: they are asked for whole answers, which is said and remembered."""

from dataclasses import replace
from typing import Any

import anyio
import pytest
from anyio import to_thread

from chatls.content import TextContent
from chatls.events import Notice
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.delta import Delta
from tests.providers.asking import HELLO, SEARCH, WITH_TOOLS, ask, failure, opened, reply, retries
from tests.providers.cases import PARIS, call, chunk, end, say
from tests.providers.reading import seen
from tests.providers.test_every_kind import Kind, every_kind
from tests.providers.test_every_kind import streamed as streamed_as
from tests.support.http_server import Chunk, End, Head, Reply, Request, ScriptedServer, Wait, answered, event, streamed

pytestmark = pytest.mark.asyncio

NOT_WITH_TOOLS = ["answered without streaming: the provider cannot stream with tools"]
NOT_AT_ALL = ["answered without streaming: the provider does not stream this model"]
SETTINGS = ["answered without streaming: the settings say so"]
HI = streamed(say("hi"), end())
WHOLE = answered({"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]})


def openai(message: str, **more: Any) -> Any:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


BEDROCK = "This model doesn't support tool use in streaming mode."
XINFERENCE = (
    "Streaming support for tool calls is available only when using Qwen models with vLLM backend or GLM4-chat models "
    "without vLLM backend."
)
WITH_TOOLS_REFUSED: dict[str, tuple[int, Any]] = {
    "llama.cpp (ramalama#1431)": (
        500,
        {"error": {"code": 500, "message": "Cannot use tools with stream", "type": "server_error"}},
    ),
    "llama.cpp, bare": (500, {"code": 500, "message": "Cannot use tools with stream", "type": "server_error"}),
    "llama-cpp-python (#1883)": (
        500,
        {"error": {"message": "Automatic streaming tool choice is not supported", "type": "internal_server_error"}},
    ),
    "Bedrock (pi#3739)": (400, {"message": BEDROCK}),
    "Bedrock behind a gateway (fx#900)": (
        400,
        {"error": {"message": f"undefined: {BEDROCK}", "type": "AI_APICallError", "statusCode": 400}},
    ),
    "Bedrock behind LiteLLM": (
        400,
        openai(f'litellm.BadRequestError: BedrockException - {{"message":"{BEDROCK}"}}. Received Model Group=x'),
    ),
    "Bedrock, its own error": (400, {"__type": "ValidationException", "message": BEDROCK}),
    "Groq (groq-python#27)": (400, openai("Tool and function calls do not currently support streaming")),
    "Xinference (#1215)": (400, {"detail": "Tool calls does not support stream"}),
    "Xinference, later": (400, {"detail": XINFERENCE}),
    "pydantic": (
        422,
        {"detail": [{"type": "value_error", "loc": ["body"], "msg": "Value error, stream must be false with tools"}]},
    ),
    "not implemented": (501, {"error": {"message": "streaming with tools is not implemented"}}),
    "words": (500, "tools cannot be used while streaming"),
    "another order": (400, openai("`stream=true` is incompatible with `tools`")),
    "advice": (400, openai("To use tools, please disable streaming")),
    "functions": (400, openai("Function calling isn\u2019t available in streaming mode")),
    "a code for words (uzu#556)": (400, openai("unsupported_streaming_tools: tools require stream=false")),
}
AT_ALL_REFUSED: dict[str, tuple[int, Any]] = {
    "Bedrock, gpt-oss (LibreChat#8877)": (400, {"message": "The model is unsupported for streaming."}),
    "o1 (dify#8615)": (
        400,
        openai(
            "Unsupported value: 'stream' does not support true with this model. Only the default (false) value is "
            "supported.",
            param="stream",
            code="unsupported_value",
        ),
    ),
    "OpenAI, an account without papers (crush#422)": (
        400,
        openai(
            "Your organization must be verified to stream this model. Please go to: "
            "https://platform.openai.com/settings/organization/general and click on Verify Organization.",
            param="stream",
            code="unsupported_value",
        ),
    ),
    "pydantic": (
        422,
        {"detail": [{"type": "literal_error", "loc": ["body", "stream"], "msg": "Input should be False, not True"}]},
    ),
    "not implemented": (501, {"error": "streaming is not implemented"}),
}
ABOUT_ELSE: dict[str, tuple[int, Any]] = {
    "a tool's field": (400, openai("tools[0].function.parameters: 'stream' is not valid under any of the schemas")),
    "a tool's field, with dots": (422, {"detail": [{"loc": ["body", "tools", "0", "stream"], "msg": "not permitted"}]}),
    "an upstream": (400, openai("tool server: upstream cannot be reached")),
    "a tool": (400, openai("Invalid schema for function 'live_streams': not an object")),
    "no tools": (400, openai("Tool choice must be none")),
    "nobody knows (CLIProxyAPI#3644)": (400, {"error": {"message": "Request contains an invalid argument."}}),
}


def notices(deltas: list[Delta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice)]


def streams(server: ScriptedServer) -> list[bool]:
    return ["stream" in request.json() for request in server.requests]


def refusing(status: int, body: Any, *, tools: bool = True) -> Any:
    """A server that answers whole, and streams to no request (with tools)."""

    def answer(request: Request) -> Reply:
        asked = request.json()
        refused = asked.get("stream") and ("tools" in asked or not tools)
        data = body.encode() if isinstance(body, str) else body
        return answered(data, status) if refused else HI if asked.get("stream") else WHOLE

    return answer


@pytest.mark.parametrize("words", WITH_TOOLS_REFUSED)
async def test_every_known_refusal_of_tools_in_streams_is_understood(server: ScriptedServer, words: str) -> None:
    server.answer(refusing(*WITH_TOOLS_REFUSED[words]))
    async with opened(server.url) as provider:
        first, second, plain = [await reply(provider, one) for one in (WITH_TOOLS, WITH_TOOLS, HELLO)]
    assert [seen(one).text for one in (first, second, plain)] == ["whole", "whole", "hi"]
    assert [notices(one) for one in (first, second, plain)] == [NOT_WITH_TOOLS, NOT_WITH_TOOLS, []]
    assert (retries(first), streams(server)) == ([], [True, False, False, True])


@pytest.mark.parametrize("words", AT_ALL_REFUSED)
@pytest.mark.parametrize("request_", [HELLO, WITH_TOOLS], ids=["without tools", "with tools"])
async def test_a_model_that_is_never_streamed_is_asked_for_whole_answers(
    server: ScriptedServer, words: str, request_: Any
) -> None:
    server.answer(refusing(*AT_ALL_REFUSED[words], tools=False))
    async with opened(server.url) as provider:
        first, second = await reply(provider, request_), await reply(provider, HELLO)
    assert [(seen(one).text, notices(one)) for one in (first, second)] == [("whole", NOT_AT_ALL)] * 2
    assert (retries(first), streams(server)) == ([], [True, False, False])


@pytest.mark.parametrize("words", ABOUT_ELSE)
async def test_a_refusal_of_something_else_is_one(server: ScriptedServer, words: str) -> None:
    status, body = ABOUT_ELSE[words]
    server.play(answered(body, status), HI)
    async with opened(server.url, inlineToolCalls="off") as provider:
        assert failure(await reply(provider, WITH_TOOLS)).kind == "bad_request"
        assert notices(await reply(provider, WITH_TOOLS)) == []
    assert streams(server) == [True, True]


async def test_a_refusal_that_was_misread_is_forgotten(server: ScriptedServer) -> None:
    """The whole answer is refused with the same words: they were about something else, which may be mended."""
    words = answered(openai("function 'stream_logs': 'tools' must not call 'stream'"), 400)
    server.play(words, words, HI)
    async with opened(server.url) as provider:
        assert failure(await reply(provider, WITH_TOOLS)).kind == "bad_request"
        assert len(server.requests) == 2
        again = await reply(provider, WITH_TOOLS)
    assert (seen(again).text, notices(again), streams(server)) == ("hi", [], [True, False, True])


async def test_what_was_learnt_stays_when_a_whole_answer_fails(server: ScriptedServer) -> None:
    refusal = answered({"message": BEDROCK}, 400)
    server.play(refusal, answered({}, 503, {"retry-after-ms": "1"}), WHOLE, answered(openai("no"), 400), WHOLE)
    async with opened(server.url) as provider:
        first = await reply(provider, WITH_TOOLS)
        assert (seen(first).text, len(retries(first)), notices(first)) == ("whole", 1, NOT_WITH_TOOLS)
        assert failure(await reply(provider, WITH_TOOLS)).kind == "bad_request"
        assert seen(await reply(provider, WITH_TOOLS)).text == "whole"
    assert streams(server) == [True, False, False, False, False]


async def test_a_refusal_inside_the_stream_is_understood(server: ScriptedServer) -> None:
    role = chunk({"role": "assistant", "content": ""})
    refusal = [Head(), Chunk(event(role)), Chunk(event({"error": {"code": 500, "message": BEDROCK}})), End()]
    server.play(refusal, WHOLE)
    got = await ask(server, WITH_TOOLS)
    assert (seen(got).text, notices(got), retries(got)) == ("whole", NOT_WITH_TOOLS, [])
    assert streams(server) == [True, False]


async def test_a_stream_that_has_begun_is_not_asked_for_again(server: ScriptedServer) -> None:
    server.play([Head(), Chunk(event(say("hi"))), Chunk(event({"error": {"message": BEDROCK}})), End()])
    got = await ask(server, WITH_TOOLS)
    assert (seen(got).text, len(server.requests)) == ("hi", 1)
    failure(got)


async def test_what_one_model_or_server_refuses_another_may_stream(server: ScriptedServer) -> None:
    server.answer(refusing(400, {"message": BEDROCK}))
    with ScriptedServer() as other:
        other.play(HI)
        async with opened(server.url) as provider, opened(other.url) as elsewhere:
            await reply(provider, WITH_TOOLS)
            await reply(elsewhere, WITH_TOOLS)
            await reply(provider, replace(WITH_TOOLS, model="another"))
        assert streams(other) == [True]
    assert streams(server) == [True, False, True, False]


async def test_two_questions_that_are_refused_at_once_are_both_answered(server: ScriptedServer) -> None:
    """What the one refusal teaches does not make the other final."""
    refusal = answered({"message": BEDROCK}, 400)

    def answer(request: Request) -> Reply:
        late = [Wait("gate")] if len(server.requests) == 1 else []
        return [*late, *refusal] if "stream" in request.json() else WHOLE

    server.answer(answer)
    texts: list[str] = []
    async with opened(server.url) as provider:

        async def ask_one() -> None:
            texts.append(seen(await reply(provider, WITH_TOOLS)).text)

        async with anyio.create_task_group() as group:
            group.start_soon(ask_one)
            await to_thread.run_sync(server.wait_for_requests, 1)
            await ask_one()
            server.open("gate")
    assert (texts, streams(server)) == (["whole", "whole"], [True, True, False, False])


async def test_it_is_said_at_the_beginning_of_a_turn(server: ScriptedServer) -> None:
    """Not again with every step of it, but where a later step is the first to be refused."""
    called = AssistantMessage("", (ToolCall("c1", "search", {}),))
    later = replace(WITH_TOOLS, messages=(*HELLO.messages, called, ToolMessage((ToolResult("c1", "search", "x"),))))
    next_turn = replace(later, messages=(*later.messages, UserMessage((TextContent("more"),))))
    server.answer(refusing(400, {"message": BEDROCK}))
    async with opened(server.url) as provider:
        told = [notices(await reply(provider, one)) for one in (later, later, next_turn)]
    assert told == [NOT_WITH_TOOLS, [], NOT_WITH_TOOLS]
    async with opened(server.url, stream="never") as provider:
        assert [notices(await reply(provider, one)) for one in (WITH_TOOLS, later)] == [SETTINGS, []]


async def test_a_whole_answer_has_the_events_of_a_streamed_one(server: ScriptedServer) -> None:
    """The same call, the same text, the same usage."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    function = {"name": "weather", "arguments": '{"city": "Paris"}'}
    message = {"content": "hi", "reasoning_content": "hm", "tool_calls": [{"id": "c1", "function": function}]}
    whole = answered({"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage})
    thought = chunk({"reasoning_content": "hm"})
    asked = call(function["arguments"], name="weather", call_id="c1", index=0)
    server.play(streamed(thought, say("hi"), asked, end("tool_calls", usage=usage)), whole)
    async with opened(server.url) as provider:
        first = seen(await reply(provider, WITH_TOOLS))
    async with opened(server.url, stream="never") as provider:
        second = seen(await reply(provider, WITH_TOOLS))
    assert replace(first, replay=None) == replace(second, replay=None)


@every_kind
async def test_every_protocol_knows_how_to_do_without_streaming(server: ScriptedServer, kind: Kind) -> None:
    def answer(request: Request) -> Reply:
        wanted = request.json().get("stream") or "stream" in request.path.lower()
        return answered({"error": {"message": BEDROCK}}, 400) if wanted else answered(kind.whole)

    server.answer(answer)
    async with opened(server.url, kind=kind.name) as provider:
        for _ in range(2):
            got = await reply(provider, WITH_TOOLS)
            assert (seen(got).text, seen(got).calls) == ("hi", (("weather", PARIS),))
            assert (notices(got), retries(got)) == (NOT_WITH_TOOLS, [])
    assert len(server.requests) == 3


@every_kind
async def test_every_protocol_obeys_the_settings(server: ScriptedServer, kind: Kind) -> None:
    server.play(answered(kind.whole))
    async with opened(server.url, kind=kind.name, stream="never") as provider:
        for request in (HELLO, WITH_TOOLS, replace(WITH_TOOLS, tools=(SEARCH, SEARCH))):
            assert notices(await reply(provider, request)) == SETTINGS
    assert not any(one.json().get("stream") or "stream" in one.path.lower() for one in server.requests)


@every_kind
async def test_every_protocol_gives_up_where_nothing_helps(server: ScriptedServer, kind: Kind) -> None:
    server.play(answered({"error": {"message": BEDROCK}}, 400))
    async with opened(server.url, kind=kind.name, inlineToolCalls="off") as provider:
        assert failure(await reply(provider, WITH_TOOLS)).kind == "bad_request"
        assert len(server.requests) == 2
        server.play(streamed_as(kind, *kind.text("hi")))
        assert seen(await reply(provider, WITH_TOOLS)).text == "hi"
