"""What `edit_file` and `write_file` share: a look at a file, the plan of its change, and how it is carried out.

A document that is open in the editor is changed there and not on the disk; any other file on the disk and not there.
"""

import errno
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from chatls.content import JsonObject, Location, TextContent, ToolContent
from chatls.editor import Change, OpenDocument
from chatls.errors import ToolError
from chatls.tools.diffs import FileChange
from chatls.tools.new_problems import ProblemWatch, told
from chatls.tools.tool import FileSubject, Plan, ToolContext, ToolOutput
from chatls.workspace.pathtext import quoted
from chatls.workspace.savefile import ChangedError, save_beneath
from chatls.workspace.textfile import MOST_BYTES, FileText, NoTextError, decode
from chatls.workspace.workspace import Workspace

_MOST_DIFF, _LONGEST_LINE = 8 * 1024, 1000
"""Bytes of a diff that a model reads, and characters of one line."""
_MOST_PREVIEW = 256 * 1024
"""Bytes of a diff that a person reads."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that is to be changed, as it is now."""

    path: Path
    """Absolute, links resolved."""
    name: str
    """What models and people call it."""
    uri: str
    document: OpenDocument | None
    """It is open in the editor."""
    data: bytes | None
    """All of it on the disk; None where it is open, or where there is none."""
    text: str
    """With its own line ends."""
    form: FileText
    """How its text stands on the disk."""

    @property
    def exists(self) -> bool:
        """Whether there is such a file or open document."""
        return self.document is not None or self.data is not None


def look_at(workspace: Workspace, text: str) -> Target:
    """The file that a path names. One that is not there is an empty one that does not exist.

    Looks at the disk: call it in a worker thread. Raises `ToolError` for what cannot be changed.
    """
    path = workspace.changeable(text)
    name, uri, document = workspace.display(path), workspace.uri(path), workspace.open_document(path)
    if document is not None:
        _require_small(name, len(document.text.encode("utf-8", "surrogatepass")))
        return Target(path, name, uri, document, None, document.text, FileText(document.text))
    data = _read(workspace, path, name)
    try:
        form = decode(data or b"")
    except NoTextError as error:
        raise ToolError(f"{quoted(name)} {error}: only text can be changed") from error
    return Target(path, name, uri, None, data, form.text, form)


def require_seen(context: ToolContext, target: Target) -> None:
    """Raise `ToolError` unless the model knows the file as it is."""
    if not context.seen.ever(target.path):
        raise ToolError(f"you have not read {quoted(target.name)} yet: read it with read_file, then change it")
    if not context.seen.still(target.path, target.text):
        raise ToolError(f"{quoted(target.name)} has changed since you read it: read it again, then change it")


def plan(context: ToolContext, target: Target, text: str, label: str, done: str) -> Plan:
    """The plan that gives a file another text. `done` says what was done, once it is.

    It works out the preview: call it in a worker thread. Raises `ToolError` for a text that is too long.
    """
    data = b"" if target.document else target.form.encoded(text)
    _require_small(target.name, len(data) or len(text.encode("utf-8", "surrogatepass")))
    change = FileChange(target.name, target.uri, target.text, text, created=not target.exists)
    work = _Work(context, target, change, label, done, data)
    preview = change.content or TextContent(change.unified(_MOST_PREVIEW)[0])
    return Plan(FileSubject(target.path), (preview,), work.carry_out)


@dataclass(frozen=True, slots=True)
class _Work:
    """A planned change."""

    context: ToolContext
    target: Target
    change: FileChange
    label: str
    done: str
    data: bytes
    """What the file will hold; empty where it is open."""

    async def carry_out(self) -> ToolOutput:
        """Change the file if it still is what it was, and tell what came of it."""
        watch = ProblemWatch(self.context.editor, self.target.uri)
        await watch.begin()
        diff, cut = await to_thread.run_sync(self._diff, abandon_on_cancel=True)
        await self._change()
        problems = told(self.target.name, await watch.new())
        text = "\n".join((f"{self.done} ({self._notes()})", diff, *problems))
        content: tuple[ToolContent, ...] = (TextContent(text), *filter(None, (self.change.content,)))
        return ToolOutput(content, truncated=cut)

    def _diff(self) -> tuple[str, bool]:
        return self.change.unified(_MOST_DIFF, longest=_LONGEST_LINE)

    async def _change(self) -> None:
        document = self.context.editor.open_documents().get(self.target.path)
        if document is not None and self.target.document is not None and document.text == self.target.text:
            await self.context.editor.apply(Change(self.label, document, self.change.new))
            self.context.seen.note(self.target.path, self.change.new)
        elif document is None and self.target.document is None:
            await to_thread.run_sync(self._save)  # not abandoned: a cancel comes before it, or when it is done
        else:
            raise self._stale()

    def _save(self) -> None:
        workspace, path = self.context.workspace, self.target.path
        folder = workspace.root_of(path)
        assert folder is not None
        try:
            save_beneath(folder, path, self.data, was=self.target.data)
        except ChangedError as error:
            raise self._stale() from error
        except OSError as error:
            raise _refusal(workspace, path, error, existing=self.target.exists) from error
        self.context.seen.note(path, self.change.new)

    def _stale(self) -> ToolError:
        return ToolError(f"{quoted(self.target.name)} changed meanwhile: read it again. Nothing was changed.")

    def _notes(self) -> str:
        notes = [self.change.counts]
        if self.target.document is not None:
            notes.append("it is open in the editor: the change is there, and on the disk once it is saved")
        elif self.target.form.is_broken:
            notes.append("its bytes that are no UTF-8 were kept; what is new is UTF-8")
        return "; ".join(notes)


def _read(workspace: Workspace, path: Path, name: str) -> bytes | None:
    try:
        with workspace.open_file(path) as file:
            pieces, size = list[bytes](), 0
            while size <= MOST_BYTES and (piece := file.read(MOST_BYTES + 1 - size)):
                pieces.append(piece)
                size += len(piece)
    except ToolError as error:
        match error.__cause__:
            case FileNotFoundError():
                return None
            case NotADirectoryError() as cause:
                raise _refusal(workspace, path, cause, existing=False) from cause
            case _:
                raise
    except OSError as error:
        raise workspace.failure(path, error) from error
    _require_small(name, size)
    return b"".join(pieces)


def _require_small(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise ToolError(f"{quoted(name)} is too large to be changed: more than {MOST_BYTES >> 20} MB")


def _refusal(workspace: Workspace, path: Path, error: OSError, *, existing: bool) -> ToolError:
    """What to tell the model when the system refuses a change."""
    name, kept = quoted(workspace.display(path)), "it is as it was" if existing else "nothing was made"
    match error:
        case PermissionError():
            return ToolError(f"{name} cannot be changed: it or its folder is read-only; {kept}")
        case NotADirectoryError() | FileExistsError():
            return ToolError(f"{name} cannot be changed: a part of its path is a link or no folder; {kept}")
        case OSError(errno=code) if code in _FULL:
            return ToolError(f"{name} cannot be changed: the disk is full, or a limit is reached; {kept}")
        case OSError(errno=errno.EROFS):
            return ToolError(f"{name} cannot be changed: the disk is read-only; {kept}")
        case OSError(errno=None) | FileNotFoundError() | OSError(errno=errno.ELOOP):
            return workspace.failure(path, error)
        case _:
            return ToolError(f"{name} cannot be changed: {error.strerror}; {kept}")


# What is asked about a call before it runs


def shown(arguments: JsonObject) -> str:
    """The path of a call, for its title."""
    return quoted(arguments["path"])[1:-1]


def locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    """The file that a call is about."""
    place = workspace.locate(arguments["path"])
    return (Location(workspace.uri(place)),) if place else ()


def serial(workspace: Workspace, arguments: JsonObject) -> str:
    """Changes of one file come one after the other."""
    return f"file:{workspace.locate(arguments['path']) or arguments['path']}"


def renamed(arguments: JsonObject, names: dict[str, tuple[str, ...]]) -> JsonObject:
    """Arguments with the names that other tools have for them turned into ours, where ours are not given.

    >>> renamed({"file_path": "a"}, {"path": ("file_path",)})
    {'path': 'a'}
    """
    ours = {other: name for name, others in names.items() for other in others if name not in arguments}
    return {ours.get(name, name): value for name, value in arguments.items()}
