"""A change of an open notebook as edits of its cells: what becomes of their texts, and which ones come and go. Pure."""

from collections.abc import Sequence

from chatls.content import Position, Range, TextEdit
from chatls.errors import ToolError
from chatls.lsp.notebooks import OpenCell
from chatls.values import dataclass
from chatls.wire.cells import CellSplice, CellText, NewCell
from chatls.workspace.notebook import Cell, paired, parsed, shown
from chatls.workspace.positions import position
from chatls.workspace.textedits import replacements


@dataclass(frozen=True, slots=True)
class CellEdits:
    """How the cells of a notebook become others."""

    texts: tuple[CellText, ...]
    splices: tuple[CellSplice, ...]


def wanted_cells(text: str) -> list[Cell]:
    """The cells that a file's text has. Raises `ToolError` where it is no notebook."""
    notebook = parsed(text)
    if notebook is None:
        raise ToolError("it is open in the editor as a notebook, and would be none: it has to be closed there first")
    return shown(notebook)


def cell_edits(before: Sequence[OpenCell], wanted: Sequence[Cell], encoding: str) -> CellEdits:
    """What to do. A cell whose text alone changes stays the cell that it is. For a worker thread."""
    now = [cell.cell() for cell in before]
    partners = [
        None if known is None or now[known].kind != cell.kind else known
        for known, cell in zip(paired(now, wanted), wanted, strict=True)
    ]
    texts = [
        CellText(before[known].uri, before[known].version, tuple(_edits(now[known].text, cell.text, encoding)))
        for known, cell in zip(partners, wanted, strict=True)
        if known is not None and now[known].text != cell.text
    ]
    return CellEdits(tuple(texts), tuple(_splices(len(before), partners, wanted)))


def _splices(count: int, partners: Sequence[int | None], wanted: Sequence[Cell]) -> list[CellSplice]:
    found = list[CellSplice]()
    low, new = 0, list[NewCell]()
    for known, cell in (*zip(partners, wanted, strict=True), (count, None)):
        if known is None and cell is not None:
            new.append(NewCell(cell.kind, cell.text, cell.id))
        elif known is not None:
            if new or known > low:
                found.append(CellSplice(low, known - low, tuple(new)))
            low, new = known + 1, []
    return found


def _edits(old: str, new: str, encoding: str) -> list[TextEdit]:
    def place(at: int) -> Position:
        return Position(*position(old, at, encoding))

    return [TextEdit(Range(place(item.start), place(item.end)), item.text) for item in replacements(old, new)]
