"""The editor port over ACP, one for each session: its folders, questions to a person, and unsaved text where the client
tells it (`fs/read_text_file`). Edits go to the disk; a file whose text there is another one is not touched.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anyio import create_task_group, move_on_after, to_thread

from chatls.acp import updates
from chatls.acp.shapes import OutcomeAnswer, TextAnswer
from chatls.content import JsonObject, to_wire
from chatls.editor import (
    Change,
    Elicitation,
    FileOperation,
    FormAnswer,
    OpenDocument,
    PermissionOption,
    Problem,
    Question,
    Reply,
    Root,
)
from chatls.errors import RequestError, ToolError
from chatls.language import LanguageFindings, LanguageRequest
from chatls.wire import methods
from chatls.wire.peer import Peer
from chatls.workspace.openfile import open_beneath
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import holds

READING = 2.0
"""Seconds for a client to tell the text of a file; then what is on the disk counts."""
_MOST = 64 * 2**20


class AcpEditor:
    """What one session sees of its client (`Editor`)."""

    def __init__(
        self, peer: Peer, session_id: str, roots: Sequence[Root], *, tells: bool, by_kind: bool = False
    ) -> None:
        """`tells`: the client has `fs/read_text_file`. `by_kind`: of several answers of a kind it can give but one, and
        shows not which."""
        self._peer = peer
        self._session = session_id
        self._roots = tuple(roots)
        self._tells = tells
        self._by_kind = by_kind
        self._unsaved: dict[Path, OpenDocument] = {}

    @property
    def asks(self) -> bool:
        """`Editor.asks`: every client of this protocol does."""
        return True

    @property
    def diagnoses(self) -> bool:
        """`Editor.diagnoses`."""
        return False

    @property
    def elicits(self) -> bool:
        """`Editor.elicits`."""
        return False

    @property
    def knows_symbols(self) -> bool:
        """`Editor.knows_symbols`."""
        return False

    @property
    def encoding(self) -> str:
        """`Editor.encoding`: nothing here is told by positions."""
        return "utf-16"

    async def elicit(self, form: Elicitation) -> FormAnswer:
        """`Editor.elicit`."""
        del form
        raise ToolError("this editor shows no forms")

    def roots(self) -> tuple[Root, ...]:
        """`Editor.roots`."""
        return self._roots

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """`Editor.open_documents`: those that were found to have unsaved changes."""
        return dict(self._unsaved)

    async def ask_permission(self, question: Question) -> Reply:
        """`Editor.ask_permission`. An answer that makes no sense is none: it raises `ToolError`."""
        options = sorted(question.options, key=_rank)
        if self._by_kind:
            options = list({one.kind: one for one in reversed(options)}.values())[::-1]
        call: JsonObject = {
            "toolCallId": question.tool_call_id,
            "title": question.title,
            "kind": question.tool_kind,
            "status": "pending",
            "rawInput": question.arguments,
            "content": updates.content(to_wire(question.preview)),
        }
        told = [{"optionId": one.id, "name": one.label, "kind": one.kind} for one in options]
        params = {"sessionId": self._session, "toolCall": call, "options": told}
        answer = await self._ask("session/request_permission", params, OutcomeAnswer)
        if answer.outcome.outcome == "cancelled":
            return Reply(None)
        if answer.outcome.option_id is None:
            raise ToolError("the editor's answer names no option")
        return Reply(answer.outcome.option_id)

    async def look(self, paths: Sequence[Path]) -> bool:
        """`Editor.look`."""
        if not self._tells or not paths:
            return False
        before = dict(self._unsaved)
        async with create_task_group() as tasks:
            for path in paths:
                tasks.start_soon(self._look, path)
        return before != self._unsaved

    def refusal(self, document: OpenDocument) -> str:
        """`Editor.refusal`. What is unsaved in an editor that takes no edits would be lost by its next save."""
        name = quoted(Path(document.uri).name)
        return f"{name} has unsaved changes in the editor: it has to be saved first, then changed"

    async def apply(self, change: Change) -> str:
        """`Editor.apply`: never."""
        raise ToolError(self.refusal(change.document))

    async def apply_together(self, changes: Sequence[Change]) -> tuple[str | None, ...]:
        """`Editor.apply_together`: never."""
        del changes
        raise ToolError("this editor takes no edits")

    async def operate(self, operation: FileOperation) -> bool:
        """`Editor.operate`."""
        del operation
        return False

    async def reload(self, uris: Sequence[str]) -> bool:
        """`Editor.reload`."""
        del uris
        return False

    async def save(self, uris: Sequence[str]) -> frozenset[str]:
        """`Editor.save`."""
        del uris
        return frozenset()

    async def problems(self, uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        """`Editor.problems`."""
        del uri, changed
        raise ToolError("this editor does not tell its problems")

    async def language(self, request: LanguageRequest) -> LanguageFindings:
        """`Editor.language`."""
        del request
        raise ToolError("this editor does not ask its language servers")

    async def _look(self, path: Path) -> None:
        """Take what the client holds of a file, if that is not what is on the disk."""
        text = None
        # Where there is no file nothing could be written over, and some clients show a person their own refusal.
        if await to_thread.run_sync(os.path.exists, path, abandon_on_cancel=True):
            with move_on_after(READING):
                text = await self._told(path)
        if text is None or await to_thread.run_sync(_same, path, text, abandon_on_cancel=True):
            self._unsaved.pop(path, None)
        else:
            self._unsaved[path] = OpenDocument(path.as_uri(), text, None)

    async def _told(self, path: Path) -> str | None:
        """What the client holds of a file. None: it has no such file, or cannot tell, and the disk counts."""
        params = {"sessionId": self._session, "path": str(path)}
        try:
            return (await self._ask("fs/read_text_file", params, TextAnswer)).content
        except ToolError:
            return None

    async def _ask(self, method: str, params: Any, kind: type[methods.ParamsT]) -> methods.ParamsT:
        try:
            return methods.read(kind, await self._peer.ask(method, params))
        except RequestError as error:
            raise ToolError(f"the editor did not answer {method} as it should: {error}") from error


def roots(folders: Sequence[str]) -> tuple[Root, ...]:
    """The roots of a session, links resolved, each once. Looks at the disk. Raises `ToolError` for no folder."""
    found: dict[Path, str] = {}
    for folder in folders:
        if not Path(folder).is_absolute() or not Path(folder).is_dir():
            raise ToolError(f"{quoted(folder)} is no folder by an absolute path")
        path = Path(os.path.realpath(folder))
        found.setdefault(path, path.name or "/")
    names = list(found.values())
    unique = [name if names.count(name) == 1 else f"{name}-{at}" for at, name in enumerate(names, 1)]
    return tuple(Root(name, path) for name, path in zip(unique, found, strict=True))


def _same(path: Path, text: str) -> bool:
    """Whether the disk has this text. A file that cannot be read has: then the tools say why."""
    try:
        with open_beneath(path.parent, path) as file:
            return holds(file.read(_MOST) or b"", text)
    except FileNotFoundError:
        return not text
    except OSError:
        return True


def _rank(option: PermissionOption) -> int:
    """A session's answers before a workspace's: some clients give a key to the first "always" alone."""
    return ["allow_once", "allow_always", "reject_once", "reject_always"].index(option.kind) * 2 + (
        option.scope == "workspace"
    )
