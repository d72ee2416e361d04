"""Unified diffs, as every program that reads them knows them."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.tools.changes.diffs import FileChange
from chatls.workspace import linediff

TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "é\n"]), max_size=40).map("".join)


def applied(old: str, diff: str) -> str:
    """What a diff makes of a text."""
    lines, made, at = old.splitlines(keepends=True), list[str](), 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            first, _, count = line.split()[1][1:].partition(",")
            start = int(first) - (count != "0")
            made += lines[at:start]
            at = start
        elif line.startswith("\\"):
            made[-1] = made[-1].removesuffix("\n")
        elif line.startswith("+"):
            made.append(line[1:] + "\n")
        else:
            assert lines[at].removesuffix("\n") == line[1:]
            made += [lines[at]] if line.startswith(" ") else []
            at += 1
    return "".join(made + lines[at:])


@given(TEXTS, TEXTS)
def test_a_diff_turns_the_old_text_into_the_new(old: str, new: str) -> None:
    text, cut = FileChange("a", "file:///a", old, new).unified(10**6)
    assert applied(old, text) == new
    assert not cut


@given(st.integers(0, 40), st.lists(st.integers(0, 39), max_size=4))
def test_small_changes_look_as_they_do_elsewhere(length: int, places: list[int]) -> None:
    lines = [f"line {number}\n" for number in range(length)]
    new = ["x\n" if number in places else line for number, line in enumerate(lines)]
    text, _ = FileChange("a", "file:///a", "".join(lines), "".join(new)).unified(10**6)
    elsewhere = difflib.unified_diff(lines, new, "a", "a")
    assert text.splitlines()[2:] == "".join(elsewhere).splitlines()[2:]


def test_the_end_of_a_file_that_has_no_line_end_is_marked() -> None:
    text, _ = FileChange("a", "file:///a", "one\ntwo", "one\ntwo\n").unified(1000)
    assert text == "--- a\n+++ a\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two"


def test_line_ends_and_bytes_that_are_no_utf_8_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linediff, "_WINDOW", 2)
    change = FileChange("a", "file:///a", "one\r\nx\udce9\r\n", "two\r\nx\udce9\r\n")
    assert change.unified(1000)[0] == "--- a\n+++ a\n@@ -1,2 +1,2 @@\n-one\n+two\n x\ufffd"
    assert change.content is not None
    assert change.content.new_text == "two\r\nx\ufffd\r\n"
