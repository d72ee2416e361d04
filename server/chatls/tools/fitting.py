"""Arguments as models write them by mistake -> as a JSON Schema wants them, where nothing is lost or guessed; pure.

A number where text is wanted, `"true"` for true, one thing for a list of it, the JSON text of a list or of an object,
null for what was not given (QwenPaw#6936, smg#1743). What fits stays as it is; what cannot be mended does too, and is
refused.
"""

import re
from collections.abc import Callable
from typing import Any, cast

from chatls import jsontext
from chatls.content import JsonObject

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,15})")
_LONGEST = 15
"""Digits that every reader of JSON keeps."""


def fitted(schema: JsonObject, value: Any) -> Any:
    """`value` as `schema`, which has no references, wants it.

    >>> fitted({"type": "string"}, 404), fitted({"type": "array", "items": {"type": "string"}}, "a")
    ('404', ['a'])
    """
    if choices := _choices(schema):
        return _chosen(choices, value)
    kind = schema.get("type")
    mend = _MEND.get(kind) if isinstance(kind, str) else None
    return mend(schema, value) if mend else value


def _choices(schema: JsonObject) -> list[JsonObject]:
    """What a value may be, where it may be several things; choices within choices are taken apart."""
    offered = cast("list[JsonObject]", schema.get("anyOf", []))
    return [one for choice in offered for one in (_choices(choice) or [choice])]


def _chosen(choices: list[JsonObject], value: Any) -> Any:
    """By the choice that it fits; else by the only one that it can be mended for."""
    fitting = next((one for one in choices if _fits(one, value)), None)
    if fitting is not None:
        return fitted(fitting, value)
    near = [one for one in choices if _is(one.get("type"), value)]
    mended = [(one, fitted(one, value)) for one in near or choices]
    found = [item for one, item in mended if _fits(one, item)]
    if not found and len(near) == 1:
        return mended[0][1]
    return found[0] if len(found) == 1 else value


def _fits(schema: JsonObject, value: Any) -> bool:
    """Whether it is of the kind that is wanted, and all that is in it."""
    if choices := _choices(schema):
        return any(_fits(one, value) for one in choices)
    if "type" not in schema:
        return True
    if not _is(schema["type"], value) or value not in schema.get("enum", [value]):
        return False
    if isinstance(value, list):
        item = cast("JsonObject", schema.get("items", {}))
        return all(_fits(item, one) for one in cast("list[Any]", value))
    if isinstance(value, dict):
        known, members = cast("JsonObject", schema.get("properties", {})), cast("JsonObject", value)
        has_all = all(name in members for name in schema.get("required", []))
        return has_all and all(_fits(known.get(name, {}), one) for name, one in members.items())
    return True


def _text(_schema: JsonObject, value: Any) -> Any:
    """Whole numbers and truth values are spelled in one way alone; 1.10 is not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _number(_schema: JsonObject, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"  # which is no number
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) and len(value.strip("- ")) <= _LONGEST:
        return int(value)
    return value


def _truth(_schema: JsonObject, value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word == "true" if word in ("true", "false") else value


def _list(schema: JsonObject, value: Any) -> Any:
    item = cast("JsonObject", schema.get("items", {}))
    value = _parsed(value, "[")
    if isinstance(value, list):
        return [fitted(item, one) for one in cast("list[Any]", value)]
    if isinstance(value, str) and item.get("type") != "string":
        value = _parsed(value, "{")
    is_broken = isinstance(value, str) and value.lstrip().startswith("[")
    return [fitted(item, value)] if _is(item.get("type"), value) and not is_broken else value


def _object(schema: JsonObject, value: Any) -> Any:
    value = _parsed(value, "{")
    if not isinstance(value, dict):
        return value
    known, required = cast("JsonObject", schema.get("properties", {})), schema.get("required", [])
    members = cast("JsonObject", value).items()
    given = ((n, one) for n, one in members if one is not None or n in required or _takes_null(known.get(n, {})))
    return {name: fitted(known.get(name, {}), one) for name, one in given}


def _takes_null(schema: JsonObject) -> bool:
    """Whether null is a value that means something.

    >>> _takes_null({"type": ["string", "null"]}), _takes_null({"type": "string"})
    (True, False)
    """
    if choices := _choices(schema):
        return any(_takes_null(one) for one in choices)
    kind = schema.get("type")
    return "null" in cast("list[Any]", kind) if isinstance(kind, list) else kind == "null"


def _parsed(value: Any, start: str) -> Any:
    """The list or object whose JSON text a text is."""
    if not isinstance(value, str) or not value.lstrip().startswith(start):
        return value
    try:
        return jsontext.loads_leniently(value, exact=True)
    except ValueError:
        return value


def _is(kind: object, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return False


_MEND: dict[str, Callable[[JsonObject, Any], Any]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _truth,
    "array": _list,
    "object": _object,
}
