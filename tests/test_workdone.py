"""The spinner: begin, at most two reports a second, end, and silence before and after."""

from typing import Any

import pytest

from chatls.events import Event, Notice, Retry, TextChunk, ThinkingChunk, ToolCallEnd, ToolCallStart, ToolRunStart
from chatls.workdone import WorkDone

pytestmark = pytest.mark.asyncio


class Client:
    """Takes notifications, and says what time it is."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.values: list[dict[str, Any]] = []

    def notify(self, method: str, params: Any) -> None:
        assert method == "$/progress"
        assert params["token"] == "spin"
        self.values.append(params["value"])

    @property
    def kinds(self) -> list[str]:
        return [value["kind"] for value in self.values]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()
    monkeypatch.setattr("chatls.workdone.monotonic", lambda: client.now)
    return client


async def test_it_begins_cancellable_and_ends_once(client: Client) -> None:
    shown = WorkDone(client.notify, "spin")
    shown.begin()
    shown.end()
    shown.end()
    assert client.kinds == ["begin", "end"]
    assert client.values[0]["cancellable"] is True
    assert client.values[0]["title"]


async def test_it_is_silent_before_its_beginning_and_after_its_end(client: Client) -> None:
    shown = WorkDone(client.notify, "spin")
    shown.event(TextChunk("a"))
    shown.begin()
    shown.end()
    client.now += 10
    shown.event(TextChunk("b"))
    assert client.kinds == ["begin", "end"]


async def test_one_that_ended_before_the_client_allowed_it_never_begins(client: Client) -> None:
    shown = WorkDone(client.notify, "spin")
    shown.end()
    shown.begin()
    assert client.kinds == []


async def test_there_are_at_most_two_reports_a_second_and_none_says_the_same_twice(client: Client) -> None:
    shown = WorkDone(client.notify, "spin")
    shown.begin()
    for number in range(100):
        client.now += 0.1
        shown.event(TextChunk("x") if number % 2 else ThinkingChunk("x"))
    assert client.kinds.count("report") <= 2 * 10 + 1
    client.values.clear()
    for _ in range(100):
        client.now += 0.1
        shown.event(TextChunk("x"))
    assert len(client.values) <= 1


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([TextChunk("x")], "writing"),
        ([ThinkingChunk("x")], "thinking"),
        ([ToolCallStart("c", "search", "search")], "calling search"),
        ([ToolCallEnd("c", "search", "search needle"), ToolRunStart("c", False)], "running search needle"),
        ([ToolRunStart("c", False)], "running a tool"),
        ([Retry(1, 10, "overloaded", "again in 10 ms")], "again in 10 ms"),
        ([Notice("look")], "look"),
    ],
)
async def test_a_report_says_what_the_turn_is_doing(client: Client, events: list[Event], words: str) -> None:
    shown = WorkDone(client.notify, "spin")
    shown.begin()
    for event in events:
        client.now += 1
        shown.event(event)
    assert client.values[-1]["message"] == words
