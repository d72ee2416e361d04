"""JSON text: fast where it is ordinary, right where it is not."""

import json
from typing import Any, cast

import orjson


def loads(text: bytes | str) -> Any:
    """Parse one JSON value as strictly as the standard says.

    Raises `ValueError` for anything else: NaN, a lone surrogate, invalid UTF-8, nesting beyond 1024.
    """
    return orjson.loads(text)


def loads_leniently(text: bytes | str) -> Any:
    r"""Parse what models and their servers write: raw control characters and lone surrogates are tolerated, the
    latter become U+FFFD.

    Raises `ValueError` where even that fails.

    >>> loads_leniently('{"a": "x\ty\\ud800"}')
    {'a': 'x\ty�'}
    """
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return _without_surrogates(json.loads(text, strict=False))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def dumps(value: Any) -> bytes:
    """Write one JSON value as UTF-8; numbers and characters that orjson refuses are written as the standard allows."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


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


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        members = cast(dict[str, Any], value).items()
        return {printable(key): _without_surrogates(item) for key, item in members}
    return value
