"""How values stand on the wire: JSON objects in camelCase there, frozen dataclasses here. Knows no method."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Self, Union, cast, get_args, get_origin, get_type_hints

from chatls_client.errors import ProtocolError

Read = Callable[[Any], Any]


def camel(name: str) -> str:
    """Spell a Python name as the wire does.

    >>> camel("tool_call_id")
    'toolCallId'
    """
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class WireValue:
    """A dataclass that stands on the wire."""

    __slots__ = ()

    @classmethod
    def from_wire(cls, value: Any) -> Self:
        """Read it from JSON. Members that it does not know are ignored; raises `ProtocolError` for one that is missing
        or of the wrong type."""
        if not isinstance(value, dict):
            raise ProtocolError(f"{cls.__name__}: not an object but {value!r:.80}")
        members = cast(dict[str, Any], value)
        return cls(**{part.name: part.of(members, cls.__name__) for part in _parts(cls)})

    def to_wire(self) -> dict[str, Any]:
        """The same as JSON. What is None is left out."""
        members = {camel(item.name): _plain(getattr(self, item.name)) for item in fields(cast(Any, self))}
        return {name: value for name, value in members.items() if value is not None}


def tagged(union: Any, tag: str) -> Read:
    """A reader for a union of classes that a member tells apart; None for a tag that this client does not know."""
    readers = {_default(cls, tag): cls.from_wire for cls in get_args(union) if cls is not NoneType}

    def read(value: Any) -> Any:
        members = cast(dict[str, Any], value) if isinstance(value, dict) else {}
        known = readers.get(members.get(tag))
        return known(members) if known else None

    return read


def _default(cls: Any, name: str) -> Any:
    return next(item.default for item in fields(cls) if item.name == name)


def _plain(value: Any) -> Any:
    if isinstance(value, WireValue):
        return value.to_wire()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast(list[Any], value)]
    return value


class _Part(NamedTuple):
    """How one field is read."""

    name: str
    key: str
    default: Any
    read: Read

    def of(self, members: dict[str, Any], owner: str) -> Any:
        value = members.get(self.key, self.default)
        if value is MISSING:
            raise ProtocolError(f"{owner}: {self.key} is missing")
        try:
            return self.read(value)
        except TypeError as error:
            raise ProtocolError(f"{owner}: {self.key} is {value!r:.80}") from error


@cache
def _parts(cls: Any) -> list[_Part]:
    hints = get_type_hints(cls)
    return [_part(item, hints[item.name]) for item in fields(cls)]


def _part(item: Field[Any], hint: Any) -> _Part:
    # A member that may be null may be missing as well, whether the field has a default or not.
    nullable = item.default is MISSING and NoneType in get_args(hint)
    return _Part(item.name, camel(item.name), None if nullable else item.default, _reader(hint))


def _reader(hint: Any) -> Read:
    origin = get_origin(hint)
    if origin is tuple:
        return _each(_reader(get_args(hint)[0]))
    if origin in (Union, UnionType):
        return _one_of(hint)
    if is_dataclass(hint):
        return cast(Any, hint).from_wire
    return _scalar({Literal: str, dict: dict}.get(origin, hint))


def _one_of(union: Any) -> Read:
    choices = [item for item in get_args(union) if item is not NoneType]
    if len(choices) > 1 and all(item in (str, int, float, bool) for item in choices):
        read = _scalar(tuple(choices))
    else:
        read = _reader(choices[0]) if len(choices) == 1 else tagged(union, "type")
    return lambda value: None if value is None else read(value)


def _each(read: Read) -> Read:
    """A list as a tuple; items that this client does not know are left out."""

    def read_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, tuple | list):
            raise TypeError
        items = (read(item) for item in cast(list[Any], value))
        return tuple(item for item in items if item is not None)

    return read_all


def _scalar(kind: Any) -> Read:
    kinds = cast(tuple[Any, ...], kind) if isinstance(kind, tuple) else (kind,)

    def read(value: Any) -> Any:
        if kind is not Any and (not isinstance(value, kind) or (isinstance(value, bool) and bool not in kinds)):
            raise TypeError
        return value

    return read
