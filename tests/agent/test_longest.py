"""A reply that does not end is cut off: what was whole of it counts, its calls run, and people are told why."""

from collections.abc import AsyncGenerator

import pytest

from chatls.events import Notice, StepEnd, TextChunk, ThinkingChunk, ToolCallEnd
from chatls.message import AssistantMessage, Replay
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, TextDelta, ThinkingDelta, Underway
from chatls.providers.provider import ModelRequest
from chatls.settings.config import LimitSettings
from chatls.tools.tool import ToolContext
from tests.agent.fakes import Player, Scene, call, finished, named

pytestmark = pytest.mark.asyncio


def echo(context: ToolContext, word: str = "") -> str:
    """Echo."""
    return f"echo {word}"


def change(context: ToolContext) -> str:
    """Change."""
    return "changed"


ECHO, CHANGE = named("echo", echo), named("change", change, read_only=False)
LIMITS = LimitSettings(reply_bytes=1024, reply_calls=3)


class Endless(Player):
    """A provider that says the same for ever."""

    def __init__(self, first: list[Delta], again: Delta) -> None:
        super().__init__(first)
        self._again = again

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        try:
            async for delta in super().stream(request):
                yield delta
            while True:
                yield self._again
        finally:
            self.closed += 1


@pytest.mark.parametrize(
    "again",
    [
        TextDelta("word "),
        TextDelta("wörter "),
        TextDelta("\ud83d"),
        TextDelta("é" * 5000),
        ThinkingDelta("hm "),
        CallArguments("c", '{"word": "on and'),
    ],
    ids=["text", "other letters", "halves of letters", "all at once", "thinking", "arguments"],
)
async def test_a_reply_is_cut_where_it_is_too_long(again: Delta) -> None:
    begun = [*call("a", "echo", {"word": "x"}), *call("b", "change"), CallStart("c", "echo")]
    provider = Endless(begun, again)
    scene = Scene(provider, ECHO, CHANGE, limits=LIMITS)
    assert await scene.play() == "max_tokens"
    said = "".join(event.text for event in scene.stage.events if isinstance(event, TextChunk | ThinkingChunk))
    assert len(said.encode("utf-8", "surrogatepass")) <= 1024
    assert scene.ends() == {"a": "completed", "b": "completed", "c": "failed"}
    [notice] = scene.stage.of(Notice)
    assert notice.level == "warning"
    assert "limits.reply_bytes" in notice.text
    assert scene.stage.of(StepEnd)[0].stop_reason == "max_tokens"
    assert provider.closed >= 1


async def test_of_too_many_calls_the_first_ones_run() -> None:
    calls = [delta for number in range(9) for delta in call(f"c{number}", "echo", {"word": str(number)})]
    scene = Scene(Player([*calls, finished("tool_calls")]), ECHO, limits=LIMITS)
    assert await scene.play() == "max_tokens"
    assert scene.ends() == {"c0": "completed", "c1": "completed", "c2": "completed"}
    assert len(scene.stage.of(ToolCallEnd)) == 3
    assert "limits.reply_calls" in scene.stage.of(Notice)[0].text


async def test_a_reply_that_just_fits_is_whole() -> None:
    calls = [delta for number in range(3) for delta in call(f"c{number}", "echo")]
    size = sum(len(delta.text) for delta in calls if isinstance(delta, CallArguments))
    scene = Scene(Player([*calls, TextDelta("x" * (1024 - size)), finished()], [finished()]), ECHO, limits=LIMITS)
    assert await scene.play() == "end_turn"
    assert not scene.stage.of(Notice)


async def test_what_broke_off_before_does_not_count() -> None:
    half = TextDelta("x" * 600)
    scene = Scene(Player([Underway(lambda: None), half, Underway(lambda: None), half, finished()]), limits=LIMITS)
    assert await scene.play() == "end_turn"


async def test_the_server_gets_back_what_it_would_have_wanted_of_the_whole_reply() -> None:
    replay = Replay("player", {"a": "its own"})
    begun: list[Delta] = [Underway(lambda: replay), CallStart("a", "echo"), CallReady("a", {})]
    scene = Scene(Endless(begun, TextDelta("word ")), ECHO, limits=LIMITS)
    await scene.play()
    [said] = [message for message in scene.history.messages if isinstance(message, AssistantMessage)]
    assert said.replay == replay
