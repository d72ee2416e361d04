"""Writes the tables of docs/configuration.md."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chatls.content import camel
from chatls.providers.known import catalog
from chatls.settings import config
from generation.markdown import code, table
from generation.source import field_words, one_line

_UNITS = {"Seconds": "seconds", "Tokens": "tokens", "Bytes": "bytes"}
_BOUNDS = {"ge": ">=", "gt": ">", "le": "<="}
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}

_GROUPS: dict[str, tuple[type[BaseModel], str]] = {
    "settings": (config.Settings, ""),
    "provider-settings": (config.ProviderSettings, "providers.NAME."),
    "parameter-settings": (config.ParameterSettings, "parameters."),
    "context-settings": (config.ContextSettings, "context."),
    "tool-settings": (config.ToolSettings, "tools."),
    "mcp-settings": (config.McpSettings, "mcp.NAME."),
    "command-settings": (config.CommandSettings, "commands."),
    "edit-settings": (config.EditSettings, "edits."),
    "limit-settings": (config.LimitSettings, "limits."),
    "session-settings": (config.SessionSettings, "sessions."),
    "log-settings": (config.LogSettings, "log."),
    "telemetry-settings": (config.TelemetrySettings, "telemetry."),
    "permission-settings": (config.PermissionRule, "permissions[]."),
}


def parts() -> dict[str, str]:
    """One table for each group, by the group's name, and the providers that need no settings."""
    tables = {name: _group(model, path) for name, (model, path) in _GROUPS.items()}
    return {**tables, "kinds": _kinds(), "known-providers": _known()}


def _kinds() -> str:
    """The protocols that this version speaks."""
    return f"This version has the kinds {', '.join(code(kind) for kind in catalog.BUILT)}.\n"


def _known() -> str:
    head = ("name", "kind", "address", "key in", "default model", "used if nothing is set")
    return table(head, (_entry(entry) for entry in catalog.KNOWN))


def _entry(entry: catalog.Known) -> tuple[str, ...]:
    address = code(entry.base_url) if entry.base_url else "`baseUrl` has to be set"
    keys = ", ".join(code(name) for name in entry.key_variables)
    model = code(entry.model) if entry.model else ""
    return code(entry.name), code(entry.kind), address, keys, model, _how(entry)


def _how(entry: catalog.Known) -> str:
    if not entry.key_variables:
        return "when it answers there and says what it is"
    if not entry.automatic:
        return "no"
    return f"when {code(entry.key_variables[0])} holds a key" if entry.key_variables[1:] else "when there is a key"


def _group(model: type[BaseModel], path: str) -> str:
    units, hints, words = _units(model), get_type_hints(model), field_words(config)[model.__name__]
    rows = (
        (code(path + camel(name)), code(_type(hints[name], field)), _default(field), units[name], one_line(words[name]))
        for name, field in model.model_fields.items()
        if not _holds_settings(hints[name])
    )
    return one_line(model.__doc__ or "") + "\n\n" + table(("key", "type", "default", "unit", "meaning"), rows)


def _holds_settings(hint: Any) -> bool:
    """Whether a member is a group with a table of its own. Raises `LookupError` for a group that has none."""
    groups = [item for item in (hint, *get_args(hint)) if isinstance(item, type) and issubclass(item, BaseModel)]
    tabled = {model for model, _ in _GROUPS.values()}
    if missing := [group.__name__ for group in groups if group not in tabled]:
        raise LookupError(f"docs/configuration.md has no table of {missing[0]}: see _GROUPS")
    return bool(groups)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    match value:
        case None:
            return "not set"
        case () | {}:
            return "none"
        case float():
            return code(f"{value:g}")
        case _:
            return code(str(value))


def _type(hint: Any, field: FieldInfo) -> str:
    sign = {name: getattr(item, name) for item in field.metadata for name in _BOUNDS if hasattr(item, name)}
    return _spelt(hint) + "".join(f" {_BOUNDS[name]} {value:g}" for name, value in sign.items())


def _spelt(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{item}"' for item in arguments)
    if origin is tuple:
        return f"{_spelt(arguments[0])}[]"
    if origin is dict:
        return f"{{ [name]: {_spelt(arguments[1])} }}"
    if arguments:
        return " | ".join(_spelt(item) for item in arguments if item is not type(None))
    return _SCALARS[hint]


def _units(model: type[BaseModel]) -> dict[str, str]:
    """The unit of each field, told by the name of its type."""
    return {name: next((_UNITS[word] for word in _UNITS if word in kind), "") for name, kind in _annotations(model)}


def _annotations(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for node in ast.parse(inspect.getsource(config)).body:
        if isinstance(node, ast.ClassDef) and node.name == model.__name__:
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield item.target.id, ast.unparse(item.annotation)
