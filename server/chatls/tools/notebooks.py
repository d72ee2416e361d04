"""Jupyter notebooks (nbformat 4, "The Jupyter Notebook format"): their cells as lines, and as text again. Pure."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from chatls.children.plaintext import plain
from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.workspace.pathtext import readable_size

SUFFIX = ".ipynb"

_MOST_LINES, _MOST_CHARACTERS = 10, 600
"""Of one output."""
_INDENT = re.compile(r"\{\r?\n([ \t]+)")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")


def is_notebook(path: Path, text: str) -> bool:
    """Whether a file is one by its name and by its text."""
    return path.suffix == SUFFIX and parsed(text) is not None


def parsed(text: str) -> JsonObject | None:
    """The notebook that a text is; None where it is none with cells of its own."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = cast("JsonObject", value) if isinstance(value, dict) else {}
    cells = found.get("cells")
    return found if isinstance(cells, list) and all(map(_is_cell, cast("list[Any]", cells))) else None


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, dict) and "cell_type" in cell and _text(cast("JsonObject", cell).get("source")) is not None


def written(notebook: JsonObject, like: str) -> str:
    """A notebook as text, in the style of another text of it. Raises `ToolError` if it would be none."""
    indent = found[1] if (found := _INDENT.match(like)) else None if "\n" not in like.strip() else 1
    only_ascii = like.isascii() and _ESCAPED.search(like) is not None
    text = json.dumps(notebook, indent=indent, ensure_ascii=only_ascii)
    return printable(text) + ("\n" if like.endswith("\n") else "")


def require_notebook(path: Path, text: str) -> None:
    """Raise `ToolError` for a text that would leave a file by the name of a notebook no notebook."""
    if path.suffix == SUFFIX and text.strip() and parsed(text) is None:
        raise ToolError("this is no valid notebook (JSON with a list of cells). Nothing was changed.")


def source_of(cell: JsonObject) -> str:
    """The text of a cell."""
    return _text(cell.get("source")) or ""


def cells_of(notebook: JsonObject) -> list[JsonObject]:
    """Its cells, to be changed in place."""
    return cast("list[JsonObject]", notebook["cells"])


def rendered(path: Path, text: str) -> tuple[str, int] | None:
    """The cells of a notebook as lines, with outputs in short, and how many there are; None for what is none."""
    notebook = parsed(text) if path.suffix == SUFFIX else None
    if notebook is None:
        return None
    cells = cells_of(notebook)
    lines = (line for number, cell in enumerate(cells, 1) for line in _cell(number, cell))
    return "\n".join(lines), len(cells)


def _cell(number: int, cell: JsonObject) -> Iterator[str]:
    name = f" {cell['id']}" if isinstance(cell.get("id"), str) else ""
    ran = f" [{cell['execution_count']}]" if isinstance(cell.get("execution_count"), int) else ""
    yield f"--- cell {number} ({cell['cell_type']}){name}{ran}"
    yield from source_of(cell).split("\n")
    outputs = cell.get("outputs")
    for output in cast("list[Any]", outputs) if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            yield from _output(cast("JsonObject", output))


def _output(output: JsonObject) -> Iterator[str]:
    yield "--- output"
    match output.get("output_type"):
        case "stream":
            yield from _short(_text(output.get("text")))
        case "error":
            yield from _short(f"{output.get('ename')}: {output.get('evalue')}")
        case _:
            data = output.get("data")
            for kind, value in cast("JsonObject", data).items() if isinstance(data, dict) else ():
                text = _text(value)
                if kind == "text/plain":
                    yield from _short(text)
                else:
                    yield f"[{kind}, {readable_size(len(text if text is not None else json.dumps(value)))}]"


def _short(text: str | None) -> Iterator[str]:
    """The first lines of an output, and how many more there are."""
    lines = plain(text or "").rstrip("\n").split("\n")
    room = _MOST_CHARACTERS
    for number, line in enumerate(lines):
        if number == _MOST_LINES or room <= 0:
            yield f"[{len(lines) - number} more lines]"
            return
        yield line if len(line) <= room else f"{line[:room]} [cut]"
        room -= len(line)


def _text(value: Any) -> str | None:
    """A text, which may stand there as a list of lines; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[Any]", value)):
        return "".join(cast("list[str]", value))
    return None
