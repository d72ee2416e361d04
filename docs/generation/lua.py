"""Writes clients/nvim/lua/chatls/protocol.lua: what can be said, as LuaCATS types, and the numbers and names."""

from typing import Any, get_args

from chatls.content import snake
from chatls.lsp.handshake import CANCEL_COMMANDS, PROTOCOL_VERSION
from chatls.wire import methods
from generation.source import Alias, Member, Shape, Speech, codes, definitions, event_shapes, one_line, summary

_HEAD = """\
-- What can be said between a client and chatls. Generated from the daemon's sources by `make docs`: do not edit.
-- Enums and objects are open: ignore the members, kinds and values that you do not know. JSON's null is `vim.NIL`, a
-- userdata.

---The value of a `$/progress` notification on the turn's `partialResultToken`.
---@class chatls.ProgressValue
---@field seq integer Counts up by one within a turn, from 1.
---@field turnId string
"""

_SPEECH = Speech[str](
    reference=lambda name: f"chatls.{name}",
    scalar={str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"},
    literal=lambda values: "|".join(f'"{value}"' for value in values),
    array=lambda item: f"({item})[]" if "|" in item else f"{item}[]",
    mapping=lambda item: f"table<string, {item}>",
    union="|".join,
)


def module() -> str:
    """The whole file."""
    emitted = {shape.name for shape in event_shapes()}
    types = (
        _class(item, "chatls.ProgressValue" if item.name in emitted else "")
        if isinstance(item, Shape)
        else _alias(item)
        for item in definitions()
    )
    return "".join([_HEAD, *types, _table()])


def _alias(alias: Alias) -> str:
    parts = (f'"{item}"' if isinstance(item, str) else _SPEECH.spell(item) for item in get_args(alias.type))
    if isinstance(alias.type, type) or alias.type == dict[str, Any]:
        return f"\n{_comment(summary(alias.text))}---@alias chatls.{alias.name} {_SPEECH.spell_out(alias.type)}\n"
    lines = "".join(f"---| {part}\n" for part in parts)
    return f"\n{_comment(summary(alias.text))}---@alias chatls.{alias.name}\n{lines}"


def _class(shape: Shape, parent: str) -> str:
    members = [*([shape.tag] if shape.tag else []), *shape.others]
    head = f"---@class chatls.{shape.name}{f' : {parent}' if parent else ''}\n"
    return f"\n{_comment(one_line(shape.text))}{head}" + "".join(_field(item) for item in members)


def _field(member: Member) -> str:
    kind = _SPEECH.spell(member.type) + ("|userdata" if member.nullable else "")
    words = f" {one_line(member.text)}" if member.text else ""
    return f"---@field {member.wire}{'?' if member.optional else ''} {kind}{words}\n"


def _table() -> str:
    parts = {
        "methods": [f'{_snake(method.name)} = "{method.name}"' for method in methods.METHODS],
        "requests_to_client": [f'{_snake(method.name)} = "{method.name}"' for method in methods.REQUESTS_TO_CLIENT],
        "commands": [f'"{name}"' for name in CANCEL_COMMANDS],
        "event_kinds": [f'"{shape.tag.default}"' for shape in event_shapes() if shape.tag],
        "error_codes": [f"{code.name.lower()} = {code.number}" for code in codes()],
    }
    body = "".join(f"  {name} = {{\n{_lines(items)}  }},\n" for name, items in parts.items())
    return f"\nreturn {{\n  version = {PROTOCOL_VERSION},\n{body}}}\n"


def _lines(items: list[str]) -> str:
    return "".join(f"    {item},\n" for item in items)


def _snake(method: str) -> str:
    return snake(method.removeprefix("chat/").replace("/", "_"))


def _comment(text: str) -> str:
    return f"---{text}\n" if text else ""
