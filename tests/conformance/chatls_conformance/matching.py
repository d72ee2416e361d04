"""Patterns of messages. An object fits if the members that the pattern names fit: everything is open. Lists fit as they
are, with "..." for any items. Strings that stand alone in angle brackets are matchers:

    <any> <string> <integer> <number> <boolean> <object> <list>     a value of that kind
    <absent>                                                       no such member, or null
    <~EXPRESSION>                                                  a text in which the regular expression is found
    <NAME>                                                         any value, remembered as NAME; from then on this one
"""

import re
from collections.abc import Callable
from typing import Any, cast

_KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}
_MATCHER = re.compile(r"<(~?)(.+)>", re.DOTALL)
_NAME = re.compile(r"<([a-zA-Z][\w-]*)>")


class Names:
    """What is known by a name: given ones, and what patterns remembered."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.values = dict(given)

    def filled(self, value: Any) -> Any:
        """A value with what its names stand for."""
        if isinstance(value, str):
            whole = _NAME.fullmatch(value)
            if whole and whole[1] in self.values:
                return self.values[whole[1]]
            return _NAME.sub(lambda match: str(self.values.get(match[1], match[0])), value)
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {str(self.filled(name)): self.filled(member) for name, member in members.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in cast("list[Any]", value)]
        return value

    def misfit(self, pattern: Any, value: Any, place: str = "") -> str | None:
        """Why a value does not fit, None if it does; then what it remembers is remembered."""
        kept = dict(self.values)
        why = self._misfit(pattern, value, place)
        if why is not None:
            self.values = kept
        return why

    def _misfit(self, pattern: Any, value: Any, place: str) -> str | None:
        if isinstance(pattern, dict):
            return self._object(cast("dict[str, Any]", pattern), value, place)
        if isinstance(pattern, list):
            return self._list(cast("list[Any]", pattern), value, place)
        if isinstance(pattern, str) and (found := _MATCHER.fullmatch(pattern)):
            return self._text(pattern, found, value, place)
        return None if _same(self.filled(pattern), value) else _says(place, value, self.filled(pattern))

    def _object(self, pattern: dict[str, Any], value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return _says(place, value, "an object")
        members = cast("dict[str, Any]", value)
        for name, wanted in pattern.items():
            name = str(self.filled(name))
            here = f"{place}.{name}" if place else name
            if wanted == "<absent>":
                if members.get(name) is not None:
                    return _says(here, members[name], "nothing")
            elif name not in members:
                return f"{here} is missing"
            elif why := self._misfit(wanted, members[name], here):
                return why
        return None

    def _list(self, pattern: list[Any], value: Any, place: str) -> str | None:
        if not isinstance(value, list):
            return _says(place, value, "a list")
        items = cast("list[Any]", value)
        if not pattern:
            return _says(place, items, "an empty list") if items else None
        if pattern[0] != "...":
            if not items:
                return f"{place} is too short"
            return self._misfit(pattern[0], items[0], f"{place}[0]") or self._list(pattern[1:], items[1:], place)
        whys = [self._trial(pattern[1:], items[at:], place) for at in range(len(items) + 1)]
        at = next((at for at, why in enumerate(whys) if why is None), None)
        return self._list(pattern[1:], items[at:], place) if at is not None else f"nothing in {place} fits: {whys[0]}"

    def _trial(self, pattern: list[Any], items: list[Any], place: str) -> str | None:
        kept = dict(self.values)
        why = self._list(pattern, items, place)
        self.values = kept
        return why

    def _text(self, pattern: str, found: re.Match[str], value: Any, place: str) -> str | None:
        if found[1]:
            expression = self.filled(found[2])
            fits = isinstance(value, str) and re.search(expression, value, re.DOTALL) is not None
            return None if fits else _says(place, value, f"/{expression}/")
        if found[2] in _KINDS:
            return None if _KINDS[found[2]](value) else _says(place, value, f"of the kind {found[2]}")
        if not _NAME.fullmatch(pattern):
            filled = self.filled(pattern)
            return None if filled == value else _says(place, value, filled)
        if found[2] not in self.values:
            self.values[found[2]] = value
            return None
        return None if _same(self.values[found[2]], value) else _says(place, value, self.values[found[2]])


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: true is not 1, and 1 is not 1.0."""
    return type(one) is type(other) and one == other


def _says(place: str, value: Any, wanted: Any) -> str:
    return f"{place or 'it'} is {_short(value)}, not {wanted if isinstance(wanted, str) else _short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:200]} ... {text[-90:]}"
