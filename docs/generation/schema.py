"""Writes docs/protocol.schema.json: what can be said, as JSON Schema (draft 2020-12)."""

import json
from functools import cache
from typing import Any, cast, get_args

from chatls.content import JsonObject
from chatls.lsp.handshake import ENCODINGS, OFFERS, PROTOCOL_VERSION
from chatls.wire import asks, cells, commands, methods, params, sessions, steering, symbols
from generation.source import (
    Alias,
    Member,
    Shape,
    Speech,
    codes,
    constant,
    definitions,
    event_shapes,
    one_line,
    shape,
    summary,
)


def _open(values: list[str]) -> JsonObject:
    """An enum of the daemon's: a newer one may know more values."""
    return {"anyOf": [{"type": "string", "enum": values}, {"type": "string"}]}


_SPEECH = Speech[JsonObject](
    reference=lambda name: {"$ref": f"#/$defs/{name}"},
    scalar={
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        bool: {"type": "boolean"},
        Any: {},
    },
    literal=lambda values: {"const": values[0], "type": "string"} if len(values) == 1 else _open(list(values)),
    array=lambda item: {"type": "array", "items": item},
    mapping=lambda item: {"type": "object", "additionalProperties": item or True},
    union=lambda items: {"anyOf": items},
)

_IN_EVENTS: JsonObject = {
    "seq": {"type": "integer", "minimum": 1, "description": "Counts up by one within a turn."},
    "turnId": {"type": "string"},
}
_NOT_IN_EVENTS = ("begin", "report", "end")
"""LSP's own kinds of `$/progress`."""


def document() -> str:
    """The whole file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> JsonObject:
    """`$defs` by name, and which of them are a request's parameters and its result: of the client's requests under
    `methods` and `initialize`, of the daemon's under `requestsToClient`. The root is an object with a member for each
    definition, so that generators find them; nothing like it is ever sent.

    It says what this version says: a client must not refuse members or values that it does not find here.
    """
    definitions_ = {**{item.name: _definition(item) for item in definitions()}, **_more()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ChatlsProtocol",
        "description": f"The chatls protocol, version {PROTOCOL_VERSION}. Generated from the daemon's sources by `make "
        "docs`. Objects, enums and unions of what the daemon sends are open: a client ignores the members, kinds and "
        "values that it does not know. The root holds each definition once, for generators of types; no message is "
        "like it.",
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in definitions_},
        "initialize": _pair("InitializeParams", "InitializeResult"),
        "methods": {method.name: _method(method) for method in methods.METHODS},
        "requestsToClient": {method.name: _method(method) for method in methods.REQUESTS_TO_CLIENT},
        "$defs": {name: _titled(name, item) for name, item in definitions_.items()},
    }


def _titled(name: str, item: JsonObject) -> JsonObject:
    """With its name where generators make a type of it that has members."""
    parts = item.get("anyOf", [item])
    return {"title": name, **item} if all("$ref" in part or "properties" in part for part in parts) else item


def _pair(params: str, result: str) -> JsonObject:
    return {"params": {"$ref": f"#/$defs/{params}"}, "result": {"$ref": f"#/$defs/{result}"}}


def _more() -> JsonObject:
    """What has no shape of its own in the sources: LSP's envelope around ours."""
    return {
        "ProgressValue": {
            "description": "The value of a `$/progress` notification on the turn's `partialResultToken`.",
            "$ref": "#/$defs/Event",
        },
        "ErrorCode": {
            "description": "Codes of JSON-RPC errors.",
            "anyOf": [
                *(
                    {"const": one.number, "title": one.name.lower(), "description": one_line(one.text)}
                    for one in codes()
                ),
                {"type": "integer"},
            ],
        },
        "ResponseError": _object(
            "Why a request was refused.",
            {
                "code": {"$ref": "#/$defs/ErrorCode"},
                "message": _text("For people."),
                "data": {"$ref": "#/$defs/ErrorData"},
            },
            required=["code", "message"],
        ),
        "ErrorData": _object(
            "Missing where the method was not looked at.",
            {"kind": _text("The error's name for programs."), "retryable": {"type": "boolean"}},
            required=["kind", "retryable"],
        ),
        **_initialize(),
    }


def _initialize() -> JsonObject:
    """The members of LSP's `initialize` that are read, and those that are answered. Null counts as absent."""
    asks = {method.capability: method for method in methods.REQUESTS_TO_CLIENT}
    version: JsonObject = {"type": "integer", "description": "Of this protocol."}
    answers = {name: _truth(f"It answers `{method.name}`.") for name, method in asks.items()}
    sends = {name: _truth(f"It sends `{method.name}` to a client that answers it.") for name, method in asks.items()}
    offers = {name: _truth(f"It serves {what}.") for name, what in OFFERS.items()}
    does = {"version": version, **sends, **offers}
    answers |= {"sessionsChanged": _truth("It wants `chat/sessionsChanged`.")}
    chat = {"experimental": _object("", {"chat": {"$ref": "#/$defs/ClientChat"}})}
    folder = {"uri": {"type": "string"}, "name": {"type": "string"}}
    return {
        "ClientChat": _object("What a client can do.", {"version": version, **answers}),
        "ServerChat": _object("What the daemon can do.", does, required=["version", *sends]),
        "ClientCapabilities": _object(
            "Of LSP's members those that are read.",
            {
                **chat,
                "general": _object("", {"positionEncodings": {"type": "array", "items": {"type": "string"}}}),
                "window": _object("", {"workDoneProgress": {"type": "boolean"}}),
                "workspace": _object(
                    "",
                    {
                        "applyEdit": {"type": "boolean"},
                        "workspaceEdit": _object("", {"documentChanges": {"type": "boolean"}}),
                    },
                ),
            },
        ),
        "InitializeParams": _object(
            "Of LSP's members those that are read.",
            {
                "processId": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "rootUri": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "rootPath": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "capabilities": {"$ref": "#/$defs/ClientCapabilities"},
                "workspaceFolders": {
                    "anyOf": [{"type": "array", "items": _object("", folder, required=["uri"])}, {"type": "null"}]
                },
                "initializationOptions": {"type": "object", "description": "The settings (docs/configuration.md)."},
            },
        ),
        "ServerCapabilities": _object(
            "Of LSP's members those that clients of this protocol need.",
            {
                "positionEncoding": _open(list(ENCODINGS)),
                "executeCommandProvider": _object(
                    "", {"commands": {"type": "array", "items": {"type": "string"}}}, required=["commands"]
                ),
                "experimental": _object("", {"chat": {"$ref": "#/$defs/ServerChat"}}, required=["chat"]),
            },
            required=["positionEncoding", "executeCommandProvider", "experimental"],
        ),
        "InitializeResult": _object(
            "",
            {
                "capabilities": {"$ref": "#/$defs/ServerCapabilities"},
                "serverInfo": _object("", {"name": {"type": "string"}, "version": {"type": "string"}}),
            },
            required=["capabilities"],
        ),
    }


def _object(text: str, properties: JsonObject, *, required: list[str] | None = None) -> JsonObject:
    return {
        **_described(text),
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
    }


def _text(words: str) -> JsonObject:
    return {"type": "string", "description": words}


def _truth(words: str) -> JsonObject:
    return {"type": "boolean", "description": words}


def _method(method: params.Method | methods.RequestToClient) -> JsonObject:
    return {
        "description": method.summary,
        "params": {"$ref": f"#/$defs/{method.params.__name__}"},
        "result": {"$ref": f"#/$defs/{method.result.__name__}"},
    }


def _definition(item: Shape | Alias) -> JsonObject:
    if isinstance(item, Alias):
        spelt = _SPEECH.spell_out(item.type)
        tag = {"Event": "kind", "ToolContent": "type"}.get(item.name)
        return {**_described(summary(item.text)), **(_open_union(spelt, item, tag) if tag else spelt)}
    if item.sent:
        return _params(item)
    common = _IN_EVENTS if item.name in _events() else {}
    return {
        **_described(item.text),
        "type": "object",
        "properties": {**{member.wire: _property(member) for member in _tag_first(item)}, **common},
        "required": [*(member.wire for member in _tag_first(item) if not member.optional), *common],
    }


@cache
def _events() -> frozenset[str]:
    return frozenset(shape.name for shape in event_shapes())


def _open_union(spelt: JsonObject, union: Alias, tag: str) -> JsonObject:
    """A union of the daemon's: a newer one may know more kinds. Those that are known have their own shape."""
    known = [constant(member.type) for part in get_args(union.type) for member in shape(part).members]
    taken = [value for value in known if value] + [*(_NOT_IN_EVENTS if union.name == "Event" else ())]
    other = {
        "title": f"Other{union.name}",
        **_object("Of a kind that this version does not know.", {tag: {"type": "string"}}, required=[tag]),
        "not": {"properties": {tag: {"enum": taken}}},
    }
    return {"anyOf": [*spelt["anyOf"], other]}


def _tag_first(shape: Shape) -> list[Member]:
    return sorted(shape.members, key=lambda member: constant(member.type) is None)


def _property(member: Member) -> JsonObject:
    kind = _SPEECH.spell(member.type)
    if member.nullable:
        kind = {"anyOf": [kind, {"type": "null"}]}
    return {**_described(member.text), **kind}


def _params(shape: Shape) -> JsonObject:
    """Parameters with their bounds, as the daemon checks them; the values inside stand under `$defs` already."""
    module = next(
        one for one in (asks, cells, methods, commands, params, steering, sessions, symbols) if hasattr(one, shape.name)
    )
    kind: type[params.Params] = getattr(module, shape.name)
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
