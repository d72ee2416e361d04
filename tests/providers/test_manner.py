"""What servers demand of a history, seen in what they send and in the words with which they refuse."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from chatls.content import TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.delta import Underway
from chatls.providers.provider import ModelRequest, Parameters, Provider
from tests.providers.asking import SEARCH, failure, opened, reply
from tests.providers.cases import chunk, end, fragment, say
from tests.providers.reading import seen
from tests.support.http_server import Reply, Request, ScriptedServer, answered, streamed

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]
HI = streamed(say("hi"), end())


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def turn(name: str = "search", replay: Replay | None = None, thinking: str = "", said: str = "") -> tuple[Message, ...]:
    """A prompt, a call and its result."""
    call = ToolCall("callcall1", name, {"pattern": "x"})
    answer = AssistantMessage(said, (call,), thinking, replay)
    return (user("look"), answer, ToolMessage((ToolResult(call.id, name, "found"),)))


def asks(*messages: Message, model: str = "m", parameters: Parameters | None = None) -> ModelRequest:
    return ModelRequest(model, "Be brief.", messages, (SEARCH,), parameters=parameters or Parameters())


def own(model: str = "m", **data: Any) -> Replay:
    return Replay("openai_chat", {"callcall1": "c1"}, {"server": "work", "model": model, **data})


def demanding(words: str, holds: Callable[[Json], bool], status: int = 400) -> Callable[[Request], Reply]:
    """A server that refuses, in these words, all but what it wants."""

    def answer(request: Request) -> Reply:
        return HI if holds(request.json()) else answered({"error": {"message": words}}, status)

    return answer


def called(body: Json) -> list[Json]:
    return [message for message in body["messages"] if message.get("tool_calls")]


def each_carries_thinking(body: Json) -> bool:
    return all("reasoning_content" in message for message in called(body))


async def played(server: ScriptedServer, provider: Provider, request: ModelRequest) -> Json:
    """The reply is "hi"; the body that brought it."""
    assert seen(await reply(provider, request)).text == "hi"
    return server.requests[-1].json()


async def test_a_field_that_is_missing_is_sent_from_then_on(server: ScriptedServer) -> None:
    words = "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2"
    server.answer(demanding(words, each_carries_thinking))
    async with opened(server.url) as provider:
        messages = (*turn(), user("and?"))
        assert called(await played(server, provider, asks(*messages)))[0]["reasoning_content"] == ""
        assert len(server.requests) == 2
        own_turn = turn(replay=own(thinking="reasoning_content"), thinking="I look.")
        body = await played(server, provider, asks(*messages, *own_turn, user("so?")))
        assert [message["reasoning_content"] for message in called(body)] == ["", "I look."]
        assert len(server.requests) == 3


async def test_who_sends_its_thinking_gets_a_field_for_it_with_every_call(server: ScriptedServer) -> None:
    server.answer(demanding("no", each_carries_thinking))
    thought = AssistantMessage("hm", (), "I think.", own(thinking="reasoning_content"))
    async with opened(server.url) as provider:
        await played(server, provider, asks(*turn(), thought, user("and?")))
    assert len(server.requests) == 1


async def test_what_a_model_wrote_goes_to_no_other_model_of_its_server(server: ScriptedServer) -> None:
    server.play(HI)
    details = [{"type": "reasoning.text", "text": "hm", "signature": "S"}]
    messages = (*turn(replay=own("m", reasoning_details=details)), user("and?"))
    async with opened(server.url) as provider:
        mine = called(await played(server, provider, asks(*messages)))[0]
        other = called(await played(server, provider, asks(*messages, model="other")))[0]
    assert (mine["reasoning_details"], mine["tool_calls"][0]["id"]) == (details, "c1")
    assert "reasoning_details" not in other
    assert other["tool_calls"][0]["id"] == "callcall1"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Unexpected role 'user' after role 'tool'", 400),
        ("Error: After the optional system message, conversation roles must alternate user/assistant", 500),
    ],
)
async def test_the_order_that_a_template_demands_is_learnt_whoever_serves_it(
    server: ScriptedServer, words: str, status: int
) -> None:
    def alternates(body: Json) -> bool:
        roles = [message["role"] for message in body["messages"]]
        return ("tool", "user") not in pairwise(roles)

    server.answer(demanding(words, alternates, status))
    async with opened(server.url) as provider:
        for _ in range(2):
            await played(server, provider, asks(*turn(), user("and?")))
    assert len(server.requests) == 3


async def test_ids_that_a_tokenizer_refuses_give_way_to_ours(server: ScriptedServer) -> None:
    words = "Tool call id was chatcmpl-tool-1 but must be a-z, A-Z, 0-9, with a length of 9."
    server.answer(demanding(words, lambda body: called(body)[0]["tool_calls"][0]["id"] == "callcall1"))
    async with opened(server.url) as provider:
        await played(server, provider, asks(*turn(replay=own()), user("and?")))


@pytest.mark.parametrize(("model", "theirs"), [("moonshotai/Kimi-K2.6", "c1"), ("k", "functions.search:0")])
async def test_kimi_gets_numbered_ids_by_its_name_and_by_its_own(
    server: ScriptedServer, model: str, theirs: str
) -> None:
    server.play(HI)
    replay = Replay("openai_chat", {"callcall1": theirs}, {"server": "work", "model": model})
    async with opened(server.url) as provider:
        body = await played(server, provider, asks(*turn(replay=replay), *turn("read"), user("?"), model=model))
    ids = [call["id"] for message in called(body) for call in message["tool_calls"]]
    assert ids == ["functions.search:0", "functions.read:1"]
    assert [message["tool_call_id"] for message in body["messages"] if message["role"] == "tool"] == ids


async def test_what_stands_beside_a_call_goes_back_beside_it(server: ScriptedServer) -> None:
    beside = {"extra_content": {"google": {"thought_signature": "SIG"}}}
    calls = [{**fragment('{"pattern": "x"}', index=0, name="search", call_id="c1"), **beside}]
    server.play(streamed(chunk({"tool_calls": calls}), end("tool_calls")), HI)
    async with opened(server.url) as provider:
        got = seen(await reply(provider, asks(user("look"))))
        assert got.replay is not None
        (ours,) = got.replay.call_ids
        message = AssistantMessage("", (ToolCall(ours, "search", {}),), "", got.replay)
        body = await played(server, provider, asks(user("look"), message, user("?")))
    assert called(body)[0]["tool_calls"][0]["extra_content"] == beside["extra_content"]


async def test_a_signature_that_is_missing_has_a_stand_in(server: ScriptedServer) -> None:
    def signed(body: Json) -> bool:
        return all("extra_content" in call for message in called(body) for call in message["tool_calls"])

    server.answer(demanding("Function call is missing a thought_signature in functionCall parts.", signed))
    async with opened(server.url) as provider:
        await played(server, provider, asks(*turn(), user("and?")))


async def test_thinking_in_the_text_goes_back_in_the_text_where_tools_ran(server: ScriptedServer) -> None:
    whole = [fragment('{"pattern": "x"}', index=0, name="search", call_id="c1")]
    server.play(streamed(say("<thi"), say("nk>hm</think>I look."), chunk({"tool_calls": whole}), end()), HI)
    async with opened(server.url) as provider:
        got = seen(await reply(provider, asks(user("look"))))
        assert (got.text, got.thinking) == ("I look.", "hm")
        assert got.replay is not None
        (ours,) = got.replay.call_ids
        message = AssistantMessage(got.text, (ToolCall(ours, "search", {}),), got.thinking, got.replay)
        body = await played(server, provider, asks(user("look"), message, user("?")))
    assert called(body)[0]["content"] == "<think>\nhm\n</think>\n\nI look."


async def test_a_history_that_is_refused_is_written_plainly_once_and_for_this_conversation(
    server: ScriptedServer,
) -> None:
    def plain(body: Json) -> bool:
        return "SIGX" not in str(body)

    server.answer(demanding("messages.1: corrupted signature", plain))
    details = [{"type": "reasoning.text", "signature": "SIGX"}]
    refused = (*turn(replay=own(reasoning_details=details)), user("and?"))
    later = turn(replay=own(reasoning_details=[{"type": "reasoning.text", "signature": "S2"}]))
    async with opened(server.url) as provider:
        await played(server, provider, asks(*refused))
        body = await played(server, provider, asks(*refused, *later, user("so?")))
        assert "S2" in str(body)
        assert len(server.requests) == 3
        server.answer(demanding("messages.1: corrupted signature", lambda _: False))
        assert failure(await reply(provider, asks(*turn(), user("?")))).kind == "bad_request"
        assert len(server.requests) == 4


async def test_a_model_that_cannot_but_think_is_not_told_not_to(server: ScriptedServer) -> None:
    words = "Reasoning is mandatory for this endpoint and cannot be disabled."
    server.answer(demanding(words, lambda body: body.get("reasoning_effort") != "none"))
    async with opened(server.url) as provider:
        await played(server, provider, asks(user("x"), parameters=Parameters(thinking="off")))
        body = await played(server, provider, asks(user("x"), parameters=Parameters(thinking="low")))
    assert body["reasoning_effort"] == "low"


async def test_tools_stay_where_an_effort_is_refused_beside_them(server: ScriptedServer) -> None:
    words = (
        "Function tools with reasoning_effort are not supported. Use /v1/responses or set reasoning_effort to 'none'."
    )
    server.answer(demanding(words, lambda body: body.get("reasoning_effort") == "none"))
    async with opened(server.url) as provider:
        assert "tools" in await played(server, provider, asks(user("x")))


async def test_a_name_that_a_model_made_up_is_sent_in_letters_that_all_take(server: ScriptedServer) -> None:
    server.play(HI)
    names = ("functions.read file", "ä" * 99, "", "7up")
    for kind, place in (("openai_chat", "/v1"), ("openai_responses", "/v1"), ("anthropic", "")):
        async with opened(server.url + place, kind=kind) as provider:
            await reply(provider, asks(*(message for name in names for message in turn(name)), user("?")))
        sent = str(server.requests[-1].json())
        for name in ("functions_read_file", "_" * 64, "_7up"):
            assert f"'name': '{name}'" in sent, (kind, name)
        assert "read file" not in sent


async def test_a_reply_knows_at_any_time_what_would_go_back(server: ScriptedServer) -> None:
    whole = [fragment('{"pattern": "x"}', index=0, name="search", call_id="c1")]
    server.play(streamed(chunk({"reasoning_content": "hm"}), chunk({"tool_calls": whole}), done=False))
    async with opened(server.url) as provider:
        deltas = await reply(provider, asks(user("look")))
    assert failure(deltas).kind == "stream_interrupted"
    (begun,) = [delta for delta in deltas if isinstance(delta, Underway)]
    replay = begun.replay()
    assert replay is not None
    assert list(replay.call_ids.values()) == ["c1"]
    assert replay.data == {"server": "work", "model": "m", "thinking": "reasoning_content"}
