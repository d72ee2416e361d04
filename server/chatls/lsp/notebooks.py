"""Notebooks that are open in the editor, as its notifications tell them (LSP 3.17, "Notebook Document
Synchronization"): the text that the file would hold if they were saved now.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from urllib.parse import unquote

from chatls.content import JsonObject
from chatls.lsp.checked import NonsenseError, a_text, an_object, objects, position, whole
from chatls.lsp.opentext import OpenText, Snapshot
from chatls.shapes import member
from chatls.values import dataclass
from chatls.workspace.notebook import Cell, CellKind, merged, parsed, shown
from chatls.workspace.standing import Base, content_of
from chatls.workspace.textfile import NoTextError, decode

_MARKUP = 1
"""LSP's `NotebookCellKind`."""


@dataclass(frozen=True, slots=True)
class OpenCell:
    """A cell, and its text document, as they were at one moment."""

    uri: str
    version: int
    kind: CellKind
    id: str | None
    source: Snapshot

    def cell(self) -> Cell:
        """What it is in the file. Its text may have to be joined first: ask in a worker thread."""
        return Cell(self.kind, self.source.text(), self.id)


class NotebookSnapshot:
    """A notebook as it was at one moment. Safe to use in any thread."""

    def __init__(self, cells: Sequence[OpenCell], file: "_Around") -> None:
        self.cells = tuple(cells)
        self._file = file
        self._text: str | None = None
        self._making = Lock()

    def text(self) -> str:
        """What the file would hold. Looks at the disk when it is first asked for: ask in a worker thread."""
        with self._making:
            if self._text is None:
                self._text = self._file.holding([cell.cell() for cell in self.cells])
            return self._text


class OpenNotebook:
    """One notebook. Raises `ValueError` for what cannot be followed: then it is to be forgotten."""

    def __init__(self, params: JsonObject, place: Path | None, encoding: str) -> None:
        """`params`: of `notebookDocument/didOpen`."""
        item = an_object(params.get("notebookDocument"), "notebookDocument")
        self.uri, self.version = a_text(item, "uri"), whole(item, "version")
        self.place = place
        self.base = Base()
        self._encoding = encoding
        self._texts: dict[str, _CellDocument] = {}
        self._file = _Around(place)
        self._snapshot: NotebookSnapshot | None = None
        self._open(objects(params, "cellTextDocuments"))
        self._cells = [_data(cell) for cell in objects(item, "cells")]
        self._require_texts()

    def change(self, params: JsonObject) -> None:
        """Take `notebookDocument/didChange`."""
        item = an_object(params.get("notebookDocument"), "notebookDocument")
        cells = an_object(params.get("change"), "change").get("cells")
        if cells is not None:
            self._change_cells(an_object(cells, "cells"))
        self.version = whole(item, "version")
        self._snapshot = None

    def save(self) -> None:
        """It was saved: what the file holds now is what stands around the cells."""
        self._file = _Around(self.place)
        self._snapshot = None

    def snapshot(self) -> NotebookSnapshot:
        """The notebook as it is now; the same object until it changes."""
        if self._snapshot is None:
            self._snapshot = NotebookSnapshot([self._open_cell(cell) for cell in self._cells], self._file)
        return self._snapshot

    def _change_cells(self, change: JsonObject) -> None:
        structure = change.get("structure")
        if structure is not None:
            self._restructure(an_object(structure, "structure"))
        for cell in _objects_if_any(change, "data"):
            data = _data(cell)
            known = [data if data.key == one.key else one for one in self._cells]
            if known == self._cells and data not in known:
                raise NonsenseError(f"data names a cell that is not there: {data.key}")
            self._cells = known
        for entry in _objects_if_any(change, "textContent"):
            self._retype(entry)

    def _restructure(self, structure: JsonObject) -> None:
        array = an_object(structure.get("array"), "array")
        start, count = whole(array, "start"), whole(array, "deleteCount")
        if not (0 <= start <= len(self._cells) and 0 <= count <= len(self._cells) - start):
            raise NonsenseError(f"array names cells {start} to {start + count} of {len(self._cells)}")
        self._open(_objects_if_any(structure, "didOpen"))
        self._cells[start : start + count] = [_data(cell) for cell in _objects_if_any(array, "cells")]
        for item in _objects_if_any(structure, "didClose"):
            self._texts.pop(unquote(a_text(item, "uri")), None)
        self._require_texts()

    def _open(self, items: Sequence[JsonObject]) -> None:
        for item in items:
            uri, text = a_text(item, "uri"), OpenText(a_text(item, "text"), self._encoding)
            self._texts[unquote(uri)] = _CellDocument(uri, whole(item, "version"), a_text(item, "languageId"), text)

    def _retype(self, entry: JsonObject) -> None:
        item = an_object(entry.get("document"), "document")
        known = self._texts.get(unquote(a_text(item, "uri")))
        if known is None:
            raise NonsenseError(f"textContent names a cell that is not open: {item['uri']}")
        for change in objects(entry, "changes"):
            text = a_text(change, "text")
            if change.get("range") is None:
                known.text = OpenText(text, self._encoding)
            else:
                places = an_object(change["range"], "range")
                known.text.replace(position(places, "start"), position(places, "end"), text)
        known.version = whole(item, "version")

    def _require_texts(self) -> None:
        missing = [cell.key for cell in self._cells if cell.key not in self._texts]
        if missing:
            raise NonsenseError(f"there is no text document for the cell {missing[0]}")

    def _open_cell(self, cell: "_CellItem") -> OpenCell:
        text = self._texts[cell.key]
        code: CellKind = "raw" if text.language == "raw" else "code"
        return OpenCell(text.uri, text.version, "markdown" if cell.markup else code, cell.id, text.text.snapshot())


@dataclass(slots=True)
class _CellDocument:
    uri: str
    version: int
    language: str
    text: OpenText


@dataclass(frozen=True, slots=True)
class _CellItem:
    key: str
    """Of its text document."""
    markup: bool
    id: str | None


class _Around:
    """What stood around the cells when the notebook and its file last were the same. Safe to use in any thread."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._around: str | None = None

    def holding(self, cells: Sequence[Cell]) -> str:
        """The file's text with these cells in it: just what is on the disk where these are its cells. Called by one
        thread at a time, for each moment of a notebook."""
        now = self._read()
        notebook = parsed(now)
        if notebook is not None and [(cell.kind, cell.text) for cell in shown(notebook)] == [
            (cell.kind, cell.text) for cell in cells
        ]:
            self._around = now
        if self._around is None:
            self._around = now
        return merged(self._around, cells)

    def _read(self) -> str:
        try:
            return "" if self._place is None else decode(content_of(self._place)).text
        except (OSError, NoTextError):
            return ""


def _data(cell: JsonObject) -> _CellItem:
    """LSP's `NotebookCell`. The id is where Jupyter's extension for VS Code keeps it."""
    name = member(cell.get("metadata"), "id")
    return _CellItem(
        unquote(a_text(cell, "document")), whole(cell, "kind") == _MARKUP, name if isinstance(name, str) else None
    )


def _objects_if_any(value: JsonObject, name: str) -> list[JsonObject]:
    return [] if value.get(name) is None else objects(value, name)
