"""A history is encoded once, and what goes out is the same as if it was encoded with each request."""

import gc
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls import jsontext
from chatls.content import JsonObject, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.encoded import EncodedHistories
from chatls.providers.history import Entry, UsedIds, Writer
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass
from tests.providers.asking import KEY, SEARCH, opened, reply
from tests.providers.histories import MESSAGES, PROTOCOLS, Protocol
from tests.support.http_server import ScriptedServer, answered

STEPS = st.lists(st.tuples(st.integers(0, 3), st.lists(MESSAGES, max_size=4), st.booleans()), min_size=1, max_size=6)
"""For each request: messages taken back, messages added, and whether its server refused something before."""


def asked(messages: tuple[Message, ...]) -> ModelRequest:
    return ModelRequest("m", "Be brief.", messages, (SEARCH,))


def anew(protocol: Protocol, messages: tuple[Message, ...], refused: bool) -> bytes:
    return jsontext.dumps(protocol.encode(asked(messages), None, refused))


def kept(protocol: Protocol, histories: EncodedHistories, messages: tuple[Message, ...], refused: bool) -> bytes:
    history = histories.of(messages)
    return history.dumps(protocol.encode(asked(messages), history, refused), protocol.member)


def turn(number: int) -> tuple[Message, ...]:
    """What one turn adds to a history."""
    call = ToolCall(f"call{number}", "search", {"pattern": f"p{number}"})
    return (
        UserMessage((TextContent(f"question {number}"),)),
        AssistantMessage("let me see", (call,)),
        ToolMessage((ToolResult(call.id, "search", f"found {number}"),)),
        AssistantMessage(f"answer {number}"),
    )


@settings(deadline=None)
@given(STEPS)
def test_a_history_that_grows_or_is_taken_back_is_sent_as_if_it_was_encoded_anew(steps: Any) -> None:
    every = [(protocol, EncodedHistories()) for protocol in PROTOCOLS]
    messages: tuple[Message, ...] = ()
    for back, more, refused in steps:
        messages = (*messages[: max(0, len(messages) - back)], *more)
        for protocol, histories in every:
            assert kept(protocol, histories, messages, refused) == anew(protocol, messages, refused), protocol.name


@settings(deadline=None, max_examples=50)
@given(st.lists(MESSAGES, min_size=1, max_size=4), st.lists(STEPS, min_size=2, max_size=3))
def test_conversations_with_the_same_beginning_do_not_disturb_each_other(beginning: Any, branches: Any) -> None:
    every = [(protocol, EncodedHistories()) for protocol in PROTOCOLS]
    grown = [tuple(beginning) for _ in branches]
    for number in range(max(map(len, branches))):
        for place, steps in enumerate(branches):
            _, more, refused = steps[number % len(steps)]
            grown[place] = (*grown[place], *more)
            for protocol, histories in every:
                sent = kept(protocol, histories, grown[place], refused)
                assert sent == anew(protocol, grown[place], refused), protocol.name


@dataclass(frozen=True)
class Noting(Writer):
    """Notes what it is asked to write."""

    kind = "test"
    written: list[str]

    def write(self, entry: Entry, names: UsedIds) -> list[JsonObject]:
        text = repr(entry)
        self.written.append(text)
        return [{"text": text}]


def test_what_was_sent_before_is_not_encoded_again() -> None:
    histories, messages = EncodedHistories(), tuple(message for number in range(50) for message in turn(number))
    writer = Noting("work", "m", [])
    histories.of(messages).items(writer, messages)
    assert len(writer.written) == 150
    histories.of(messages).items(writer, messages + turn(50))
    assert len(writer.written) == 153
    histories.of(messages).items(writer, messages)
    histories.of(messages).items(writer, messages + turn(51)[:1])
    assert writer.written[153:] == [repr(turn(51)[0])]


def test_a_result_that_comes_late_is_sent_behind_its_call() -> None:
    histories, (question, calls, results, answer) = EncodedHistories(), turn(1)
    for messages in ((question, calls), (question, calls, answer), (question, calls, answer, results)):
        for protocol in PROTOCOLS:
            assert kept(protocol, histories, messages, refused=False) == anew(protocol, messages, refused=False)


def test_what_is_kept_goes_when_the_conversation_goes() -> None:
    for protocol in PROTOCOLS:
        histories, messages = EncodedHistories(), turn(1) + turn(2)
        kept(protocol, histories, messages, refused=False)
        assert len(histories) == 1
        del messages
        gc.collect()
        assert len(histories) == 0, protocol.name


def test_of_many_conversations_those_that_were_used_last_are_kept() -> None:
    histories, protocol = EncodedHistories(most=1000), PROTOCOLS[0]
    conversations = [turn(number) for number in range(20)]
    for messages in conversations:
        assert kept(protocol, histories, messages, refused=False) == anew(protocol, messages, refused=False)
    assert 1 < len(histories) < 5
    long = (UserMessage((TextContent("x" * 5000),)),)
    for _ in range(2):
        assert kept(protocol, histories, long, refused=False) == anew(protocol, long, refused=False)
    histories.of(conversations[0])
    assert len(histories) == 1


WHOLE: dict[str, JsonObject] = {
    "openai_chat": {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]},
    "openai_responses": {"output": [], "status": "completed", "object": "response"},
    "anthropic": {"type": "message", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}]},
    "ollama": {"message": {"content": "hi"}, "done": True, "done_reason": "stop"},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
async def test_every_provider_sends_what_it_kept_with_its_length(protocol: Protocol, server: ScriptedServer) -> None:
    server.answer(lambda _: answered(WHOLE[protocol.name]))
    messages: tuple[Message, ...] = ()
    async with opened(server.url, key=KEY, kind=protocol.name) as provider:
        for number in range(4):
            messages += turn(number)
            await reply(provider, asked(messages))
            async with opened(server.url, key=KEY, kind=protocol.name) as other:
                await reply(other, asked(messages))
    for first, second in zip(server.requests[::2], server.requests[1::2], strict=True):
        assert first.body == second.body
        assert int(first.headers["content-length"]) == len(first.body)
        assert "transfer-encoding" not in first.headers
        assert len(json.loads(first.body)[protocol.member]) >= 3
    assert len(server.requests) == 8
