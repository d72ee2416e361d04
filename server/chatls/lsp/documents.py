"""Document synchronisation: the open documents and the folders, as the client's notifications tell them (LSP 3.17,
"Text Document Synchronization", "didChangeWorkspaceFolders"; notebooks: `notebooks.py`). Knows no request.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from chatls.content import JsonObject
from chatls.editor import OpenDocument, Root
from chatls.errors import ToolError
from chatls.lsp.checked import NonsenseError, a_text, an_object, objects, position, whole
from chatls.lsp.handshake import Hello
from chatls.lsp.notebooks import OpenNotebook
from chatls.lsp.opentext import OpenText
from chatls.signals import Signal
from chatls.workspace.pathtext import local_path
from chatls.workspace.standing import Base

_MAY_MISLEAD = {"textDocument/didChange", "notebookDocument/didOpen", "notebookDocument/didChange"}
"""What leaves a text that nobody has, where it could not be followed."""


class _Document(NamedTuple):
    place: Path | None
    """Looked up once: there may be hundreds of open documents, and each tool call asks for all."""
    uri: str
    version: int
    text: OpenText
    base: Base


class _Folder(NamedTuple):
    uri: str
    name: str


class Documents:
    """What is open, and the folders. Two spellings of a URI that mean the same are one document."""

    def __init__(self, hello: Hello) -> None:
        self._encoding = hello.position_encoding
        self._documents: dict[str, _Document] = {}
        self._notebooks: dict[str, OpenNotebook] = {}
        self._folders = {unquote(folder.uri): folder for folder in _named(hello.params)}
        self._assumed: dict[str, str] = {}
        """What documents hold by now whose editor has not told it yet."""
        self._changed = Signal()
        self.on_look: Callable[[Callable[[], None]], None] = lambda _: None
        """Given a look at the disk, to be had in a worker thread at once: a document was opened or saved."""
        self._hears: dict[str, Callable[[JsonObject], None]] = {
            "textDocument/didOpen": self._open,
            "textDocument/didChange": self._change,
            "textDocument/didSave": self._save,
            "textDocument/didClose": self._close,
            "notebookDocument/didOpen": self._open_notebook,
            "notebookDocument/didChange": self._change_notebook,
            "notebookDocument/didSave": self._save_notebook,
            "notebookDocument/didClose": self._close_notebook,
            "workspace/didChangeWorkspaceFolders": self._change_folders,
        }

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`. Looked up each time: a link may lead elsewhere by now, where other grants count."""
        found: dict[str, Root] = {}
        for folder in self._folders.values():
            path = _path(folder.uri)
            if path is not None:
                name = _unique(folder.name or path.name or "root", found)
                found[name] = Root(name, path)
        return tuple(found.values())

    def open(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`. Where a file is open by two names, the one counts that was changed last; where it is
        open as a notebook as well, the notebook.
        """
        return {
            item.place: self._snapshot(item)
            for item in (*self._documents.values(), *self._notebooks.values())
            if item.place is not None
        }

    def assume(self, uri: str, text: str) -> None:
        """Take a document for changed until the client tells the next change of it: one that tells late is obeyed by
        then as if it had told each in its time."""
        if unquote(uri) in self._documents:
            self._assumed[unquote(uri)] = text

    def notebook(self, uri: str) -> OpenNotebook | None:
        """The notebook that is open under this address."""
        return self._notebooks.get(unquote(uri))

    async def change(self) -> None:
        """Wait until a document is opened, changed or closed."""
        await self._changed.wait()

    def hear(self, method: str, params: Any) -> str | None:
        """Take a notification of LSP's. Gives words for the client's log if it could not be followed.

        A change that cannot be followed leaves a text that nobody has: then the file on disk is the better one.
        """
        take = self._hears.get(method)
        if take is None:
            return None
        complaint = None
        self._assumed.pop(unquote(_uri(params) or ""), None)
        try:
            take(an_object(params, "params"))
        except ValueError as error:
            uri = _uri(params)
            if uri is not None and method in _MAY_MISLEAD:
                self._documents.pop(unquote(uri), None)
                self._notebooks.pop(unquote(uri), None)
            complaint = f"chatls could not follow {method} of {uri}: {error}; reopen the document"
        self._changed.fire()
        return complaint

    def _snapshot(self, item: _Document | OpenNotebook) -> OpenDocument:
        return OpenDocument(item.uri, self._assumed.get(unquote(item.uri), _now(item)), item.version, item.base)

    def _open(self, params: JsonObject) -> None:
        item = an_object(params.get("textDocument"), "textDocument")
        uri, text = a_text(item, "uri"), a_text(item, "text")
        version = whole(item, "version")
        document = _Document(_path(uri), uri, version, OpenText(text, self._encoding), Base())
        self._documents.pop(unquote(uri), None)
        self._documents[unquote(uri)] = document
        self._look(document, saved=False)

    def _change(self, params: JsonObject) -> None:
        item = an_object(params.get("textDocument"), "textDocument")
        key, version = unquote(a_text(item, "uri")), whole(item, "version")
        if key not in self._documents:
            raise NonsenseError("it is not open")
        for entry in objects(params, "contentChanges"):
            self._apply(key, entry)
        self._documents[key] = self._documents.pop(key)._replace(version=version)

    def _save(self, params: JsonObject) -> None:
        item = an_object(params.get("textDocument"), "textDocument")
        document = self._documents.get(unquote(a_text(item, "uri")))
        if document is not None:
            self._look(document, saved=True)

    def _look(self, item: _Document | OpenNotebook, *, saved: bool) -> None:
        """What the disk holds now is what the document was when both were the same."""
        place, text = item.place, _now(item)
        if place is not None:
            number = item.base.begin_look()
            self.on_look(lambda: item.base.look(number, place, text(), saved=saved))

    def _apply(self, key: str, entry: JsonObject) -> None:
        """One `TextDocumentContentChangeEvent`: a whole text, or a part of one."""
        document, text = self._documents[key], a_text(entry, "text")
        if entry.get("range") is None:
            self._documents[key] = document._replace(text=OpenText(text, self._encoding))
            return
        places = an_object(entry["range"], "range")
        document.text.replace(position(places, "start"), position(places, "end"), text)

    def _close(self, params: JsonObject) -> None:
        item = an_object(params.get("textDocument"), "textDocument")
        self._documents.pop(unquote(a_text(item, "uri")), None)

    def _open_notebook(self, params: JsonObject) -> None:
        uri = a_text(an_object(params.get("notebookDocument"), "notebookDocument"), "uri")
        self._notebooks.pop(unquote(uri), None)
        found = self._notebooks[unquote(uri)] = OpenNotebook(params, _path(uri), self._encoding)
        self._look(found, saved=False)

    def _change_notebook(self, params: JsonObject) -> None:
        found = self.notebook(a_text(an_object(params.get("notebookDocument"), "notebookDocument"), "uri"))
        if found is None:
            raise NonsenseError("it is not open")
        found.change(params)

    def _save_notebook(self, params: JsonObject) -> None:
        found = self.notebook(a_text(an_object(params.get("notebookDocument"), "notebookDocument"), "uri"))
        if found is not None:
            found.save()
            self._look(found, saved=True)

    def _close_notebook(self, params: JsonObject) -> None:
        uri = a_text(an_object(params.get("notebookDocument"), "notebookDocument"), "uri")
        self._notebooks.pop(unquote(uri), None)

    def _change_folders(self, params: JsonObject) -> None:
        said = an_object(params.get("event"), "event")
        event: JsonObject = {name: [] if value is None else value for name, value in said.items()}
        removed, added = (list(_folders(objects(event, name))) for name in ("removed", "added"))
        for folder in removed:  # first: a folder that only changes its name is in both
            self._folders.pop(unquote(folder.uri), None)
        self._folders |= {unquote(folder.uri): folder for folder in added}


def _now(item: _Document | OpenNotebook) -> Callable[[], str]:
    """What gives its text as it is at this moment."""
    return item.snapshot().text if isinstance(item, OpenNotebook) else item.text.snapshot().text


def _named(params: JsonObject) -> Iterator[_Folder]:
    """The folders that `initialize` names; the one root of old as a folder like any other, which may be removed."""
    named = cast("list[JsonObject]", params.get("workspaceFolders") or [])
    root = params.get("rootUri") or params.get("rootPath")
    if named or not root:
        yield from _folders(named)
    else:
        yield _Folder(Path(root).as_uri() if Path(root).is_absolute() else root, "")


def _folders(items: list[JsonObject]) -> Iterator[_Folder]:
    """Raises `NonsenseError` for one without a URI."""
    return (_Folder(a_text(item, "uri"), str(item.get("name") or "")) for item in items)


def _path(uri: str) -> Path | None:
    """The place on this machine that a URI names, links resolved; None where it names none."""
    spelled = _spelled(uri)
    return None if spelled is None else Path(os.path.realpath(spelled))


@lru_cache(maxsize=1024)
def _spelled(uri: str) -> str | None:
    """The path as the URI spells it: the same URIs are asked about with every prompt."""
    if not uri.lower().startswith("file:"):
        return None
    try:
        return local_path(uri)
    except ToolError:
        return None


def _unique(name: str, taken: Mapping[str, Root]) -> str:
    """A root's name that no other has: "app", "app-2", ...

    >>> _unique("app", {})
    'app'
    """
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(item for item in names if item not in taken)


def _uri(params: Any) -> str | None:
    """The URI that a notification names, if it makes that much sense."""
    try:
        said = an_object(params, "params")
        return a_text(an_object(said.get("notebookDocument") or said.get("textDocument"), "the document"), "uri")
    except NonsenseError:
        return None
