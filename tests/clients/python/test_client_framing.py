"""Frames and values: what the client makes of the daemon's bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls_client import ProtocolError
from chatls_client.framing import HEADER_LIMIT, Unframer, frame
from chatls_client.protocol import (
    Location,
    PromptResult,
    Range,
    ResourceLink,
    TextChunk,
    TextContent,
    ToolCallEnd,
    ToolRunEnd,
    event_from_wire,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("aé\r\n:", max_size=3), inner, max_size=4),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text("abc", min_size=1), JSON, max_size=3), max_size=5)


@given(MESSAGES, st.lists(st.integers(1, 60), max_size=60))
def test_messages_survive_however_their_bytes_are_cut(messages: list[dict[str, Any]], cuts: list[int]) -> None:
    data = b"".join(frame(message) for message in messages)
    unframer = Unframer()
    read: list[Any] = []
    for size in [*cuts, len(data)]:
        piece, data = data[:size], data[size:]
        read += unframer.feed(piece)
    assert read == messages


def test_a_header_may_name_its_length_in_any_case_and_order() -> None:
    assert Unframer().feed(b"content-type: x\r\nCONTENT-length:2\r\n\r\n{}") == [{}]


@pytest.mark.parametrize(
    "data",
    [
        b"Hello\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 3\r\n\r\n{x}",
        b"Content-Length: 1\r\n\r\n\xff",
        b"x" * HEADER_LIMIT,
    ],
)
def test_bytes_that_are_no_frames_are_told(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="the daemon wrote no"):
        Unframer().feed(data)


def test_a_lone_surrogate_in_a_prompt_still_makes_a_frame() -> None:
    assert json.loads(frame({"a": "x\ud800"}).split(b"\r\n\r\n")[1]) == {"a": "x?"}


def test_an_event_of_an_unknown_kind_is_none() -> None:
    assert event_from_wire({"kind": "brandNew", "text": "x"}) is None
    assert event_from_wire({}) is None


def test_unknown_members_values_and_content_types_are_left_out() -> None:
    value = {"kind": "toolRunEnd", "toolCallId": "a", "status": "evaporated", "durationMs": 3, "colour": "red"}
    content = [{"type": "text", "text": "found"}, {"type": "hologram"}]
    event = event_from_wire({**value, "content": content, "truncated": False})
    assert isinstance(event, ToolRunEnd)
    assert (event.status, event.content) == ("evaporated", (TextContent("found"),))


def test_nested_values_are_typed() -> None:
    edge = {"line": 1, "character": 2}
    locations = [{"uri": "file:///a", "range": {"start": edge, "end": edge}}, {"uri": "file:///b"}]
    members = {"toolCallId": "a", "name": "read_file", "title": "read_file a", "arguments": {"path": "a"}}
    event = event_from_wire({"kind": "toolCallEnd", **members, "locations": locations})
    assert isinstance(event, ToolCallEnd)
    assert isinstance(event.locations[0].range, Range)
    assert event.locations[0].range.end.character == 2
    assert event.locations[1] == Location("file:///b")


@pytest.mark.parametrize("members", [{}, {"text": 3}, {"text": None}, {"text": True}])
def test_an_event_that_does_not_fit_is_told_with_its_member(members: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="TextChunk: text"):
        event_from_wire({"kind": "textChunk", **members})


def test_a_member_that_may_be_null_may_be_missing() -> None:
    value = {"sessionId": "s", "turnId": "t", "stopReason": "end_turn", "steps": 1, "chunks": 1, "tools": {"a": 1}}
    result = PromptResult.from_wire({**value, "durationMs": 4})
    assert (result.usage, result.time_to_first_chunk_ms, result.error) == (None, None, None)


def test_values_are_written_in_camel_case_without_what_is_none() -> None:
    assert ResourceLink("file:///a").to_wire() == {"uri": "file:///a", "type": "resource_link"}
    assert TextChunk("x").to_wire() == {"text": "x", "kind": "textChunk"}
