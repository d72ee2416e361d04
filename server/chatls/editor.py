"""The editor port: what the core may ask of the other end, whichever protocol that speaks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Literal, Protocol

from chatls.content import JsonObject, Range, ToolContent, WireValue
from chatls.events import ToolKind
from chatls.language import LanguageFindings, LanguageRequest
from chatls.values import dataclass
from chatls.workspace.standing import Base

OptionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
"""What an answer means, as the Agent Client Protocol spells it."""


@dataclass(frozen=True, slots=True)
class Root:
    """One folder of the workspace."""

    name: str
    """What a person calls it; the first part of a path where there are several roots. Unique."""
    path: Path
    """Absolute, links resolved."""


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document that is open in the editor, saved or not."""

    uri: str
    source: str | Callable[[], str]
    """The text, or what gives it; equal where it is the same one."""
    version: int | None
    base: Base = field(default_factory=Base, compare=False, repr=False)
    """What it and its file were when they last were the same."""

    @property
    def text(self) -> str:
        """The whole text. One that was changed has to be joined first: ask in a worker thread."""
        return self.source if isinstance(self.source, str) else self.source()


@dataclass(frozen=True, slots=True)
class PermissionOption(WireValue):
    """One answer that a person may choose."""

    id: str
    label: str
    """What its button says: "Always allow `git status` in this workspace"."""
    kind: OptionKind
    scope: Literal["once", "session", "workspace"] = "once"
    """How long it holds."""
    covers: str = ""
    """One line for people: all that it covers."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call that waits for a person's word."""

    session_id: str
    turn_id: str
    tool_call_id: str
    title: str
    """One line: what would be done."""
    tool_kind: ToolKind
    arguments: JsonObject
    """Under the names that the tool's schema has for them; else as the model wrote them."""
    preview: tuple[ToolContent, ...]
    """All of what would be done; nothing in it is hidden or invisible."""
    options: tuple[PermissionOption, ...]
    sandbox: bool = False
    """It would run in the sandbox."""
    changed: str | None = None
    """It was answered before, and is asked once more: the file that decides what runs and that the agent has changed
    since, relative to its root. Its diff is in `preview`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's word."""

    option_id: str | None
    """None: the question was closed without an answer."""
    feedback: str = ""
    """Words for the model."""
    arguments: JsonObject | None = None
    """With an option that allows: the call as the person wants it."""


FormFieldKind = Literal["string", "number", "integer", "boolean", "choice"]
FormValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class FormField(WireValue):
    """One thing that is asked."""

    name: str
    title: str
    """For people."""
    type: FormFieldKind
    required: bool
    choices: tuple[str, ...] | None = None
    """With `choice`: what there is to choose from."""
    default: FormValue | None = None


@dataclass(frozen=True, slots=True)
class Elicitation:
    """What the tool of a server asks a person while it runs. Its words are the server's; never for secrets."""

    session_id: str
    turn_id: str
    tool_call_id: str
    server: str
    """Who asks: its name in the settings."""
    message: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """A person's answer."""

    action: Literal["accept", "decline", "cancel"]
    values: Mapping[str, FormValue] | None = None
    """With `accept`: by the names of the fields."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an open document."""

    label: str
    """What the editor's undo list calls it."""
    document: "OpenDocument"
    """The text that it was planned for. If the editor has another one by now, nothing is changed."""
    text: str
    """The whole text afterwards."""


@dataclass(frozen=True, slots=True)
class FileOperation:
    """What is to become of the file of an open document that has no changes of its own."""

    label: str
    uri: str
    to: str | None
    """Its new `uri`; None: it is to be deleted."""


Severity = Literal["error", "warning", "information", "hint"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic that the editor shows (LSP, `Diagnostic`)."""

    uri: str
    range: Range
    severity: Severity
    message: str
    source: str = ""
    code: str = ""


class Texts(Protocol):
    """The folders and documents that are open. Called on the event loop only; what it returns never changes."""

    def roots(self) -> tuple[Root, ...]:
        """The folders that are open, in the editor's order."""
        ...

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        """All open `file:` documents by absolute path (links resolved)."""
        ...


class Editor(Texts, Protocol):
    """The other end. Implemented by the native face over LSP."""

    @property
    def asks(self) -> bool:
        """Whether it can put a question to a person; else no tool that changes anything is offered."""
        ...

    @property
    def diagnoses(self) -> bool:
        """Whether it tells the problems that it shows."""
        ...

    @property
    def elicits(self) -> bool:
        """Whether it can show a person a form."""
        ...

    @property
    def knows_symbols(self) -> bool:
        """Whether it asks its language servers for us (`language`)."""
        ...

    @property
    def encoding(self) -> str:
        """In which units its positions count: LSP's `positionEncoding`."""
        ...

    async def elicit(self, form: Elicitation) -> FormAnswer:
        """What a person writes into a form. Waits for ever; cancelled, it withdraws the form. Raises `ToolError` where
        it cannot."""
        ...

    async def ask_permission(self, question: Question) -> Reply:
        """A person's word. Waits for ever; cancelled, it withdraws the question. Raises `ToolError` where it cannot."""
        ...

    def refusal(self, document: OpenDocument) -> str:
        """Why it would take no edit of an open document, in words for the model; empty if it takes them. Any thread."""
        ...

    async def apply(self, change: Change) -> str:
        """Change an open document, so that the editor's own undo takes it back. Gives the text that it has then: an
        editor may format what it is given. Returns when `open_documents` has it.

        Raises `ToolError` where the editor cannot, will not, or has another text by now.
        """
        ...

    async def apply_together(self, changes: Sequence[Change]) -> tuple[str | None, ...]:
        """Change several documents as one edit, which the editor's undo takes back as one. One that is not open, whose
        document has no version, is opened for it. Gives the texts that they have then; None where one is not open.

        Raises `ToolError` where the editor cannot, will not, or has another text of any of them by now.
        """
        ...

    async def operate(self, operation: FileOperation) -> bool:
        """Have the editor move or delete a file, so that what it shows follows. False where it cannot; raises
        `ToolError` where it will not. What came of it the disk says.
        """
        ...

    async def look(self, paths: Sequence[Path]) -> bool:
        """Have the editor tell what it holds of files, where it tells that only when it is asked. Whether
        `open_documents` may be others now. Bounded in time, raises nothing.
        """
        ...

    async def reload(self, uris: Sequence[str]) -> bool:
        """Ask for open documents to be read anew that were not changed since their files were. Whether one was, by
        what the editor says. Bounded in time, raises nothing; False where it cannot.
        """
        ...

    async def save(self, uris: Sequence[str]) -> frozenset[str]:
        """Have open documents written to the disk; which ones were, by what the editor says. A document may be another
        one then: editors format what they save. Bounded in time, raises nothing; none where it cannot.
        """
        ...

    async def problems(self, uri: str | None, *, changed: bool = False) -> tuple[Problem, ...]:
        """The problems of one document, or of all. `changed`: it has just changed, so the editor may take a moment
        until it knows. Bounded in time; raises `ToolError` where the editor does not answer.
        """
        ...

    async def language(self, request: LanguageRequest) -> LanguageFindings:
        """What the language servers of the editor say. Bounded in time and size. Raises `ToolError`, with words for
        the model, where none is there for it, none answers, or the answer makes no sense.
        """
        ...
