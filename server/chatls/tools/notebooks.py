"""Jupyter notebooks for models: their cells as lines, with outputs in short. Pure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from chatls.children.plaintext import plain
from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.workspace.notebook import SUFFIX, cells_of, joined, parsed, source_of
from chatls.workspace.pathtext import readable_size

_MOST_LINES, _MOST_CHARACTERS = 10, 600
"""Of one output."""


def require_notebook(path: Path, text: str) -> None:
    """Raise `ToolError` for a text that would leave a file by the name of a notebook no notebook."""
    if path.suffix == SUFFIX and text.strip() and parsed(text) is None:
        raise ToolError("this is no valid notebook (JSON with a list of cells). Nothing was changed.")


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
            yield from _short(joined(output.get("text")))
        case "error":
            yield from _short(f"{output.get('ename')}: {output.get('evalue')}")
        case _:
            data = output.get("data")
            for kind, value in cast("JsonObject", data).items() if isinstance(data, dict) else ():
                text = joined(value)
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
