"""Two texts as a unified diff. Pure; knows no terminal, and cuts nothing but what did not change."""

import difflib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

CONTEXT = 3
"""Unchanged lines around a change."""
TOO_LARGE = 20_000_000
"""Pairs of lines that are not compared any more: what lies between the first and the last change counts as all new."""

Sign = Literal["+", "-", " ", "@"]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff."""

    sign: Sign
    """`@`: no line of either text, but a word about them."""
    text: str
    """Without its end."""


@lru_cache(maxsize=16)
def unified(old: str, new: str) -> tuple[DiffLine, ...]:
    """The changes with a few lines around them; nothing if the texts are equal.

    >>> [(line.sign, line.text) for line in unified("a\\nb\\n", "a\\nc\\n")]
    [('@', '@@ -1,2 +1,2 @@'), (' ', 'a'), ('-', 'b'), ('+', 'c')]
    """
    before, after = _lines(old, new)
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    # Only what lies between needs comparing, but with enough around it for the context.
    start, stop = max(head - CONTEXT, 0), max(tail - CONTEXT, 0)
    left, right = before[start : len(before) - stop], after[start : len(after) - stop]
    rows: list[DiffLine] = []
    for group in _groups(left, right):
        rows.append(DiffLine("@", _place(group, start)))
        for change in group:
            rows += _changed(change, left, right)
    return tuple(rows)


def counted(old: str, new: str) -> tuple[int, int]:
    """How many lines are new, and how many are gone."""
    signs = [line.sign for line in unified(old, new)]
    return signs.count("+"), signs.count("-")


Change = tuple[str, int, int, int, int]


def _lines(old: str, new: str) -> tuple[list[str], list[str]]:
    """Line by line. Where both texts end all lines as DOS does, that is no part of any difference."""
    if all("\r\n" in text and text.count("\n") == text.count("\r\n") == text.count("\r") for text in (old, new)):
        old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
    return _split(old), _split(new)


def _split(text: str) -> list[str]:
    *lines, last = text.split("\n")
    return lines + ([] if not last else [last + "\n"])  # the line end, which no line has, marks one that was not ended


def _shared(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _groups(left: list[str], right: list[str]) -> list[list[Change]]:
    if len(left) * len(right) > TOO_LARGE:
        return [[("replace", 0, len(left), 0, len(right))]]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=len(left) > 1000)
    return [list(group) for group in matcher.get_grouped_opcodes(CONTEXT)]


def _place(group: list[Change], offset: int) -> str:
    (_, left, _, right, _), (_, _, left_end, _, right_end) = group[0], group[-1]
    return f"@@ -{_span(left + offset, left_end - left)} +{_span(right + offset, right_end - right)} @@"


def _span(begin: int, length: int) -> str:
    return f"{begin + bool(length)}" + (f",{length}" if length != 1 else "")


def _changed(change: Change, left: list[str], right: list[str]) -> list[DiffLine]:
    kind, begin, end, new_begin, new_end = change
    if kind == "equal":
        return _signed(" ", left[begin:end])
    return _signed("-", left[begin:end]) + _signed("+", right[new_begin:new_end])


def _signed(sign: Sign, lines: list[str]) -> list[DiffLine]:
    rows: list[DiffLine] = []
    for line in lines:
        rows.append(DiffLine(sign, line.removesuffix("\n")))
        if line.endswith("\n"):
            rows.append(DiffLine("@", "\\ no line end here"))
    return rows
