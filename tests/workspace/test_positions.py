"""Positions in text as LSP counts them: in three encodings, at every kind of line end, and beyond every end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.positions import position
from tests.support.positions import offset

ENCODINGS = ["utf-8", "utf-16", "utf-32"]
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXT = st.text(st.sampled_from("ab\n\r\u2028\u0085\x0b\x0c\u00e9e\u0301\u20ac\U0001f600"), max_size=30)


def counted(text: str, at: int, encoding: str) -> tuple[int, int]:
    """Where in the text a place is, counted the slow way."""
    line, start, index = 0, 0, 0
    while index < at:
        width = 2 if text[index : index + 2] == "\r\n" else 1
        if text[index] in "\r\n" and index + width <= at:
            line, start = line + 1, index + width
        index += width
    codec, width = UNITS[encoding]
    return line, len(text[start:at].encode(codec)) // width


@given(TEXT, st.data(), st.sampled_from(ENCODINGS))
def test_every_place_is_found_again(text: str, data: st.DataObject, encoding: str) -> None:
    at = data.draw(st.integers(0, len(text)))
    if text[at - 1 : at + 1] == "\r\n":
        at -= 1  # between the two there is no position
    assert offset(text, *counted(text, at, encoding), encoding) == at
    assert position(text, at, encoding) == counted(text, at, encoding)


@given(TEXT, st.data(), st.sampled_from(ENCODINGS))
def test_a_position_and_its_place_are_each_others_inverse(text: str, data: st.DataObject, encoding: str) -> None:
    at = data.draw(st.integers(0, len(text)))
    found = offset(text, *position(text, at, encoding), encoding)
    assert found == at - (text[at - 1 : at + 1] == "\r\n" and at > 0)
    assert position(text, found, encoding) == position(text, at, encoding)


@given(TEXT, st.integers(0, 40), st.integers(0, 2**31), st.sampled_from(ENCODINGS))
def test_any_position_lies_within_the_text_and_never_between_cr_and_lf(
    text: str, line: int, character: int, encoding: str
) -> None:
    at = offset(text, line, character, encoding)
    assert 0 <= at <= len(text)
    assert text[at - 1 : at + 1] != "\r\n" or at == 0


@pytest.mark.parametrize(
    ("text", "line", "character", "expected"),
    [
        ("", 0, 0, 0),
        ("", 9, 9, 0),
        ("abc", 0, 99, 3),
        ("abc\n", 0, 99, 3),
        ("abc\r\nd", 0, 4, 3),
        ("abc\rd", 1, 0, 4),
        ("abc\n", 1, 0, 4),
        ("abc\n", 1, 5, 4),
        ("a\x0cb\u2028c\nd", 1, 0, 6),
        ("\U0001f600x", 0, 2, 1),
        ("\U0001f600x", 0, 1, 0),
        ("\U0001f600x", 0, 3, 2),
    ],
)
def test_particular_positions_in_utf_16(text: str, line: int, character: int, expected: int) -> None:
    assert offset(text, line, character, "utf-16") == expected


def test_a_surrogate_that_is_alone_is_one_character() -> None:
    assert offset("a\ud800b", 0, 2, "utf-16") == 2
    assert position("a\ud800b", 2, "utf-16") == (0, 2)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("", 0, (0, 0)),
        ("abc\n", 4, (1, 0)),
        ("abc\r\nd", 4, (0, 3)),
        ("abc\r\nd", 5, (1, 0)),
        ("abc\rd", 4, (1, 0)),
        ("\r\r\n\n", 3, (2, 0)),
        ("\U0001f600e\u0301x", 3, (0, 4)),
        ("a\u2028b\nc", 3, (0, 3)),
    ],
)
def test_particular_places_in_utf_16(text: str, at: int, expected: tuple[int, int]) -> None:
    assert position(text, at, "utf-16") == expected
