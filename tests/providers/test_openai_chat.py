"""What the provider learns from a server's refusals, and answers that are not streamed."""

from dataclasses import replace
from typing import Any

import pytest

from chatls.events import Notice
from tests.providers.asking import HELLO, SEARCH, WITH_TOOLS, ask, failure, opened, reply, retries
from tests.providers.cases import ONE, USAGE, P, end, fragment, say
from tests.providers.reading import seen
from tests.support.http_server import Reply, Request, ScriptedServer, answered, streamed

pytestmark = pytest.mark.asyncio

HI = streamed(say("hi"), end())
WHOLE = {
    "choices": [
        {
            "message": {"content": "hi", "tool_calls": [fragment(P, name="weather", call_id="c1")]},
            "finish_reason": "tool_calls",
        }
    ],
    "usage": USAGE,
}


def notices(deltas: list[Any]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Notice)]


REFUSALS = {
    "openai's words": (400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}}),
    "pydantic's words": (
        422,
        {
            "detail": [
                {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs not permitted"}
            ]
        },
    ),
    "a parameter's name": (400, {"error": {"message": "not supported", "param": "stream_options"}}),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refused_field_is_dropped_once_and_for_good(server: ScriptedServer, refusal: str) -> None:
    status, complaint = REFUSALS[refusal]
    server.play(answered(complaint, status), HI)
    async with opened(server.url) as provider:
        first = await reply(provider)
        assert (seen(first).text, retries(first)) == ("hi", [])
        assert seen(await reply(provider)).text == "hi"
    assert ["stream_options" in request.json() for request in server.requests] == [True, False, False]


async def test_what_one_model_refuses_is_still_sent_to_another(server: ScriptedServer) -> None:
    status, complaint = REFUSALS["openai's words"]

    def answer(request: Request) -> Reply:
        asked = request.json()
        return answered(complaint, status) if asked["model"] == "old" and "stream_options" in asked else HI

    server.answer(answer)
    async with opened(server.url) as provider:
        await reply(provider, replace(HELLO, model="old"))
        await reply(provider, HELLO)
    assert "stream_options" in server.requests[-1].json()


async def test_a_server_that_refuses_everything_is_not_asked_for_ever(server: ScriptedServer) -> None:
    words = "stream_options, parallel_tool_calls: no. I cannot use tools with streams."
    server.play(answered({"error": {"message": words}}, 400))
    assert failure(await ask(server, WITH_TOOLS)).kind == "bad_request"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "Cannot use tools with stream"),
        (400, "This model doesn't support tool use in streaming mode."),
        (422, "streaming with tools is not supported"),
        (501, "tools param requires stream: false"),
    ],
)
async def test_tools_that_cannot_be_streamed_are_asked_for_as_a_whole(
    server: ScriptedServer, status: int, words: str
) -> None:
    server.play(answered({"error": {"message": words}}, status), answered(WHOLE), answered(WHOLE), HI)
    async with opened(server.url) as provider:
        got = await reply(provider, WITH_TOOLS)
        assert (seen(got).text, seen(got).calls, retries(got)) == ("hi", ONE, [])
        assert notices(got) == ["answered without streaming: the provider cannot stream with tools"]
        assert seen(await reply(provider, WITH_TOOLS)).calls == ONE
        assert notices(await reply(provider, HELLO)) == []
    assert ["stream" in request.json() for request in server.requests] == [True, False, False, True]


async def test_an_upstream_failure_of_a_tool_is_no_reason_not_to_stream(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": "tool server: upstream failed"}}, 500), HI)
    deltas = await ask(server, WITH_TOOLS)
    assert (len(retries(deltas)), notices(deltas)) == (1, [])


async def test_the_settings_can_forbid_streaming(server: ScriptedServer) -> None:
    server.play(answered(WHOLE))
    got = await ask(server, WITH_TOOLS, stream="never")
    assert (seen(got).text, seen(got).calls, seen(got).stop) == ("hi", ONE, "tool_calls")
    assert len(notices(got)) == 1
    assert "stream" not in server.requests[0].json()


async def test_what_is_tried_again_is_announced_once(server: ScriptedServer) -> None:
    server.play(answered({}, 503), answered(WHOLE))
    got = await ask(server, stream="never")
    assert (len(notices(got)), len(retries(got))) == (1, 1)


async def test_a_server_that_streams_though_asked_not_to_is_understood(server: ScriptedServer) -> None:
    server.play(HI)
    assert seen(await ask(server, stream="never")).text == "hi"


async def test_a_conversation_that_is_too_long_is_not_made_longer(server: ScriptedServer) -> None:
    words = "maximum context length is 100 tokens; reduce the length of the messages, or max_tokens, stream_options"
    server.play(answered({"error": {"message": words, "code": "context_length_exceeded"}}, 400))
    assert failure(await ask(server)).kind == "context_window_exceeded"
    assert len(server.requests) == 1


async def test_every_tool_is_offered() -> None:
    async with opened("http://127.0.0.1:1/v1") as provider:
        assert provider.offered("m", (SEARCH,)) == (SEARCH,)
        assert (provider.name, provider.local) == ("work", True)
    async with opened("https://models.example/v1") as provider:
        assert provider.local is False
