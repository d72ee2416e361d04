"""A file that is to be changed, as it is now. Looks at the disk: for worker threads.

A document that is open in the editor is changed there and not on the disk, unless the editor shows it in an older form;
any other file on the disk and not there.
"""

import errno
from pathlib import Path

from chatls.editor import OpenDocument
from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import MOST_BYTES, FileText, NoLetterError, NoTextError, decode
from chatls.workspace.workspace import Workspace

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that is to be changed."""

    path: Path
    """Absolute, links resolved."""
    name: str
    """What models and people call it."""
    uri: str
    document: OpenDocument | None
    """It is open in the editor, and what is there counts."""
    data: bytes | None
    """All of it on the disk; None where there is none."""
    text: str
    """With its own line ends."""
    form: FileText
    """How the disk holds its text."""
    outdated: bool = False
    """The editor shows an older form of it, unchanged."""
    saved: bool = False
    """It is open in the editor, and as it is on the disk."""

    @property
    def exists(self) -> bool:
        """Whether there is such a file or open document."""
        return self.document is not None or self.data is not None

    def encoded(self, text: str) -> bytes:
        """What the disk would hold; nothing where the editor is to write it. Raises `ToolError` for a letter that the
        file's encoding lacks, and for what is too large."""
        try:
            data = self.form.encoded(text)
        except NoLetterError as error:
            if self.document is None or _fits(self.form, self.text):
                raise ToolError(f"{quoted(self.name)} {error}. Nothing was changed.") from error
            data = text.encode("utf-8", "surrogatepass")
        _require_small(self.name, len(data))
        return b"" if self.document else data


def look_at(workspace: Workspace, text: str) -> Target:
    """The file that a path names. One that is not there is an empty one that does not exist.

    Raises `ToolError` for what cannot be changed.
    """
    return look(workspace, workspace.changeable(text))


def look(workspace: Workspace, path: Path) -> Target:
    """The same for a path that is resolved; no link is followed."""
    name, uri, document = workspace.display(path), workspace.uri(path), workspace.open_document(path)
    standing = workspace.standing(path) if document else None
    if standing == "both":
        raise ToolError(
            f"{quoted(name)} was changed in the editor and on the disk, each in another way: ask the user to save it "
            "or to read it anew. Nothing was changed."
        )
    data = _read(workspace, path, name)
    if document is None or standing in ("outdated", "gone"):
        form = _decoded(name, data or b"")
        return Target(path, name, uri, None, data, form.text, form, outdated=document is not None)
    text = document.text
    _require_small(name, len(text.encode("utf-8", "surrogatepass")))
    try:
        form = decode(data or b"")
    except NoTextError:
        form = FileText(text)
    return Target(path, name, uri, document, data, text, form, saved=standing == "same")


def refusal(workspace: Workspace, path: Path, error: OSError, *, existing: bool) -> ToolError:
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
                raise refusal(workspace, path, cause, existing=False) from cause
            case _:
                raise
    except OSError as error:
        raise workspace.failure(path, error) from error
    _require_small(name, size)
    return b"".join(pieces)


def _decoded(name: str, data: bytes) -> FileText:
    try:
        return decode(data)
    except NoTextError as error:
        raise ToolError(f"{quoted(name)} {error}: only text can be changed") from error


def _fits(form: FileText, text: str) -> bool:
    try:
        form.encoded(text)
    except NoLetterError:
        return False
    return True


def _require_small(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise ToolError(f"{quoted(name)} is too large to be changed: more than {MOST_BYTES >> 20} MB")
