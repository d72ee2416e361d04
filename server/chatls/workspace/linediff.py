"""A diff: where two lists of lines differ, in linear time however long they are; pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_WINDOW = 2000
"""Lines that are compared with each other at once: more would take a time that grows with the square."""

Stretch = tuple[int, int, int, int]
"""`old[a:b]` became `new[c:d]`."""


def differences(old: Sequence[str], new: Sequence[str]) -> Iterator[Stretch]:
    """The blocks in which the lists differ, in order; what lies between them is equal.

    >>> list(differences(["a", "b", "c"], ["a", "x", "c", "d"]))
    [(1, 2, 1, 2), (3, 3, 3, 4)]
    """
    start, end = _common_start(old, new), 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    stop_old, stop_new = len(old) - end, len(new) - end
    at_old = at_new = start
    while at_old < stop_old or at_new < stop_new:
        window_old = old[at_old : min(stop_old, at_old + _WINDOW)]
        window_new = new[at_new : min(stop_new, at_new + _WINDOW)]
        last = at_old + len(window_old) == stop_old and at_new + len(window_new) == stop_new
        blocks, taken_old, taken_new = _window(window_old, window_new, last=last)
        yield from ((a + at_old, b + at_old, c + at_new, d + at_new) for a, b, c, d in blocks)
        at_old, at_new = at_old + taken_old, at_new + taken_new


def _common_start(old: Sequence[str], new: Sequence[str]) -> int:
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _window(old: Sequence[str], new: Sequence[str], *, last: bool) -> tuple[list[Stretch], int, int]:
    """The blocks of a window, and how far it was compared: where more lines follow, up to the last equal ones."""
    equal = SequenceMatcher(None, old, new).get_matching_blocks()
    blocks, a, c = list[Stretch](), 0, 0
    for match in equal[:-1]:
        if (a, c) != (match.a, match.b):
            blocks.append((a, match.a, c, match.b))
        a, c = match.a + match.size, match.b + match.size
    if last or not (blocks or a):
        if (a, c) != (len(old), len(new)):
            blocks.append((a, len(old), c, len(new)))
        a, c = len(old), len(new)
    return blocks, a, c
