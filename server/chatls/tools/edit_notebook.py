"""The tool `edit_notebook`: cells of a Jupyter notebook changed, put in and deleted, all or none."""

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.changes.changing import Wish, changed_since, locate, plan, renamed, require_seen, serial, shown
from chatls.tools.changes.edits import Edit, edited
from chatls.tools.changes.targets import look_at
from chatls.tools.fresh import fresh
from chatls.tools.lookalike import meant
from chatls.tools.tool import Plan, ToolContext, tool
from chatls.values import dataclass
from chatls.workspace.notebook import cells_of, fill, new_cell, parsed, source_of, written
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import plain

_NAMES = {"path": ("file_path", "notebook_path", "filePath", "file")}


@dataclass(frozen=True, slots=True)
class CellChange:
    """What is to become of one cell."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "coerce_numbers_to_str": True}

    cell: Annotated[
        str, Field(description="The cell's id, or its number from 1, both as read_file shows them before any change.")
    ]
    action: Annotated[
        Literal["edit", "replace", "insert", "delete"],
        Field(
            description="edit: put text in the place of old_text; replace: the whole source; insert: a new cell behind "
            "this one (behind 0: the first); delete: the cell."
        ),
    ]
    text: Annotated[str, Field(description="The new text, plain, without the JSON around it.")] = ""
    old_text: Annotated[str | None, Field(description="For edit: what it replaces, once in the cell.")] = None
    cell_type: Annotated[
        Literal["code", "markdown", "raw"] | None, Field(description="For insert: code if not given.")
    ] = None


def _title(arguments: JsonObject) -> str:
    changes: list[CellChange] = arguments["changes"]
    what = ", ".join(f"{change.action} {quoted(change.cell)[1:-1]}" for change in changes[:3])
    return f"edit_notebook {shown(arguments)} ({what}{', ...' if len(changes) > 3 else ''})"


def _tidy(arguments: JsonObject) -> JsonObject:
    arguments = renamed(arguments, _NAMES)
    changes: Any = arguments.get("changes")
    return {**arguments, "changes": [changes]} if isinstance(changes, dict) else arguments


@tool(kind="edit", read_only=False, title=_title, locate=locate, serial=serial, tidy=_tidy)
async def edit_notebook(
    context: ToolContext,
    path: Annotated[str, Field(description="The notebook: relative to the workspace.")],
    changes: Annotated[list[CellChange], Field(min_length=1, description="Made in this order; all or none.")],
) -> Plan:
    """Change the cells of a Jupyter notebook (.ipynb).

    Read the notebook first: read_file shows its cells. The outputs of a code cell that is changed are cleared.
    """
    named = await meant(context.workspace, path)
    context = await fresh(context, lambda space: [space.changeable(named.path)])
    return named.tell_then(await to_thread.run_sync(_plan, context, named.path, changes, abandon_on_cancel=True))


def _plan(context: ToolContext, path: str, changes: list[CellChange]) -> Plan:
    target = look_at(context.workspace, path)
    if not target.exists:
        raise ToolError(f"{context.workspace.missing(target.path)}; write_file makes a new file")
    if parsed(target.text) is None:
        raise ToolError(f"{quoted(target.name)} is no notebook (JSON with a list of cells): change it with edit_file")
    if not context.seen.ever(target.path) or any(change.action != "edit" for change in changes):
        require_seen(context, target)
    ids = [secrets.token_hex(4) for _ in changes]
    make = partial(_changed, changes=changes, ids=ids, name=target.name)
    done = f"changed {target.name} with {len(changes)} change{'s' * (len(changes) > 1)} of cells"
    try:
        return plan(context, [Wish(target, make, done, rebases=True)], f"edit_notebook {target.name}")
    except ToolError as error:
        raise ToolError(f"{error}{changed_since(context, target)}") from error


def _changed(text: str, changes: Sequence[CellChange], ids: Sequence[str], name: str) -> str:
    """The notebook after all changes, as text; it is one. Raises `ToolError` that says which change fails, and why."""
    notebook = parsed(text)
    if notebook is None:
        raise ToolError(f"{quoted(name)} is no notebook any more")
    before = list(cells_of(notebook))
    for number, (change, name_of_new) in enumerate(zip(changes, ids, strict=True), 1):
        try:
            _make(notebook, before, change, name_of_new)
        except ToolError as error:
            which = f"change {number} of {len(changes)}: " if len(changes) > 1 else ""
            raise ToolError(f"{which}{error}\nNothing was changed.") from error
    result = written(notebook, text)
    if result == text:
        raise ToolError(f"together the changes leave {name} as it is. Nothing was changed.")
    return result


def _make(notebook: JsonObject, before: Sequence[JsonObject], change: CellChange, new_id: str) -> None:
    cells, text = cells_of(notebook), plain(printable(change.text))
    if change.action == "insert":
        behind = None if change.cell == "0" else _found(cells, before, change.cell)
        place = next((at for at, cell in enumerate(cells, 1) if cell is behind), 0)
        cells.insert(place, new_cell(notebook, change.cell_type or "code", text, new_id))
        return
    cell = _found(cells, before, change.cell)
    match change.action:
        case "delete":
            cells[:] = [item for item in cells if item is not cell]
        case "edit":
            fill(cell, edited(source_of(cell), [Edit(change.old_text or "", text)], f"cell {change.cell}"))
        case _:
            fill(cell, text)


def _found(cells: Sequence[JsonObject], before: Sequence[JsonObject], name: str) -> JsonObject:
    """The cell of an id or a number. What was deleted by a change before this one is not there any more."""
    number = int(name) if name.isdecimal() and len(name) < 10 else 0
    named = [cell for cell in before if cell.get("id") == name] or list(before[max(number - 1, 0) : number])
    cell = next((cell for cell in named if any(cell is item for item in cells)), None)
    if cell is None:
        known = f"cells 1 to {len(before)}" if before else "no cells"
        raise ToolError(f"there is no cell {quoted(name)}; the notebook has {known}, and read_file shows their ids")
    return cell
