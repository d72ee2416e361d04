"""Positions in text as LSP counts them: in three encodings, at every kind of line end, and beyond every end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.positions import offset

ENCODINGS = ["utf-8", "utf-16", "utf-32"]
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXT = st.text(st.sampled_from("ab\n\r\u2028\u0085\x0b\x0c\u00e9\u20ac\U0001f600"), max_size=30)


def position(text: str, at: int, encoding: str) -> tuple[int, int]:
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
    assert offset(text, *position(text, at, encoding), encoding) == at


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
