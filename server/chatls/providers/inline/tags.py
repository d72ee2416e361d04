"""Arguments that stand between tags, some of which the model may forget. JSON fragments come out. Pure.

A value goes out while it is written where only text is allowed; otherwise when it is complete, because its type decides
how it is written.
"""

import re
from collections.abc import Callable, Collection, Generator
from typing import cast

from chatls import jsontext
from chatls.content import JsonObject
from chatls.providers.inline import values
from chatls.providers.inline.between import Value
from chatls.providers.inline.call import UNSURE, OpenCall, quoted
from chatls.providers.inline.dialect import Family
from chatls.providers.inline.nested import LONGEST_TAG, Keys, Marks, marks_of
from chatls.providers.inline.source import Source, Wait

_CDATA = "<![CDATA["
_SCALARS = frozenset({"integer", "number", "boolean", "null"})


def read_tags(source: Source, call: OpenCall, family: Family, schema: JsonObject, names: Collection[str]) -> Wait:
    """Parameters between tags, up to the tag that closes the call. Only for families that have some. `names`: of all
    tools that are offered.
    """
    assert family.tags
    keys = Keys(schema)
    yield from _Reader(source, call, family, schema, names, keys).read()
    if call.waiting is not None:
        if not keys.sure or (keys.resumed and call.waiting):
            call.waiting.doubt()
        call.waiting.begin(family.tags.close.partition("{key}")[0])
    if keys.sure:
        call.ready()
    else:
        call.broken_off(UNSURE)


class _Reader:
    """Reads the parameters of one call."""

    def __init__(
        self, source: Source, call: OpenCall, family: Family, schema: JsonObject, names: Collection[str], keys: Keys
    ) -> None:
        self._source = source
        self._call = call
        self._family = family
        self._schema = schema
        self._tools = names
        self._keys = keys

    def read(self) -> Wait:
        call, keys = self._call, self._keys
        call.add("{")
        marks = self._marks("")
        while found := (yield from self._parameter(marks)):
            self._source.take(len(found[0]))
            key, kind = found["key"], found.groupdict().get("kind")
            if keys.wraps(key):
                yield from self._wrapped(key)
                continue
            call.add((", " if keys.seen else "") + quoted(key) + ": ")
            keys.seen.add(key)
            member = values.member(self._schema, key)
            as_text = values.is_text(member) if kind is None else kind in ("true", "string")
            yield from self._value(key, None if as_text else member)
        call.add("}")

    def _marks(self, key: str, newline: str = "", *, cdata: bool = False) -> Marks:
        assert self._family.tags
        return marks_of(self._family, self._family.tags.close.replace("{key}", key), newline, cdata=cdata)

    def _parameter(self, marks: Marks) -> Generator[None, None, re.Match[str] | None]:
        """The tag that opens the next parameter, not consumed; None where the call ends. What ends it is consumed, but
        not what ends something around it."""
        source, end = self._source, marks.tags.end
        while True:
            yield from source.skip_blanks()
            text = source.text[source.at : source.at + LONGEST_TAG]
            if found := marks.opening.match(text):
                return found
            if marks.call_end.match(text):
                source.take(len(end) if text.startswith(end) else 0)
                return None
            if not marks.may_follow(text) or len(text) == LONGEST_TAG:
                self._keys.unsure = True
                return None
            yield from source.need()

    def _wrapped(self, key: str) -> Wait:
        """Parameters that were written as an object, in one that is no parameter of the tool (MiniCPM)."""
        texts: list[str] = []
        yield from self._read(key, texts.append, scalar=False)
        value = values.read_literal("".join(texts))
        members: JsonObject = cast(JsonObject, value) if isinstance(value, dict) else {key: value}
        for name, member in members.items():
            self._call.add((", " if self._keys.seen else "") + f"{quoted(name)}: {jsontext.dumps(member).decode()}")
            self._keys.seen.add(name)

    def _value(self, key: str, schema: JsonObject | None) -> Wait:
        """One value up to what closes it; text is passed on as it comes, where `schema` is None."""
        call = self._call
        texts: list[str] = []
        if schema is None:
            call.add('"')
        kinds = values.kinds(schema or {})
        scalar = bool(kinds) and kinds <= _SCALARS
        yield from self._read(key, call.add_text if schema is None else texts.append, scalar=scalar)
        call.add('"' if schema is None else jsontext.dumps(values.read("".join(texts), schema)).decode())

    def _read(self, key: str, add: Callable[[str], None], *, scalar: bool) -> Wait:
        source = self._source
        cdata = (yield from source.peek()) == "<" and (yield from source.upcoming(len(_CDATA))) == _CDATA
        newline = _CDATA if cdata else (yield from self._newline())
        source.take(len(newline))
        marks = self._marks(key, "" if cdata else newline, cdata=cdata)
        yield from Value(source, marks, self._keys, self._tools, add).read(scalar=scalar)

    def _newline(self) -> Generator[None, None, str]:
        """The newline that stands here, not consumed, or ""."""
        source = self._source
        if (yield from source.peek()) == "\r":
            ahead = yield from source.upcoming(2)
            return ahead if ahead == "\r\n" else ""
        return "\n" if source.text[source.at] == "\n" else ""
