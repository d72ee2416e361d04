"""Reading untyped JSON, whose shape nobody promised: what is not as expected counts as absent. Pure."""

from typing import Any

from chatls.content import JsonObject

_OBJECT: Any = dict
_LIST: Any = list
"""Any, so that a value that is one of them stays Any: a `cast` of each would be a call, for every chunk."""


def as_object(value: Any) -> JsonObject:
    """The value if it is an object, the first object of a list, or an empty one.

    >>> as_object({"a": 1}), as_object([7, {"a": 1}]), as_object("a")
    ({'a': 1}, {'a': 1}, {})
    """
    if isinstance(value, _LIST):
        return next(iter(as_objects(value)), JsonObject())
    found = object_or_none(value)
    return {} if found is None else found


def object_or_none(value: Any) -> JsonObject | None:
    """The value if it is an object.

    >>> object_or_none({}), object_or_none([{}])
    ({}, None)
    """
    return value if isinstance(value, _OBJECT) else None


def as_objects(value: Any) -> list[JsonObject]:
    """The objects of a list; none where it is no list."""
    return [item for item in value if isinstance(item, _OBJECT)] if isinstance(value, _LIST) else []


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, or an empty one."""
    return value if isinstance(value, _LIST) else []


def as_text(value: Any) -> str:
    """The value if it is text, or an empty one."""
    return value if isinstance(value, str) else ""


def as_count(numbers: JsonObject, *names: str) -> int:
    """The first of these members that is a number above 0, or 0.

    >>> as_count({"a": None, "b": 3.0}, "a", "b")
    3
    """
    values = (numbers.get(name) for name in names)
    return next((int(value) for value in values if isinstance(value, int | float) and 0 < value < 1e15), 0)


def member(value: Any, name: str) -> Any:
    """A member of what may be an object; None where it has none.

    >>> member({"a": 1}, "a"), member([], "a")
    (1, None)
    """
    found = object_or_none(value)
    return None if found is None else found.get(name)


def says(value: Any, *names: str) -> bool:
    """Whether a member of members is true.

    >>> says({"a": {"b": True}}, "a", "b"), says({"a": 1}, "a")
    (True, False)
    """
    for name in names:
        value = member(value, name)
    return value is True
