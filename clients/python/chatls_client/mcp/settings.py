"""MCP servers in a person's own `config.toml`: written behind what stands there, and taken from other programs' files.

What is written holds no secret: a value that looks like one is left in the environment, and named.
"""

import json
import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import platformdirs

from chatls_client.errors import ClientError

JsonObject = dict[str, Any]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SECRET = re.compile(r"(?i)key|token|secret|passw|auth|credential|cookie")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|[A-Z_][A-Z0-9_]*")
_BEARER = re.compile(r"Bearer \$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}")
_STRANGE = re.compile(r"[^A-Za-z0-9-]+")


class OwnSettingsError(ClientError):
    """The settings cannot be changed, or another program's file not be read. The text says why."""


def own_file() -> Path:
    """Where a person's settings lie."""
    return platformdirs.user_config_path("chatls", appauthor=False) / "config.toml"


def table(name: str, server: Mapping[str, Any]) -> str:
    """A server as it stands in the file.

    >>> print(table("time", {"command": "uvx", "args": ["mcp-server-time"]}), end="")
    [mcp.time]
    command = "uvx"
    args = ["mcp-server-time"]
    """
    lines = (f"{key} = {_toml(value)}\n" for key, value in server.items())
    return f"[mcp.{name}]\n{''.join(lines)}"


def checked(name: str) -> str:
    """The name of a server, if it is one. Raises `OwnSettingsError`."""
    if "__" in name or not _NAME.fullmatch(name):
        raise OwnSettingsError(f"{name!r} is no name for a server: letters, digits, - and _, at most 32, no __")
    return name


def grown(text: str, servers: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a file with these servers behind all else. Raises `OwnSettingsError` where it is no TOML, or has one
    of them."""
    before = _parsed(text)
    there = before.get("mcp", {})
    if taken := [name for name in servers if name in there]:
        raise OwnSettingsError(f"there is a server named {', '.join(taken)} already")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    new = text + gap + "\n".join(table(checked(name), server) for name, server in servers.items())
    wanted = {**before, "mcp": {**there, **servers}}
    if _parsed(new) != wanted:
        raise OwnSettingsError("mcp is written in a form that nothing can be added to: make tables of it ([mcp.NAME])")
    return new


def keep(path: Path, servers: Mapping[str, Mapping[str, Any]]) -> None:
    """Add servers to a file of settings, which is replaced whole. Raises `OwnSettingsError`."""
    try:
        real = path.resolve()
        text = real.read_text("utf-8") if real.exists() else ""
        new = grown(text, servers)
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        beside = real.with_name(f".{real.name}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(new)
        beside.replace(real)
    except (OSError, UnicodeDecodeError) as error:
        raise OwnSettingsError(f"{path} cannot be written: {error}") from error


def taken_over(text: str) -> tuple[dict[str, JsonObject], list[str]]:
    """The servers of a file of another program (`mcpServers`, or `servers` as VS Code has them) as they would stand in
    ours, and words on what was left out. Raises `OwnSettingsError` for a file that is none."""
    try:
        found = json.loads(_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except ValueError as error:
        raise OwnSettingsError(f"it is no JSON: {error}") from error
    listed = next(_places(found), None)
    if listed is None:
        raise OwnSettingsError("it has neither mcpServers nor servers")
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
        arguments = [item for item in cast("list[Any]", entry.get("args") or []) if isinstance(item, str)]
        made |= {"command": command, **({"args": arguments} if arguments else {})}
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
        if value and _SECRET.search(key) and "${" not in value:
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
        elif _SECRET.search(key) and "${" not in value:
            words.append(f"{name}: the header {key} was not copied; put its value into your environment (key_env)")
        else:
            found[key] = value
    return {**({"headers": found} if found else {}), **more}


def _texts(value: Any) -> dict[str, str]:
    members = cast("JsonObject", value).items() if isinstance(value, dict) else ()
    return {key: str(item) for key, item in members if isinstance(item, str | int | float)}


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""


def _parsed(text: str) -> JsonObject:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OwnSettingsError(f"the settings cannot be read: {error}") from error


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(_toml, cast('list[Any]', value)))}]"
        case dict():
            members = cast("JsonObject", value).items()
            return f"{{ {', '.join(f'{_toml(key)} = {_toml(item)}' for key, item in members)} }}"
        case _:
            return json.dumps(value)
