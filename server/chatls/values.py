"""Dataclasses, made in a tenth of the time: three hundred of the standard library's were a third of the daemon's start.

The standard library writes and compiles some eight functions for each class. Here classes share them, but for
`__init__`, which is compiled when the first value is made: of many kinds none ever is.
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")

_SELF = "self"
_OWN = object()
"""The default of what every value gets one of its own of."""


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, weakref_slot: bool = False
) -> Callable[[type[T]], type[T]]:
    """As `dataclasses.dataclass`, and known to its `fields`, `replace`, `is_dataclass` and to pydantic. There are no
    `InitVar` and no `__post_init__`; methods that a class has itself stay.

    >>> @dataclass(frozen=True, slots=True)
    ... class Place:
    ...     line: int
    ...     column: int = 0
    >>> Place(3), Place(3) == Place(3, 0), dataclasses.replace(Place(3), column=1)
    (Place(line=3, column=0), True, Place(line=3, column=1))
    """
    declare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, weakref_slot=weakref_slot)

    def made(kind: type[T]) -> type[T]:
        own = set(vars(kind))
        cls: Any = declare(kind)
        methods = {"__init__": _initializer(cls, frozen=frozen), "__signature__": _SIGNATURE, "__repr__": _repr}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if eq:
            methods |= _comparing(cls, frozen=frozen)
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        return cls

    return made


class _Signature:
    """What `inspect.signature` finds: that of the real `__init__`, whether or not it is there yet."""

    def __get__(self, _value: object, kind: type) -> inspect.Signature:
        members: list[Field[Any]] = sorted(fields(cast("Any", kind)), key=_named)
        return inspect.Signature([_parameter(one) for one in members])


_SIGNATURE = _Signature()


def _named(one: Field[Any]) -> bool:
    return bool(one.kw_only)


def _parameter(one: Field[Any]) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY if one.kw_only else inspect.Parameter.POSITIONAL_OR_KEYWORD
    default = inspect.Parameter.empty if _default(one) is MISSING else _default(one)
    return inspect.Parameter(one.name, kind, default=default, annotation=one.type)


def _initializer(cls: Any, *, frozen: bool) -> Callable[..., None]:
    """An `__init__` that puts the real one into its own place."""

    def init(self: Any, *values: Any, **named: Any) -> None:
        cls.__init__ = _compiled(fields(cls), f"{cls.__qualname__}.__init__", frozen=frozen)
        cls.__init__(self, *values, **named)

    return init


def _compiled(members: tuple[Field[Any], ...], name: str, *, frozen: bool) -> Callable[..., None]:
    given = [one for one in members if not one.kw_only]
    named = [one for one in members if one.kw_only]
    head = ", ".join([_SELF, *(one.name for one in given), *(["*"] if named else []), *(one.name for one in named)])
    body = "".join(f"\n    {_line(one, frozen=frozen)}" for one in members) or "\n    pass"
    module = compile(f"def __init__({head}):{body}", f"<{name}>", "exec")
    code = next(item for item in module.co_consts if isinstance(item, CodeType))
    known = {f"_new_{one.name}": one.default_factory for one in members if one.default_factory is not MISSING}
    defaults = tuple(_default(one) for one in given if _default(one) is not MISSING)
    init = FunctionType(code, {"_set": object.__setattr__, "_OWN": _OWN, **known}, "__init__", defaults)
    init.__kwdefaults__ = {one.name: _default(one) for one in named if _default(one) is not MISSING}
    init.__qualname__ = name
    return init


def _line(one: Field[Any], *, frozen: bool) -> str:
    name = one.name
    value = name if one.default_factory is MISSING else f"_new_{name}() if {name} is _OWN else {name}"
    return f"_set({_SELF}, {name!r}, {value})" if frozen else f"{_SELF}.{name} = {value}"


def _default(one: Field[Any]) -> Any:
    return one.default if one.default_factory is MISSING else _OWN


def _comparing(cls: Any, *, frozen: bool) -> dict[str, Any]:
    names = [one.name for one in fields(cls) if one.compare]
    compared: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equals(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    return {"__eq__": equals, "__hash__": hashed if frozen else None}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(_self: object, name: str, _value: object = None) -> None:
    raise FrozenInstanceError(f"cannot change the field {name!r}")
