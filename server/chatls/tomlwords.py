"""What is wrong with a value, in the words of TOML rather than those of the library that found it. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

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
        return words.format(context.get(measure, "what is allowed")).replace(" or ", ", ")
    known = _KINDS.get(kind.partition("_")[0])
    return f"must be {known}" if known else problem["msg"]
