"""Writes docs/tools.md, what models are offered, and the short table of it in docs/protocol.md."""

from collections.abc import Iterator
from typing import Any

from chatls.content import JsonObject
from chatls.tools import TOOLS
from chatls.tools.tool import Tool
from generation.markdown import code, table
from generation.source import one_line

_BOUNDS = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "minLength": "length >=",
    "minItems": "items >=",
}
_PREVIEWS = {"edit": "the difference", "execute": "the whole command"}
_NEEDS = {
    "diagnostics": "Only for clients that tell their problems (`experimental.chat.diagnostics`).",
    "language": "Only for clients that ask their language servers (`experimental.chat.language`).",
    "skills": "Only in sessions that were told of [skills](guides/skills-and-commands.md).",
}


def parts() -> dict[str, str]:
    """Of docs/tools.md."""
    return {"overview": overview(), "tools": "\n".join(map(_tool, TOOLS))}


def overview() -> str:
    """All tools, a line each."""
    rows = ((code(tool.name), tool.kind, "yes" if tool.read_only else "no", _arguments(tool)) for tool in TOOLS)
    return table(("tool", "kind", "read-only", "arguments"), rows)


def _arguments(tool: Tool) -> str:
    schema = tool.spec.input_schema
    required = schema.get("required", [])
    return ", ".join(code(name if name in required else f"{name}?") for name in schema["properties"])


def _tool(tool: Tool) -> str:
    needs = _NEEDS[tool.needs] if tool.needs else ""
    said = " ".join(filter(None, (f"Kind {tool.kind}.", _asks(tool), needs)))
    rows = _rows(tool.spec.input_schema, "")
    words = f"## `{tool.name}`\n\n{said}\n\n{_quoted(tool.spec.description)}\n"
    return words + "\n" + table(("argument", "type", "default", "meaning"), rows)


def _asks(tool: Tool) -> str:
    if tool.read_only:
        return "Read-only: it never asks."
    return f"Asks, and shows {_PREVIEWS.get(tool.kind, 'what it would do')}."


def _quoted(description: str) -> str:
    """What the model is told, as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in description.replace("*", "\\*").splitlines())


def _rows(schema: JsonObject, prefix: str) -> Iterator[tuple[str, ...]]:
    """A row for each argument, and one for each member of what lists are made of."""
    required = schema.get("required", [])
    for name, item in schema["properties"].items():
        shown = f"{prefix}{name}" if name in required else f"{prefix}{name}?"
        default = code(str(item["default"]).lower()) if "default" in item else ""
        yield code(shown), _type(item), default, one_line(item.get("description", "")).replace("*", "\\*")
        if "properties" in item.get("items", {}):
            yield from _rows(item["items"], f"{prefix}{name}[].")


def _type(schema: JsonObject) -> str:
    bounds = "".join(f" {sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema)
    return f"{_plain(schema)}{bounds}"


def _plain(schema: Any) -> str:
    if "anyOf" in schema:
        return " or ".join(_plain(item) for item in schema["anyOf"])
    if schema.get("type") == "array":
        return f"{_plain(schema.get('items', {}))}[]"
    return schema.get("type", "any")
