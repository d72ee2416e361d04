"""Writes clients/vscode/src/view.ts: what a turn folds to, as TypeScript types, from the Python client's view.py."""

import ast
import inspect
import re
from collections.abc import Iterator

from chatls_client import view
from chatls_client.values import camel
from generation.source import one_line

_HEAD = """\
// What a turn looks like when its events are folded (fold.ts). Generated from the Python client's view.py by
// `make docs`: do not edit. A member that may be missing is left out where there is nothing to say.

import type {{{names}}} from "./protocol.ts";
"""

_SCALARS = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}
_WIDTH = 120


def module() -> str:
    """The whole file."""
    tree = ast.parse(inspect.getsource(view))
    body = "".join(_definitions(tree))
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "chatls_client.protocol"
        for alias in node.names
    }
    used = sorted(name for name in imported if re.search(rf": .*\b{name}\b|\| {name}\b", _without_comments(body)))
    return _HEAD.format(names="".join(f"\n  {name}," for name in used) + "\n") + body


def _without_comments(text: str) -> str:
    return re.sub(r"/\*\*.*\*/", "", text)


def _definitions(tree: ast.Module) -> Iterator[str]:
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef) and any("WireValue" in ast.unparse(base) for base in node.bases):
            yield _interface(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("CallStatus", "Block"):
            yield f"\n{_comment(_docstring(after), '')}{_alias(ast.unparse(node.targets[0]), node.value)}"


def _alias(name: str, value: ast.expr) -> str:
    whole = f"export type {name} = {_spell(value)};\n"
    if len(whole) <= _WIDTH:
        return whole
    return f"export type {name} =\n" + "".join(f"  | {part}\n" for part in _spell(value).split(" | "))[:-1] + ";\n"


def _interface(node: ast.ClassDef) -> str:
    members = "".join(_members(node))
    return f"\n{_comment(ast.get_docstring(node) or '', '')}export interface {node.name} {{\n{members}}}\n"


def _members(node: ast.ClassDef) -> Iterator[str]:
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            parts = [part for part in _union(item.annotation) if ast.unparse(part) != "None"]
            optional = "?" if len(parts) < len(_union(item.annotation)) else ""
            kind = " | ".join(map(_spell, parts))
            yield f"{_comment(_docstring(after), '  ')}  readonly {camel(item.target.id)}{optional}: {kind};\n"


def _union(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [*_union(node.left), *_union(node.right)]
    return [node]


def _spell(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return _SCALARS.get(name, name)
        case ast.Constant(value=str(text)):
            return f'"{text}"'
        case ast.BinOp():
            return " | ".join(map(_spell, _union(node)))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            return " | ".join(map(_spell, values))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=value):
            return _spell(value)
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, _])):
            return f"readonly {_spell(item)}[]"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, item])):
            return f"Readonly<Record<string, {_spell(item)}>>"
        case _:
            raise ValueError(f"no spelling for {ast.unparse(node)}")


def _docstring(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
        case _:
            return ""


def _comment(text: str, indent: str) -> str:
    return f"{indent}/** {one_line(text)} */\n" if text else ""
