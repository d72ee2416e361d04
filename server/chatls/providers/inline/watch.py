"""Which pieces of a reply mean nothing but themselves, so that nobody need read them. Knows the words alone."""

import re

from chatls.providers.inline import words as words

BLANK = " \t\r\f\v"
"""What may stand between a newline and what begins a line."""


def _watched(anywhere: str, on_a_line: str, *, line: bool) -> re.Pattern[str]:
    begin = r"(?:\A|\n)" if line else r"\n"
    return re.compile(rf"{anywhere}|{begin}[{BLANK}]*(?:{on_a_line})")


_ANSWER = (words.ANYWHERE.beginning.pattern, words.ON_A_LINE.beginning.pattern)
_IN_FENCE = {mark[0]: ("(?!)", mark[0]) for mark in words.FENCES}

Watched = tuple[re.Pattern[str] | None, re.Pattern[str] | None]
"""What a piece must not hold inside of a line, and where it begins one, blanks aside; None: it may mean anything."""

WATCHED: dict[str, Watched] = {
    mark: (_watched(*begins, line=False), _watched(*begins, line=True))
    for mark, begins in {"": _ANSWER, **_IN_FENCE}.items()
}
"""For the answer, by the character of the code fence around it, "" outside."""

NOTHING_PASSES: Watched = (None, None)


def begins_line(text: str) -> bool:
    """Whether a line begins behind this text, blanks aside, as it does before it or behind a newline in it."""
    return not text.rpartition("\n")[2].strip(BLANK)
