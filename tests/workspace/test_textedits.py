"""Replacements: put into the old text they give the new one, at places that LSP can name, and they stay short."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.positions import position
from chatls.workspace.textedits import MOST, Replacement, replacements
from tests.support.positions import offset

LETTERS = st.sampled_from("ab\n\r\u2028e\u0301\U0001f600")
TEXT = st.text(LETTERS, max_size=30)
EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.text(LETTERS, max_size=3)), max_size=4)


def applied(old: str, found: list[Replacement]) -> str:
    for item in reversed(found):
        old = old[: item.start] + item.text + old[item.end :]
    return old


@given(TEXT, EDITS)
def test_put_into_the_old_text_they_give_the_new_one(old: str, edits: list[tuple[int, int, str]]) -> None:
    new = old
    for at, gone, came in edits:
        new = new[:at] + came + new[at + gone :]
    check(old, new)


@given(TEXT, TEXT)
def test_so_they_do_where_the_texts_have_little_in_common(old: str, new: str) -> None:
    check(old, new)


def check(old: str, new: str) -> None:
    found = replacements(old, new)
    assert applied(old, found) == new
    assert (found == []) == (old == new)
    for item, following in pairwise(found):
        assert item.end < following.start
    for place in (place for item in found for place in (item.start, item.end)):
        for encoding in ("utf-8", "utf-16", "utf-32"):
            assert offset(old, *position(old, place, encoding), encoding) == place


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("same", "same", []),
        ("", "new", [Replacement(0, 0, "new")]),
        ("old", "", [Replacement(0, 3, "")]),
        ("one two three", "one 2 three", [Replacement(4, 7, "2")]),
        ("a\nb\nc\nd\n", "A\nb\nc\nD\n", [Replacement(0, 1, "A"), Replacement(6, 7, "D")]),
        ("a\nb\n", "a\nx\nb\n", [Replacement(2, 2, "x\n")]),
        ("a\r\nb\r\n", "a\r\nB\r\n", [Replacement(3, 4, "B")]),
        ("a\r\n", "a\n", [Replacement(1, 3, "\n")]),
        ("a\n", "a\r\n", [Replacement(1, 2, "\r\n")]),
        ("a\rb", "a\r\nb", [Replacement(1, 2, "\r\n")]),
        ("aa", "aaa", [Replacement(2, 2, "a")]),
    ],
)
def test_particular_texts(old: str, new: str, expected: list[Replacement]) -> None:
    assert replacements(old, new) == expected


def test_distant_changes_leave_alone_what_is_between_them() -> None:
    lines = [f"line {number}\n" for number in range(5000)]
    changed = [*lines]
    changed[3], changed[4990] = "first\n", "last\n"
    found = replacements("".join(lines), "".join(changed))
    assert len(found) == 2
    assert sum(item.end - item.start for item in found) < 20


def test_very_many_changes_become_one() -> None:
    old = "".join(f"{number}\nsame\n" for number in range(MOST + 100))
    new = old.replace("\n", "!\n").replace("same!", "same")
    (one,) = replacements(old, new)
    assert applied(old, [one]) == new
