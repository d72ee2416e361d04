"""MCP servers that an ACP client names for a session (`mcpServers`), as our settings have them. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from chatls.content import JsonObject
from chatls.settings.config import McpSettings
from chatls.shapes import as_list, as_text, member
from chatls.visible import visible_line

_ODD = re.compile(r"[^A-Za-z0-9-]+|_{2,}")
_LONGEST = 32
_SHOWN = 60


def servers_of(named: Iterable[JsonObject]) -> tuple[dict[str, McpSettings], list[str]]:
    """The servers by names that we can use, and words for a person about those that cannot be.

    >>> servers_of([{"name": "My notes", "command": "/bin/notes", "args": ["-v"], "env": []}])[0].keys()
    dict_keys(['My_notes'])
    >>> servers_of([{"type": "sse", "name": "old", "url": "https://example.org", "headers": []}])[1]
    ['The MCP server old of your editor is not used: it speaks sse, and chatls speaks stdio and http.']
    """
    found, news = dict[str, McpSettings](), list[str]()
    for one in named:
        shown = visible_line(as_text(one.get("name")), _SHOWN) or "without a name"
        try:
            found[_unique(shown, found)] = _settings(one)
        except ValidationError as error:
            news.append(f"The MCP server {shown} of your editor is not used: {visible_line(_why(error), 200)}.")
        except ValueError as error:
            news.append(f"The MCP server {shown} of your editor is not used: {error}.")
    return found, news


def _settings(one: JsonObject) -> McpSettings:
    kind = as_text(one.get("type")) or "stdio"
    if kind == "stdio":
        program = {"command": one.get("command"), "args": as_list(one.get("args")), "env": _pairs(one.get("env"))}
        return McpSettings.model_validate(program)
    if kind == "http":
        return McpSettings.model_validate({"url": one.get("url"), "headers": _pairs(one.get("headers"))})
    raise ValueError(f"it speaks {visible_line(kind, _SHOWN)}, and chatls speaks stdio and http")


def _why(error: ValidationError) -> str:
    told = ((".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")) for fault in error.errors())
    return "; ".join(f"{where}: {words}" if where else words for where, words in told)


def _pairs(values: Any) -> dict[str, str]:
    """Names and values, as the protocol lists them."""
    return {as_text(member(one, "name")): as_text(member(one, "value")) for one in as_list(values)}


def _unique(shown: str, taken: Mapping[str, Any]) -> str:
    """A name as settings have it."""
    name = _ODD.sub("_", shown).strip("_")[:_LONGEST].rstrip("_") or "server"
    count = 1
    while (found := name if count == 1 else f"{name[: _LONGEST - 4]}-{count}") in taken:
        count += 1
    return found
