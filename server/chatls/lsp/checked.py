"""What notifications of LSP's are made of, checked by hand: pydantic would take as long again for a key stroke.

All raise `NonsenseError`.
"""

from typing import Any, cast

from chatls.content import JsonObject


class NonsenseError(ValueError):
    """A notification that does not fit; says why."""


def an_object(value: Any, name: str) -> JsonObject:
    """The value, which is called so in the complaint."""
    if not isinstance(value, dict):
        raise NonsenseError(f"{name} must be an object")
    return cast("JsonObject", value)


def objects(value: JsonObject, name: str) -> list[JsonObject]:
    """A member that is a list of objects."""
    items = value.get(name)
    if not isinstance(items, list):
        raise NonsenseError(f"{name} must be an array")
    return [an_object(item, name) for item in cast("list[Any]", items)]


def a_text(value: JsonObject, name: str) -> str:
    """A member that is text."""
    found = value.get(name)
    if not isinstance(found, str):
        raise NonsenseError(f"{name} must be a string")
    return found


def whole(value: JsonObject, name: str) -> int:
    """A member that is an integer; some clients write 1 as 1.0."""
    found = value.get(name)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise NonsenseError(f"{name} must be an integer")
    return found


def position(places: JsonObject, name: str) -> tuple[int, int]:
    """An LSP `Position`: line and character, from 0."""
    place = an_object(places.get(name), name)
    line, character = whole(place, "line"), whole(place, "character")
    if line < 0 or character < 0:
        raise NonsenseError(f"{name} lies before the text")
    return line, character
