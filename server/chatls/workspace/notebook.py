"""Jupyter notebooks as files hold them (nbformat 4, "The Jupyter Notebook format"): their cells, and a file's text with
the cells that an editor shows. Pure.
"""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal, cast

from chatls.content import JsonObject
from chatls.jsontext import printable
from chatls.values import dataclass

SUFFIX = ".ipynb"

CellKind = Literal["code", "markdown", "raw"]

_INDENT = re.compile(r"\{\r?\n([ \t]+)")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")
_IDS_SINCE = [4, 5]
"""The version of the format from which cells have ids."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as an editor shows it."""

    kind: CellKind
    text: str
    id: str | None = None
    """Its name in the file, where it has one."""


def parsed(text: str) -> JsonObject | None:
    """The notebook that a text is; None where it is none with cells of its own."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = cast("JsonObject", value) if isinstance(value, dict) else {}
    cells = found.get("cells")
    return found if isinstance(cells, list) and all(map(_is_cell, cast("list[Any]", cells))) else None


def is_notebook(path: Path, text: str) -> bool:
    """Whether a file is one by its name and by its text."""
    return path.suffix == SUFFIX and parsed(text) is not None


def written(notebook: JsonObject, like: str) -> str:
    """A notebook as text, in the style of another text of it."""
    indent = found[1] if (found := _INDENT.match(like)) else None if "\n" not in like.strip() else 1
    only_ascii = like.isascii() and _ESCAPED.search(like) is not None
    text = json.dumps(notebook, indent=indent, ensure_ascii=only_ascii)
    return printable(text) + ("\n" if like.endswith("\n") else "")


def cells_of(notebook: JsonObject) -> list[JsonObject]:
    """Its cells, to be changed in place."""
    return cast("list[JsonObject]", notebook["cells"])


def source_of(cell: JsonObject) -> str:
    """The text of a cell."""
    return joined(cell.get("source")) or ""


def shown(notebook: JsonObject) -> list[Cell]:
    """Its cells as an editor shows them; a kind that is not known as raw text."""
    return [_shown(cell) for cell in cells_of(notebook)]


def fill(cell: JsonObject, text: str) -> None:
    """Give a cell another source, in the form that it has; what its code had put out is not true any more."""
    cell["source"] = text if isinstance(cell["source"], str) else text.splitlines(keepends=True)
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}


def new_cell(notebook: JsonObject, kind: CellKind, text: str, name: str | None) -> JsonObject:
    """A cell for a notebook, with `name` for its id where its format has ids."""
    version: list[Any] = [notebook.get("nbformat"), notebook.get("nbformat_minor")]
    has_ids = name is not None and all(isinstance(part, int) for part in version) and version >= _IDS_SINCE
    cell: JsonObject = {"cell_type": kind, **({"id": name} if has_ids else {}), "metadata": {}, "source": []}
    fill(cell, text)
    return cell


def merged(like: str, cells: Sequence[Cell]) -> str:
    """What a file that held `like` holds with these cells: just `like` where they are its own.

    What an editor does not tell, metadata and outputs, stays with each cell whose source is the same.
    """
    notebook = parsed(like)
    if notebook is None:
        notebook, like = _empty(), "{\n }\n"
    elif [_key(cell) for cell in shown(notebook)] == [_key(cell) for cell in cells]:
        return like
    before = shown(notebook)
    moved = {cell.id: at for at, cell in enumerate(before) if cell.id is not None}
    partners = (
        moved.get(cell.id or "") if known is None else known
        for known, cell in zip(paired(before, cells), cells, strict=True)
    )
    old = cells_of(notebook)
    notebook["cells"] = [
        _made(notebook, None if known is None else old[known], cell)
        for known, cell in zip(partners, cells, strict=True)
    ]
    return written(notebook, like)


def paired(before: Sequence[Cell], after: Sequence[Cell]) -> list[int | None]:
    """Which cell each cell was before, in order: by its id, else by its place among those that stayed the same.

    >>> paired([Cell("code", "a"), Cell("code", "b")], [Cell("code", "x"), Cell("code", "a"), Cell("code", "B")])
    [None, 0, 1]
    """
    found: list[int | None] = [None] * len(after)
    names = {cell.id: at for at, cell in enumerate(before) if cell.id is not None}
    last = -1
    for at, cell in enumerate(after):
        known = names.get(cell.id) if cell.id is not None else None
        if known is not None and known > last:
            found[at] = last = known
    for low, high, low_after, high_after in _gaps(found, len(before)):
        for one, other in _matched(before[low:high], after[low_after:high_after]):
            found[low_after + other] = low + one
    return found


def joined(value: Any) -> str | None:
    """A text, which may stand there as a list of lines; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[Any]", value)):
        return "".join(cast("list[str]", value))
    return None


def _gaps(found: Sequence[int | None], count: int) -> Iterator[tuple[int, int, int, int]]:
    """The stretches between cells that are known: from, to, from and to in what came of it."""
    low = low_after = 0
    for at, known in (*enumerate(found), (len(found), count)):
        if known is not None:
            if low < known and low_after < at:
                yield low, known, low_after, at
            low, low_after = known + 1, at + 1


def _matched(before: Sequence[Cell], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    matcher = SequenceMatcher(None, [_key(cell) for cell in before], [_key(cell) for cell in after], autojunk=False)
    for tag, low, high, low_after, high_after in matcher.get_opcodes():
        if tag in ("equal", "replace"):
            pairs = zip(range(low, high), range(low_after, high_after), strict=False)
            yield from ((one, other) for one, other in pairs if before[one].kind == after[other].kind)


def _made(notebook: JsonObject, before: JsonObject | None, cell: Cell) -> JsonObject:
    if before is None or _shown(before).kind != cell.kind:
        return new_cell(notebook, cell.kind, cell.text, cell.id)
    if source_of(before) == cell.text:
        return before
    made = dict(before)
    fill(made, cell.text)
    return made


def _key(cell: Cell) -> tuple[CellKind, str]:
    return cell.kind, cell.text


def _shown(cell: JsonObject) -> Cell:
    kind, name = cell["cell_type"], cell.get("id")
    known: CellKind = kind if kind in ("code", "markdown") else "raw"
    return Cell(known, source_of(cell), name if isinstance(name, str) else None)


def _empty() -> JsonObject:
    return {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, dict) and "cell_type" in cell and joined(cast("JsonObject", cell).get("source")) is not None
