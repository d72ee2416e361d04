"""Writes docs/protocol.schema.json: what can be said, as JSON Schema (draft 2020-12)."""

import json
from typing import Any, cast

from chatls.content import JsonObject
from chatls.lsp.handshake import PROTOCOL_VERSION
from chatls.wire import methods
from generation.source import Alias, Member, Shape, Speech, constant, definitions, one_line, summary

_SPEECH = Speech[JsonObject](
    reference=lambda name: {"$ref": f"#/$defs/{name}"},
    scalar={
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        bool: {"type": "boolean"},
        Any: {},
    },
    literal=lambda values: {"const": values[0]} if len(values) == 1 else {"type": "string", "enum": list(values)},
    array=lambda item: {"type": "array", "items": item},
    mapping=lambda item: {"type": "object", "additionalProperties": item} if item else {"type": "object"},
    union=lambda items: {"anyOf": items},
)

_PROGRESS: JsonObject = {
    "description": "The value of a `$/progress` notification on the turn's `partialResultToken`.",
    "type": "object",
    "properties": {
        "seq": {"type": "integer", "minimum": 1, "description": "Counts up by one within a turn."},
        "turnId": {"type": "string"},
    },
    "required": ["seq", "turnId"],
    "$ref": "#/$defs/Event",
}


def document() -> str:
    """The whole file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> JsonObject:
    """`$defs` by name, and which of them are a request's parameters and its result: of the client's requests under
    `methods`, of the daemon's under `requestsToClient`.

    It says what this version says: a client must not refuse members or values that it does not find here.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The chatls protocol, version {PROTOCOL_VERSION}",
        "description": "Generated from the daemon's sources by `make docs`. Objects and enums are open: a client "
        "ignores the members, kinds and values that it does not know.",
        "methods": {method.name: _method(method) for method in methods.METHODS},
        "requestsToClient": {method.name: _method(method) for method in methods.REQUESTS_TO_CLIENT},
        "$defs": {**{item.name: _definition(item) for item in definitions()}, "ProgressValue": _PROGRESS},
    }


def _method(method: methods.Method | methods.RequestToClient) -> JsonObject:
    return {
        "description": method.summary,
        "params": {"$ref": f"#/$defs/{method.params.__name__}"},
        "result": {"$ref": f"#/$defs/{method.result.__name__}"},
    }


def _definition(item: Shape | Alias) -> JsonObject:
    if isinstance(item, Alias):
        return {**_described(summary(item.text)), **_SPEECH.spell_out(item.type)}
    if item.sent:
        return _params(item)
    return {
        **_described(item.text),
        "type": "object",
        "properties": {member.wire: _property(member) for member in _tag_first(item)},
        "required": [member.wire for member in _tag_first(item) if not member.optional],
    }


def _tag_first(shape: Shape) -> list[Member]:
    return sorted(shape.members, key=lambda member: constant(member.type) is None)


def _property(member: Member) -> JsonObject:
    kind = _SPEECH.spell(member.type)
    if member.nullable:
        kind = {"anyOf": [kind, {"type": "null"}]}
    return {**_described(member.text), **kind}


def _params(shape: Shape) -> JsonObject:
    """Parameters with their bounds, as the daemon checks them; the values inside stand under `$defs` already."""
    kind: type[methods.Params] = getattr(methods, shape.name)
    found = cast("JsonObject", _tidy(kind.model_json_schema(ref_template="#/$defs/{model}")))
    found.pop("$defs", None)
    for member in shape.members:
        found["properties"][member.wire] |= _described(member.text)
    return {**_described(found.pop("description", "")), **found}


def _tidy(value: Any) -> Any:
    if isinstance(value, list):
        return [_tidy(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("JsonObject", value)
    tidied = {key: _tidy(item) for key, item in members.items() if not _is_noise(key, item)}
    if isinstance(text := tidied.get("description"), str):
        tidied["description"] = one_line(text)
    return tidied


def _is_noise(key: str, item: Any) -> bool:
    """Titles that repeat a name, defaults that say "none", and a keyword that is no JSON Schema's."""
    return (key == "title" and isinstance(item, str)) or (key == "default" and item is None) or key == "discriminator"


def _described(text: str) -> JsonObject:
    return {"description": one_line(text)} if text else {}
