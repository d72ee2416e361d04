"""The open documents and the folders, as the client's notifications tell them: pygls keeps them. Knows no request."""

import logging
import os
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import anyio
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import RPCMessage
from pygls.workspace import TextDocument, Workspace

from chatls.editor import OpenDocument, Root
from chatls.errors import ToolError
from chatls.handshake import Hello
from chatls.pathtext import local_path
from chatls.positions import offset

_SYNCED = frozenset(
    {
        types.TEXT_DOCUMENT_DID_OPEN,
        types.TEXT_DOCUMENT_DID_CHANGE,
        types.TEXT_DOCUMENT_DID_CLOSE,
        types.NOTEBOOK_DOCUMENT_DID_OPEN,
        types.NOTEBOOK_DOCUMENT_DID_CHANGE,
        types.NOTEBOOK_DOCUMENT_DID_CLOSE,
        types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    }
)


class _Document(TextDocument):
    """An open document, changed at places as LSP counts them.

    In pygls a form feed or U+2028 ends a line, and a position beyond the end of the last line lies before its end.
    """

    @cached_property
    def place(self) -> Path | None:
        """Where it is, looked up once: there may be hundreds of open documents, and each tool call asks for all."""
        return _path(self.uri)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        text, encoding = self.source, str(self.position_codec.encoding)
        start, end = (
            offset(text, place.line, place.character, encoding) for place in (change.range.start, change.range.end)
        )
        if end < start:
            raise ValueError("the range ends before it starts")
        self._source = text[:start] + change.text + text[end:]


class Documents(Workspace):
    """What is open, and the folders."""

    _changed: anyio.Event | None = None

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`."""
        found: dict[str, Root] = {}
        for folder in self.folders.values():
            path = _path(folder.uri)
            if path is not None:
                name = _unique(folder.name or path.name or "root", found)
                found[name] = Root(name, path)
        return tuple(found.values())

    def open(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`."""
        return {
            document.place: OpenDocument(document.uri, document.source, document.version)
            for document in self.text_documents.values()
            if isinstance(document, _Document) and document.place is not None
        }

    async def change(self) -> None:
        """Wait until a document is opened, changed or closed."""
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def changed(self) -> None:
        """One was."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        codec, kind = self.position_codec, types.TextDocumentSyncKind.Incremental
        return _Document(doc_uri, source or "", version, language_id, sync_kind=kind, position_codec=codec)


class Sync(LanguageServerProtocol):
    """pygls, told of the handshake and of documents alone; whatever it would answer or show is muted."""

    documents: Documents
    _failure: BaseException | None = None

    def begin(self, hello: Hello) -> None:
        """Let it know the folders that `initialize` named, and no more: it fails on odd client capabilities."""
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
        named = cast("list[dict[str, Any]]", hello.params.get("workspaceFolders") or [])
        folders = [types.WorkspaceFolder(uri=item["uri"], name=str(item.get("name") or "")) for item in named]
        root = hello.params.get("rootUri") or hello.params.get("rootPath")
        if root and not folders:  # as a folder like any other, so that the client can remove it
            uri = Path(root).as_uri() if Path(root).is_absolute() else root
            folders = [types.WorkspaceFolder(uri=uri, name="")]
        self.documents = Documents(None, types.TextDocumentSyncKind.Incremental, folders, hello.position_encoding)
        self._workspace = self.documents

    def hear(self, method: str, params: Any) -> str | None:
        """Take a notification of LSP's. Gives words for the client's log if it could not be followed."""
        if method not in _SYNCED:
            return None
        self._failure = None
        try:
            for part in _parts(method, params):
                message = self.structure_message({"jsonrpc": "2.0", "method": method, "params": part})
                self.handle_message(cast("RPCMessage", message))
        except JsonRpcException as error:
            self._failure = error
        self._request_futures.clear()  # pygls keeps one for every notification
        complaint = self._explain(method, params) if self._failure else None
        self.documents.changed()
        return complaint

    def _explain(self, method: str, params: Any) -> str:
        """A change that cannot be followed leaves a text that nobody has: then the file on disk is the better one."""
        uri = _uri(params)
        if method == types.TEXT_DOCUMENT_DID_CHANGE and uri is not None:
            self.documents.remove_text_document(uri)
        return f"chatls could not follow {method} of {uri}: {type(self._failure).__name__}; reopen the document"

    def _check_handler_result(self, future: Future[Any]) -> None:
        self._failure = future.exception()

    def _send_data(self, data: Any) -> None:
        """Nothing that pygls wants to say reaches the client."""


def _path(uri: str) -> Path | None:
    """The place on this machine that a URI names, links resolved; None where it names none.

    `to_fs_path` of pygls cuts "a;b.py" at the semicolon.
    """
    if not uri.lower().startswith("file:"):
        return None
    try:
        return Path(os.path.realpath(local_path(uri)))
    except ToolError:
        return None


def _parts(method: str, params: Any) -> list[Any]:
    """What is removed, then what is added: pygls takes both in turn, and loses a folder that only changed its name."""
    event = cast("dict[str, Any]", params).get("event") if isinstance(params, dict) else None
    if method != types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS or not isinstance(event, dict):
        return [params]
    change = cast("dict[str, Any]", event)
    return [{"event": {"added": [], "removed": [], name: change.get(name)}} for name in ("removed", "added")]


def _uri(params: Any) -> str | None:
    document = cast("dict[str, Any]", params).get("textDocument") if isinstance(params, dict) else None
    uri = cast("dict[str, Any]", document).get("uri") if isinstance(document, dict) else None
    return uri if isinstance(uri, str) else None


def _unique(name: str, taken: Mapping[str, Root]) -> str:
    """A root's name that no other has: "app", "app-2", ...

    >>> _unique("app", {})
    'app'
    """
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(item for item in names if item not in taken)
