"""Our dataclasses behave as the standard library's do, where ours are used."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chatls.values import dataclass

T = TypeVar("T")
Maker = Callable[[type[Any]], type[Any]]


def both(**options: bool) -> tuple[Maker, Maker]:
    return dataclass(**options), dataclasses.dataclass(**options)


def declared(make: Maker) -> tuple[type[Any], type[Any]]:
    class Place:
        """A class."""

        kind: ClassVar[str] = "place"
        line: int
        column: int = 0
        marks: list[int] = field(default_factory=list[int])
        hidden: int = field(default=7, repr=False, compare=False)
        named: int = field(default=1, kw_only=True)

    whole = make(Place)

    class More(whole):
        """One that inherits."""

        column: int = 5
        more: str = "more"

    return whole, make(More)


@given(st.integers(), st.integers(), st.lists(st.integers()), st.integers(), st.booleans(), st.booleans())
def test_values_are_made_shown_and_compared_alike(
    line: int, column: int, marks: list[int], named: int, frozen: bool, slots: bool
) -> None:
    made: list[list[Any]] = []
    for make in both(frozen=frozen, slots=slots):
        for kind in declared(make):
            one, other = kind(line, column, marks, named=named), kind(line=0)
            made.append(
                [
                    repr(one).rpartition(">.")[2],
                    repr(other).rpartition(">.")[2],
                    one == other,
                    one == dataclasses.replace(one, hidden=8),
                    dataclasses.asdict(one),
                    dataclasses.astuple(other),
                    kind.__match_args__,
                    hasattr(one, "__dict__"),
                    other.marks is not kind(0).marks,
                ]
            )
    assert made[:2] == made[2:]


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("arguments", [(), (1, 2, [], 3, 4)])
def test_what_does_not_fit_is_refused_alike(frozen: bool, arguments: tuple[object, ...]) -> None:
    words: list[str] = []
    for make in both(frozen=frozen, slots=True):
        kind, _ = declared(make)
        for _ in range(2):  # the first one compiles
            with pytest.raises(TypeError) as error:
                kind(*arguments)
            words.append(str(error.value).rpartition("__init__()")[2])
    assert len(set(words)) == 1


def test_frozen_values_do_not_change() -> None:
    @dataclass(frozen=True, slots=True)
    class Place:
        """One."""

        line: int

    place: Any = Place(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.line = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.line
    assert place.line == 1


def test_what_is_hashed_is_what_is_compared() -> None:
    @dataclass(frozen=True)
    class Place:
        """One."""

        line: int
        mark: list[int] = field(default_factory=list[int], compare=False)

    @dataclass(frozen=True)
    class Nothing:
        """One without fields."""

    @dataclass()
    class Changing:
        """One that may change."""

    assert {Place(1, [2]), Place(1, [3]), Place(2)} == {Place(1), Place(2)}
    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Changing())


def test_methods_of_a_class_stay() -> None:
    @dataclass(slots=True)
    class Own:
        """One."""

        line: int

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "own"

    assert Own(1) == 3
    assert repr(Own(1)) == "own"


def test_without_comparing_each_is_itself() -> None:
    @dataclass(slots=True, eq=False)
    class Own:
        """One."""

        line: int

    one = Own(1)
    assert one != Own(1)
    assert {one: 2}[one] == 2


def test_slots_may_hold_weak_references_and_generics() -> None:
    @dataclass(frozen=True, slots=True, weakref_slot=True)
    class Box(Generic[T]):
        """One."""

        held: T

    box = Box[int](3)
    assert ref(box)() is box
    match box:
        case Box(held):
            assert held == 3


def test_pydantic_reads_them() -> None:
    @dataclass(frozen=True, slots=True)
    class Place:
        """One."""

        line: int
        column: int = 0

    assert TypeAdapter(Place).validate_python({"line": "3"}) == Place(3)
    assert TypeAdapter(list[Place]).dump_json([Place(1, 2)]) == b'[{"line":1,"column":2}]'


def test_the_signature_is_known_before_any_was_made() -> None:
    _, kind = declared(dataclass())
    _, plain = declared(dataclasses.dataclass())
    before, wanted = inspect.signature(kind), inspect.signature(plain)
    assert list(before.parameters) == list(wanted.parameters)
    for name, one in wanted.parameters.items():
        assert before.parameters[name].annotation == one.annotation
        assert before.parameters[name].kind == one.kind
        assert (before.parameters[name].default is one.empty) == (one.default is one.empty)
