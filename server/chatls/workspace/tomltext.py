"""What a person wrote into a TOML file: on which line each key stands, and what is wrong with a value. Pure.

The standard library reads TOML, and says nothing of lines. What is told here is good for texts that it accepts; what
stands inside of arrays and inline tables has the line of its key.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_KEY = re.compile(r"""\s*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')\s*""")
_STRING = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]|\n')

Path = tuple[str, ...]


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every table and key; of an array of tables with the number of its entry.

    >>> lines_of('model = "a"\\n[limits]\\n# max\\nmax_steps = 5\\n[[rules]]\\ntool = "*"\\n')
    {('model',): 1, ('limits',): 2, ('limits', 'max_steps'): 4, ('rules', '0'): 5, ('rules', '0', 'tool'): 6}
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in _statements(text):
        opening = line.lstrip()
        if not opening.startswith("["):
            found.setdefault(table + _keys(line, "="), number)
            continue
        many = opening.startswith("[[")
        table = _inside(_keys(opening.lstrip("["), "]"), found)
        if many:
            table = (*table, str(sum(path[:-1] == table for path in found)))
        found[table] = number
    return {path: number for path, number in found.items() if path}


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of a key, or of the nearest thing around it."""
    return next((lines[path[:count]] for count in range(len(path), 0, -1) if path[:count] in lines), None)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each first line of a table's head or a key, with its number."""
    rows = text.split("\n")
    depth, quote, row = 0, "", 0
    starts = [0]
    for match in _STRING.finditer(text):
        part = match[0]
        if part == "\n":
            row += 1
            if not depth and not quote:
                starts.append(row)
        elif part in ('"""', "'''"):
            quote = "" if part == quote else quote or part
        elif not quote and part in "[]{}":
            depth = max(depth + (1 if part in "[{" else -1), 0)
    for start in starts:
        if rows[start].strip() and not rows[start].lstrip().startswith("#"):
            yield start + 1, rows[start]


def _keys(line: str, end: str) -> Path:
    """The parts of a dotted key, up to the sign behind it."""
    parts: list[str] = []
    at = 0
    while match := _KEY.match(line, at):
        parts.append(next(part for part in match.groups() if part is not None))
        at = match.end()
        if line[at : at + 1] != ".":
            break
        at += 1
    return tuple(parts) if line[at : at + 1] == end else ()


def _inside(path: Path, found: Mapping[Path, int]) -> Path:
    """The same path, with the number of the last entry where it leads through an array of tables."""
    real: Path = ()
    for part in path[:-1]:
        real = (*real, part)
        entries = [known[-1] for known in found if known[:-1] == real and known[-1].isdecimal()]
        real = (*real, entries[-1]) if entries else real
    return (*real, *path[-1:])


_KINDS: Mapping[str, str] = {
    "int": "an integer",
    "float": "a number",
    "finite": "a finite number",
    "string": "a string",
    "bool": "true or false",
    "tuple": "an array",
    "list": "an array",
    "dict": "a table",
    "model": "a table",
}
"""By the first word of pydantic's name for the fault."""

_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "less_than": ("lt", "must be less than {}"),
    "string_too_short": ("min_length", "must have at least {} characters"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "literal_error": ("expected", "must be one of {}"),
    "value_error": ("error", "{}"),
}
"""By the whole name: what it is measured by, and the words."""


def in_toml_words(problem: ErrorDetails) -> str:
    """One line, without the value: it may be a key that stands where it should not."""
    kind, context = problem["type"], dict[str, Any](problem.get("ctx", {}))
    if kind == "missing":
        return "is missing"
    if kind in _BOUNDS:
        measure, words = _BOUNDS[kind]
        limit = context.get(measure, "what is allowed")
        whole = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
        return words.format(whole).replace(" or ", ", ")
    known = _KINDS.get(kind.partition("_")[0])
    return f"must be {known}" if known else problem["msg"]
