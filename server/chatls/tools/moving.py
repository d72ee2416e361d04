"""The tools `move_file` and `delete_file`: one file each, and what the editor shows of it follows."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import Diff, JsonObject, Location, TextContent
from chatls.editor import FileOperation
from chatls.errors import ToolError
from chatls.tools.changes.changing import locate, renamed, serial, shown
from chatls.tools.changes.diffs import FileChange
from chatls.tools.changes.targets import refusal
from chatls.tools.fresh import fresh
from chatls.tools.lookalike import meant
from chatls.tools.tool import EVERYTHING, FileSubject, Plan, ToolContext, ToolOutput, tool
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted, readable_size
from chatls.workspace.savefile import ChangedError, delete_beneath, move_beneath
from chatls.workspace.textfile import MOST_BYTES, NoTextError, decode
from chatls.workspace.workspace import Workspace

_NAMES = {"path": ("file_path", "filePath", "file", "source", "from", "old_path")}
_MOVE_NAMES = {**_NAMES, "to": ("destination", "new_path", "target", "newPath")}


@dataclass(frozen=True, slots=True)
class _MovedFrom:
    """The file that is to be moved or deleted."""

    path: Path
    name: str
    uri: str
    data: bytes | None
    """What it holds; None where that is too large."""
    text: str | None
    """None where it is no text."""
    size: int


def _title(arguments: JsonObject) -> str:
    return f"move_file {shown(arguments)} to {quoted(arguments['to'])[1:-1]}"


def _places(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    return (*locate(workspace, arguments), *locate(workspace, {"path": arguments["to"]}))


@tool(
    kind="edit",
    read_only=False,
    title=_title,
    locate=_places,
    serial=lambda _space, _arguments: EVERYTHING,
    tidy=lambda arguments: renamed(arguments, _MOVE_NAMES),
)
async def move_file(
    context: ToolContext,
    path: Annotated[str, Field(description="The file: relative to the workspace.")],
    to: Annotated[str, Field(description="Its new path, name included. Folders on the way are made.")],
) -> Plan:
    """Move or rename one file. Nothing is replaced: there must be no file of the new name.

    What the editor shows of it follows. Imports and other mentions of its name stay as they are.
    """
    named = await meant(context.workspace, path)
    context = await fresh(context, lambda space: [space.changeable(named.path)])
    return named.tell_then(await to_thread.run_sync(_plan_move, context, named.path, to, abandon_on_cancel=True))


@tool(
    kind="edit",
    read_only=False,
    title=lambda arguments: f"delete_file {shown(arguments)}",
    locate=locate,
    serial=serial,
    tidy=lambda arguments: renamed(arguments, _NAMES),
)
async def delete_file(
    context: ToolContext, path: Annotated[str, Field(description="The file: relative to the workspace.")]
) -> Plan:
    """Delete one file, for good. The editor closes it if it is open there."""
    context = await fresh(context, lambda space: [space.changeable(path)])
    return await to_thread.run_sync(_plan_delete, context, path, abandon_on_cancel=True)


def _found(workspace: Workspace, path: Path) -> _MovedFrom:
    """Raises `ToolError` for what is no file on the disk, and for what the editor has in another form."""
    name = workspace.display(path)
    if workspace.is_unsaved(path):
        raise ToolError(f"{quoted(name)} has changes in the editor that are not saved: ask the user to save it first")
    with workspace.open_file(path) as file:
        try:
            data = file.read(MOST_BYTES + 1) or b""
        except OSError as error:
            raise workspace.failure(path, error) from error
        size = file.seek(0, 2)
    whole = data if len(data) <= MOST_BYTES else None
    try:
        text = None if whole is None else decode(whole).text
    except NoTextError:
        text = None
    return _MovedFrom(path, name, workspace.uri(path), whole, text, size)


def _plan_move(context: ToolContext, path: str, to: str) -> Plan:
    workspace = context.workspace
    found, target = _found(workspace, workspace.changeable(path)), workspace.changeable(to)
    _require_free(workspace, target)
    folder = workspace.root_of(found.path)
    if folder is None or workspace.root_of(target) != folder:
        raise ToolError("a file is moved within one folder of the workspace only")
    text, name = found.text or "", workspace.display(target)
    change = FileChange(name, target.as_uri(), text, text, "moved", found.name, found.uri)
    disk = partial(move_beneath, folder, found.path, target)
    return _Deed(context, found, change, disk, ("move", "moved"), f"{found.name} to {name}", target).plan()


def _plan_delete(context: ToolContext, path: str) -> Plan:
    workspace = context.workspace
    found = _found(workspace, workspace.changeable(path))
    folder = workspace.root_of(found.path)
    assert folder is not None
    change = FileChange(found.name, found.uri, found.text or "", "", "deleted")
    disk = partial(delete_beneath, folder, found.path, was=found.data)
    return _Deed(context, found, change, disk, ("delete", "deleted"), found.name, None).plan()


def _require_free(workspace: Workspace, target: Path) -> None:
    if target.exists() or workspace.open_text(target) is not None:
        raise ToolError(f"there is a {quoted(workspace.display(target))} already. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class _Deed:
    """What is planned."""

    context: ToolContext
    found: _MovedFrom
    change: FileChange
    disk: Callable[[], None]
    """Do it on the disk."""
    verbs: tuple[str, str]
    """What it is called before and afterwards."""
    about: str
    target: Path | None
    """Where the file goes."""

    def plan(self) -> Plan:
        """Works out the preview: for a worker thread."""
        kind = "text" if self.found.text is not None else "no text"
        words = TextContent(f"{self.verbs[0]} {self.about} ({kind}, {readable_size(self.found.size)})")
        more = (self.target,) if self.target else ()
        return Plan(FileSubject(self.found.path, more), tuple(filter(None, (words, self._diff()))), self.carry_out)

    async def carry_out(self) -> ToolOutput:
        """Do it if the file still is what it was."""
        context, found = self.context, self.found
        workspace = context.workspace.renewed(context.editor)
        is_open = await to_thread.run_sync(self._checked, workspace, abandon_on_cancel=True)
        said, note = f"{self.verbs[1]} {self.about}", ""
        operation = FileOperation(f"{self.verbs[0]} {self.about}", found.uri, self.target and self.target.as_uri())
        if is_open and await context.editor.operate(operation):
            await to_thread.run_sync(self._require_done)
        else:
            await to_thread.run_sync(self._do, workspace)
            note = " (the editor still shows it as it was: it has to be closed there)" if is_open else ""
        if self.target is not None and context.seen.ever(found.path) and found.text is not None:
            context.seen.note(self.target, found.text)
        context.seen.forget(found.path)
        return ToolOutput(tuple(filter(None, (TextContent(said + note), self._diff()))))

    def _diff(self) -> Diff | None:
        return self.change.content if self.found.text is not None else None

    def _checked(self, workspace: Workspace) -> bool:
        """Whether the file is open in the editor. Raises `ToolError` if it is not what it was when it was planned."""
        now = _found(workspace, self.found.path)
        if (now.size, now.data) != (self.found.size, self.found.data):
            raise ToolError(f"{quoted(self.found.name)} changed meanwhile. Nothing was changed.")
        if self.target is not None:
            _require_free(workspace, self.target)
        return workspace.open_document(self.found.path) is not None

    def _do(self, workspace: Workspace) -> None:
        try:
            self.disk()
        except ChangedError as error:
            taken = ", or the new name is taken" if self.target else ""
            raise ToolError(f"{quoted(self.found.name)} changed meanwhile{taken}. Nothing was changed.") from error
        except OSError as error:
            raise refusal(workspace, self.found.path, error, existing=True) from error

    def _require_done(self) -> None:
        """An editor may say that it did what it did not."""
        if self.found.path.exists() or (self.target is not None and not self.target.exists()):
            raise ToolError(f"the editor said that it did, but {quoted(self.found.name)} is where it was")
