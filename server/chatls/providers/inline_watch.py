"""Which pieces of a reply mean nothing but themselves, so that nobody need read them. Knows the words alone."""

import re

from chatls.providers import inline_words as words

BLANK = " \t\r\f\v"
"""What may stand between a newline and what begins a line."""


def _watched(anywhere: str, on_a_line: str, *, line: bool) -> re.Pattern[str]:
    begin = r"(?:\A|\n)" if line else r"\n"
    return re.compile(rf"{anywhere}|{begin}[{BLANK}]*(?:{on_a_line})")


_ANSWER = (words.ANYWHERE.beginning.pattern, words.ON_A_LINE.beginning.pattern)
_IN_FENCE = {mark[0]: ("(?!)", mark[0]) for mark in words.FENCES}

WATCHED = {
    (mark, line): _watched(*begins, line=line)
    for mark, begins in {"": _ANSWER, **_IN_FENCE}.items()
    for line in (False, True)
}
"""What a piece of the answer must not hold: by the character of the code fence around it, "" outside, and by whether it
begins a line, blanks aside."""


def begins_line(text: str) -> bool:
    """Whether a line begins behind this text, blanks aside, as it does before it or behind a newline in it."""
    return not text.rpartition("\n")[2].strip(BLANK)
