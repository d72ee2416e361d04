"""Files put back as they were before the turns that a rewind takes away, if they still are as the tools left them.

An open document is put back by the editor, so that its undo takes that back; any other file on the disk. Whatever
somebody else did to a file since stays.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from anyio import to_thread

from chatls.content import Diff, FileChangeKind
from chatls.editor import Change, Editor, FileOperation
from chatls.errors import ToolError
from chatls.store.entries import Came, RewoundFile
from chatls.store.filestates import ABSENT, UNKNOWN, is_same, on_disk, plainly, raw, state_of, text_in
from chatls.values import dataclass
from chatls.workspace.savefile import ChangedError, delete_beneath, save_beneath
from chatls.workspace.textfile import NoLetterError, NoTextError, decode
from chatls.workspace.workspace import Workspace

LABEL = "chatls: rewind"


@dataclass(frozen=True, slots=True)
class FileStory:
    """What happened to a file in the turns that go."""

    path: Path
    changes: tuple[tuple[str, str], ...]
    """The names of what it was and of what it became, in order."""


def stories(changes: Sequence[tuple[Path, str, str]]) -> list[FileStory]:
    """Changes by file, in the order of the first change of each."""
    found = dict[Path, list[tuple[str, str]]]()
    for path, before, after in changes:
        found.setdefault(path, []).append((before, after))
    return [FileStory(path, tuple(steps)) for path, steps in found.items()]


@dataclass(frozen=True, slots=True)
class _FileLook:
    """A file as it is now, beside what it was."""

    story: FileStory
    uri: str
    came: Came
    now: bytes | None = None
    before: bytes | None = None
    saved: bool = False
    """It is open, and just as on the disk."""


async def put_back(
    editor: Editor, found: Sequence[FileStory], texts: Mapping[str, bytes], *, dry: bool, save: bool
) -> list[RewoundFile]:
    """Put files back. `texts`: what files were, by name. `dry`: only look what would be done. `save`: what is open and
    was saved is saved again."""
    return [await _put_back(editor, story, texts, dry=dry, save=save) for story in found]


async def _put_back(
    editor: Editor, story: FileStory, texts: Mapping[str, bytes], *, dry: bool, save: bool
) -> RewoundFile:
    workspace = Workspace(editor)
    look = await to_thread.run_sync(_look, workspace, story, texts)
    if look.came != "would_restore":
        return RewoundFile(look.uri, look.came)
    diff = _diff(look)
    if dry:
        return RewoundFile(look.uri, look.came, diff)
    try:
        if look.now != look.before:
            await _restore(editor, workspace, look)
            if look.saved and save and look.before is not None:  # saving what is gone would make it again
                await editor.save([look.uri])
    except (ToolError, OSError, ChangedError, NoLetterError):
        return RewoundFile(look.uri, "conflict")
    return RewoundFile(look.uri, "restored", diff)


def _look(workspace: Workspace, story: FileStory, texts: Mapping[str, bytes]) -> _FileLook:
    """In a thread."""
    first, last = story.changes[0][0], story.changes[-1][1]
    if workspace.root_of(story.path) is None:
        return _FileLook(story, story.path.as_uri(), "conflict")
    uri = workspace.uri(story.path)
    if any(name != ABSENT and name not in texts for name in (first, last)):
        return _FileLook(story, uri, "not_kept")
    try:
        now = state_of(workspace, story.path)
    except OSError:
        return _FileLook(story, uri, "conflict")
    before, after = (None if name == ABSENT else texts[name] for name in (first, last))
    if not is_same(now, after):
        return _FileLook(story, uri, "gone" if now is None else "conflict")
    steps = zip(story.changes, story.changes[1:], strict=False)
    if not all(_follows(left, found, texts) for (_, left), (found, _) in steps):
        return _FileLook(story, uri, "conflict")
    is_open = now is not None and raw(now) is None
    return _FileLook(story, uri, "would_restore", now, before, is_open and workspace.standing(story.path) == "same")


def _follows(left: str, found: str, texts: Mapping[str, bytes]) -> bool:
    """Whether a tool found a file as the one before left it: nobody else's change lies between them."""
    if left == found or UNKNOWN in (left, found):
        return True
    return left in texts and found in texts and is_same(texts[left], texts[found])


def _diff(look: _FileLook) -> Diff | None:
    if look.now == look.before:
        return None
    kind: FileChangeKind = "new" if look.now is None else "deleted" if look.before is None else "changed"
    old, new = (plainly(state) if state else "" for state in (look.now, look.before))
    return Diff(look.uri, old, new, kind)


async def _restore(editor: Editor, workspace: Workspace, look: _FileLook) -> None:
    """Raises `ToolError`, `OSError`, `ChangedError`, `NoLetterError`."""
    path, document = look.story.path, workspace.open_document(look.story.path)
    is_open = look.now is not None and raw(look.now) is None
    if look.before is None:
        if document is not None and await editor.operate(FileOperation(LABEL, document.uri, None)):
            return
        if is_open and document is not None and await to_thread.run_sync(on_disk, path) is None:
            await editor.apply(Change(LABEL, document, ""))
            return
        await to_thread.run_sync(_delete, workspace, path)
    elif is_open and document is not None:
        text = text_in(look.before)
        if text is None:
            raise ToolError("it was no text")
        await editor.apply(Change(LABEL, document, text))
    else:
        await to_thread.run_sync(_save, workspace, look)


def _delete(workspace: Workspace, path: Path) -> None:
    folder = workspace.root_of(path)
    assert folder is not None
    delete_beneath(folder, path, was=on_disk(path))


def _save(workspace: Workspace, look: _FileLook) -> None:
    folder, before = workspace.root_of(look.story.path), look.before
    assert folder is not None
    assert before is not None
    was = None if look.now is None else raw(look.now)
    data = raw(before)
    if data is None:  # it was open then: its text, in the form that the file has now
        text = text_in(before) or ""
        try:
            data = decode(was or b"").encoded(text)
        except NoTextError:
            data = text.encode("utf-8", "surrogatepass")
    save_beneath(folder, look.story.path, data, was=was)
