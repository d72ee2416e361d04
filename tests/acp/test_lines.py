"""Lines, and what is told of events. Pure."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from acp import schema
from chatls.acp.lines import MessageReader, line
from chatls.acp.updates import TAIL, Updates
from chatls.wire.stdio import FRAME_CAP, Lost


@given(st.lists(st.binary(max_size=20).filter(lambda body: b"\n" not in body)), st.lists(st.integers(1, 9)))
def test_lines_are_the_same_however_they_are_split(bodies: list[bytes], cuts: list[int]) -> None:
    data, found, reader = b"".join(map(line, bodies)), list[bytes | Lost](), MessageReader()
    for size in [*cuts, len(data)]:
        found += reader.feed(data[:size])
        data = data[size:]
    assert found == [body for body in bodies if body.strip()]


def test_a_line_that_is_too_long_is_lost_whole_and_the_next_one_is_read() -> None:
    reader, piece = MessageReader(), b"x" * (FRAME_CAP // 2 + 1)
    found = [item for data in (piece, piece, piece, b"\n{}\n") for item in reader.feed(data)]
    assert [type(item) for item in found] == [Lost, bytes]
    assert found[1] == b"{}"


def told(*events: dict[str, Any], step: float = 0.0, replay: bool = False) -> list[dict[str, Any]]:
    updates = Updates(replay=replay)
    found = [update for at, event in enumerate(events) for update in updates.of(event, at * step)]
    for update in found:
        schema.SessionNotification.model_validate({"sessionId": "s", "update": update})
    return found


def test_output_is_told_twice_a_second_at_most_and_its_tail_alone() -> None:
    events = [{"kind": "toolRunOutput", "toolCallId": "c", "text": "x" * 1000} for _ in range(20)]
    assert len(told(*events, step=0.1)) == 4
    last = told(*events, step=1.0)[-1]
    assert len(last["content"][0]["content"]["text"]) == TAIL


def test_what_the_protocol_has_no_word_for_is_a_thought() -> None:
    kinds = {
        update["sessionUpdate"] for update in told({"kind": "notice", "text": "a"}, {"kind": "retry", "text": "b"})
    }
    assert kinds == {"agent_thought_chunk"}
    assert told({"kind": "contextUsage", "tokens": 3, "exact": True}) == []


def test_a_file_that_is_moved_and_changed_is_both() -> None:
    diff = {"type": "diff", "uri": "file:///b", "from": "file:///a", "oldText": "x", "newText": "y", "change": "moved"}
    (update,) = told({"kind": "toolRunEnd", "toolCallId": "c", "status": "completed", "content": [diff]})
    assert update["content"] == [
        {"type": "content", "content": {"type": "text", "text": "moved from /a to /b"}},
        {"type": "diff", "path": "/b", "oldText": "x", "newText": "y"},
    ]


def test_what_did_not_run_is_failed_and_says_why() -> None:
    for status, word in (("timed_out", "timed out"), ("denied", "denied"), ("cancelled", "cancelled")):
        (update,) = told({"kind": "toolRunEnd", "toolCallId": "c", "status": status, "content": []})
        assert (update["status"], update["content"][0]["content"]["text"]) == ("failed", word)


def test_a_replay_has_what_the_person_said_of_every_kind() -> None:
    content = [
        {"type": "text", "text": "a"},
        {"type": "image", "mimeType": "image/png", "data": "AA=="},
        {"type": "resource_link", "uri": "file:///a%20b.py"},
        {"type": "resource", "uri": "file:///c", "text": "t"},
        {"type": "mention", "name": "diff"},
        {"type": "editor_context"},
    ]
    event = {"kind": "prompt", "content": content, "at": ""}
    assert told(event) == []
    assert [update["content"]["type"] for update in told(event, replay=True)] == [
        "text",
        "image",
        "resource_link",
        "resource",
        "text",
    ]
