"""The options and arguments that a command may have to be what a table says; pure. What is not listed does not fit."""

import re
from collections.abc import Mapping
from dataclasses import field

from chatls.agent.permission.shell import Words
from chatls.values import dataclass

Kind = re.Pattern[str]
"""What a value may be: text of this form."""

ANY = re.compile(r".*", re.DOTALL)
NUMBER = re.compile(r"[+-]?[0-9]+[bkKMG]?")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:,/=+-]*")
PATH = re.compile(r"(?s:.*)")
"""A place that is read."""
_KINDS: Mapping[str, Kind] = {"TEXT": ANY, "N": NUMBER, "NAME": NAME, "PATH": PATH}


class NotListedError(Exception):
    """A command does not fit. The text says what of it."""


@dataclass(frozen=True, slots=True)
class Places:
    """What of a command's words names places."""

    read: tuple[str, ...] = ()
    """As they are written."""
    operands: tuple[str, ...] = ()
    """All words that belong to no option."""
    options: frozenset[str] = frozenset()
    """Which were given."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What words may stand behind a program."""

    flags: frozenset[str] = frozenset()
    """Options without a value: `-a`, `--all`, and whole words such as `-name` where letters are not joined."""
    valued: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Options with one. Long ones take it behind `=` or as the next word, letters joined or as the next word."""
    attached: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    """Long options that may have a value, behind `=` alone."""
    operands: tuple[Kind, ...] = ()
    """Of the words that belong to no option, in order; the last one stands for all that follow."""
    least: int = 0
    most: int = 10_000
    numbers: bool = False
    """`-5` is an option."""
    single: bool = False
    """Letters are not joined: `-name` is one option."""


def shape(
    flags: str = "",
    valued: str = "",
    attached: str = "",
    operands: str = "PATH",
    *,
    least: int = 0,
    most: int = 10_000,
    numbers: bool = False,
    single: bool = False,
) -> Shape:
    """A shape as tables write it: words with blanks between them, values as `-n=N`, `--tb=TEXT`, `--sort=(a|b)`."""
    kinds = tuple(_kind(word) for word in operands.split())
    return Shape(
        frozenset(flags.split()), _values(valued), _values(attached), kinds, least, most, numbers=numbers, single=single
    )


def fitted(words: Words, known: Shape) -> Places:
    """What places these words name. Raises `NotListedError` where they do not fit.

    >>> fitted(("-n", "3", "a.py"), shape("-q", "-n=N")).read
    ('a.py',)
    """
    read, operands, options = list[str](), list[str](), set[str]()
    left, ended = list(words), False
    while left:
        word = left.pop(0)
        if ended or word == "-" or not word.startswith("-"):
            kind = _operand(known, len(operands), word)
            operands.append(word)
            if kind is PATH:
                read.append(word)
        elif word == "--":
            ended = True
        else:
            _option(word, known, left, read, options)
    if not known.least <= len(operands) <= known.most:
        raise NotListedError(f"{len(operands)} arguments")
    return Places(tuple(read), tuple(operands), frozenset(options))


def _operand(known: Shape, number: int, word: str) -> Kind:
    if not known.operands:
        raise NotListedError(word)
    kind = known.operands[min(number, len(known.operands) - 1)]
    _require(kind, word, word)
    return kind


def _option(word: str, known: Shape, left: list[str], read: list[str], options: set[str]) -> None:
    name, equals, value = word.partition("=")
    if word in known.flags:
        options.add(word)
        return
    if word.startswith("--") or (known.single and not word[1:].isdigit()):
        options.add(name)
        if not equals and (name in known.flags or name in known.attached):
            return
        kind = known.attached.get(name) if equals else None
        kind = kind or known.valued.get(name)
        if kind is None or not (equals or left):
            raise NotListedError(name)
        _value(kind, name, value if equals else left.pop(0), read)
        return
    if known.numbers and word[1:].isdigit():
        return
    _letters(word, known, left, read, options)


def _letters(word: str, known: Shape, left: list[str], read: list[str], options: set[str]) -> None:
    for at in range(1, len(word)):
        letter = f"-{word[at]}"
        options.add(letter)
        if letter in known.flags:
            continue
        kind, rest = known.valued.get(letter), word[at + 1 :]
        if kind is None or not (rest or left):
            raise NotListedError(letter)
        _value(kind, letter, rest or left.pop(0), read)
        return


def _value(kind: Kind, name: str, value: str, read: list[str]) -> None:
    _require(kind, name, value)
    if kind is PATH:
        read.append(value)


def _require(kind: Kind, name: str, value: str) -> None:
    if not kind.fullmatch(value):
        raise NotListedError(name if name == value else f"{name} {value}")


def _values(text: str) -> Mapping[str, Kind]:
    pairs = (word.partition("=") for word in text.split())
    return {name: _kind(kind) for name, _, kind in pairs}


def _kind(word: str) -> Kind:
    known = _KINDS.get(word)
    return re.compile(word) if known is None else known
