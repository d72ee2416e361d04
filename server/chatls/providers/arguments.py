"""The text of a call's arguments: when it is one whole JSON object, and what object was meant in the end. Pure."""

import json
import re
from typing import Any, cast

from chatls import jsontext
from chatls.content import JsonObject
from chatls.shapes import object_or_none

_DECODER = json.JSONDecoder(strict=False)
_FENCE = re.compile(r"\A```[a-zA-Z]*\s*\n(.*?)\n?```\Z", re.DOTALL)
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')
_MESSAGE_LIMIT = 200


class ObjectScanner:
    """Follows braces and strings of a JSON text that arrives in pieces, each character once.

    >>> scanner = ObjectScanner()
    >>> scanner.feed('{"a": "}')
    >>> scanner.whole
    False
    >>> scanner.feed('"} ')
    >>> scanner.whole
    True
    """

    __slots__ = ("_begun", "_broken", "_depth", "_escaped", "_in_string")

    def __init__(self) -> None:
        self._begun = False
        self._broken = False
        self._depth = 0
        self._escaped: bool = False
        self._in_string = False

    @property
    def whole(self) -> bool:
        """Whether the text so far is one object in braces, with nothing but blanks around it."""
        return self._begun and self._depth == 0 and not self._broken

    def feed(self, text: str) -> None:
        """Look at the next piece."""
        if self._depth == 0:
            text = text.lstrip()
            if not text:
                return
            if self._begun or text[0] != "{":
                self._broken = True
            self._begun = True
        if not self._broken:
            self._scan(text)

    def _scan(self, text: str) -> None:
        if not text:
            return
        place = 1 if self._escaped else 0
        self._escaped = False
        while match := (_INSIDE if self._in_string else _OUTSIDE).search(text, place):
            place = match.end()
            mark = match.group()
            if mark == "\\":
                self._escaped = place == len(text)
                place += 1
            elif mark == '"':
                self._in_string = not self._in_string
            elif mark in "{[":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    self._broken = bool(text[place:].strip())
                    return


def parse_object(text: str) -> JsonObject | None:
    """The object that a whole JSON text holds, or None."""
    try:
        return object_or_none(jsontext.loads_leniently(text, exact=True))
    except ValueError:
        return None


def read_arguments(text: str) -> JsonObject | str:
    """The object that a model meant, or in words why there is none.

    Models and their servers write nothing for "no arguments", wrap the text in a string or a code fence, or repeat it.

    >>> read_arguments("")
    {}
    >>> read_arguments('"{\\\\"a\\\\": 1}"')
    {'a': 1}
    >>> read_arguments('{"a": 1}{"a": 1}')
    {'a': 1}
    >>> read_arguments("[1]")
    'the arguments must be one JSON object, but were: [1]'
    """
    text = text.strip()
    if fenced := _FENCE.match(text):
        text = fenced.group(1).strip()
    if text in ("", "null"):
        return {}
    try:
        value: Any = jsontext.loads_leniently(_once(text), exact=True)
        if isinstance(value, str):
            value = jsontext.loads_leniently(value, exact=True) if value.strip() else {}
    except ValueError as error:
        return f"the arguments are not valid JSON ({error}): {_shorten(text)}"
    if isinstance(value, dict):
        return cast(JsonObject, value)
    return f"the arguments must be one JSON object, but were: {_shorten(text)}"


def _once(text: str) -> str:
    """The text without its exact repetitions.

    >>> _once('{}{}{}'), _once('{} {}'), _once('{}{"a":1}')
    ('{}', '{}', '{}{"a":1}')
    """
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return text
    first, rest = text[:end], text[end:].strip()
    while rest and rest.startswith(first):
        rest = rest[end:].lstrip()
    return text if rest else first


def _shorten(text: str) -> str:
    return text if len(text) <= _MESSAGE_LIMIT else f"{text[:_MESSAGE_LIMIT]}... ({len(text)} characters)"
