"""The editor port over LSP: permission questions, edits of open documents (`workspace/applyEdit`), and diagnostics, all
asked of the client.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from anyio import move_on_after, to_thread

from chatls.content import JsonObject, to_wire
from chatls.editor import (
    Change,
    Elicitation,
    FileOperation,
    FormAnswer,
    OpenDocument,
    Problem,
    Question,
    Reply,
    Root,
    Severity,
)
from chatls.errors import RequestError, ToolError
from chatls.language import LanguageFindings, LanguageRequest
from chatls.lsp.cells import CellEdits, cell_edits, wanted_cells
from chatls.lsp.handshake import Hello
from chatls.lsp.language import findings
from chatls.lsp.notebooks import NotebookSnapshot
from chatls.lsp.rpc import Rpc
from chatls.shapes import as_list, member, says
from chatls.wire import cells, methods
from chatls.wire.symbols import LANGUAGE
from chatls.workspace.pathtext import quoted
from chatls.workspace.positions import position
from chatls.workspace.textedits import Taken, replacements, taken

LONGEST_FEEDBACK = 10_000
"""Characters of a person's words to the model that count."""
MOST_PROBLEMS = 1000
"""Problems of one answer that are read."""
TELLING = 3.0
"""Seconds for a client to tell its problems."""
LOOKING_UP = 20.0
"""Seconds for a client to ask its language servers, of which one may have to be started first."""
RELOADING = 5.0
"""Seconds for a client to read documents anew."""
SAVING = 5.0
"""Seconds for a client to save documents."""
FORMATTING = 0.1
"""Seconds for an editor that formats to come to an end, once it has taken a change."""
SETTLING = 2.0
"""Seconds for the new text of a document to come, once the client said that it applied a change."""

_LONGEST_REASON = 500
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "information", "hint")

AnswerT = TypeVar("AnswerT", bound=methods.Params)


class LspEditor:
    """One client as the core sees it (`Editor`)."""

    def __init__(self, rpc: Rpc, hello: Hello) -> None:
        self._rpc = rpc
        self._encoding = hello.position_encoding
        capabilities = hello.params.get("capabilities")
        self._asks = says(capabilities, "experimental", "chat", "permission")
        self._diagnoses = says(capabilities, "experimental", "chat", "diagnostics")
        self._elicits = says(capabilities, "experimental", "chat", "elicit")
        edits = member(member(capabilities, "workspace"), "workspaceEdit")
        self._operations = frozenset(
            filter(lambda item: isinstance(item, str), as_list(member(edits, "resourceOperations")))
        )
        self._reloads = says(capabilities, "experimental", "chat", "reload")
        self._saves = says(capabilities, "experimental", "chat", "save")
        self._knows_symbols = says(capabilities, "experimental", "chat", "language")
        self._edits_cells = says(capabilities, "experimental", "chat", "editCells")
        self._applies = says(capabilities, "workspace", "applyEdit")
        self._versions = says(capabilities, "workspace", "workspaceEdit", "documentChanges")
        self._tells_late = False
        """It says that it applied a change, and tells the new text when a person types next."""

    @property
    def asks(self) -> bool:
        """`Editor.asks`."""
        return self._asks

    @property
    def diagnoses(self) -> bool:
        """`Editor.diagnoses`."""
        return self._diagnoses

    @property
    def elicits(self) -> bool:
        """`Editor.elicits`."""
        return self._elicits

    @property
    def knows_symbols(self) -> bool:
        """`Editor.knows_symbols`."""
        return self._knows_symbols

    @property
    def encoding(self) -> str:
        """`Editor.encoding`."""
        return self._encoding

    async def elicit(self, form: Elicitation) -> FormAnswer:
        """`Editor.elicit`. An answer that makes no sense is none: it raises `ToolError`."""
        if not self._elicits:
            raise ToolError("this editor shows no forms")
        answer = await self._answer(methods.ELICIT.name, to_wire(form), methods.ElicitAnswer)
        return FormAnswer(answer.action, answer.values)

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`."""
        return self._rpc.roots()

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`."""
        return self._rpc.open_documents()

    async def ask_permission(self, question: Question) -> Reply:
        """`Editor.ask_permission`. An answer that makes no sense is none: it raises `ToolError`."""
        if not self._asks:
            raise ToolError("this editor cannot ask for permission")
        answer = await self._answer(methods.REQUEST_PERMISSION.name, to_wire(question), methods.PermissionAnswer)
        if answer.outcome == "cancelled":
            return Reply(None)
        if answer.option_id is None:
            raise ToolError("the editor's answer names no option")
        return Reply(answer.option_id, (answer.feedback or "").strip()[:LONGEST_FEEDBACK], answer.arguments)

    def refusal(self, document: OpenDocument) -> str:
        """`Editor.refusal`."""
        if self._applies:
            return ""
        return f"{_name(document.uri)} is open in an editor that takes no edits: it has to be saved and closed first"

    async def apply(self, change: Change) -> str:
        """`Editor.apply`. The client may ask a person first, so the waiting for its answer has no limit here."""
        document, name = change.document, _name(change.document.uri)
        if words := self.refusal(document):
            raise ToolError(words)
        if (notebook := self._rpc.open_notebook(document.uri)) is not None:
            return await self._apply_cells(change, notebook)
        edits = await to_thread.run_sync(_edits, document, change.text, self._encoding, abandon_on_cancel=True)
        self._require_same(document)  # from here to the message nobody else runs
        if not edits:
            return change.text
        edit = self._workspace_edit(change.label, [(document.uri, document.version, edits)])
        answer = await self._ask("workspace/applyEdit", edit)
        _require_applied(answer, name)
        return await self._settled(change)

    async def apply_together(self, changes: Sequence[Change]) -> tuple[str | None, ...]:
        """`Editor.apply_together`."""
        if not self._applies:
            raise ToolError("this editor takes no edits")
        edits = await to_thread.run_sync(self._all_edits, changes, abandon_on_cancel=True)
        for change in changes:  # from here to the message nobody else runs
            self._require_same(change.document, may_be_closed=change.document.version is None)
        told = [item for item in edits if item[2]]
        if told:
            answer = await self._ask("workspace/applyEdit", self._workspace_edit(changes[0].label, told))
            _require_applied(answer, "the files")
            with move_on_after(SETTLING):
                for change in changes:
                    await self._reached(change, "taken")
            with move_on_after(FORMATTING):
                for change in changes:
                    await self._reached(change, "there")
        found = [self._now(change.document.uri) for change in changes]
        return await to_thread.run_sync(_all_became, found, changes, abandon_on_cancel=True)

    def _all_edits(self, changes: Sequence[Change]) -> list[tuple[str, int | None, list[JsonObject]]]:
        documents = ((change.document, change.text) for change in changes)
        return [(one.uri, one.version, _edits(one, text, self._encoding)) for one, text in documents]

    async def _apply_cells(self, change: Change, notebook: NotebookSnapshot) -> str:
        """The same for a notebook, cell by cell: outputs and metadata are the editor's own."""
        name = _name(change.document.uri)
        edits = await to_thread.run_sync(_cell_edits, notebook, change.text, self._encoding, abandon_on_cancel=True)
        self._require_same(change.document)  # from here to the message nobody else runs
        if not edits.texts and not edits.splices:
            raise ToolError(
                f"{name} is open in the editor, where its cells alone can be changed: it has to be closed first"
            )
        if not edits.splices:
            texts = [(item.uri, item.version, [to_wire(edit) for edit in item.edits]) for item in edits.texts]
            answer = await self._ask("workspace/applyEdit", self._workspace_edit(change.label, texts))
        elif self._edits_cells:
            request = cells.EditCellsRequest(
                change.label, change.document.uri, change.document.version or 0, edits.texts, edits.splices
            )
            answer = await self._ask(cells.EDIT_CELLS.name, to_wire(request))
        else:
            raise ToolError(
                f"{name} is open in an editor that can change the text of its cells, and not put cells in or delete "
                "them: it has to be saved and closed first"
            )
        _require_applied(answer, name)
        return await self._settled(change)

    async def operate(self, operation: FileOperation) -> bool:
        """`Editor.operate`."""
        kind = "rename" if operation.to else "delete"
        if not (self._applies and self._versions and kind in self._operations):
            return False
        addresses = {"oldUri": operation.uri, "newUri": operation.to} if operation.to else {"uri": operation.uri}
        edit = {"documentChanges": [{"kind": kind, **addresses}]}
        answer = await self._ask("workspace/applyEdit", {"label": operation.label, "edit": edit})
        _require_applied(answer, _name(operation.uri))
        return True

    async def look(self, paths: Sequence[Path]) -> bool:
        """`Editor.look`: it tells of its documents unasked."""
        del paths
        return False

    async def reload(self, uris: Sequence[str]) -> bool:
        """`Editor.reload`."""
        if not self._reloads or not uris:
            return False
        with move_on_after(RELOADING), suppress(ToolError):
            request = methods.ReloadRequest(tuple(uris))
            answer = await self._answer(methods.RELOAD.name, to_wire(request), methods.ReloadAnswer)
            return bool(set(answer.reloaded) & set(uris))
        return False

    async def save(self, uris: Sequence[str]) -> frozenset[str]:
        """`Editor.save`."""
        if not self._saves or not uris:
            return frozenset()
        with move_on_after(SAVING), suppress(ToolError):
            request = methods.SaveRequest(tuple(uris))
            answer = await self._answer(methods.SAVE.name, to_wire(request), methods.SaveAnswer)
            return frozenset(answer.saved) & frozenset(uris)
        return frozenset()

    async def problems(self, uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        """`Editor.problems`. What does not fit in the answer is passed over."""
        if not self._diagnoses:
            raise ToolError("this editor does not tell its problems")
        request = methods.DiagnosticsRequest(uri, changed or None)
        with move_on_after(TELLING):
            answer = await self._ask(methods.DIAGNOSTICS.name, to_wire(request))
            return tuple(item for item in _problems(answer) if uri is None or unquote(item.uri) == unquote(uri))
        raise ToolError(f"the editor did not tell its problems within {TELLING:g} seconds")

    async def language(self, request: LanguageRequest) -> LanguageFindings:
        """`Editor.language`."""
        if not self._knows_symbols:
            raise ToolError("this editor does not ask its language servers")
        with move_on_after(LOOKING_UP):
            answer = await self._ask(LANGUAGE.name, to_wire(request))
            return await to_thread.run_sync(findings, request, answer, abandon_on_cancel=True)
        raise ToolError(f"no language server of the editor answered within {LOOKING_UP:g} seconds")

    async def _ask(self, method: str, params: Any) -> Any:
        try:
            return await self._rpc.ask(method, params)
        except RequestError as error:
            raise ToolError(f"the editor did not answer {method}: {str(error)[:_LONGEST_REASON]}") from error

    async def _answer(self, method: str, params: Any, kind: type[AnswerT]) -> AnswerT:
        value = await self._ask(method, params)
        try:
            return methods.read(kind, value)
        except RequestError as error:
            raise ToolError(f"the editor's answer to {method} makes no sense: {error}") from error

    def _workspace_edit(self, label: str, edits: Sequence[tuple[str, int | None, list[JsonObject]]]) -> JsonObject:
        """LSP's `ApplyWorkspaceEditParams`, of each document's address, version and edits."""
        if self._versions:
            items = [{"textDocument": {"uri": uri, "version": version}, "edits": own} for uri, version, own in edits]
            return {"label": label, "edit": {"documentChanges": items}}
        return {"label": label, "edit": {"changes": {uri: own for uri, _, own in edits}}}

    def _now(self, uri: str) -> OpenDocument | None:
        return next((item for item in self._rpc.open_documents().values() if item.uri == uri), None)

    def _require_same(self, document: OpenDocument, *, may_be_closed: bool = False) -> None:
        now = self._now(document.uri)
        if now != document and not (may_be_closed and now is None):
            raise ToolError(f"{_name(document.uri)} has changed in the editor meanwhile; read it again")

    async def _settled(self, change: Change) -> str:
        """Wait until the document is what it was to become: the client tells it by `didChange`, maybe in several steps.
        One that formats makes another text of it, with the change in it.

        Some clients say that they applied what they did not (Neovim, where the version is an old one).
        """
        if self._tells_late:
            self._rpc.assume(change.document.uri, change.text)
            return change.text
        with move_on_after(SETTLING):
            await self._reached(change, "taken")
        with move_on_after(FORMATTING):
            await self._reached(change, "there")
        now = self._now(change.document.uri)
        if now is None or await self._state(now, change) == "not":
            name = _name(change.document.uri)
            raise ToolError(f"the editor said that it changed {name}, but it did not; read it again")
        return await to_thread.run_sync(_became, now, change, abandon_on_cancel=True)

    async def _reached(self, change: Change, wanted: Taken) -> None:
        """Wait until as much of a change is in the document."""
        while True:
            now = self._now(change.document.uri)
            if now is not None and await self._state(now, change) in ("there", wanted):
                return
            if self._now(change.document.uri) == now:
                await self._rpc.document_change()

    async def _state(self, now: OpenDocument, change: Change) -> Taken:
        if now.version == change.document.version:
            return "not"
        return await to_thread.run_sync(_taken, now, change, abandon_on_cancel=True)


def _require_applied(answer: Any, name: str) -> None:
    if not says(answer, "applied"):
        reason = member(answer, "failureReason")
        words = f": {' '.join(reason.split())[:_LONGEST_REASON]}" if isinstance(reason, str) and reason else ""
        raise ToolError(f"the editor did not change {name}{words}; read it again")


def _taken(now: OpenDocument, change: Change) -> Taken:
    return taken(change.document.text, change.text, now.text)


def _became(now: OpenDocument, change: Change) -> str:
    """The text that there is; the one that was wanted where they differ in line ends alone."""
    return change.text if _plain(now.text) == _plain(change.text) else now.text


def _all_became(found: Sequence[OpenDocument | None], changes: Sequence[Change]) -> tuple[str | None, ...]:
    return tuple(None if now is None else _became(now, change) for now, change in zip(found, changes, strict=True))


def _edits(document: OpenDocument, new: str, encoding: str) -> list[JsonObject]:
    """LSP's `TextEdit`s, by the positions of the old text."""
    old = document.text

    def place(at: int) -> JsonObject:
        line, character = position(old, at, encoding)
        return {"line": line, "character": character}

    return [
        {"range": {"start": place(item.start), "end": place(item.end)}, "newText": item.text}
        for item in replacements(old, new)
    ]


def _cell_edits(notebook: NotebookSnapshot, text: str, encoding: str) -> CellEdits:
    return cell_edits(notebook.cells, wanted_cells(text), encoding)


def _problems(answer: Any) -> Iterator[Problem]:
    told = (
        (member(item, "uri"), entry)
        for item in as_list(member(answer, "items"))
        for entry in as_list(member(item, "diagnostics"))
    )
    for uri, entry in islice(told, MOST_PROBLEMS):
        try:
            found = methods.read(methods.Diagnostic, entry)
        except RequestError:
            continue
        if isinstance(uri, str):
            code = str(found.code) if isinstance(found.code, int | str) else ""
            severity = _SEVERITIES[min(max(found.severity or 1, 1), len(_SEVERITIES)) - 1]
            yield Problem(uri, found.range, severity, found.message, found.source or "", code)


def _plain(text: str) -> str:
    """Editors end lines in their own way."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _name(uri: str) -> str:
    """What a person calls a document.

    >>> _name("file:///home/me/a%20b.py")
    '"a b.py"'
    """
    return quoted(unquote(uri.rpartition("/")[2]))
