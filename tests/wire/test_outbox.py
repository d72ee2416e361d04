"""The queue of what leaves: whatever stalls and merges, each token's events arrive whole and in order."""

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.content import to_wire
from chatls.events import (
    Event,
    Notice,
    TextChunk,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallStart,
    ToolRunEnd,
    ToolRunOutput,
    TurnStart,
)
from chatls.jsontext import loads
from chatls.wire.jsonrpc import notification
from chatls.wire.outbox import ROOM, Channel, Outbox
from chatls.wire.progress import progress
from chatls.wire.stdio import FrameReader, Output, frame

SOON = 120


class Loop:
    """Calls the writer, and ends its round, when the test says so."""

    def __init__(self) -> None:
        self.writer: Callable[[], object] | None = None
        self._soon: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object], /) -> None:
        self._soon.append(callback)

    def end_round(self) -> None:
        soon, self._soon = self._soon, []
        for callback in soon:
            callback()

    def call_soon_threadsafe(self, callback: Callable[[], object], /) -> None:
        raise NotImplementedError

    def add_signal_handler(self, sig: int, callback: Callable[[], object], /) -> None:
        raise NotImplementedError

    def add_writer(self, fd: int, callback: Callable[[], object], /) -> None:
        self.writer = callback

    def remove_writer(self, fd: int, /) -> None:
        self.writer = None


class Client:
    """A client at the other end of a small pipe: it reads when and as much as the test says."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._writing, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self._reading, False)
        self._loop = Loop()
        self._frames = FrameReader()
        self.outbox = Outbox(Output(self._writing, self._loop), frame)
        self.messages: list[dict[str, Any]] = []

    def read(self, count: int) -> None:
        """Let the daemon's loop end its round, read once, then let the daemon notice that there is room."""
        self._loop.end_round()
        try:
            data = os.read(self._reading, count)
        except BlockingIOError:
            data = b""
        self.messages += [loads(cast(bytes, body)) for body in self._frames.feed(data)]
        if self._loop.writer:
            self._loop.writer()

    def read_raw(self) -> bytes:
        """Read once, unparsed."""
        self._loop.end_round()
        return os.read(self._reading, 2**16)

    def read_all(self) -> None:
        for _ in range(10_000):
            self.read(2**16)
            if not self.outbox.waiting:
                break
        self.read(2**20)
        assert not self.outbox.waiting

    def leave(self) -> None:
        self._loop.end_round()
        os.close(self._reading)
        if self._loop.writer:
            self._loop.writer()

    def close(self) -> None:
        os.close(self._writing)
        os.close(self._reading)

    def values(self, token: int | str) -> list[dict[str, Any]]:
        """The events of a token, in the order of their arrival."""
        progress = [message["params"] for message in self.messages if message["method"] == "$/progress"]
        return [item["value"] for item in progress if type(item["token"]) is type(token) and item["token"] == token]


def merged(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with all adjacent chunks of one kind and call joined: what any merging must amount to."""
    result = list[dict[str, Any]]()
    for event in events:
        text = "argumentsDelta" if event["kind"] == "toolCallDelta" else "text"
        chunk = event["kind"] in ("textChunk", "thinkingChunk", "toolCallDelta", "toolRunOutput")
        last = result[-1] if result else {}
        if chunk and {**last, text: ""} == {**event, text: ""}:
            result[-1] = {**last, text: last[text] + event[text]}
        else:
            result.append(event)
    return result


@dataclass(frozen=True)
class Read:
    count: int


@dataclass(frozen=True)
class Message:
    pass


def repeated(text: str, times: int) -> str:
    return text * times


TEXT = st.builds(repeated, st.text(max_size=3), st.sampled_from([1, 2, 3000, 50_000]))
CALL = st.sampled_from(["call-1", "call-2"])
EVENT = st.one_of(
    st.builds(TextChunk, TEXT),
    st.builds(ThinkingChunk, TEXT),
    st.builds(ToolCallDelta, CALL, TEXT),
    st.builds(ToolRunOutput, CALL, TEXT),
    st.builds(ToolCallStart, CALL, st.just("search"), st.just("search")),
    st.builds(Notice, st.just("a notice")),
)
TOKENS: list[int | str] = [0, "", 1, "1"]
ACTION = st.one_of(
    st.tuples(st.integers(0, 3), EVENT),
    st.tuples(st.just(0), st.builds(TextChunk, TEXT)),
    st.builds(Read, st.sampled_from([1, 100, 4096, 6000])),
    st.just(Message()),
)


@settings(max_examples=200)
@given(st.lists(ACTION, max_size=60))
def test_any_interleaving_of_events_stalls_and_reads_keeps_every_token_whole(
    actions: list[tuple[int, Event] | Read | Message],
) -> None:
    client = Client()
    channels = [Channel(progress(token, f"turn-{index}")) for index, token in enumerate(TOKENS)]
    sent: list[list[Event]] = [[], [], [], []]
    for action in actions:
        match action:
            case Read(count):
                client.read(count)
            case Message():
                client.outbox.message(notification("mark", [[_weight(event) for event in events] for events in sent]))
            case index, event:
                sent[index].append(event)
                client.outbox.event(channels[index], event)
    client.read_all()
    for index, token in enumerate(TOKENS):
        values = client.values(token)
        assert [value.pop("seq") for value in values] == list(range(1, len(values) + 1))
        assert {value.pop("turnId") for value in values} <= {f"turn-{index}"}
        assert merged(values) == merged([to_wire(event) for event in sent[index]])
    _check_marks(client)
    assert client.outbox.waiting == 0
    client.close()


def _weight(event: Event) -> int:
    """One for the event, or its characters: merged chunks can only be counted by these."""
    match event:
        case TextChunk(text) | ThinkingChunk(text) | ToolCallDelta(_, text) | ToolRunOutput(_, text):
            return len(text)
        case _:
            return 1


def _check_marks(client: Client) -> None:
    """What was sent before a message has arrived before it."""
    seen = dict.fromkeys(range(4), 0)
    for message in client.messages:
        if message["method"] == "mark":
            assert all(seen[index] >= sum(weights) for index, weights in enumerate(message["params"]))
        else:
            index = next(place for place, token in enumerate(TOKENS) if _same(token, message["params"]["token"]))
            value = message["params"]["value"]
            seen[index] += (
                len(value.get("argumentsDelta", value.get("text")))
                if value["kind"] not in ("notice", "toolCallStart")
                else 1
            )


def _same(left: object, right: object) -> bool:
    return type(left) is type(right) and left == right


def test_while_the_client_keeps_up_every_chunk_leaves_at_once_and_alone() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    for number in range(20):
        client.outbox.event(channel, TextChunk(str(number)))
        assert client.outbox.waiting == 0
        client.read(2**16)
        assert client.values("t")[-1] == {"kind": "textChunk", "text": str(number), "turnId": "turn", "seq": number + 1}
    client.close()


def test_while_the_client_stalls_chunks_merge_and_their_number_stays_small() -> None:
    client, channel = Client(), Channel(progress(7, "turn"))
    for number in range(10_000):
        client.outbox.event(channel, TextChunk(f"{number} "))
    client.read_all()
    values = client.values(7)
    assert "".join(value["text"] for value in values) == "".join(f"{number} " for number in range(10_000))
    assert len(values) < 200
    client.close()


def test_another_event_of_the_token_ends_the_merging_and_one_of_another_token_does_not() -> None:
    client, one, two = Client(), Channel(progress("one", "turn-1")), Channel(progress("two", "turn-2"))
    client.outbox.event(one, TextChunk("x" * 10_000))
    for event in (TextChunk("a"), TextChunk("b"), Notice("between"), TextChunk("c"), ThinkingChunk("d")):
        client.outbox.event(one, event)
        client.outbox.event(two, TextChunk("y"))
    client.read_all()
    assert [value.get("text") for value in client.values("one")][1:] == ["ab", "between", "c", "d"]
    assert [value["text"] for value in client.values("two")] == ["yyyyy"]
    client.close()


def test_nothing_joins_a_chunk_that_is_leaving_already() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    for text in ("a" * 5000, "b" * 500_000):
        client.outbox.event(channel, TextChunk(text))
    for letter in "cdefghij":
        client.read(4096)
        client.outbox.event(channel, TextChunk(letter))
    client.read_all()
    assert "".join(value["text"] for value in client.values("t")) == "a" * 5000 + "b" * 500_000 + "cdefghij"
    client.close()


def test_chunks_of_different_calls_do_not_merge() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    client.outbox.event(channel, Notice("x" * 10_000))
    for call_id in ("a", "a", "b", "a"):
        client.outbox.event(channel, ToolCallDelta(call_id, "{"))
        client.outbox.event(channel, ToolRunOutput(call_id, "o"))
    client.outbox.event(channel, ToolCallDelta("a", "1"))
    client.outbox.event(channel, ToolCallDelta("a", "2"))
    client.outbox.event(channel, ToolRunEnd("a", "completed"))
    client.read_all()
    kinds = [(value["kind"], value["toolCallId"]) for value in client.values("t")[1:]]
    assert kinds == [
        *[(kind, name) for name in "aaba" for kind in ("toolCallDelta", "toolRunOutput")],
        ("toolCallDelta", "a"),
        ("toolRunEnd", "a"),
    ]
    assert client.values("t")[-2]["argumentsDelta"] == "12"
    client.close()


def test_the_same_event_is_the_same_on_the_fast_path_and_on_the_merged_one() -> None:
    text = 'quote " backslash \\ newline \n emoji \U0001f600 separator \u2028 nul \0'
    for event in (TextChunk(text), ThinkingChunk(text), ToolCallDelta("c", text), ToolRunOutput("c", text)):
        client, channel = Client(), Channel(progress("t", "turn"))
        client.outbox.event(channel, event)
        client.outbox.event(channel, Notice("x" * 10_000))
        client.outbox.event(channel, event)
        client.read_all()
        first, _, last = client.values("t")
        assert {**first, "seq": 0} == {**last, "seq": 0} == {**to_wire(event), "turnId": "turn", "seq": 0}
        client.close()


def test_lone_surrogates_do_not_cost_the_event() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    client.outbox.event(channel, TextChunk("a\ud800b"))
    client.outbox.event(channel, TextChunk("c"))
    raw = client.read_raw()
    assert raw.count(b"Content-Length") == 2
    assert b"a\\ud800b" in raw
    client.close()


@pytest.mark.asyncio
async def test_room_is_awaited_above_one_mebibyte_and_given_when_the_client_reads() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    with anyio.fail_after(SOON):
        await client.outbox.room()
    client.outbox.event(channel, TextChunk("x" * (ROOM + 100_000)))
    passed = list[int]()

    async def wait(number: int) -> None:
        await client.outbox.room()
        passed.append(number)

    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, 1)
            tasks.start_soon(wait, 2)
            await anyio.wait_all_tasks_blocked()
            assert passed == []
            client.read_all()
            await client.outbox.flush()
    assert sorted(passed) == [1, 2]
    client.close()


@pytest.mark.asyncio
async def test_merged_text_counts_as_waiting() -> None:
    client, channel = Client(), Channel(progress("t", "turn"))
    for _ in range(300):
        client.outbox.event(channel, TextChunk("x" * 5000))
    assert client.outbox.waiting > ROOM
    with anyio.move_on_after(0) as scope:
        await client.outbox.room()
    assert scope.cancelled_caught
    client.read_all()
    assert client.outbox.waiting == 0
    client.close()


@pytest.mark.asyncio
async def test_whoever_waits_for_room_goes_on_when_the_client_is_gone() -> None:
    client, channel, lost = Client(), Channel(progress("t", "turn")), list[int]()
    client.outbox.on_lost = lambda: lost.append(1)
    for _ in range(2 * ROOM // 10_000):
        client.outbox.event(channel, TextChunk("x" * 10_000))
    with anyio.fail_after(SOON):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.outbox.room)
            tasks.start_soon(client.outbox.flush)
            await anyio.wait_all_tasks_blocked()
            client.leave()
    assert lost == [1]
    assert client.outbox.waiting == 0
    client.outbox.event(channel, TurnStart("s", "m"))
    client.outbox.message(notification("x", None))
    assert client.outbox.waiting == 0


def test_what_one_round_of_the_loop_brings_leaves_as_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    client, sizes, write = Client(), list[int](), os.write

    def counted(sink: int, data: bytes) -> int:
        sizes.append(write(sink, data))
        return sizes[-1]

    monkeypatch.setattr("chatls.wire.stdio.os.write", counted)
    monkeypatch.setattr("chatls.wire.stdio.monotonic", lambda: 1.0)
    channel = Channel(progress(0, "turn"))
    for number in range(20):
        client.outbox.event(channel, TextChunk(f"{number} "))
    client.outbox.message(notification("last", None))
    assert len(sizes) <= 1, "the rest waits for the end of the round"
    client.read_all()
    assert len(sizes) <= 2
    assert [value["seq"] for value in client.values(0)] == list(range(1, 21))
    assert client.messages[-1]["method"] == "last"
    client.close()
