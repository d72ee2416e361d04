"""What a value between tags holds of tags, its own or others, and what they may mean. Pure; reads nothing.

Nothing can be escaped between tags, so a closing tag in a value looks like the one that closes it. What follows it, and
the tags that the value opened itself, tell them apart; where they do not, nobody may believe in the value.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from chatls.content import JsonObject
from chatls.providers.inline import values as values
from chatls.providers.inline.dialect import Family
from chatls.providers.inline.families import CLOSERS, FAMILIES, OPENERS
from chatls.providers.inline.source import Words
from chatls.providers.inline.words import CALLS
from chatls.values import dataclass

LONGEST_TAG = 300
_NEWLINES = ("", "\n", "\r\n")
_OPENERS = Words(OPENERS)


def any_of(words: Iterable[str]) -> str:
    """A pattern of these words, the longest first."""
    return "(?:" + ("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)") + ")"


_BEFORE = Words(word for one in FAMILIES for word in one.before)
_BEFORE_NAME = re.compile(
    rf"(?:\s|{any_of(OPENERS)}|{'|'.join(sorted({f'(?:{one.skip})(?:{any_of(one.before)})' for one in FAMILIES}))})*"
)
_AROUND = ("properties", "arguments", "parameters")
_SKIPPED = re.compile(r"[^<>{(\[]*")


class Marks:
    """The tags that count in a value of a family. `close` closes it; `newline` stood behind the tag that opened it;
    `cdata`: as CDATA, where nothing else counts."""

    def __init__(self, family: Family, close: str, newline: str, *, cdata: bool) -> None:
        assert family.tags
        tags = self.tags = family.tags
        self.opening = re.compile(tags.parameter)
        before = tuple(f"]]>{blank}" for blank in _NEWLINES) if cdata else (newline, "")
        self.closes = frozenset(blank + tag for blank in before for tag in (close, close[:-1] + "/>"))
        tail = "<|sep|>" if close.endswith("<|sep|>") else ">"
        self._same = tags.same or close.replace("</", "<", 1).replace("|close|", "|open|", 1).removesuffix(tail)
        """How a tag begins that `close` closes."""
        self._whole = re.compile(rf"{re.escape(self._same)}(?:[\s=][^<>]*)?(?<!/){re.escape(tail)}")
        self._piece = re.compile(rf"{re.escape(self._same)}(?:[\s=][^<>]*)?(?:<[|sep]*)?")
        self.calls = frozenset(family.openers)
        self.ends = () if "{key}" in tags.close else tuple({tags.end, *family.closers})
        """What ends the call although nothing closed the value; nothing where any tag may stand inside values."""
        others = (*self.ends, tags.begin, *tags.others) if self.ends else ()
        opened = {self._same + sign for sign in (tail[0], *" \t\r\n=")}
        tagged = {*opened, *self.calls, *(blank + other for other in others for blank in _NEWLINES)}
        self.inside = Words((*self.closes, *(() if cdata else tagged)))
        """What counts while nothing has closed the value."""
        self.behind = Words((*self.closes, *(() if cdata else tagged), *CALLS))
        """What counts behind a tag that closes it if the call ends there."""
        self._call_ends = (tags.end, *CLOSERS)
        self.call_end = re.compile(any_of(self._call_ends))
        """What ends a call, or what is around it."""
        self.only_ends = re.compile(rf"(?:{any_of(self.ends)}\s*)+")
        self.end_inside = re.compile(rf"{re.escape(tags.end)}\s*{any_of({*family.closers} - {tags.end})}")

    def may_follow(self, text: str) -> bool:
        """Whether this text may become what can follow a value: a parameter, or the end of the call."""
        begin = self.tags.begin
        return text.startswith(begin) or any(word.startswith(text) for word in (begin, *self._call_ends))

    def is_opened(self, text: str) -> bool | None:
        """Whether a tag begins this text that would be closed as the value is; None: that is not decided yet."""
        if not text.startswith(self._same):
            return False
        if self._whole.match(text):
            return True
        return None if self._piece.fullmatch(text) else False


@lru_cache(maxsize=256)
def marks_of(family: Family, close: str, newline: str, *, cdata: bool) -> Marks:
    """The marks of such a value, see `Marks`."""
    return Marks(family, close, newline, cdata=cdata)


def begins_call(text: str, names: Iterable[str]) -> bool | None:
    r"""Whether a call of an offered tool begins this text, which begins with an opener; None: that is not decided yet.

    >>> begins_call("<tool_call> <function=go", ("go",)), begins_call("<tool_call>\n<func", ("go",))
    (True, None)
    """
    found = _BEFORE_NAME.match(text)
    rest = text[found.end() :] if found else text
    if rest[:1] in ("{", "[") or any(rest.startswith(name) for name in names):
        return bool(rest) or None
    may_come = _OPENERS.begin_with(rest) or _BEFORE.begin_with(rest) or any(name.startswith(rest) for name in names)
    return None if may_come or _SKIPPED.fullmatch(rest) else False


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A tag that a value opened and did not close."""

    key: str
    """The parameter of the call that may begin there, or ""."""
    outer: "Opened | None"
    """The one around it."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueSoFar:
    """What a value held so far."""

    opened: Opened | None = None
    """The innermost tag that is open."""
    doubts: frozenset[str] = frozenset()
    """Parameters of the call that may begin inside it."""
    key: str = ""
    """The parameter that the tag may begin which is being opened."""
    passed: bool = False
    """A tag that could close it closed another one."""
    call: bool = False
    """It opened a call."""
    plain: bool = True
    """It held no tags."""

    def open(self) -> "ValueSoFar":
        """With one more tag that it opened."""
        return replace(self, opened=Opened(self.key, self.opened), key="", plain=False)

    def close(self) -> "ValueSoFar":
        """With a tag inside it that closed another one, or was never opened."""
        return replace(self, opened=self.opened.outer if self.opened else None, plain=False)

    def close_before(self, key: str) -> "ValueSoFar":
        """The same where a parameter may follow, of the call ("": none of its own) or of another one inside it."""
        return replace(
            self.close(), doubts=self.doubts | {key, self.opened.key if self.opened else ""} - {""}, passed=True
        )

    @property
    def doubtful(self) -> frozenset[str]:
        """The parameters that may begin inside it: it may have ended before them, unless they come again."""
        found, opened = set(self.doubts), self.opened
        while opened:
            found.add(opened.key)
            opened = opened.outer
        return frozenset(found - {""})

    @property
    def whole(self) -> bool:
        """Whether no other tag can be the one that closes it."""
        return not self.opened or not (self.passed or self.call)


class Keys:
    """The parameters of one call."""

    def __init__(self, schema: JsonObject) -> None:
        self.seen: set[str] = set()
        """Those that came."""
        self.doubts: frozenset[str] = frozenset()
        """Those that have to come, or else a value may have ended earlier than it seems."""
        self.unsure = False
        """A value may have ended elsewhere, whatever comes."""
        self.resumed = False
        """A value went on behind what might have been the end of the call."""
        self._names = frozenset(values.names(schema))
        self._any = not self._names or bool(schema.get("additionalProperties"))
        self._required = values.required(schema)

    @property
    def sure(self) -> bool:
        """Whether all values ended where they seem to."""
        return not self.unsure and self.doubts <= self.seen

    def can_come(self, key: str) -> bool:
        """Whether this one can be next."""
        return key not in self.seen and (self._any or key in self._names)

    def wraps(self, key: str) -> bool:
        """Whether this is no parameter of the tool, but a name for all of them."""
        return key in _AROUND and bool(self._names) and key not in self._names

    def is_offered(self, key: str) -> bool:
        """Whether it is one of the tool's, and did not come yet."""
        return key in self._names and key not in self.seen

    def must_come(self, key: str) -> bool:
        """Whether the call is none without it."""
        return key in self._required and key not in self.seen
