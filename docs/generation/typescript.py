"""Writes clients/vscode/src/protocol.ts: what can be said, as TypeScript types."""

from typing import Any, get_args

from chatls.lsp.handshake import CANCEL_COMMANDS, PROTOCOL_VERSION
from chatls.wire import methods, params
from generation.source import Alias, Code, Member, Shape, Speech, codes, definitions, one_line, summary

_WIDTH = 120

_HEAD = f"""\
// What can be said between a client and chatls. Generated from the daemon's sources by `make docs`: do not edit.
// Enums and objects are open: ignore the members, kinds and values that you do not know.

/** The version of the protocol. */
export const VERSION = {PROTOCOL_VERSION};
"""

_PROGRESS = """
/** The value of a `$/progress` notification on the turn's `partialResultToken`. */
export type ProgressValue = Event & {
  /** Counts up by one within a turn, from 1. */
  readonly seq: number;
  readonly turnId: string;
};
"""

_SPEECH = Speech[str](
    reference=lambda name: name,
    scalar={str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"},
    literal=lambda values: " | ".join(f'"{value}"' for value in values),
    array=lambda item: f"readonly {item}[]" if item.isidentifier() else f"ReadonlyArray<{item}>",
    mapping=lambda item: f"Readonly<Record<string, {item}>>",
    union=" | ".join,
)


def module() -> str:
    """The whole file."""
    parts = [_class(item) if isinstance(item, Shape) else _alias(item) for item in definitions()]
    return "".join([_HEAD, *parts, _PROGRESS, _requests(), _requests_to_client(), _commands(), _codes()])


def _alias(alias: Alias) -> str:
    whole = f"export type {alias.name} = {_SPEECH.spell_out(alias.type)};\n"
    if len(whole) > _WIDTH:
        parts = (f'"{item}"' if isinstance(item, str) else _SPEECH.spell(item) for item in get_args(alias.type))
        whole = f"export type {alias.name} =\n" + "\n".join(f"  | {part}" for part in parts) + ";\n"
    return f"\n{_comment(summary(alias.text), '')}{whole}"


def _class(shape: Shape) -> str:
    members = [*([shape.tag] if shape.tag else []), *shape.others]
    body = "".join(_member(item) for item in members)
    return f"\n{_comment(one_line(shape.text), '')}export interface {shape.name} {{\n{body}}}\n"


def _member(member: Member) -> str:
    kind = _SPEECH.spell(member.type) + (" | null" if member.nullable else "")
    return f"{_comment(one_line(member.text), '  ')}  readonly {member.wire}{'?' if member.optional else ''}: {kind};\n"


def _requests() -> str:
    head = "\n/** The requests that a client sends. */\nexport interface Requests {\n"
    return head + "".join(map(_request, methods.METHODS)) + "}\n"


def _requests_to_client() -> str:
    head = (
        "\n/** The requests of the daemon's own that a client answers, if it says so in `experimental.chat`. */\n"
        "export interface RequestsToClient {\n"
    )
    return head + "".join(map(_request, methods.REQUESTS_TO_CLIENT)) + "}\n"


def _request(method: params.Method | methods.RequestToClient) -> str:
    types = f"{{ params: {method.params.__name__}; result: {method.result.__name__} }}"
    return f'{_comment(method.summary, "  ")}  "{method.name}": {types};\n'


def _commands() -> str:
    names = ", ".join(f'"{name}"' for name in CANCEL_COMMANDS)
    return f"\n/** For `workspace/executeCommand`. */\nexport const COMMANDS = [{names}] as const;\n"


def _codes() -> str:
    lines = "".join(f"{_comment(code.text, '  ')}  {_camel(code)}: {code.number},\n" for code in codes())
    return f"\n/** Codes of JSON-RPC errors. */\nexport const ErrorCode = {{\n{lines}}} as const;\n"


def _camel(code: Code) -> str:
    head, *rest = code.name.lower().split("_")
    return head + "".join(word.capitalize() for word in rest)


def _comment(text: str, indent: str) -> str:
    return f"{indent}/** {text} */\n" if text else ""
