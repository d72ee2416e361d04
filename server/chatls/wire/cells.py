"""What can be asked of a client that shows notebooks: that cells of an open one are changed, put in and deleted."""

from typing import Literal

from pydantic import StrictBool, StrictStr

from chatls.content import TextEdit, WireValue
from chatls.values import dataclass
from chatls.wire.params import Params, RequestToClient


@dataclass(frozen=True, slots=True)
class CellText(WireValue):
    """What becomes of a cell's text."""

    uri: str
    """Of the cell's text document."""
    version: int
    """The one that the edits are for."""
    edits: tuple[TextEdit, ...]
    """All by the positions of the text as it is."""


@dataclass(frozen=True, slots=True)
class NewCell(WireValue):
    """A cell that is put in."""

    kind: Literal["code", "markdown", "raw"]
    """Code is in the notebook's own language."""
    text: str
    id: str | None = None
    """What the file is to call it, where its format has such names."""


@dataclass(frozen=True, slots=True)
class CellSplice(WireValue):
    """Cells that go, and such that stand in their place."""

    start: int
    """The number of the first one, from 0, as the cells are before any change."""
    delete_count: int
    cells: tuple[NewCell, ...]


@dataclass(frozen=True, slots=True)
class EditCellsRequest:
    """A change of an open notebook: all of it, or nothing, and one step of its undo."""

    label: str
    """What the undo list calls it."""
    uri: str
    version: int
    """The notebook's, that it is for."""
    texts: tuple[CellText, ...]
    splices: tuple[CellSplice, ...]
    """In their order, apart from each other."""


class EditCellsAnswer(Params):
    """Whether it was done. The `notebookDocument/didChange` with it comes before or right behind this answer."""

    applied: StrictBool
    failure_reason: StrictStr | None = None
    """Why it was not, for the model."""


EDIT_CELLS = RequestToClient(
    "chat/editCells", "editCells", EditCellsRequest, EditCellsAnswer, "Put in and delete cells of an open notebook."
)
