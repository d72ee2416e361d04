"""Where lists of lines differ, however long they are."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace import linediff
from chatls.workspace.linediff import differences

LINES = st.lists(st.sampled_from("abcd"), max_size=30)


def put_together(old: list[str], new: list[str]) -> list[str]:
    made, at = list[str](), 0
    for first, last, start, stop in differences(old, new):
        assert first >= at
        assert first < last or start < stop
        made += [*old[at:first], *new[start:stop]]
        at = last
    return made + old[at:]


@given(LINES, LINES)
def test_the_blocks_turn_one_list_into_the_other(old: list[str], new: list[str]) -> None:
    assert put_together(old, new) == new


@given(LINES, LINES, st.integers(1, 5))
def test_lists_that_are_longer_than_the_window_are_compared_piece_by_piece(
    old: list[str], new: list[str], window: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linediff, "_WINDOW", window)
        assert put_together(old, new) == new


def test_few_changes_far_apart_stay_few_in_a_long_list() -> None:
    old = [str(number) for number in range(50_000)]
    new = [*old[:10], "x", *old[11:25_000], *(f"new {number}" for number in range(900)), *old[25_000:49_000], "y"]
    new += old[49_001:]
    assert list(differences(old, new)) == [
        (10, 11, 10, 11),
        (25_000, 25_000, 25_000, 25_900),
        (49_000, 49_001, 49_900, 49_901),
    ]


def test_short_lists_are_compared_as_difflib_does() -> None:
    old, new = list("abcdefgh"), list("axcdeyzh")
    codes = SequenceMatcher(None, old, new).get_opcodes()
    assert list(differences(old, new)) == [tuple(code[1:]) for code in codes if code[0] != "equal"]
