"""The tools that servers say they have -> tools that models can be offered. Pure.

Names, descriptions and schemas are data from outside: bounded, and made visible.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from chatls.content import JsonObject
from chatls.jsontext import dumps, printable
from chatls.mcp.http import header_value
from chatls.shapes import as_list, as_object, as_text, object_or_none, says
from chatls.tools.fitting import fitted
from chatls.values import dataclass
from chatls.visible import LONGEST_NAME, escaped, is_hidden, visible_line

MOST = 128
"""Tools of all servers together."""
LONGEST_WORD = 64
"""Characters of a name: most providers take no more."""
LONGEST_DESCRIPTION = 2000
LARGEST_SCHEMA = 32 * 1024
MOST_LISTED = 1000
"""Tools that one server may list."""
_ODD = re.compile(r"[^A-Za-z0-9_-]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
_WORDS = frozenset({"description", "title", "examples", "$comment", "markdownDescription", "enumDescriptions"})
_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool of a server's."""

    own_name: str
    """What the server calls it."""
    name: str
    """What models call it: `SERVER__tool`."""
    description: str
    schema: JsonObject
    only_reads: bool
    """It says of itself that it changes nothing."""
    headers: Mapping[tuple[str, ...], str]
    """Arguments that a modern server on HTTP wants in the head of a request as well: their place, their name there."""


def offers(server: str, listed: Iterable[Any]) -> tuple[Offer, ...]:
    """Those of one server. What has no name, or a schema that cannot be made short enough, is left out."""
    found, taken = list[Offer](), set[str]()
    for one in listed:
        tool = as_object(one)
        own = as_text(tool.get("name"))
        schema = shortened(_whole_schema(tool.get("inputSchema")))
        if not own or schema is None or any(offer.own_name == own for offer in found):
            continue
        name = unique(f"{server}__{_ODD.sub('_', own)}", taken)
        taken.add(name)
        description = f"(from the MCP server {server}) {_shown(as_text(tool.get('description')))}".strip()
        reads = says(tool.get("annotations"), "readOnlyHint")
        found.append(Offer(own, name, _cut(description), schema, reads, dict(_in_head(schema, ()))))
    return tuple(found)


def unique(name: str, taken: Collection[str]) -> str:
    """A name of at most 64 characters that no other one has.

    >>> unique("a__b", {"a__b"})
    'a__b_2'
    """
    short, number = name[:LONGEST_WORD], 1
    while short in taken:
        number += 1
        short = f"{name[: LONGEST_WORD - len(str(number)) - 1]}_{number}"
    return short


def shortened(schema: JsonObject) -> JsonObject | None:
    """A schema of at most 32 KB: without its descriptions if need be. None: it is longer even so, or cannot be read."""
    try:
        if len(dumps(schema)) <= LARGEST_SCHEMA:
            return schema
        bare = _without_words(schema)
        return bare if len(dumps(bare)) <= LARGEST_SCHEMA else None
    except (RecursionError, ValueError):
        return None


def problem(schema: JsonObject, arguments: JsonObject) -> str | None:
    """What is plainly wrong with arguments: the server looks at all else. None: nothing.

    >>> problem({"required": ["a"], "properties": {"a": {"type": "string"}}}, {})
    'a: required'
    """
    known = as_object(schema.get("properties"))
    missing = [name for name in as_list(schema.get("required")) if isinstance(name, str) and name not in arguments]
    if missing:
        return "; ".join(f"{visible_line(name)}: required" for name in missing)
    if schema.get("additionalProperties") is False and (alien := next((n for n in arguments if n not in known), None)):
        return f"{visible_line(alien)}: no such argument; there are {visible_line(', '.join(known), 500)}"
    wrong = (name for name, value in arguments.items() if not _is(as_object(known.get(name)).get("type"), value))
    if (name := next(wrong, None)) is not None:
        return f"{visible_line(name)}: must be {_kinds(as_object(known[name]).get('type'))}"
    return None


def mended(schema: JsonObject, arguments: JsonObject) -> JsonObject:
    """Arguments in the form of the schema, as far as that is clear."""
    try:
        found: Any = fitted(schema, arguments)
    except (TypeError, ValueError, AttributeError, RecursionError):  # a schema from outside may be anything
        return arguments
    return cast("JsonObject", found) if isinstance(found, dict) else arguments


def in_head(offer: Offer, arguments: JsonObject) -> dict[str, str]:
    """The headers that a call brings with it (MCP 2026-07-28, `x-mcp-header`)."""
    values = ((token, _at(arguments, place)) for place, token in offer.headers.items())
    words = ((token, value) for token, value in values if value is not None)
    return {f"mcp-param-{token}": header_value(_word(value)) for token, value in words}


def _whole_schema(schema: Any) -> JsonObject:
    found = object_or_none(schema) or {}
    return {**found, "type": "object", "properties": as_object(found.get("properties"))}


def _shown(text: str) -> str:
    """A text of several lines, with nothing in it that cannot be seen."""
    text = printable(text[: 2 * LONGEST_DESCRIPTION]).replace("\r\n", "\n")
    return "".join(escaped(one) if is_hidden(one) and one not in "\n\t" else one for one in text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 6]} [cut]"


def _without_words(schema: Any, *, names: bool = False) -> Any:
    """`names`: its members are named by people, so that none of them is a description."""
    if isinstance(schema, list):
        return [_without_words(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("JsonObject", schema).items()
    return {
        key: _without_words(value, names=not names and key in _BY_NAME)
        for key, value in members
        if names or key not in _WORDS
    }


def _in_head(schema: JsonObject, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, inner in as_object(schema.get("properties")).items():
        told = as_object(inner)
        token = told.get("x-mcp-header")
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            yield (*place, name), token
        if len(place) < 8:
            yield from _in_head(told, (*place, name))


def _at(value: Any, place: tuple[str, ...]) -> str | int | float | None:
    for name in place:
        value = as_object(value).get(name)
    return value if isinstance(value, str | int | float) else None


def _word(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is(kind: Any, value: Any) -> bool:
    kinds = [one for one in (as_list(kind) or [kind]) if isinstance(one, str) and one in _KINDS]
    if not kinds:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return True
    return any(isinstance(value, _KINDS[one]) for one in kinds)


def _kinds(kind: Any) -> str:
    return visible_line(" or ".join(map(str, as_list(kind) or [kind])), LONGEST_NAME)
