"""A person's `config.toml`, changed by a command: a model and a provider in it, whole tables behind it.

Every other line stays as it is; the file is replaced whole or not at all.
"""

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from chatls.content import JsonObject, camel
from chatls.errors import SettingsError
from chatls.settings.configuration import Layer, merge
from chatls.workspace.tomltext import lines_of

SettingValue = str | int | tuple[str, ...]
SettingValues = Mapping[str, SettingValue]
"""Settings of a provider, by their names in the file."""
SettingTables = Mapping[str, Mapping[str, Any]]
"""Whole tables by their names."""

_PLAIN = re.compile(
    r"""(\s*[\w"'-]+\s*=\s*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\[[^\[\]\n#]*\]|[\w.+-]+)(\s*(?:\#.*)?)""", re.VERBOSE
)
"""A key whose value stands on its line, and what is behind it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def read(path: Path) -> str:
    """The file's text, "" where there is none. Raises `SettingsError`."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def changed(text: str, model: str, provider: str, values: SettingValues) -> str:
    """The text with that model, and with these settings of that provider. Of a list of models it becomes the first, and
    those that answer where it cannot stay behind it.

    Raises `SettingsError` where it is no TOML, or is written so that a person has to change it.

    >>> print(changed('# mine\\nmodel = "a/b" # old\\n', "c/d", "c", {"api_key_env": "KEY"}), end="")
    # mine
    model = "c/d" # old
    <BLANKLINE>
    [providers.c]
    api_key_env = "KEY"
    """
    wanted = parsed(text)
    told = wanted.get("model")
    others = [one for one in cast("list[str]", told) if one != model] if isinstance(told, list) else []
    models = (model, *others) if others else model
    new = _put(text, (), "model", models)
    own = _own(wanted, provider)
    for key, value in values.items():
        spelt = camel(key) if camel(key) in own else key
        new = _put(new, ("providers", provider), spelt, value)
        own[spelt] = list(value) if isinstance(value, tuple) else value
    wanted["model"] = list(models) if isinstance(models, tuple) else models
    if values:
        wanted.setdefault("providers", {})[provider] = own
    try:
        right = tomllib.loads(new) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        lines = changed("", model, provider, values)
        raise SettingsError(f"it is written in a form that is not changed here; write by hand:\n{lines}")
    return new


def grown(text: str, place: str, tables: SettingTables) -> str:
    """The text with tables below `place` behind all else.

    Raises `SettingsError` where it is no TOML, has one of them, or is written so that a person has to change it; and
    for tables that cannot be used: no prompt would be answered any more.

    >>> print(grown('model = "a/b"', "mcp", {"time": {"command": "uvx"}}), end="")
    model = "a/b"
    <BLANKLINE>
    [mcp.time]
    command = "uvx"
    """
    before = parsed(text)
    there = before.get(place, {})
    if taken := [name for name in tables if name in there]:
        raise SettingsError(f"there is one named {', '.join(taken)} already ([{place}.{taken[0]}])")
    merge([Layer("what would be added", {place: tables})])
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    new = text + gap + "\n".join(table(place, name, members) for name, members in tables.items())
    if parsed(new) != {**before, place: {**there, **tables}}:
        raise SettingsError(f"{place} is written in a form that nothing can be added to: make tables ([{place}.NAME])")
    return new


def table(place: str, name: str, members: Mapping[str, Any]) -> str:
    """A table as it stands in the file; its name is letters, digits, - and _."""
    return f"[{place}.{name}]\n" + "".join(f"{key} = {toml_value(value)}\n" for key, value in members.items())


def replace(path: Path, was: str, text: str) -> None:
    """Give the file that text, whole or not at all, if it still holds what it held. Raises `SettingsError`."""
    if read(path) != was:
        raise SettingsError(f"{path} was changed meanwhile; nothing was written. Begin again.")
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise SettingsError(f"{path} cannot hold half of a character, \\u{ord(text[error.start]):x}") from error
    try:
        real = path.resolve()
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        beside = real.with_name(f".{real.name}-{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
            beside.replace(real)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error}") from error


def _own(parsed: JsonObject, provider: str) -> JsonObject:
    """What is set of a provider."""
    there = parsed.get("providers", {})
    own = cast("JsonObject", there).get(provider, {}) if isinstance(there, dict) else None
    if not isinstance(own, dict):
        raise SettingsError("providers must be a table of tables ([providers.NAME])")
    return deepcopy(cast("JsonObject", own))


def _put(text: str, table: tuple[str, ...], key: str, value: SettingValue) -> str:
    """The text with one key. Where that cannot be done well it is not right afterwards; `changed` looks."""
    lines, rows = lines_of(text), text.split("\n")
    end = "\r" if "\r\n" in text else ""
    new, at, head = f"{key} = {toml_value(value)}{end}", lines.get((*table, key)), lines.get(table)
    if at is not None:
        if found := _PLAIN.fullmatch(rows[at - 1]):
            rows[at - 1] = f"{found[1]}{toml_value(value)}{found[3]}"
    elif not table:
        rows[:0] = [new, end] if text.strip() else [new]
    elif head is not None:
        rows.insert(head, new)
    else:
        name = ".".join(part if _BARE.fullmatch(part) else json.dumps(part) for part in table)
        rows = [*(rows[:-1] if rows[-1] == "" else rows), *([end] if text else []), f"[{name}]{end}", new, ""]
    return "\n".join(rows)


def toml_value(value: Any) -> str:
    """A JSON value, but for null, as it stands behind a key.

    >>> toml_value({"a": ["x", 1, True]})
    '{ "a" = ["x", 1, true] }'
    """
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(toml_value, cast('list[Any]', value)))}]"
        case dict():
            members = cast("JsonObject", value).items()
            return f"{{ {', '.join(f'{toml_value(key)} = {toml_value(item)}' for key, item in members)} }}"
        case _:
            return json.dumps(value)


def parsed(text: str) -> JsonObject:
    """Its values. Raises `SettingsError`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the settings cannot be read: {error}") from error
