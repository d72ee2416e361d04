"""Writes clients/python/chatls_client/protocol.py: what the daemon sends, as frozen dataclasses."""

from collections.abc import Iterator
from dataclasses import MISSING
from typing import Any, get_args, get_origin

from generation.source import Alias, Member, Shape, Speech, definitions

WIDTH = 120

_HEAD = '''\
"""What the daemon says, as values. Generated from the daemon's sources by `make docs`: do not edit.

Enums and objects are open: members that this client does not know are ignored, and a value that an alias below does
not list may come from a newer daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from chatls_client.values import WireValue, tagged
'''

_FOOT = '''\


event_from_wire: Callable[[JsonObject], Event | None] = tagged(Event, "kind")
"""Read a `$/progress` value; None for a kind that this client does not know."""
'''

_SPEECH = Speech[str](
    reference=lambda name: name,
    scalar={str: "str", int: "int", float: "float", bool: "bool", Any: "Any"},
    literal=lambda values: f"Literal[{', '.join(map(_quoted, values))}]",
    array=lambda item: f"tuple[{item}, ...]",
    mapping=lambda item: f"dict[str, {item}]",
    union=" | ".join,
)


def module() -> str:
    """The whole file."""
    received = [item for item in definitions() if not (isinstance(item, Shape) and item.sent)]
    parts = [_HEAD]
    previous: Shape | Alias | None = None
    for item in received:
        if item.name == "Token":
            continue
        parts.append("\n" if isinstance(item, Shape) or isinstance(previous, Shape) else "")
        parts.append(_class(item) if isinstance(item, Shape) else _alias(item))
        previous = item
    return "".join([*parts, _FOOT])


def _alias(alias: Alias) -> str:
    whole = f"{alias.name} = {_SPEECH.spell_out(alias.type)}"
    lines = [whole] if len(whole) <= WIDTH else [f"{alias.name} = {_opened(alias.type)}"]
    return "\n" + "\n".join(lines) + "\n" + _docstring(alias.text, "")


def _opened(kind: Any) -> str:
    """A long type, one part a line."""
    if get_origin(kind) is not None and not isinstance(get_args(kind)[0], str):
        return "(\n    " + "\n    | ".join(_SPEECH.spell(item) for item in get_args(kind)) + "\n)"
    return "Literal[\n" + "".join(f"    {_quoted(value)},\n" for value in get_args(kind)) + "]"


def _class(shape: Shape) -> str:
    head = f"\n@dataclass(frozen=True, slots=True)\nclass {shape.name}(WireValue):\n"
    fields = "".join(_field(item) for item in shape.members)
    return head + _docstring(shape.text, "    ") + ("\n" if fields else "") + fields


def _field(member: Member) -> str:
    kind = _SPEECH.spell(member.type) + (" | None" if member.optional or member.nullable else "")
    default = "" if member.default is MISSING else f" = {_value(member.default)}"
    return f"    {member.name}: {kind}{default}\n" + _docstring(member.text, "    ")


def _value(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(value: str) -> str:
    return f'"{value}"'


def _docstring(text: str, indent: str) -> str:
    if not text:
        return ""
    return "".join(_indented(f'"""{text}{chr(10) if chr(10) in text and indent == "" else ""}"""', indent))


def _indented(text: str, indent: str) -> Iterator[str]:
    return (f"{indent}{line}\n" if line else "\n" for line in text.splitlines())
