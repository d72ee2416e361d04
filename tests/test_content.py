"""Values: their spelling on the wire, ranges, usage, and failures as values."""

import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chatls import content, events
from chatls.content import (
    ContentBlock,
    Position,
    Range,
    ResourceLink,
    TurnError,
    Usage,
    WireValue,
    camel,
    line_range,
    snake,
)
from chatls.errors import ErrorKind, ProviderError
from tests.support.cases import for_each

WORD = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
USAGES = st.builds(Usage, *[st.integers(0, 2**40)] * 4)


@given(st.lists(WORD, min_size=1, max_size=4))
def test_a_name_of_whole_words_survives_the_way_to_the_wire_and_back(words: list[str]) -> None:
    name = "_".join(words)
    assert snake(camel(name)) == name
    assert snake(name) == name


@for_each(
    "kind",
    [kind for module in (content, events) for kind in vars(module).values() if dataclasses.is_dataclass(kind)],
    ids=str,
)
def test_values_are_frozen_slotted_and_spelled_so_that_the_wire_gives_them_back(kind: type[Any]) -> None:
    assert WireValue in kind.__mro__
    assert "__slots__" in vars(kind)
    for item in dataclasses.fields(kind):
        assert snake(camel(item.name)) == item.name.rstrip("_")
    (first, *_) = dataclasses.fields(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(object.__new__(kind), first.name, 1)


def test_a_prompts_blocks_are_read_in_the_wires_spelling_and_in_ours() -> None:
    read = TypeAdapter[ContentBlock](ContentBlock).validate_python
    part = {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 3}}
    assert read({"type": "resource_link", "uri": "file:///a", "range": part}) == ResourceLink(
        "file:///a", Range(Position(1, 0), Position(2, 3))
    )
    assert read({"type": "image", "mimeType": "image/png", "data": ""}) == read(
        {"type": "image", "mime_type": "image/png", "data": ""}
    )
    with pytest.raises(ValidationError):
        read({"type": "sound", "data": ""})


@given(st.integers(1, 1000), st.integers(0, 1000))
def test_a_range_of_whole_lines_begins_and_ends_at_line_starts(first: int, more: int) -> None:
    part = line_range(first, first + more)
    assert (part.start.character, part.end.character) == (0, 0)
    assert part.end.line - part.start.line == more + 1


@given(USAGES, USAGES, USAGES)
def test_usage_adds_up_in_any_order(one: Usage, two: Usage, three: Usage) -> None:
    assert one + two + three == three + (two + one)
    assert one + Usage() == one
    assert sum(dataclasses.astuple(one + two)) == sum(dataclasses.astuple(one)) + sum(dataclasses.astuple(two))


def test_a_failure_keeps_all_that_is_known_when_it_becomes_a_value() -> None:
    error = ProviderError(
        "rate_limited", "slow down", retryable=True, retry_after=1.2345, provider="w", http_status=429, request_id="r"
    )
    assert TurnError.of(error) == TurnError("rate_limited", "slow down", True, 1234, "w", 429, "r")
    assert TurnError.of(ProviderError("network", "gone")) == TurnError("network", "gone", retryable=False)


def test_the_kinds_of_errors_are_those_of_the_protocol() -> None:
    kinds = (
        "unauthorized forbidden not_found bad_request context_window_exceeded rate_limited quota_exceeded overloaded "
        "network timeout stream_interrupted bad_response content_filtered internal"
    )
    assert get_args(ErrorKind) == tuple(kinds.split())
