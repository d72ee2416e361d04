"""JSON text: strict where clients write it, lenient where models do, and always written as the standard allows."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatls.jsontext import Halves, dumps, loads, loads_leniently, printable

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "text",
    [b"NaN", b"[Infinity]", b'"\xff"', b'"\\ud800"', b"[" * 100_000, b"{'a': 1}", b"", b"\xef\xbb\xbf{}", b'"a\nb"'],
)
def test_what_the_standard_forbids_is_refused_with_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):
        loads(text)


@given(JSON)
def test_what_is_written_is_read_again_by_anybodys_parser(value: Any) -> None:
    assert json.loads(dumps(value)) == value
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("value", ["\ud800", {"a": ["x\udfff"]}, {"\ud83d": 1}, 2**70, [-(2**64)]])
def test_what_the_fast_writer_refuses_is_written_all_the_same(value: Any) -> None:
    assert json.loads(dumps(value)) == value


@given(st.text(st.characters(exclude_categories=[])))
def test_printable_text_has_no_lone_surrogates_and_is_else_unchanged(text: str) -> None:
    result = printable(text)
    result.encode()
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert result == text


@example("\\t")
@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_lenient_reading_takes_raw_control_characters_and_lone_surrogates(text: str) -> None:
    inside = "".join(letter if letter in "\n\t" else json.dumps(letter)[1:-1] for letter in text)
    written = f'{{"a": "{inside}"}}'
    assert loads_leniently(written) == {"a": printable(text)}


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "nothing", b"\xff"])
def test_what_even_lenient_reading_cannot_take_is_a_value_error(text: bytes | str) -> None:
    with pytest.raises(ValueError):
        loads_leniently(text)


def test_integers_beyond_64_bits_stay_what_they_are_where_it_matters() -> None:
    text = '{"n": -9223372036854775809, "m": [123456789012345678901234567890]}'
    value = loads_leniently(text, exact=True)
    assert value == {"n": -9223372036854775809, "m": [123456789012345678901234567890]}
    assert dumps(value).decode() == text.replace(" ", "")


@given(before=st.text(), after=st.text(), letter=st.characters(min_codepoint=0x10000))
def test_a_character_in_two_events_is_joined_in_the_second(before: str, after: str, letter: str) -> None:
    first, second = json.dumps(letter)[1:7], json.dumps(letter)[7:13]
    halves: Halves = {}
    events = [
        f'{{"a": [{{"b": {json.dumps(before)[:-1]}{first}"}}]}}',
        f'{{"a": [{{"b": "{second}{json.dumps(after)[1:]}}}]}}',
    ]
    got = [loads_leniently(event, halves=halves)["a"][0]["b"] for event in events]
    assert got == [printable(before), letter + printable(after)]


def test_half_a_character_is_joined_with_nothing_but_its_other_half() -> None:
    halves: Halves = {}
    assert loads_leniently('["a\\ud83d", ""]', halves=halves) == ["a", ""]
    assert loads_leniently('["", "\\ude00b"]', halves=halves) == ["", "\ufffdb"]
    assert loads_leniently('["\\ude00", "\\ud83d"]', halves={}) == ["\ufffd", ""]
