"""JSON text: fast where it is ordinary, right where it is not."""

import json
import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, cast

import orjson

_HUGE = re.compile(rb"\d{19}")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?P<half>u[dD][89a-fA-F][\da-fA-F]{2})|.)", re.DOTALL
)

DEEPEST = 200
"""Levels of nesting that are read where models write: orjson writes no more than 254, and requests wrap some more."""


def loads(text: bytes | str) -> Any:
    """Parse one JSON value as strictly as the standard says.

    Raises `ValueError` for anything else: NaN, a lone surrogate, invalid UTF-8, nesting beyond 1024.
    """
    return orjson.loads(text)


def without_halves(text: bytes) -> bytes:
    r"""The same JSON text with U+FFFD for each half of a character, as JavaScript's texts may hold and write them.

    >>> without_halves(rb'"\ud800 \ud83d\ude00 \\ud800"')
    b'"\\ufffd \\ud83d\\ude00 \\\\ud800"'
    """
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape.group(), text)


Halves = dict[tuple[str | int, ...], str]
"""First halves of characters whose second half is yet to come, by the place of the text that they end."""


def loads_leniently(text: bytes | str, *, exact: bool = False, halves: Halves | None = None) -> Any:
    r"""Parse what models and their servers write: raw control characters and lone surrogates are tolerated, the
    latter become U+FFFD. `exact`: integers beyond 64 bits stay what they are; it takes a second look at the text.
    `halves`: kept from one event of a stream to the next, so that a character whose two escapes come in two texts at
    the same place is joined in the second.

    Raises `ValueError` where even that fails, and for nesting beyond `DEEPEST`: what is read here is written again.

    >>> loads_leniently('{"a": "x\ty\\ud800"}')
    {'a': 'x\ty�'}
    """
    try:
        value = orjson.loads(text)
    except ValueError:
        value = _loaded(text, halves)
    else:
        if exact and _HUGE.search(text.encode() if isinstance(text, str) else text):
            value = _loaded(text, halves)
    # Each level has two brackets, so a short text, as nearly all are, need not be looked through.
    if len(text) > 2 * DEEPEST and _brackets(text) > DEEPEST and _is_deeper(value, DEEPEST):
        raise ValueError("nested too deeply")
    return value


def dumps(value: Any) -> bytes:
    """Write one JSON value as UTF-8; numbers and characters that orjson refuses are written as the standard allows,
    a number that is none as null."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False).encode("ascii")


def printable(text: str) -> str:
    r"""Replace lone surrogates, which no UTF-8 text can hold.

    >>> printable("a\udcff")
    'a�'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _loaded(text: bytes | str, halves: Halves | None) -> Any:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return _without_surrogates(json.loads(text, strict=False), halves, ())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _brackets(text: bytes | str) -> int:
    """How deep it could be at most; far quicker than to look at the value."""
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{")
    return text.count("[") + text.count("{")


def _is_deeper(value: Any, levels: int) -> bool:
    layer: list[Any] = [value]
    for _ in range(levels):
        layer = [item for outer in layer for item in _members(outer)]
        if not layer:
            return False
    return any(isinstance(item, list | dict) for item in layer)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast(dict[str, Any], value).values()
    return cast(list[Any], value) if isinstance(value, list) else ()


def _without_surrogates(value: Any, halves: Halves | None, place: tuple[str | int, ...]) -> Any:
    if isinstance(value, str):
        return _mended(value, halves, place)
    if isinstance(value, list):
        return [_without_surrogates(item, halves, (*place, at)) for at, item in enumerate(cast(list[Any], value))]
    if isinstance(value, dict):
        members = cast(dict[str, Any], value).items()
        return {printable(key): _without_surrogates(item, halves, (*place, key)) for key, item in members}
    return value


def _mended(text: str, halves: Halves | None, place: tuple[str | int, ...]) -> str:
    if halves is None:
        return printable(text)
    first = halves.pop(place, "")
    if first and "\udc00" <= text[:1] <= "\udfff":
        text = first + text
    if "\ud800" <= text[-1:] <= "\udbff":
        halves[place], text = text[-1], text[:-1]
    return printable(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast(dict[str, Any], value).items()}
    return value
