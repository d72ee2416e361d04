"""What differs between two texts, as short replacements, so that an editor keeps marks and folds elsewhere. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from chatls.values import dataclass
from chatls.workspace.linediff import Stretch, differences
from chatls.workspace.textfile import plain

MOST = 500
"""Stretches; where there were more, they become one from the first to the last."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One stretch of the old text, and what stands there in the new one."""

    start: int
    end: int
    """Exclusive."""
    text: str


def replacements(old: str, new: str) -> list[Replacement]:
    """The stretches that differ: in order, apart from each other, none between a CR and its LF.

    >>> replacements("one\\ntwo\\nthree\\n", "ONE\\ntwo\\nthe tree\\n")
    [Replacement(start=0, end=3, text='ONE'), Replacement(start=10, end=10, text='e t')]
    """
    before, after = _LINE.findall(old), _LINE.findall(new)
    starts = list(accumulate(map(len, before), initial=0))
    found = [
        _narrowed(starts[low], "".join(before[low:high]), "".join(after[low_after:high_after]))
        for low, high, low_after, high_after in differences(before, after)
    ]
    if len(found) <= MOST:
        return found
    first, last = found[0].start, found[-1].end
    return [Replacement(first, last, new[first : len(new) - len(old) + last])]


Taken = Literal["there", "taken", "partly", "not"]
"""The text is the one that was wanted; all stretches were changed, and more or otherwise; some were; none was."""


def taken(old: str, wanted: str, now: str) -> Taken:
    """How much of a change is in what has become of a text, whatever else was changed there.

    >>> taken("x=1\\ny\\n", "x=2\\ny\\n", "x = 2\\ny\\n"), taken("x=1\\ny\\n", "x=2\\ny\\n", "x=1\\nY\\n")
    ('taken', 'not')
    """
    if plain(now) == plain(wanted):
        return "there"
    before, after, found = (plain(text).splitlines(keepends=True) for text in (old, wanted, now))
    changed = list(differences(before, found))
    blocks = differences(before, after)
    count = Counter(any(_holds(block, after, other, found) for other in changed) for block in blocks)
    return ("partly" if count[False] else "taken") if count[True] else "not"


def _holds(block: Stretch, after: Sequence[str], other: Stretch, found: Sequence[str]) -> bool:
    """Whether a change that was made is the one that was to be made; where lines only came, by one that did."""
    first, last, start, stop = block
    if first < last:
        return other[0] < last and first < other[1]
    came = {line.strip() for line in after[start:stop]} & {line.strip() for line in found[other[2] : other[3]]}
    return other[0] <= first <= other[1] and bool(came)


def _narrowed(at: int, gone: str, came: str) -> Replacement:
    """Without what both begin and end with. A CR and its LF stay together."""
    most = min(len(gone), len(came))
    head = common(gone, came, most)
    if gone[:head].endswith("\r") and "\n" in (gone[head : head + 1], came[head : head + 1]):
        head -= 1
    tail = common(gone[::-1], came[::-1], most - head)
    if tail and gone[-tail] == "\n" and "\r" in (gone[-tail - 1 : -tail], came[-tail - 1 : -tail]):
        tail -= 1
    return Replacement(at + head, at + len(gone) - tail, came[head : len(came) - tail])


def common(one: str, other: str, most: int) -> int:
    """How many characters both begin with, `most` at the most; neither may be shorter."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
