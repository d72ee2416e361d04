"""MCP servers as they stand in a person's own `config.toml`, made of what other programs' files say of them. Pure.

They hold no secret: a value that looks like one is left in the environment, and named.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from chatls.content import JsonObject
from chatls.errors import SettingsError
from chatls.seen.secrets import SECRET_NAMES, shown_arguments
from chatls.shapes import as_list

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
# What has no end goes to the end of the text, so that each is passed once.
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*(?:"|\Z|\\\Z))|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*(?:"|\Z|\\\Z))|,(?=\s*[}\]])', re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|[A-Z_][A-Z0-9_]*")
_BEARER = re.compile(r"Bearer \$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}")
_STRANGE = re.compile(r"[^A-Za-z0-9-]+")


def checked(name: str) -> str:
    """The name of a server, if it is one. Raises `SettingsError`."""
    if "__" in name or not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a server: letters, digits, - and _, at most 32, no __")
    return name


def taken_over(text: str) -> tuple[dict[str, JsonObject], list[str]]:
    """The servers of a file of another program (`mcpServers`, or `servers` as VS Code has them) as they would stand in
    ours, and words on what was left out. Raises `SettingsError` for a file that is none."""
    try:
        found = json.loads(_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"it is no JSON: {error}") from error
    listed = next(_places(found), None)
    if listed is None:
        raise SettingsError("it has neither mcpServers nor servers")
    servers, words = dict[str, JsonObject](), list[str]()
    for name, entry in listed.items():
        ours = (_STRANGE.sub("-", name).strip("-") or "server")[:32]
        made = _server(name, cast("JsonObject", entry), words) if isinstance(entry, dict) else None
        if made is None:
            words.append(f"{name}: left out")
        elif ours in servers:
            words.append(f"{name}: left out, another one is named {ours}")
        else:
            servers[ours] = made
    return servers, words


def _places(found: Any) -> Iterator[JsonObject]:
    """Where servers may stand: `mcpServers`, `servers`, and as VS Code's settings have them, `mcp.servers`."""
    whole = _object(found)
    for item in (whole.get("mcpServers"), whole.get("servers"), _object(whole.get("mcp")).get("servers")):
        if isinstance(item, dict):
            yield _object(item)


def _object(value: Any) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _server(name: str, entry: JsonObject, words: list[str]) -> JsonObject | None:
    if entry.get("type") == "sse":
        words.append(f"{name}: the older transport (sse) is not spoken")
        return None
    url, command = entry.get("url"), entry.get("command")
    made: JsonObject = {}
    if isinstance(command, str) and command:
        arguments = [item for item in as_list(entry.get("args")) if isinstance(item, str)]
        made |= {"command": command, **({"args": arguments} if arguments else {})}
        if shown_arguments(arguments)[1]:
            words.append(
                f"{name}: args hold what looks like a key; write ${{NAME}} there, and have it in your environment"
            )
        made |= {"env": env} if (env := _env(name, _texts(entry.get("env")), words)) else {}
        made |= {"cwd": entry["cwd"]} if isinstance(entry.get("cwd"), str) else {}
    elif isinstance(url, str) and url:
        made |= {"url": url, **_headers(name, _texts(entry.get("headers")), words)}
    else:
        words.append(f"{name}: it has neither a command nor an address")
        return None
    strange = [word for word in _VARIABLE.findall(json.dumps(made)) if not _ENVIRONMENT.fullmatch(word)]
    if strange:
        words.append(f"{name}: ${{{strange[0]}}} means nothing here; write the server into your settings by hand")
        return None
    return made | ({"disabled": True} if entry.get("disabled") is True else {})


def _env(name: str, env: dict[str, str], words: list[str]) -> dict[str, str]:
    found = dict[str, str]()
    for key, value in env.items():
        if value and SECRET_NAMES.search(key) and "${" not in value:
            words.append(f"{name}: the value of {key} was not copied; have it in your environment")
            found[key] = f"${{{key}}}"
        else:
            found[key] = value
    return found


def _headers(name: str, headers: dict[str, str], words: list[str]) -> JsonObject:
    found, more = dict[str, str](), JsonObject()
    for key, value in headers.items():
        if key.lower() == "authorization" and (bearer := _BEARER.fullmatch(value)):
            more["key_env"] = bearer[1]
        elif SECRET_NAMES.search(key) and "${" not in value:
            words.append(f"{name}: the header {key} was not copied; put its value into your environment (key_env)")
        else:
            found[key] = value
    return {**({"headers": found} if found else {}), **more}


def _texts(value: Any) -> dict[str, str]:
    members = cast("JsonObject", value).items() if isinstance(value, dict) else ()
    return {key: str(item) for key, item in members if isinstance(item, str | int | float)}


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""
