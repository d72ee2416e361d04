"""An editor with one notebook: what it tells the daemon of its cells, and the edits of them that it takes."""

import json
from pathlib import Path
from typing import Any

from tests.daemon.editor import edited
from tests.daemon.raw import Daemon, Json

OUTPUT: Json = {"output_type": "stream", "name": "stdout", "text": ["42\n"]}


def code(source: str, name: str | None = None, *outputs: Json) -> Json:
    cell: Json = {"cell_type": "code", "execution_count": 1, "metadata": {"tags": ["keep"]}, "outputs": list(outputs)}
    return {**cell, **({"id": name} if name else {}), "source": source.splitlines(keepends=True)}


def markdown(source: str, name: str | None = None) -> Json:
    return {"cell_type": "markdown", **({"id": name} if name else {}), "metadata": {}, "source": [source]}


def file_of(*cells: Json) -> str:
    return (
        json.dumps({"cells": cells, "metadata": {"kernel": "k"}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
    )


class Notebook:
    """A notebook in an editor, which has the cells of its file when it is opened."""

    def __init__(self, daemon: Daemon, name: str, *cells: Json) -> None:
        self.daemon = daemon
        self.path: Path = daemon.folder / "root" / name
        self.path.write_text(file_of(*cells))
        self.uri = self.path.as_uri()
        self.version = 1
        self.labels: list[str] = []
        self._made = 0
        self.cells = [self._cell(cell["cell_type"], "".join(cell["source"]), cell.get("id")) for cell in cells]

    def _cell(self, kind: str, text: str, name: str | None) -> Json:
        self._made += 1
        uri = f"vscode-notebook-cell:{self.path}#W{self._made}"
        return {"uri": uri, "kind": kind, "text": text, "version": 1, "id": name}

    @property
    def texts(self) -> list[str]:
        return [cell["text"] for cell in self.cells]

    def open(self) -> None:
        item = {"uri": self.uri, "notebookType": "jupyter-notebook", "version": self.version}
        params = {
            "notebookDocument": {**item, "cells": [_item(cell) for cell in self.cells]},
            "cellTextDocuments": [_document(cell) for cell in self.cells],
        }
        self.daemon.notify("notebookDocument/didOpen", params)

    def change(self, cells: Any) -> None:
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        self.daemon.notify("notebookDocument/didChange", {"notebookDocument": document, "change": {"cells": cells}})

    def type(self, number: int, text: str) -> None:
        """Give a cell another text."""
        cell = self.cells[number]
        cell["version"] += 1
        cell["text"] = text
        document = {"uri": cell["uri"], "version": cell["version"]}
        self.change({"textContent": [{"document": document, "changes": [{"text": text}]}]})

    def splice(self, start: int, count: int, *new: tuple[str, str, str | None]) -> None:
        """Take cells away, and put in others: kind, text, id."""
        cells, gone = [self._cell(*one) for one in new], self.cells[start : start + count]
        self.cells[start : start + count] = cells
        array = {"start": start, "deleteCount": count, "cells": [_item(cell) for cell in cells]}
        closed = [{"uri": cell["uri"]} for cell in gone]
        self.change({"structure": {"array": array, "didOpen": [*map(_document, cells)], "didClose": closed}})

    def save(self) -> None:
        """Write it as an editor does, who keeps all outputs, and tell."""
        old = {cell.get("id"): cell for cell in json.loads(self.path.read_text())["cells"]}
        cells = [
            {**old.get(cell["id"], code("", cell["id"])), "source": cell["text"].splitlines(keepends=True)}
            for cell in self.cells
        ]
        self.path.write_text(file_of(*cells))
        self.daemon.notify("notebookDocument/didSave", {"notebookDocument": {"uri": self.uri}})

    def close(self) -> None:
        closed = [{"uri": cell["uri"]} for cell in self.cells]
        self.daemon.notify(
            "notebookDocument/didClose", {"notebookDocument": {"uri": self.uri}, "cellTextDocuments": closed}
        )

    def take(self, request: Json) -> None:
        """Do what `workspace/applyEdit` says of the cells' texts."""
        self.labels.append(request["params"]["label"])
        for item in request["params"]["edit"]["documentChanges"]:
            self._edit(item["textDocument"]["uri"], item["textDocument"]["version"], item["edits"])
        self.daemon.reply(request, {"applied": True})

    def take_cells(self, request: Json) -> None:
        """Do what `chat/editCells` says."""
        params = request["params"]
        assert (params["uri"], params["version"]) == (self.uri, self.version)
        self.labels.append(params["label"])
        for item in params["texts"]:
            self._edit(item["uri"], item["version"], item["edits"])
        for splice in reversed(params["splices"]):
            new = [(cell["kind"], cell["text"], cell.get("id")) for cell in splice["cells"]]
            self.splice(splice["start"], splice["deleteCount"], *new)
        self.daemon.reply(request, {"applied": True})

    def _edit(self, uri: str, version: int, edits: list[Json]) -> None:
        number = next(at for at, cell in enumerate(self.cells) if cell["uri"] == uri)
        assert self.cells[number]["version"] == version
        self.type(number, edited(self.cells[number]["text"], edits))


def _item(cell: Json) -> Json:
    named = {"metadata": {"id": cell["id"]}} if cell["id"] else {}
    return {"kind": 1 if cell["kind"] == "markdown" else 2, "document": cell["uri"], **named}


def _document(cell: Json) -> Json:
    languages = {"markdown": "markdown", "raw": "raw"}
    language = languages.get(cell["kind"], "python")
    return {"uri": cell["uri"], "languageId": language, "version": cell["version"], "text": cell["text"]}
