"""A loop of failing calls gets a word, and ends; work that goes on between them is no loop."""

import pytest

from chatls.agent.repeats import Repeats
from chatls.errors import ToolError
from chatls.message import ToolMessage
from chatls.tools.tool import ToolContext
from tests.agent.fakes import Player, Scene, call, finished, named

pytestmark = pytest.mark.asyncio


def fails(context: ToolContext, word: str = "") -> str:
    """Fail."""
    raise ToolError(f"no {word}")


def works(context: ToolContext) -> str:
    """Work."""
    return "done"


FAILS, WORKS = named("fails", fails), named("works", works, read_only=False)


async def test_the_same_failing_call_gets_a_word_and_then_ends_the_turn() -> None:
    replies = [[*call(f"c{number}", "fails", {"word": "a"}), finished("tool_calls")] for number in range(9)]
    scene = Scene(Player(*replies), FAILS)
    assert await scene.play() == "error"
    told = [message.results[0].text for message in scene.history.messages if isinstance(message, ToolMessage)]
    assert ["failed" in text for text in told] == [False, False, True, True, True]
    assert "failed 3 times" in told[2]
    assert scene.turn.tally.error is not None
    assert (scene.turn.tally.error.kind, "fails" in scene.turn.tally.error.message) == ("bad_response", True)
    assert scene.turn.tally.steps == 5  # as often as it was asked


async def test_what_succeeds_in_between_begins_the_count_anew() -> None:
    replies = [
        [*call(f"c{number}", "fails", {"word": "a"}), *call(f"w{number}", "works"), finished("tool_calls")]
        for number in range(9)
    ]
    scene = Scene(Player(*replies), FAILS, WORKS)
    scene.limits = scene.limits.model_copy(update={"max_steps": 8})
    assert await scene.play() == "max_turn_requests"


async def test_other_arguments_are_another_call_and_one_reply_counts_once() -> None:
    repeats = Repeats()
    for number in range(9):
        repeats.new_step()
        assert repeats.failed("a", {"n": number}) == ""
    repeats.new_step()
    for _ in range(9):
        assert repeats.failed("b", {}) == ""
