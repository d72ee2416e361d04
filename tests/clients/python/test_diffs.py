"""Diffs: whatever the texts are, what is shown is all of what changes, and nothing of it can hide."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls_client.drawing import diffs
from chatls_client.drawing.diffs import DiffLine, counted, unified
from chatls_client.harmless import visible

TEXTS = st.lists(st.sampled_from(["a", "b", "", "  c"]), max_size=30).map("\n".join) | st.text("ab\n", max_size=40)
NO_END = DiffLine("@", "\\ no line end here")
PLACE = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def patched(old: str, rows: tuple[DiffLine, ...]) -> str:
    """What the diff makes of a text, as the tool `patch` would have it."""
    lines = old.split("\n")
    source = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    made: list[str] = []
    at = 0
    for number, row in enumerate(rows):
        ended = "" if rows[number + 1 : number + 2] == (NO_END,) else "\n"
        if row.sign == "@" and (place := PLACE.fullmatch(row.text)):
            begin = int(place[1]) - (place[2] != "0")
            made += source[at:begin]
            at = begin
        elif row.sign in " -":
            assert source[at] == row.text + ended
            made += [source[at]] * (row.sign == " ")
            at += 1
        elif row.sign == "+":
            made.append(row.text + ended)
    return "".join(made + source[at:])


@given(TEXTS, TEXTS)
def test_a_diff_tells_all_that_changes(old: str, new: str) -> None:
    assert patched(old, unified(old, new)) == new


@given(TEXTS, TEXTS)
def test_a_diff_that_is_not_compared_line_by_line_tells_all_as_well(old: str, new: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffs, "TOO_LARGE", 3)
        assert patched(old, unified.__wrapped__(old, new)) == new


def test_equal_texts_have_no_diff() -> None:
    assert unified("a\nb", "a\nb") == ()
    assert counted("a\n", "a\nb\n") == (1, 0)


def test_line_ends_that_all_lines_have_are_no_change_and_others_are_seen() -> None:
    assert [row.text for row in unified("a\r\nb\r\n", "a\r\nc\r\n")[1:]] == ["a", "b", "c"]
    mixed = unified("a\nb\n", "a\r\nb\n")
    assert [(row.sign, visible(row.text)) for row in mixed if row.sign in "+-"] == [("-", "a"), ("+", "a\\u{000D}")]


@given(st.text(max_size=200))
def test_what_is_visible_holds_nothing_that_cannot_be_seen(text: str) -> None:
    shown = visible(text)
    assert all(character == "\n" or character.isprintable() for character in shown)
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u00a0b\u3000c", r"a\u{00A0}b\u{3000}c"),
        ("rm\u3164 \u2800\ufe0f\U000e0041", r"rm\u{3164} \u{2800}\u{FE0F}\u{E0041}"),
        ("a\r\nb\tc", "a\\u{000D}\nb    c"),
        ("x" + "\n" * 300 + "y", "x\n⟨299 empty lines⟩\ny"),
        ("def f():\n            return 漢字 é", "def f():\n            return 漢字 é"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown
