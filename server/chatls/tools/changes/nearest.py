"""Why a text was not found in another, and which lines come nearest; pure, and bounded however long the texts are."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_MOST_TEXT = 2_000_000
"""Characters that are searched for what comes near."""
_MOST_COMPARED = 100
"""Lines that are compared letter by letter."""
_MOST_SHOWN = 12
_LONGEST_LINE = 200
_LEAST_LIKE = 0.5
_NUMBER = re.compile(r"^ *\d+(?:\t|→| ?\| ?)", re.MULTILINE)
_WORD = re.compile(r"\w+")
_ALIKE: dict[int, str] = {
    **dict.fromkeys((0x60, 0xB4, *range(0x2018, 0x201C), 0x2032), "'"),
    **dict.fromkeys((0xAB, 0xBB, *range(0x201C, 0x2020), 0x2033), '"'),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-"),
}
"""Quotes and dashes."""


def nearest(text: str, old: str, new: str, raw: str) -> str:
    """What to tell about `old`, which is not in `text`. Both end lines with a line feed; `raw` is the text as the file
    holds it."""
    if not text.strip():
        return "The file is empty" if not text else "The file holds nothing but white space"
    text = text[:_MOST_TEXT]
    bare = _without_numbers(old)
    if bare is not None and bare in text:
        return (
            f"Its lines begin with the line numbers that read_file shows, which are not in the file: leave out each "
            f"number and the tab behind it. Without them it is at line {_line_at(text, text.index(bare))}"
        )
    return "\n".join((_reason(text, bare or old, new, raw), *_shown(text, bare or old)))


def _without_numbers(old: str) -> str | None:
    """The text without the numbers in front of its lines; None where not all have one."""
    lines = [line for line in old.split("\n") if line.strip()]
    if lines and all(_NUMBER.match(line) for line in lines):
        return _NUMBER.sub("", old)
    return None


def _reason(text: str, old: str, new: str, raw: str) -> str:
    if new.strip() and len(new) > len(old) / 2 and new in text:
        return f"new_text is already there, at line {_line_at(text, text.index(new))}: perhaps this edit is done"
    for fold, reason in ((_spaceless, "white space (indents, tabs, blank lines)"), (_alike, "letters that look alike")):
        if fold(old).strip() and fold(old) in fold(text):
            return f"There is a text that differs from it only in {reason}. Copy it exactly from the file"
    if "\ufffd" in old and not raw.isascii() and any("\udc80" <= letter <= "\udcff" for letter in set(raw)):
        return "What read_file shows as \ufffd are bytes that are no UTF-8: leave them out of old_text"
    return "Read the file again and copy the text exactly, without line numbers"


def _spaceless(text: str) -> str:
    return "".join(text.split())


def _alike(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_ALIKE)


def _line_at(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _shown(text: str, old: str) -> Iterator[str]:
    lines, wanted = text.split("\n"), [line.strip() for line in old.strip("\n").split("\n")[:_MOST_COMPARED]]
    start = _start(lines, wanted)
    if start is None:
        return
    first, last = max(0, start - 1), min(len(lines), start + len(wanted) + 1)
    yield "The nearest lines are:"
    for number, line in enumerate(lines[first:last][:_MOST_SHOWN], first + 1):
        yield f"{number}\t{line[:_LONGEST_LINE]}{'...' * (len(line) > _LONGEST_LINE)}"
    if last - first > _MOST_SHOWN:
        yield f"... to line {last}"


def _start(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Where the lines stand that come nearest: where most are the same, else around the one that is most alike."""
    numbers: dict[str, list[int]] = {line: [] for line in wanted if line}
    for number, line in enumerate(lines):
        if (stripped := line.strip()) in numbers:
            numbers[stripped].append(number)
    rare = {line: found for line, found in numbers.items() if len(found) <= _MOST_COMPARED}
    votes = Counter(at - number for number, line in enumerate(wanted) for at in rare.get(line, ()))
    if votes:
        most = max(votes.values())
        return max(0, min(start for start, count in votes.items() if count == most))
    return _most_alike(lines, wanted)


def _most_alike(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    key = max(range(len(wanted)), key=lambda number: len(wanted[number]))
    words = set(_WORD.findall(wanted[key][:_LONGEST_LINE]))
    shared = Counter({at: len(words.intersection(_WORD.findall(line[:999]))) for at, line in enumerate(lines)})
    matcher = SequenceMatcher(None, "", wanted[key][:_LONGEST_LINE])

    def likeness(at: int) -> float:
        matcher.set_seq1(lines[at].strip()[:_LONGEST_LINE])
        return matcher.ratio()

    best = max(((likeness(at), -at) for at, _ in shared.most_common(_MOST_COMPARED)), default=(0.0, 0))
    return max(0, -best[1] - key) if best[0] >= _LEAST_LIKE else None
