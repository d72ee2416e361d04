"""Exact replacements in a text, one after the other, all or none; pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.nearest import nearest
from chatls.workspace.textfile import plain, replaced

_PLACES_NAMED = 10
_PLACES_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    old_text: Annotated[
        str, Field(description="The text to replace, exactly as it stands in the file, line ends and indents included.")
    ]
    new_text: Annotated[str, Field(description="What to put in its place; empty to delete it.")]
    replace_all: Annotated[
        bool, Field(description="Replace every place; else old_text must stand in the file exactly once.")
    ] = False


def edited(text: str, edits: Sequence[Edit], name: str) -> str:
    """The text after all edits, each made in what the former left. Raises `ToolError` that says which edit fails, why,
    and what to do.
    """
    result = text
    for number, edit in enumerate(edits, 1):
        which = f"edit {number} of {len(edits)}: " if len(edits) > 1 else ""
        try:
            result = _edited(result, plain(printable(edit.old_text)), plain(printable(edit.new_text)), edit, name)
        except ToolError as error:
            after = " Line numbers are those after the edits before it." if number > 1 and "\n" in str(error) else ""
            raise ToolError(f"{which}{error}\nNothing was changed.{after}") from error
    if result == text:
        raise ToolError(f"together the edits leave {name} as it is. Nothing was changed.")
    return result


def _edited(text: str, old: str, new: str, edit: Edit, name: str) -> str:
    if not old:
        raise ToolError("old_text is empty; name the text to replace, or use write_file for a new or a whole file")
    if old == new:
        raise ToolError("old_text and new_text are the same")
    here = plain(text)
    first = here.find(old)
    if first < 0:
        raise ToolError(f"old_text was not found in {name}. {nearest(here, old, new, text)}")
    if edit.replace_all:
        return replaced(text, ((match.start(), match.end()) for match in re.finditer(re.escape(old), here)), new)
    if here.find(old, first + 1) >= 0:
        raise ToolError(_several(here, old, name))
    return replaced(text, [(first, first + len(old))], new)


def _several(text: str, old: str, name: str) -> str:
    places = list(islice(_places(text, old), _PLACES_COUNTED))
    count = f"at least {_PLACES_COUNTED}" if len(places) == _PLACES_COUNTED else len(places)
    lines = ", ".join(str(line) for line in islice(_line_numbers(text, places), _PLACES_NAMED))
    more = ", ..." if len(places) > _PLACES_NAMED else ""
    return (
        f"old_text stands in {name} {count} times, at lines {lines}{more}. Add lines around it until it is the "
        "only one, or set replace_all=true"
    )


def _places(text: str, old: str) -> Iterator[int]:
    at = text.find(old)
    while at >= 0:
        yield at
        at = text.find(old, at + 1)


def _line_numbers(text: str, places: Sequence[int]) -> Iterator[int]:
    line, before = 1, 0
    for place in places:
        line += text.count("\n", before, place)
        before = place
        yield line
