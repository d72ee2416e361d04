"""The spinner: begin, at most two reports a second, end, and silence before and after."""

from typing import Any

import anyio
import pytest

from chatls.errors import CLIENT_REFUSED, RequestError
from chatls.events import Event, Notice, Retry, TextChunk, ThinkingChunk, ToolCallEnd, ToolCallStart, ToolRunStart
from chatls.lsp.workdone import WorkDone

pytestmark = pytest.mark.asyncio


class Client:
    """Takes notifications, and says what time it is."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.values: list[dict[str, Any]] = []
        self.asked: list[tuple[str, Any]] = []

    def notify(self, method: str, params: Any) -> None:
        assert method == "$/progress"
        assert params["token"] == "spin"
        self.values.append(params["value"])

    async def agree(self, method: str, params: Any) -> None:
        self.asked.append((method, params))

    async def refuse(self, method: str, params: Any) -> None:
        raise RequestError(CLIENT_REFUSED, "no")

    async def ponder(self, method: str, params: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            self.asked.append(("taken back", None))

    @property
    def kinds(self) -> list[str]:
        return [value["kind"] for value in self.values]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()
    monkeypatch.setattr("chatls.lsp.workdone.monotonic", lambda: client.now)
    return client


async def test_it_begins_cancellable_and_ends_once(client: Client) -> None:
    shown = WorkDone(client.notify, "spin", "own")
    shown.begin()
    await shown.end()
    await shown.end()
    assert client.kinds == ["begin", "end"]
    assert client.values[0]["cancellable"] is True
    assert client.values[0]["title"]


async def test_it_is_silent_before_its_beginning_and_after_its_end(client: Client) -> None:
    shown = WorkDone(client.notify, "spin", "own")
    shown.event(TextChunk("a"))
    shown.begin()
    await shown.end()
    client.now += 10
    shown.event(TextChunk("b"))
    assert client.kinds == ["begin", "end"]


async def test_one_that_ended_before_the_client_allowed_it_never_begins(client: Client) -> None:
    shown = WorkDone(client.notify, "spin", "own")
    await shown.end()
    shown.begin()
    assert client.kinds == []


async def test_there_are_at_most_two_reports_a_second_and_none_says_the_same_twice(client: Client) -> None:
    shown = WorkDone(client.notify, "spin", "own")
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
    shown = WorkDone(client.notify, "spin", "own")
    shown.begin()
    for event in events:
        client.now += 1
        shown.event(event)
    assert client.values[-1]["message"] == words


async def test_a_token_of_ours_begins_when_the_client_agrees(client: Client) -> None:
    shown = WorkDone(client.notify, None, "spin")
    assert shown.token == "spin"
    assert not shown.given
    await shown.ask(client.agree)
    assert client.asked == [("window/workDoneProgress/create", {"token": "spin"})]
    await shown.end()
    assert client.kinds == ["begin", "end"]


async def test_a_client_that_refuses_is_left_alone(client: Client) -> None:
    shown = WorkDone(client.notify, None, "spin")
    await shown.ask(client.refuse)
    shown.event(TextChunk("x"))
    await shown.end()
    assert client.kinds == []


async def test_what_is_over_asks_nothing(client: Client) -> None:
    shown = WorkDone(client.notify, None, "spin")
    await shown.end()
    await shown.ask(client.agree)
    assert client.asked == []
    assert client.kinds == []


async def test_the_end_takes_an_open_question_back_and_waits_until_that_is_said(client: Client) -> None:
    shown = WorkDone(client.notify, None, "spin")
    with anyio.fail_after(120):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shown.ask, client.ponder)
            await anyio.wait_all_tasks_blocked()
            await shown.end()
            assert client.asked[-1] == ("taken back", None)
    assert client.kinds == []


async def test_tokens_of_the_clients_are_kept_whatever_they_are(client: Client) -> None:
    for token in (0, "", 1, "1"):
        shown = WorkDone(client.notify, token, "own")
        assert (type(shown.token), shown.token, shown.given) == (type(token), token, True)
