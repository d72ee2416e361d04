"""Exact replacements in a text, one after the other, all or none; pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.changes.nearest import nearest
from chatls.values import dataclass
from chatls.workspace.textfile import plain, replaced

_PLACES_NAMED = 10
_PLACES_COUNTED = 1000
_BROKEN = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8 (PEP 383)."""


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
    path: Annotated[str | None, Field(description="The file, where it is another one than the call's path.")] = None

    @property
    def old(self) -> str:
        """`old_text` as it is searched for."""
        return plain(printable(self.old_text))


def edited(text: str, edits: Sequence[Edit], name: str) -> str:
    """The text after all edits, each made in what the former left. Raises `ToolError` that says which edit fails, why,
    and what to do.
    """
    result = text
    for number, edit in enumerate(edits, 1):
        which = f"edit {number} of {len(edits)}: " if len(edits) > 1 else ""
        try:
            result = _edited(result, edit.old, plain(printable(edit.new_text)), edit, name)
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
    here = _as_shown(plain(text), old)
    first = here.find(old)
    if first < 0:
        raise ToolError(f"old_text was not found in {name}. {nearest(here, old, new, text)}")
    if edit.replace_all:
        if "\ufffd" in old and "\ufffd" in new and _BROKEN.search(text):
            raise ToolError("what read_file shows as \ufffd are bytes that can be kept at one place at a time only")
        return replaced(text, ((match.start(), match.end()) for match in re.finditer(re.escape(old), here)), new)
    if here.find(old, first + 1) >= 0:
        raise ToolError(_several(here, old, name))
    return replaced(text, [(first, first + len(old))], _restored(new, plain(text)[first : first + len(old)], old))


def _as_shown(text: str, old: str) -> str:
    """The text as read_file shows it, where what is searched for was copied from there: no byte that is no UTF-8 can be
    spelled."""
    return _BROKEN.sub("\ufffd", text) if "\ufffd" in old else text


def _restored(new: str, there: str, old: str) -> str:
    """`new` with the bytes that are no UTF-8 of what is there, where it holds as many as were searched for."""
    bytes_there, wanted = _BROKEN.findall(there), new.count("\ufffd")
    if not bytes_there or not wanted:
        return new
    if wanted != len(bytes_there) or wanted != old.count("\ufffd"):
        raise ToolError("what read_file shows as \ufffd are bytes that are no UTF-8: keep each, or leave out all")
    pieces = new.split("\ufffd")
    return "".join(piece for pair in zip(pieces, (*bytes_there, ""), strict=True) for piece in pair)


def count(text: str, edit: Edit) -> int:
    """At how many places an edit would be made."""
    here = plain(text)
    return _as_shown(here, edit.old).count(edit.old) if edit.old else 0


def lines_of(text: str, edit: Edit) -> Iterator[str]:
    """The whole lines of a text that an edit would change, wherever its old text stands."""
    here, old = plain(text), edit.old
    shown = _as_shown(here, old)
    for at in islice(_places(shown, old), _PLACES_COUNTED) if old else ():
        start = here.rfind("\n", 0, at) + 1
        end = here.find("\n", at + len(old.removesuffix("\n")))
        yield from here[start : end if end >= 0 else None].split("\n")


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
