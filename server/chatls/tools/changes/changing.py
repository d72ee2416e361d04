"""The plan of a change of files, and how it is carried out: just the hunks that were shown, or nothing.

What other lines of a file have become meanwhile does not matter where the change can be made anew and is the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from anyio import to_thread

from chatls.content import JsonObject, Location, TextContent
from chatls.editor import Change, OpenDocument
from chatls.errors import ToolError
from chatls.tools.changes.diffs import FileChange
from chatls.tools.changes.new_problems import ProblemWatch, new_problems, told
from chatls.tools.changes.saving import saved, saved_together
from chatls.tools.changes.targets import Target, look, refusal
from chatls.tools.tool import FileSubject, Plan, ToolContext, ToolOutput
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.protected_files import own_folders, protected
from chatls.workspace.savefile import ChangedError, save_beneath
from chatls.workspace.workspace import Workspace

_MOST_DIFF, _LONGEST_LINE = 8 * 1024, 1000
"""Bytes of a diff that a model reads, and characters of one line."""
_MOST_PREVIEW = 256 * 1024
"""Bytes of a diff that a person reads."""
_MOST_WATCHED = 5
"""Files of one change whose new problems are told: each is waited for."""
_MOST_NEWS = 4 * 1024
"""Bytes of a diff that tells what changed since the model looked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one file."""

    target: Target
    make: Callable[[str], str]
    """The text that it has now -> the text that it is to have. Raises `ToolError` where that cannot be."""
    done: str
    """What was done, once it is."""
    rebases: bool = False
    """It can be made in another text as well."""


def require_seen(context: ToolContext, target: Target) -> None:
    """Raise `ToolError` unless the model knows all of the file as it is."""
    if not context.seen.ever(target.path):
        raise ToolError(f"you have not read {quoted(target.name)} yet: read it with read_file, then change it")
    if not context.seen.still(target.path, target.text):
        news = changed_since(context, target)
        raise ToolError(f"{quoted(target.name)} has changed since you read it: read it again, then change it{news}")


def changed_since(context: ToolContext, target: Target) -> str:
    """What changed in a file since the model saw it, as words behind others; nothing if nothing did. What is shown
    whole counts as seen from then on."""
    known = context.seen.text(target.path)
    if known is None or context.seen.still(target.path, target.text):
        return ""
    diff, cut = FileChange(target.name, target.uri, known, target.text).unified(_MOST_NEWS, longest=_LONGEST_LINE)
    if not cut:
        context.seen.note(target.path, target.text)
    return f"\nWhat changed since you read it:\n{diff}"


def plan(context: ToolContext, wishes: Sequence[Wish], label: str, *, together: bool = False) -> Plan:
    """The plan that gives files other texts. `together`: all of them by one edit of the editor's, open or not.

    It works out the preview: call it in a worker thread. Raises `ToolError` for a text that cannot be, and for a
    document that its editor would not change: nobody is asked about what cannot be done.
    """
    documents = (wish.target.document for wish in wishes)
    if words := next(filter(None, (context.editor.refusal(document) for document in documents if document)), ""):
        raise ToolError(words)
    changes = tuple(map(_change, wishes))
    preview = tuple(change.shown.content or TextContent(change.shown.unified(_MOST_PREVIEW)[0]) for change in changes)
    path, *more = (wish.target.path for wish in wishes)
    return Plan(FileSubject(path, tuple(more)), preview, _Work(context, changes, label, together).carry_out)


@dataclass(frozen=True, slots=True)
class _OneChange:
    """One file of a plan."""

    wish: Wish
    shown: FileChange
    data: bytes
    """What the file will hold; empty where the editor writes it."""

    @property
    def target(self) -> Target:
        return self.wish.target


def _change(wish: Wish) -> _OneChange:
    target = wish.target
    new = wish.make(target.text)
    kind = "changed" if target.exists else "new"
    change = FileChange(target.name, target.uri, target.text, new, kind)
    return _OneChange(wish, change, target.encoded(new))


@dataclass(frozen=True, slots=True)
class _Made:
    """One file after its change."""

    wish: Wish
    change: FileChange
    """What it really became: editors may format."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Became:
    """What a file is after its change."""

    text: str
    is_open: bool
    is_saved: bool
    """By the editor."""
    outdated: bool = False
    """The editor still shows an older form of it."""
    others: int = 0
    """Other names of the file, that kept the old text."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Planned changes."""

    context: ToolContext
    changes: tuple[_OneChange, ...]
    label: str
    together: bool

    async def carry_out(self) -> ToolOutput:
        """Change the files if what was planned can still be done, and tell what came of it."""
        watches = [ProblemWatch(self.context.editor, change.target.uri) for change in self.changes[:_MOST_WATCHED]]
        for watch in watches:
            await watch.begin()
        workspace = self.context.workspace.renewed(self.context.editor)
        changes = await to_thread.run_sync(self._anew, workspace, abandon_on_cancel=True)
        made = await self._all_at_once(changes) if self.together else await self._one_by_one(changes)
        news = dict(enumerate(await new_problems(watches)))
        texts, cut = list[str](), False
        for at, item in enumerate(made):
            diff, part = await to_thread.run_sync(_diff, item.change, abandon_on_cancel=True)
            problems = told(item.change.name, news.get(at, ()))
            texts.append("\n".join((f"{item.wish.done} ({'; '.join(item.notes)})", diff, *problems)))
            cut = cut or part
        diffs = filter(None, (item.change.content for item in made))
        return ToolOutput((TextContent("\n\n".join(texts)), *diffs), truncated=cut)

    def _anew(self, workspace: Workspace) -> tuple[_OneChange, ...]:
        """The changes as they are to be made in what there is now."""
        return tuple(_rebased(change, look(workspace, change.target.path), workspace) for change in self.changes)

    async def _one_by_one(self, changes: Sequence[_OneChange]) -> list[_Made]:
        made = list[_Made]()
        for change in changes:
            try:
                made.append(await self._made(change))
            except ToolError as error:
                if not made:
                    raise
                names = ", ".join(item.change.name for item in made)
                raise ToolError(f"{error} But changed before it: {names}.") from error
        return made

    async def _all_at_once(self, changes: Sequence[_OneChange]) -> list[_Made]:
        """One edit of the editor's. It opens what is not open; what was as on the disk is saved again."""
        editor, targets = self.context.editor, [change.target for change in changes]
        documents = [one.document or OpenDocument(one.uri, one.text, None) for one in targets]
        texts = [change.shown.new for change in changes]
        opened = await editor.apply_together([Change(self.label, *one) for one in zip(documents, texts, strict=True)])
        on_disk = await saved_together(self.context, targets)
        texts = await to_thread.run_sync(self._texts, targets)
        unchanged = [one.target.name for one, text in zip(changes, texts, strict=True) if text == one.target.text]
        if unchanged:
            others = ", ".join(one.target.name for one in changes if one.target.name not in unchanged)
            names = ", ".join(map(quoted, unchanged))
            but = f" But changed: {others}." if others else ""
            raise ToolError(f"the editor said that it changed {names}, but it did not; read it again.{but}")
        return [
            self._told(change, _Became(text, was is not None, change.target.uri in on_disk))
            for change, text, was in zip(changes, texts, opened, strict=True)
        ]

    def _texts(self, targets: Sequence[Target]) -> list[str]:
        """What they hold now."""
        workspace = self.context.workspace.renewed(self.context.editor)
        opened = (workspace.open_document(target.path) for target in targets)
        return [
            look(workspace, target.path).text if now is None else now.text
            for target, now in zip(targets, opened, strict=True)
        ]

    async def _made(self, change: _OneChange) -> _Made:
        """Change one file."""
        target, new, others = change.target, change.shown.new, 0
        on_disk = None
        if target.document is not None:
            new = await self.context.editor.apply(Change(self.label, target.document, new))
            on_disk = await saved(self.context, target)
            new = new if on_disk is None else on_disk
        else:
            others = await to_thread.run_sync(self._save, change)  # not abandoned: a cancel comes before it, or later
        outdated = target.outdated and not await self.context.editor.reload([target.uri])
        became = _Became(new, target.document is not None, on_disk is not None, outdated, others)
        return self._told(change, became)

    def _told(self, change: _OneChange, became: "_Became") -> _Made:
        """What is told of one file, and what the model has seen of it by that."""
        target, made = change.target, replace(change.shown, new=became.text)
        if self.context.seen.ever(target.path) or not target.exists:
            self.context.seen.note(target.path, became.text)
        else:
            self.context.seen.note_lines(target.path, made.shown_lines)
        formatted = became.text != change.shown.new
        return _Made(change.wish, made, tuple(_notes(target, made, became, formatted=formatted)))

    def _save(self, change: _OneChange) -> int:
        workspace, target = self.context.workspace, change.target
        folder = workspace.root_of(target.path)
        assert folder is not None
        try:
            return save_beneath(folder, target.path, change.data, was=target.data)
        except ChangedError as error:
            raise ToolError(_stale(target)) from error
        except OSError as error:
            raise refusal(workspace, target.path, error, existing=target.exists) from error


def _rebased(planned: _OneChange, now: Target, workspace: Workspace) -> _OneChange:
    """The change in the file as it is now. Raises `ToolError` if it is not the one that was planned."""
    then = planned.target
    if then.exists and not now.exists:
        raise workspace.missing(then.path)
    is_protected = protected(then.path, own_folders()) is not None
    moved = (now.document is None) != (then.document is None)
    if now.text == then.text and now.exists == then.exists and not (moved and is_protected):
        return _OneChange(replace(planned.wish, target=now), planned.shown, now.encoded(planned.shown.new))
    news = FileChange(then.name, then.uri, then.text, now.text).unified(_MOST_NEWS, longest=_LONGEST_LINE)[0]
    words = f"{_stale(then)}\nWhat changed:\n{news}"
    if is_protected or not planned.wish.rebases or not then.exists:
        raise ToolError(words)
    try:
        change = _change(replace(planned.wish, target=now))
    except ToolError as error:
        raise ToolError(words) from error
    if change.shown.hunks != planned.shown.hunks:
        raise ToolError(words)
    return change


def _notes(target: Target, made: FileChange, became: _Became, *, formatted: bool) -> Iterator[str]:
    """What to tell beside the diff."""
    yield made.counts
    if formatted:
        yield "the editor changed more of it as it took the edit: this is what it became"
    if became.is_saved:
        yield "it is open in the editor, and saved"
    elif became.is_open:
        yield "it is open in the editor: the change is there, and on the disk once it is saved"
    elif target.form.is_broken:
        yield "its bytes that are no UTF-8 were kept; what is new is UTF-8"
    elif target.form.is_legacy:
        yield f"it is {target.form.encoding_name}, and what is new is too"
    if became.outdated:
        yield "the editor still shows an older form of it, without changes: it has to be read anew there"
    if became.others:
        names = "another name" if became.others == 1 else f"{became.others} other names"
        yield f"{names} of it (hard links) kept the old text"


def _diff(change: FileChange) -> tuple[str, bool]:
    return change.unified(_MOST_DIFF, longest=_LONGEST_LINE)


def _stale(target: Target) -> str:
    return f"{quoted(target.name)} changed meanwhile: read it again. Nothing was changed."


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
