"""A folder with an editor before it, in which tools can be called as the agent calls them."""

import inspect
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.children.commands import Commands
from chatls.content import TextContent
from chatls.editor import Change, Elicitation, FileOperation, FormAnswer, OpenDocument, Problem, Question, Reply, Root
from chatls.language import LanguageFindings, LanguageRequest
from chatls.tools.tool import Plan, Tool, ToolContext, ToolOutput
from chatls.workspace.pathtext import local_path
from chatls.workspace.seen import Seen
from chatls.workspace.workspace import Workspace


class Playground:
    """One root at first, no open documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folders = {"ws": folder}
        self.documents: dict[Path, OpenDocument] = {}
        self.cancelled = threading.Event()
        self.seen = Seen()
        self.commands = Commands(dict(os.environ), folder.parent / "output")
        self.asks = self.diagnoses = True
        self.shown: list[str] = []
        """What tools showed while they ran."""
        self.show: Callable[[str], None] = self.shown.append
        self.time_limit = 60.0
        self.result_bytes = 51200
        self.operates = False
        """It moves and deletes files itself."""
        self.operations: list[FileOperation] = []
        self.reloads = False
        """It reads documents anew when it is asked."""
        self.asked_to_reload: list[str] = []
        self.format: Callable[[str], str] = str
        """What it makes of a text that it is to have."""
        self.changes: list[Change] = []
        """What the editor was asked to change, and did."""
        self.knows_symbols = True
        self.language_servers: Callable[[LanguageRequest], LanguageFindings] = lambda _: LanguageFindings()
        """What they answer."""
        self.questions: list[LanguageRequest] = []
        """What they were asked."""
        self.hidden: frozenset[Path] = frozenset()
        """Files that a rule keeps from being read."""
        self.takes = True
        """It does what it says."""
        self.found: list[tuple[Problem, ...]] = []
        """What `problems` answers, in turn; nothing when there is no more."""

    def roots(self) -> tuple[Root, ...]:
        return tuple(Root(name, folder) for name, folder in self.folders.items())

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return self.documents

    @property
    def elicits(self) -> bool:
        return False

    @property
    def encoding(self) -> str:
        return "utf-16"

    async def elicit(self, form: Elicitation) -> FormAnswer:
        raise AssertionError(f"nobody expected a form: {form}")

    async def ask_permission(self, question: Question) -> Reply:
        raise AssertionError(f"a tool asks nothing itself: {question}")

    def refusal(self, document: OpenDocument) -> str:
        return ""

    async def apply(self, change: Change) -> str:
        self.changes.append(change)
        place = next(path for path, document in self.documents.items() if document.uri == change.document.uri)
        return self.type(place, self.format(change.text)).text

    async def apply_together(self, changes: Sequence[Change]) -> tuple[str | None, ...]:
        """What is not open is opened."""
        if not self.takes:
            return tuple(change.document.text for change in changes)
        self.changes += changes
        for change in changes:
            path = Path(local_path(change.document.uri))
            self.documents.setdefault(path, OpenDocument(change.document.uri, change.document.text, 0))
            self.type(path, self.format(change.text))
        return tuple(self.format(change.text) for change in changes)

    async def language(self, request: LanguageRequest) -> LanguageFindings:
        self.questions.append(request)
        return self.language_servers(request)

    async def operate(self, operation: FileOperation) -> bool:
        if not self.operates:
            return False
        self.operations.append(operation)
        old = Path(local_path(operation.uri))
        document = self.documents.pop(old)
        if operation.to is None:
            await to_thread.run_sync(old.unlink)
        else:
            new = Path(local_path(operation.to))
            await to_thread.run_sync(partial(new.parent.mkdir, parents=True, exist_ok=True))
            await to_thread.run_sync(old.rename, new)
            self.documents[new] = OpenDocument(operation.to, document.text, 1, document.base)
        return True

    async def reload(self, uris: Sequence[str]) -> bool:
        self.asked_to_reload += uris
        for path, document in list(self.documents.items()) if self.reloads else []:
            if document.uri in uris:
                self.type(path, await to_thread.run_sync(path.read_text))
        return self.reloads

    async def save(self, uris: Sequence[str]) -> frozenset[str]:
        del uris
        return frozenset()

    async def look(self, paths: Sequence[Path]) -> bool:
        return False

    async def problems(self, uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        del uri, changed
        return self.found.pop(0) if self.found else ()

    def write(self, name: str, content: str | bytes = "") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def open(self, name: str, text: str) -> Path:
        path = self.folder / name
        self.documents[path] = OpenDocument(path.as_uri(), text, 1)
        return path

    def type(self, path: Path, text: str) -> OpenDocument:
        """Have another text in an open document."""
        before = self.documents[path]
        self.documents[path] = OpenDocument(before.uri, text, (before.version or 0) + 1, before.base)
        return self.documents[path]

    def workspace(self) -> Workspace:
        return Workspace(self, self.commands.folder)

    async def call(self, tool: Tool, **arguments: object) -> ToolOutput:
        """What a tool finds, or what comes of its plan."""
        result = await self.begin(tool, **arguments)
        return await result.carry_out() if isinstance(result, Plan) else result

    async def plan(self, tool: Tool, **arguments: object) -> Plan:
        """What a tool would do."""
        result = await self.begin(tool, **arguments)
        assert isinstance(result, Plan)
        return result

    async def begin(self, tool: Tool, **arguments: object) -> "ToolOutput | Plan":
        """Call a tool's function."""
        seen = (self.seen, self.commands, self.show, self.cancelled, self.time_limit, self.result_bytes)
        context = ToolContext(self.workspace(), self, *seen, hides=lambda _tool, _space, paths: self.hidden & {*paths})
        values = tool.validate(dict(arguments))
        if inspect.iscoroutinefunction(tool.run):
            result = await tool.run(context, **values)
        else:
            result = await to_thread.run_sync(partial(tool.run, context, **values))
        assert isinstance(result, ToolOutput | Plan)
        return result

    async def ask(self, tool: Tool, **arguments: object) -> str:
        """The text of the answer."""
        return text_of(await self.call(tool, **arguments))


def text_of(output: ToolOutput) -> str:
    (content,) = output.content
    assert isinstance(content, TextContent)
    assert len(content.text.encode()) <= 50 * 1024
    return content.text
