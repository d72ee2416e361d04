"""What models are told of a tool's arguments: the JSON Schema of a signature.

pydantic checks arguments by the same signature, and could write this as well. But for that it has to make all of its
own, which each start would wait for; and what it writes has titles, nulls and references, which cost tokens.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from chatls.content import JsonObject

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_NUMBERS = {
    Ge: ("minimum", "ge"),
    Gt: ("exclusiveMinimum", "gt"),
    Le: ("maximum", "le"),
    Lt: ("exclusiveMaximum", "lt"),
}
_LENGTHS = {MinLen: ("min", "min_length"), MaxLen: ("max", "max_length")}


class Argument(NamedTuple):
    """One argument of a tool."""

    annotation: Any
    default: Any = ...
    """`...`: it has to be given."""


def arguments_of(run: Callable[..., object]) -> dict[str, Argument]:
    """What a tool takes: all parameters but the first."""
    parameters = list(inspect.signature(run).parameters.values())[1:]
    return {one.name: Argument(one.annotation, ... if one.default is one.empty else one.default) for one in parameters}


def schema_of(arguments: Mapping[str, Argument]) -> JsonObject:
    """The JSON Schema that models are shown. An optional value is simply not required.

    Raises `TypeError` for an annotation that this file knows nothing of.

    >>> schema_of({"names": Argument(list[str] | None, None)})["properties"]
    {'names': {'items': {'type': 'string'}, 'type': 'array'}}
    """
    needed = [name for name, one in arguments.items() if one.default is ...]
    properties = {name: _property(one) for name, one in arguments.items()}
    schema: JsonObject = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": needed} if needed else schema


def _property(one: Argument) -> JsonObject:
    schema = _kind(one.annotation)
    if one.default is not ... and one.default is not None:
        schema["default"] = one.default
    return dict(sorted(schema.items()))


def _kind(annotation: Any) -> JsonObject:
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounded(_kind(parts[0]), parts[1:])
    if origin in (Union, UnionType):
        kinds = [_kind(part) for part in parts if part is not NoneType]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if origin is Literal:
        return {"enum": list(parts), "type": "string"}
    if origin is list:
        return {"items": _kind(parts[0]), "type": "array"}
    if is_dataclass(annotation):
        return _object(annotation)
    raise TypeError(f"no schema is known for {annotation!r}")


def _object(kind: Any) -> JsonObject:
    members = {one.name: Argument(one.type, ... if one.default is MISSING else one.default) for one in fields(kind)}
    schema = {**schema_of(members), "description": inspect.cleandoc(kind.__doc__)}
    return dict(sorted(schema.items()))


def _bounded(schema: JsonObject, notes: tuple[Any, ...]) -> JsonObject:
    for note in notes:
        if isinstance(note, FieldInfo):
            schema |= {"description": note.description} if note.description else {}
            schema = _bounded(schema, tuple(note.metadata))
        elif type(note) in _NUMBERS:
            name, attribute = _NUMBERS[type(note)]
            schema[name] = getattr(note, attribute)
        elif type(note) in _LENGTHS:
            most, attribute = _LENGTHS[type(note)]
            schema[f"{most}Items" if schema["type"] == "array" else f"{most}Length"] = getattr(note, attribute)
        else:
            raise TypeError(f"no schema is known for {note!r}")
    return schema
