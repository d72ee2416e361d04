"""Arguments that stand between tags, some of which the model may forget. JSON fragments come out. Pure.

A value goes out while it is written where only text is allowed; otherwise when it is complete, because its type decides
how it is written.
"""

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import lru_cache

from chatls import jsontext
from chatls.content import JsonObject
from chatls.providers import inline_values as values
from chatls.providers.inline_arguments import copy_until
from chatls.providers.inline_call import OpenCall, quoted
from chatls.providers.inline_families import Family, Tags
from chatls.providers.inline_source import Source, Wait, Words

_LONGEST_TAG = 300
_CDATA = "<![CDATA["


def read_tags(source: Source, call: OpenCall, family: Family, schema: JsonObject) -> Wait:
    """Parameters between tags, up to the tag that closes the call. Only for families that have some."""
    assert family.tags
    yield from _Reader(source, call, family.closers, family.tags, schema).read()


class _Reader:
    """Reads the parameters of one call."""

    def __init__(self, source: Source, call: OpenCall, closers: Sequence[str], tags: Tags, schema: JsonObject) -> None:
        self._source = source
        self._call = call
        self._tags = tags
        self._schema = schema
        self._names = frozenset(values.names(schema))
        self._seen: set[str] = set()
        self._opening = re.compile(tags.parameter)
        self._closers = tuple({tags.end, *closers})
        self._others = () if "{key}" in tags.close else (tags.begin, *self._closers)
        """What a value may stop at although nothing closed it; nothing where tags stand inside values."""
        self._ends = re.compile(rf"(?:{_any_of(self._closers)}\s*)+")
        self._inside = re.compile(rf"{re.escape(tags.end)}\s*{_any_of({*closers} - {tags.end})}")

    def read(self) -> Wait:
        call = self._call
        call.add("{")
        while True:
            yield from self._source.skip_blanks()
            found = yield from self._parameter()
            if found is None:
                break
            self._source.take(found.end() - found.start())
            key, kind = found["key"], found.groupdict().get("kind")
            call.add((", " if self._seen else "") + quoted(key) + ": ")
            self._seen.add(key)
            member = values.member(self._schema, key)
            as_text = values.is_text(member) if kind is None else kind in ("true", "string")
            yield from self._value(self._tags.close.replace("{key}", key), None if as_text else member)
        call.add("}")
        call.ready()

    def _parameter(self) -> Generator[None, None, re.Match[str] | None]:
        """The tag that opens the next parameter, not consumed; None where the call ends."""
        source, tags = self._source, self._tags
        while True:
            text = source.text[source.at : source.at + _LONGEST_TAG]
            if text.startswith(tags.end):
                source.take(len(tags.end))
                return None
            if found := self._opening.match(source.text, source.at, source.at + _LONGEST_TAG):
                return found
            possible = tags.end.startswith(text) or tags.begin.startswith(text) or text.startswith(tags.begin)
            if not possible or len(text) == _LONGEST_TAG:
                return None
            yield from source.need()

    def _value(self, close: str, schema: JsonObject | None) -> Wait:
        """One value up to what closes it; text is passed on as it comes, where `schema` is None."""
        source, call = self._source, self._call
        texts: list[str] = []
        add = call.add_text if schema is None else texts.append
        if schema is None:
            call.add('"')
        if (yield from source.peek()) == "<" and (yield from source.upcoming(len(_CDATA))) == _CDATA:
            source.take(len(_CDATA))
            yield from copy_until(source, Words(("]]>",)), add)
            source.take(3)
            yield from copy_until(source, Words((close,)), lambda _: None)
            source.take(len(close))
        else:
            ahead = (yield from source.upcoming(2)) if (yield from source.peek()) == "\r" else source.text[source.at]
            newline = ahead if ahead in ("\n", "\r\n") else ""
            source.take(len(newline))
            yield from self._text(close, newline, add)
        call.add('"' if schema is None else jsontext.dumps(values.read("".join(texts), schema)).decode())

    def _text(self, close: str, newline: str, add: Callable[[str], None]) -> Wait:
        """A text up to what closes it, which is consumed, or to where it must be over although nothing does."""
        source = self._source
        closes = tuple(before + tag for tag in (close, close[:-1] + "/>") for before in (newline, ""))
        looked_for = _stops(closes, self._others)
        while True:
            word = yield from copy_until(source, looked_for, add)
            if word in closes:
                source.take(len(word))
                return
            blanks = len(word) - len(word.lstrip("\r\n"))
            if (yield from self._forgotten(blanks)):
                source.take(blanks)
                return
            add(source.take(1))

    def _forgotten(self, blanks: int) -> Generator[None, None, bool]:
        """Whether a value that nothing closed must be over here, behind these blanks: at a parameter that is not there
        yet, or at the end of the call and of what is around it.
        """
        source = self._source
        while True:
            text = source.text[source.at + blanks : source.at + blanks + _LONGEST_TAG]
            if not text.startswith(self._tags.begin):
                if (over := self._is_over(text)) is not None:
                    return over
            elif found := self._opening.match(text):
                return found["key"] not in self._seen and found["key"] in self._names
            if source.ended or len(text) == _LONGEST_TAG:
                return False
            yield

    def _is_over(self, text: str) -> bool | None:
        """Whether the call ends with this text; None: that is not decided yet."""
        if self._inside.match(text):
            return True
        found = self._ends.match(text)
        rest = text[found.end() :] if found else text
        if self._source.ended:
            return not rest and not self._source.cut
        return False if rest and not any(end.startswith(rest) for end in self._closers) else None


@lru_cache(maxsize=64)
def _stops(closes: tuple[str, ...], others: tuple[str, ...]) -> Words:
    return Words((*closes, *(newline + other for other in others for newline in ("", "\n", "\r\n"))))


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + ("|".join(map(re.escape, words)) or "(?!)") + ")"
