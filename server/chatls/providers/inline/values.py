"""Coercion: what an argument written as plain text means, by the tool's JSON Schema. Pure; knows no dialect."""

import ast
import re
import warnings
from typing import Any, cast

from chatls import jsontext
from chatls.content import JsonObject
from chatls.shapes import as_list, object_or_none

_NAMED: dict[str, Any] = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_KINDS: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number", "integer"),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}
_DEEPEST = 20
_MOST_LEVELS = 6
"""How deep references are followed: a schema may refer to itself."""
_TAG = re.compile(r"\]<\]minimax\[>\[<(?P<close>/?)(?P<name>[\w.:-]+)>")


def member(schema: Any, key: str) -> JsonObject:
    """The schema of one property, with what it refers to; empty where there is none.

    >>> member({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "array"}}}, "a")["type"]
    'array'
    """
    properties: Any = _object(schema).get("properties")
    return _object(_resolved(_object(properties).get(key), schema, 0))


def names(schema: JsonObject) -> list[str]:
    """The names of a schema's properties."""
    return list(_object(schema.get("properties")))


def required(schema: JsonObject) -> frozenset[str]:
    """The names of the properties that have to be there."""
    found: Any = schema.get("required")
    named = as_list(found)
    return frozenset(name for name in named if isinstance(name, str))


def kinds(schema: JsonObject, depth: int = 0) -> set[str]:
    """The JSON types that a schema allows; empty where it does not say.

    >>> sorted(kinds({"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]}))
    ['integer', 'null', 'string']
    """
    found: set[str] = set()
    named: Any = schema.get("type")
    for kind in cast(list[Any], named) if isinstance(named, list) else [named]:
        if isinstance(kind, str):
            found.add(kind)
    values: Any = schema.get("enum")
    if not found and isinstance(values, list):
        found |= {kind for value in cast(list[Any], values) for kind in _kinds_of(value)[:1]}
    for several in ("anyOf", "oneOf", "allOf"):
        options: Any = schema.get(several)
        if isinstance(options, list) and depth < _DEEPEST:
            for option in cast(list[Any], options):
                found |= kinds(_object(option), depth + 1)
    return found


def is_text(schema: JsonObject) -> bool:
    """Whether only text is allowed, so that it can be passed on before it is complete."""
    return kinds(schema) == {"string"}


def read(text: str, schema: JsonObject) -> Any:
    """The value that was meant: what the schema allows, text where nothing else fits.

    >>> read("42", {"type": "integer"}), read("42", {"type": "string"}), read("2 dollars", {}), read("True", {})
    (42, '42', '2 dollars', True)
    """
    allowed = kinds(schema)
    if allowed == {"string"}:
        return text
    try:
        value = jsontext.loads_leniently(text)
    except ValueError:
        value = _NAMED.get(text.strip(), text)
    if isinstance(value, str) and "string" in allowed:
        return text
    if not allowed or not allowed.isdisjoint(_kinds_of(value)):
        return value
    if "string" not in allowed and not allowed.isdisjoint(_kinds_of(literal := read_literal(text))):
        return literal
    if _holds(allowed, "array", "object") and (read_value := _elements(text, schema, 0)) is not None:
        return read_value
    return text if "string" in allowed or isinstance(value, str) else value


def read_literal(text: str) -> Any:
    """The value of a Python or JSON literal; the text itself where it is none.

    >>> read_literal("[1, 'a', True]"), read_literal("true"), read_literal("Paris")
    ([1, 'a', True], True, 'Paris')
    """
    text = text.strip()
    if text in _NAMED:
        return _NAMED[text]
    try:
        return jsontext.loads_leniently(text)
    except ValueError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(_Constants().visit(ast.parse(text, mode="eval")))
        return jsontext.loads(jsontext.dumps(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


class _Constants(ast.NodeTransformer):
    """Makes of JSON's words what they are in Python."""

    def visit_Name(self, node: ast.Name) -> ast.expr:  # The name is ast's.
        """A word without quotes."""
        return ast.Constant(_NAMED[node.id]) if node.id in _NAMED else node


def _kinds_of(value: object) -> tuple[str, ...]:
    return _KINDS.get(type(value), ())


def _elements(text: str, schema: JsonObject, depth: int) -> Any:
    """Elements inside an element (MiniMax M3): an array of items or an object, as the schema says; None if it is not
    that."""
    parts = list(_children(text))
    if not parts or depth > _DEEPEST:
        return None
    if all(name == "item" for name, _ in parts) and "array" in kinds(schema):
        item = _variant(schema, "items")
        return [_inner(inner, item, depth) for _, inner in parts]
    properties = _variant(schema, "properties")
    return {name: _inner(inner, _object(properties.get(name)), depth) for name, inner in parts}


def _inner(text: str, schema: JsonObject, depth: int) -> Any:
    if _TAG.search(text) and kinds(schema) != {"string"}:
        value = _elements(text, schema, depth + 1)
        return text if value is None else value
    return read(text, schema)


def _children(text: str) -> list[tuple[str, str]]:
    """The elements directly inside, by name and text."""
    found: list[tuple[str, str]] = []
    opened: list[tuple[str, int]] = []
    for tag in _TAG.finditer(text):
        if not tag["close"]:
            opened.append((tag["name"], tag.end()))
        elif opened and opened[-1][0] == tag["name"]:
            name, start = opened.pop()
            if not opened:
                found.append((name, text[start : tag.start()]))
    return found


def _variant(schema: JsonObject, key: str) -> JsonObject:
    """What the schema, or one of its variants, has under a key."""
    if isinstance(schema.get(key), dict):
        return _object(schema[key])
    merged: JsonObject = {}
    for several in ("anyOf", "oneOf", "allOf"):
        options: Any = schema.get(several)
        for option in as_list(options):
            merged |= _object(_object(option).get(key))
    return merged


def _holds(allowed: set[str], *wanted: str) -> bool:
    return not allowed.isdisjoint(wanted)


def _resolved(value: Any, root: Any, depth: int) -> Any:
    """A schema in which references into the same document (`#/$defs/Name`) are what they refer to."""
    if isinstance(value, list) and depth < _MOST_LEVELS:
        return [_resolved(one, root, depth + 1) for one in cast(list[Any], value)]
    if not isinstance(value, dict) or depth >= _MOST_LEVELS:
        return cast(Any, value)
    schema = _object(cast(Any, value))
    path = schema.get("$ref")
    if isinstance(path, str) and path.startswith("#/"):
        found: Any = root
        for name in path[2:].split("/"):
            found = _object(found).get(name)
        schema = _object(found) | {key: one for key, one in schema.items() if key != "$ref"}
    return {key: _resolved(one, root, depth + 1) for key, one in schema.items()}


def _object(value: Any) -> JsonObject:
    return object_or_none(value) or {}
