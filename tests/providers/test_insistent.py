"""A reply of nothing is asked for once more; a call that stands in thinking is a call."""

from typing import Any

import pytest

from chatls.content import TextContent, Usage
from chatls.events import Notice, Retry
from chatls.message import ToolSpec, UserMessage
from chatls.providers.delta import CallReady, CallStart, Delta, Finished, TextDelta, TextWasThinking, ThinkingDelta
from chatls.providers.insistent import Insistent
from chatls.providers.provider import ModelRequest
from tests.agent.fakes import Player, call, finished
from tests.providers.asking import reply

pytestmark = pytest.mark.asyncio

READ = ToolSpec("read_file", "Read.", {"type": "object", "properties": {"path": {"type": "string"}}})
REQUEST = ModelRequest("m", "", (UserMessage((TextContent("x"),)),), (READ,))
WRITTEN = 'I read it.\n<tool_call>\n{"name": "read_file", "arguments": {"path": "b.py"}}\n</tool_call>'


async def asked(player: Player, **other: Any) -> list[Delta]:
    return await reply(
        Insistent(player), ModelRequest(**{**{name: getattr(REQUEST, name) for name in FIELDS}, **other})
    )


FIELDS = ("model", "system", "messages", "tools")


@pytest.mark.parametrize(
    ("empty", "discards"),
    [
        ([finished(usage=Usage(5, 1))], None),
        ([TextDelta("\n"), finished(usage=Usage(5, 1))], None),
        ([ThinkingDelta("hm"), finished("tool_calls", Usage(5, 1))], "thinking"),
        ([TextDelta("hm"), TextWasThinking(), TextDelta("\n"), finished(usage=Usage(5, 1))], "thinking"),
    ],
)
async def test_a_reply_of_nothing_is_asked_for_once_more(empty: list[Delta], discards: str | None) -> None:
    player = Player(empty, [TextDelta("here"), finished(usage=Usage(5, 2))])
    deltas = await asked(player)
    assert [delta.discards for delta in deltas if isinstance(delta, Retry)] == [discards]
    assert deltas[-2:] == [TextDelta("here"), finished(usage=Usage(10, 3))]
    assert (len(player.requests), player.closed) == (2, 2)


async def test_nothing_twice_is_told() -> None:
    player = Player([ThinkingDelta("hm"), finished()])
    deltas = await asked(player)
    assert isinstance(deltas[-2], Notice)
    assert "twice" in deltas[-2].text
    assert deltas[-1] == Finished("end_turn", None)
    assert len(player.requests) == 2


@pytest.mark.parametrize(
    "said",
    [
        [TextDelta("a"), finished()],
        [*call("c", "read_file"), finished("tool_calls")],
        [finished("max_tokens")],
        [finished("refusal")],
        [ThinkingDelta(WRITTEN), TextDelta("a"), finished()],
    ],
)
async def test_a_reply_that_says_anything_passes_as_it_is(said: list[Delta]) -> None:
    player = Player(said)
    assert await asked(player) == said
    assert len(player.requests) == 1


async def test_a_call_that_stands_in_thinking_is_a_call_where_there_is_nothing_else() -> None:
    player = Player([ThinkingDelta(WRITTEN[:40]), ThinkingDelta(WRITTEN[40:]), finished()])
    deltas = await asked(player)
    assert [delta.name for delta in deltas if isinstance(delta, CallStart)] == ["read_file"]
    assert [delta.arguments for delta in deltas if isinstance(delta, CallReady)] == [{"path": "b.py"}]
    assert not [delta for delta in deltas if isinstance(delta, TextDelta)]
    assert deltas[-1] == finished("tool_calls")
    assert len(player.requests) == 1


async def test_no_call_is_looked_for_where_none_is_expected() -> None:
    player = Player([ThinkingDelta(WRITTEN), finished()], [TextDelta("a"), finished()])
    deltas = await asked(player, tool_choice="none")
    assert not [delta for delta in deltas if isinstance(delta, CallStart)]
    assert len(player.requests) == 2
