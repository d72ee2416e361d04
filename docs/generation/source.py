"""Reads what can be said on the wire from the daemon's sources: names, types, defaults and the words under them.

Knows no language that is written from it.
"""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import cache, reduce
from types import ModuleType, NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from chatls import content, editor, errors, events, language
from chatls.content import camel
from chatls.settings import permissions
from chatls.store import entries
from chatls.wire import asks, cells, commands, methods, params, sessions, steering, symbols
from chatls.workspace.skills import entries as skill_entries

_MODULES = (
    *(errors, content, events, editor, permissions, params, skill_entries, cells, language),
    *(methods, asks, commands, steering, entries, sessions, symbols),
)

Spelt = TypeVar("Spelt")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object on the wire."""

    name: str
    """In Python."""
    wire: str
    type: Any
    """An annotation, without None."""
    optional: bool
    """May be missing."""
    nullable: bool
    """May be null."""
    default: Any
    """MISSING where there is none."""
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """An object on the wire."""

    name: str
    text: str
    members: tuple[Member, ...]
    sent: bool
    """By the client: parameters."""

    @property
    def tag(self) -> Member | None:
        """The member that tells this object from others: a constant that is always there."""
        return next((item for item in self.members if constant(item.type) is not None and not item.optional), None)

    @property
    def others(self) -> tuple[Member, ...]:
        """All but the tag."""
        return tuple(item for item in self.members if item is not self.tag)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a type that is no object of its own."""

    name: str
    text: str
    type: Any


@dataclass(frozen=True, slots=True)
class Code:
    """A JSON-RPC error code."""

    name: str
    """In Python, upper case."""
    number: int
    kinds: tuple[str, ...]
    """What `error.data.kind` may be."""
    text: str


@dataclass(frozen=True)
class Speech(Generic[Spelt]):
    """How a language spells types."""

    reference: Callable[[str], Spelt]
    scalar: dict[Any, Spelt]
    literal: Callable[[tuple[str, ...]], Spelt]
    array: Callable[[Spelt], Spelt]
    mapping: Callable[[Spelt], Spelt]
    union: Callable[[list[Spelt]], Spelt]

    def spell(self, kind: Any) -> Spelt:
        """A type, by its name if it has one."""
        name = _names().get(kind)
        return self.reference(name) if name else self.spell_out(kind)

    def spell_out(self, kind: Any) -> Spelt:
        """A type without its own name."""
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Literal:
            return self.literal(arguments)
        if origin in (tuple, list):
            return self.array(self.spell(arguments[0]))
        if origin is dict:
            return self.mapping(self.spell(arguments[1]))
        if origin in (Union, UnionType):
            return self.union([self.spell(item) for item in arguments])
        return self.scalar[kind]


def definitions() -> tuple[Shape | Alias, ...]:
    """All that requests both ways, the commands and the events are made of, in the order of the sources."""
    wanted = _reachable()
    return tuple(item for item in _everything() if item.name in wanted)


def shape(kind: type) -> Shape:
    """An object's members. `kind`: a dataclass, or parameters."""
    words = field_words(inspect.getmodule(kind))[kind.__name__]
    members = _sent(kind, words) if issubclass(kind, params.Params) else _received(kind, words)
    return Shape(kind.__name__, inspect.cleandoc(kind.__doc__ or ""), tuple(members), issubclass(kind, params.Params))


def event_shapes() -> tuple[Shape, ...]:
    """The events, in their own order."""
    return tuple(shape(kind) for kind in get_args(events.Event))


_ELSEWHERE = (errors.CLIENT_REFUSED, errors.AUTH_REQUIRED, errors.RESOURCE_NOT_FOUND)
"""Codes that never leave over LSP."""


def codes() -> tuple[Code, ...]:
    """JSON-RPC's error codes and our own."""
    found: dict[int, Code] = {}
    for name, text in _assigned(errors):
        if isinstance(code := getattr(errors, name), errors.ErrorCode) and code not in _ELSEWHERE:
            first = found.get(code.number) or Code(name, code.number, (), text)
            found[code.number] = replace(first, kinds=tuple(dict.fromkeys((*first.kinds, code.kind))))
    return tuple(found.values())


def error_kinds() -> dict[str, str]:
    """The kinds of a turn's error and what each means; raises `ValueError` where one of the two is missing."""
    text = dict(_assigned(errors))["ErrorKind"]
    lines = [line.split(": ", 1) for line in text.splitlines() if ": " in line]
    found = {name: meaning for name, meaning in lines if name.isidentifier()}
    if tuple(found) != get_args(errors.ErrorKind):
        raise ValueError(f"errors.ErrorKind: each kind needs one line in its docstring, in order; found {list(found)}")
    return found


def constant(kind: Any) -> str | None:
    """The value of a type that has only one."""
    values = get_args(kind) if get_origin(kind) is Literal else ()
    return values[0] if len(values) == 1 else None


def summary(text: str) -> str:
    """A docstring's first paragraph, in one line."""
    return " ".join(text.split("\n\n")[0].split())


def one_line(text: str) -> str:
    """A docstring in one line."""
    return " ".join(text.split())


def _everything() -> Iterator[Shape | Alias]:
    for module in _MODULES:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef) and _is_shape(getattr(module, node.name)):
                yield shape(getattr(module, node.name))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if (kind := _plain(getattr(module, name))) in _aliases():
                    yield Alias(name, dict(_assigned(module))[name], kind)


def _is_shape(kind: Any) -> bool:
    return (
        isinstance(kind, type) and kind is not params.Params and (is_dataclass(kind) or issubclass(kind, params.Params))
    )


@cache
def _names() -> dict[Any, str]:
    """Every type that has a name."""
    classes = {
        kind: kind.__name__
        for module in _MODULES
        for kind in vars(module).values()
        if _is_shape(kind) and kind.__module__ == module.__name__
    }
    return {**_aliases(), **classes}


@cache
def _aliases() -> dict[Any, str]:
    return {
        _plain(getattr(module, name)): name
        for module in _MODULES
        for name, _ in _assigned(module)
        if get_origin(getattr(module, name)) in (Literal, Union, UnionType, dict)
    }


def _reachable() -> set[str]:
    roots: list[Any] = [events.Event, methods.CancelCommand, methods.CommandResult, asks.AskCommand, asks.AskResult]
    roots += [
        part for method in (*methods.METHODS, *methods.REQUESTS_TO_CLIENT) for part in (method.params, method.result)
    ]
    found: set[str] = set()
    while roots:
        kind = roots.pop()
        name = _names().get(kind)
        if name in found:
            continue
        if name:
            found.add(name)
        roots += [item.type for item in shape(kind).members] if _is_shape(kind) else get_args(kind)
    return found


def _received(kind: Any, words: dict[str, str]) -> Iterator[Member]:
    """What the daemon sends: a member whose default is None is left out, all others are always there."""
    hints = get_type_hints(kind)
    for item in fields(kind):
        hint, optional = hints[item.name], item.default is None
        nullable = not optional and NoneType in get_args(hint)
        text = words.get(item.name, "")
        yield Member(item.name, camel(item.name), _without_none(hint), optional, nullable, item.default, text)


def _sent(kind: type[params.Params], words: dict[str, str]) -> Iterator[Member]:
    """What the client sends: a member with a default may be missing."""
    hints = get_type_hints(kind)
    for name, item in kind.model_fields.items():
        required, hint, text = item.is_required(), _without_none(hints[name]), words.get(name, "")
        default = MISSING if required else item.get_default(call_default_factory=True) or None
        yield Member(name, camel(name), hint, optional=not required, nullable=False, default=default, text=text)


def _without_none(hint: Any) -> Any:
    rest = [item for item in get_args(hint) if item is not NoneType]
    return reduce(lambda one, other: one | other, rest) if NoneType in get_args(hint) else hint


def _plain(hint: Any) -> Any:
    """An annotation without what pydantic was told about it."""
    return get_type_hints(type("_", (), {"__annotations__": {"hint": hint}}))["hint"]


def field_words(module: ModuleType | None) -> dict[str, dict[str, str]]:
    """The docstrings under the fields of every class."""
    tree = ast.parse(inspect.getsource(cast("ModuleType", module)))
    return {node.name: dict(_words(node.body)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _assigned(module: ModuleType) -> tuple[tuple[str, str], ...]:
    """A module's own names that are assigned, each with the docstring under it."""
    return tuple(_words(ast.parse(inspect.getsource(module)).body))


def _words(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    following: Iterable[ast.stmt | None] = (*body[1:], None)
    for node, after in zip(body, following, strict=True):
        target = (
            node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else 0
        )
        if isinstance(target, ast.Name):
            yield target.id, _docstring(after)


def _docstring(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
        case _:
            return ""
