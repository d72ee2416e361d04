"""Writes the daemon's settings into clients/vscode/package.json, as VS Code's configuration wants them."""

import json
from typing import Any, cast, get_args, get_type_hints

from pydantic import BaseModel

from chatls.content import camel
from chatls.settings import config
from generation.source import field_words, one_line

Json = dict[str, Any]

_TITLE = "The daemon's settings"
_MACHINE = "machine"
"""A workspace has no say in any of them (docs/decisions/0013-nothing-from-the-workspace.md)."""


def manifest(text: str) -> str:
    """The manifest with the settings as they are now; all else stays as it is."""
    whole = json.loads(text)
    for section in whole["contributes"]["configuration"]:
        if section["title"] == _TITLE:
            section["properties"] = dict(_properties(config.Settings, "chatls"))
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _properties(model: type[BaseModel], path: str) -> list[tuple[str, Json]]:
    found: list[tuple[str, Json]] = []
    hints = get_type_hints(model)
    for name in model.model_fields:
        if isinstance(hints[name], type) and issubclass(hints[name], BaseModel):
            found += _properties(hints[name], f"{path}.{camel(name)}")
        else:
            found.append((f"{path}.{camel(name)}", _property(model, name)))
    return found


def _property(model: type[BaseModel], name: str) -> Json:
    whole = model.model_json_schema(by_alias=True)
    schema = _plain(whole["properties"][camel(name)], whole.get("$defs", {}))
    words = one_line(field_words(config)[model.__name__][name])
    nested = [item for item in get_args(get_type_hints(model)[name]) if isinstance(item, type)]
    for inner in nested:
        if issubclass(inner, BaseModel):
            _describe(schema, inner)
    if "default" not in schema and "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema |= {"type": [*types, "null"], "default": None}
    return {**schema, "scope": _MACHINE, "markdownDescription": words}


def _describe(schema: Json, model: type[BaseModel]) -> None:
    """Put the words of a model's fields where its members stand."""
    inner = cast(Json, schema.get("additionalProperties") or schema["items"])
    inner.pop("description", None)
    for name, words in field_words(config)[model.__name__].items():
        if camel(name) in inner["properties"]:
            inner["properties"][camel(name)]["description"] = one_line(words)


def _plain(schema: Any, named: Json) -> Any:
    """A schema without references, titles, and alternatives that are only null."""
    if isinstance(schema, list):
        return [_plain(item, named) for item in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast(Json, schema)
    if "$ref" in members:
        return _plain(named[members["$ref"].rsplit("/", 1)[1]], named)
    if "anyOf" in members:
        kept = [_plain(item, named) for item in members["anyOf"] if item.get("type") != "null"]
        types = [item["type"] for item in kept if "type" in item]
        return kept[0] if len(kept) == 1 else {**kept[0], **kept[1], "type": types}
    return {
        key: _plain(value, named) for key, value in members.items() if not (key == "title" and isinstance(value, str))
    }
