"""JSON-RPC with an LSP client: the life cycle, commands, and the documents that it tells."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chatls.editor import OpenDocument, Root
from chatls.lsp.documents import Documents
from chatls.lsp.handshake import Hello
from chatls.lsp.notebooks import NotebookSnapshot
from chatls.wire import methods
from chatls.wire.methods import CommandParams
from chatls.wire.outbox import Outbox
from chatls.wire.peer import Answer, Peer


class Rpc(Peer):
    """One client."""

    def __init__(self, outbox: Outbox, hello: Hello) -> None:
        super().__init__(outbox, cancels="$/cancelRequest", names="id", first="initialize", last="shutdown")
        self._reader = hello.reader
        self._documents = Documents(hello)
        self._commands: dict[str, Callable[[Answer, CommandParams], None]] = {}
        self.serve("workspace/executeCommand", CommandParams, self._execute)

    def command(self, name: str, handler: Callable[[Answer, CommandParams], None]) -> None:
        """Answer `workspace/executeCommand` for one command."""
        self._commands[name] = handler

    def receive(self, data: bytes) -> None:
        """Take input. Nothing in it raises."""
        self.begin(self._reader.feed(data))

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`."""
        return self._documents.roots()

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`."""
        return self._documents.open()

    def assume(self, uri: str, text: str) -> None:
        """Take an open document for changed that the client has not told yet."""
        self._documents.assume(uri, text)

    def open_notebook(self, uri: str) -> NotebookSnapshot | None:
        """The cells of the notebook that is open under this address."""
        found = self._documents.notebook(uri)
        return None if found is None else found.snapshot()

    def on_look(self, look: Callable[[Callable[[], None]], None]) -> None:
        """Be given each look at the disk that the documents need, for a worker thread."""
        self._documents.on_look = look

    async def document_change(self) -> None:
        """Wait until the client opens, changes or closes a document."""
        await self._documents.change()

    def unknown(self, method: str, params: Any) -> None:
        """`Peer.unknown`: what tells of documents."""
        if complaint := self._documents.hear(method, params):
            self.notify("window/logMessage", {"type": 2, "message": complaint})

    def _execute(self, answer: Answer, params: CommandParams) -> None:
        handler = self._commands.get(params.command)
        if handler is None:
            raise methods.invalid(f"command: {params.command!r} is not known; known: {', '.join(self._commands)}")
        handler(answer, params)
