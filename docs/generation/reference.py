"""Writes the reference parts of docs/protocol.md."""

from dataclasses import MISSING
from typing import Any

from chatls.wire import asks, commands, methods, sessions, steering
from generation import tools
from generation.conversation import rendered
from generation.markdown import block, code, table
from generation.source import (
    Alias,
    Member,
    Shape,
    Speech,
    codes,
    definitions,
    error_kinds,
    event_shapes,
    one_line,
    summary,
)

_SPEECH = Speech[str](
    reference=lambda name: name,
    scalar={str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"},
    literal=lambda values: " | ".join(f'"{value}"' for value in values),
    array=lambda item: f"({item})[]" if "|" in item else f"{item}[]",
    mapping=lambda item: f"{{ [name]: {item} }}",
    union=" | ".join,
)

_ELSEWHERE = ("ErrorKind", "JsonObject", "Event")


def parts() -> dict[str, str]:
    """All of them, by name: one for every object that is no event, and the tables."""
    events = {item.name for item in event_shapes()}
    objects = [item for item in definitions() if isinstance(item, Shape) and item.name not in events and item.members]
    tables = {_name(item): _members(item) for item in objects if _is_own_table(item)}
    return tables | {
        "methods": _methods(),
        "requests-to-client": _requests_to_client(),
        "values": _values([item for item in definitions() if item.name not in events]),
        "events": _events(),
        "error-codes": _codes(),
        "error-kinds": table(("kind", "meaning"), ((code(kind), text) for kind, text in error_kinds().items())),
        "tools": tools.overview(),
        "conversation": rendered(),
    }


def _codes() -> str:
    rows = ((str(i.number), i.name.lower(), ", ".join(map(code, i.kinds)), i.text) for i in codes())
    return table(("code", "name", "kind", "meaning"), rows)


def _name(item: Shape) -> str:
    return item.name


def _is_own_table(item: Shape) -> bool:
    """Parameters and results have tables; the values inside them are told in one block."""
    found = {module.__name__: vars(module).get(item.name) for module in (asks, commands, methods, sessions, steering)}
    ours = any(getattr(kind, "__module__", "") == name for name, kind in found.items())
    asked = {kind.__name__ for method in methods.REQUESTS_TO_CLIENT for kind in (method.params, method.result)}
    return ours or item.name in asked


def _methods() -> str:
    rows = ((code(i.name), i.params.__name__, i.result.__name__, i.summary) for i in methods.METHODS)
    return table(("request", "params", "result", "meaning"), rows)


def _requests_to_client() -> str:
    rows = (
        (code(i.name), code(f"experimental.chat.{i.capability}"), i.params.__name__, i.result.__name__, i.summary)
        for i in methods.REQUESTS_TO_CLIENT
    )
    return table(("request", "only if the client says", "params", "result", "meaning"), rows)


def _members(item: Shape) -> str:
    return table(("member", "type", "meaning"), (_row(member) for member in item.members))


def _row(member: Member) -> tuple[str, str, str]:
    return code(member.wire + ("?" if member.optional else "")), code(_type(member)), _meaning(member)


def _type(member: Member) -> str:
    return _SPEECH.spell(member.type) + (" | null" if member.nullable else "")


def _meaning(member: Member) -> str:
    default = member.default
    said = "" if not member.optional or default in (None, MISSING) else f" Default: `{default}`."
    return one_line(member.text) + said


def _values(found: list[Shape | Alias]) -> str:
    lines: list[str] = []
    for item in found:
        if item.name in _ELSEWHERE or (isinstance(item, Shape) and _is_own_table(item)) or item.name == "NoParams":
            continue
        lines += [f"// {summary(item.text)}", f"{item.name} = {_spelt(item)}", ""]
    return block("\n".join(lines), "ts")


def _spelt(item: Shape | Alias) -> str:
    if isinstance(item, Alias):
        return _SPEECH.spell_out(item.type)
    members = [*([item.tag] if item.tag else []), *item.others]
    short = f"{{ {', '.join(map(_signature, members))} }}"
    if not any(member.text for member in members):
        return short
    lines = (f"  {_signature(member)},{f'  // {one_line(member.text)}' if member.text else ''}" for member in members)
    return "\n".join(["{", *lines, "}"])


def _signature(member: Member) -> str:
    return f"{member.wire}{'?' if member.optional else ''}: {_type(member)}"


def _events() -> str:
    rows: list[tuple[str, ...]] = []
    for item in event_shapes():
        rows.append((f"**`{item.tag.default if item.tag else ''}`**", "", "", one_line(item.text)))
        rows += [("", *_row(member)) for member in item.others]
    return table(("kind", "field", "type", "meaning"), rows)
