"""Which pieces of a reply mean nothing but themselves, so that nobody need read them. Knows the words alone."""

import re
from functools import cache

from chatls.providers.inline import words as words
from chatls.providers.inline.source import Words

BLANK = " \t\r\f\v"
"""What may stand between a newline and what begins a line."""


def _watched(anywhere: str, on_a_line: str, *, line: bool) -> re.Pattern[str]:
    begin = r"(?:\A|\n)" if line else r"\n"
    return re.compile(rf"{anywhere}|{begin}[{BLANK}]*(?:{on_a_line})")


Watched = tuple[re.Pattern[str] | None, re.Pattern[str] | None]
"""What a piece must not hold inside of a line, and where it begins one, blanks aside; None: it may mean anything."""

NOTHING_PASSES: Watched = (None, None)


@cache
def watched(fence: str, on_a_line: Words) -> Watched:
    """For the answer, by the character of the code fence around it, "" outside; `on_a_line`: what a line may begin."""
    answer = (words.ANYWHERE.beginning.pattern, on_a_line.beginning.pattern)
    begins = ("(?!)", fence) if fence else answer
    return _watched(*begins, line=False), _watched(*begins, line=True)


def begins_line(text: str) -> bool:
    """Whether a line begins behind this text, blanks aside, as it does before it or behind a newline in it."""
    return not text.rpartition("\n")[2].strip(BLANK)
