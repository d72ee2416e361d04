"""The roots and their text: which paths may be named, what they are called, and how their files are opened.

Made on the event loop; from then on safe to use in any thread. All but `locate`, `uri`, `open_document` and `renewed`
look at the disk: ask them from a worker thread. It knows neither tools nor sessions.
"""

import difflib
import errno
import itertools
import os
from functools import cached_property
from io import FileIO
from pathlib import Path

from chatls.editor import OpenDocument, Texts
from chatls.errors import ToolError
from chatls.workspace.openfile import NotRegularError, open_beneath
from chatls.workspace.pathtext import local_path, quoted
from chatls.workspace.secret_look import is_secret_file
from chatls.workspace.standing import Standing

_NAMES_COMPARED = 5000
_KERNEL_FOLDERS = tuple(Path(name) for name in ("/proc", "/sys", "/dev"))
"""No files of a project; /proc/self/environ would even tell the daemon's own keys."""


class Workspace:
    """The folders and documents that were open in the editor when this was made."""

    def __init__(self, editor: Texts, beside: Path | None = None) -> None:
        """`beside`: a folder of ours whose files may be read by their absolute paths, and nothing else."""
        self.roots = editor.roots()
        self._given = beside
        self._documents = dict(editor.open_documents())
        self._standings: dict[Path, Standing] = {}

    def renewed(self, editor: Texts) -> "Workspace":
        """The same, with what is open now."""
        return Workspace(editor, self._given)

    # Paths

    @cached_property
    def _beside(self) -> Path | None:
        return Path(os.path.realpath(self._given)) if self._given else None

    def resolve(self, text: str, *, beside: bool = False) -> Path:
        """The file or folder that a path names: absolute, links resolved, inside a root; it need not exist.

        `text` is relative to a root (`name/path` where there are several), absolute, or a `file:` URI. Raises
        `ToolError` for all that lies outside, and says the same whether or not something is there. `beside`: the
        files beside the workspace, which may only be read, are inside.
        """
        candidate = self._candidate(text)
        path = real_path(candidate)
        if self.root_of(path) is None or (self.is_beside(path) and not beside):
            raise ToolError(self._outside(text))
        if real_path(path) != path:
            raise ToolError(f"{quoted(text)} is a link that leads nowhere")
        return path

    def readable(self, text: str) -> Path:
        """As `resolve`, but a file that holds secrets is refused, by its own name or by what it links to."""
        path = self.resolve(text, beside=True)
        self._require_no_secret(text, path, "was not read", "Ask the user for the part that you need")
        return path

    def changeable(self, text: str) -> Path:
        """As `readable`, for a file that is changed or made: nothing is made behind a link that leads nowhere."""
        path, place = self.resolve(text), self._candidate(text)
        self._require_no_secret(text, path, "was not changed", "Tell the user what should stand there")
        if any(_leads_nowhere(part) for part in (place, *place.parents)):
            raise ToolError(f"{quoted(text)} is a link that leads nowhere, or lies behind one")
        return path

    def _require_no_secret(self, text: str, path: Path, refusal: str, advice: str) -> None:
        for place in (self._candidate(text), path):
            if is_secret_file(place):
                raise ToolError(
                    f"{quoted(text)} {refusal}: files named like {quoted(place.name)} usually hold secrets (keys, "
                    f"passwords, tokens). {advice}"
                )

    def root_of(self, path: Path) -> Path | None:
        """The folder of the root that a resolved path lies in, the innermost one; None outside.

        Of what lies beside the workspace, the folder beside it.
        """
        folder = next((folder for _, folder in self.folders if path.is_relative_to(folder)), None)
        kernel = next((place for place in _KERNEL_FOLDERS if path.is_relative_to(place)), None)
        if folder and (kernel is None or folder.is_relative_to(kernel)):
            return folder
        return self._beside if self.is_beside(path) else None

    def is_beside(self, path: Path) -> bool:
        """Whether a resolved path lies beside the workspace: it may be read, and that is all."""
        inside = any(path.is_relative_to(folder) for _, folder in self.folders)
        return self._beside is not None and not inside and path.is_relative_to(self._beside)

    def is_secret(self, path: Path) -> bool:
        """Whether a file usually holds secrets, judged by its name or by the name of what it links to."""
        return is_secret_file(path) or is_secret_file(real_path(path))

    def locate(self, text: str) -> Path | None:
        """The place that a path names as it is written, without a look at the disk; None where it cannot be one."""
        try:
            return self._placed(local_path(text))
        except ToolError:
            return None

    def display(self, path: Path) -> str:
        """What a path inside is called: the text that `resolve` takes back; one line, printable."""
        folder = self.root_of(path)
        return path.as_uri() if folder is None else self.name_in(folder, path.relative_to(folder).as_posix())

    def name_in(self, folder: Path, inner: str) -> str:
        """The same for a path that is told as text, relative to a root's folder, and quickly."""
        name = inner
        if folder == self._beside and self.is_beside(folder):
            return str(folder / inner)
        if len(self.folders) > 1:
            root = next(name for name, place in self.folders if place == folder)
            name = root if inner == "." else f"{root}/{inner}"
        plain = name.isprintable() and not name.isspace() and name[:5].lower() != "file:"
        if plain and (not self._odd_roots or self.locate(name) == folder / inner):
            return name
        return (folder / inner).as_uri()

    def uri(self, path: Path) -> str:
        """A path's address, in the editor's own spelling if the document is open."""
        document = self._documents.get(path)
        return document.uri if document else path.as_uri()

    # Open documents

    def open_document(self, path: Path) -> OpenDocument | None:
        """The document that is open at a path, saved or not; None where the path is not open."""
        return self._documents.get(path)

    def open_text(self, path: Path) -> str | None:
        """The text of an open document, saved or not; None where the path is not open, or where the disk is what
        counts: the document was not changed, and its file was."""
        document = self._documents.get(path)
        return document.text if document and self.standing(path) not in ("outdated", "gone") else None

    def open_under(self, path: Path) -> dict[Path, str]:
        """The same for each open document at or below a path, by path."""
        places = (place for place in sorted(self._documents) if place.is_relative_to(path) and self.root_of(place))
        return {place: text for place in places if (text := self.open_text(place)) is not None}

    def outdated_under(self, path: Path) -> list[Path]:
        """The open documents at or below a path of which only the files were changed since they were the same."""
        places = (place for place in sorted(self._documents) if place.is_relative_to(path) and self.root_of(place))
        return [place for place in places if self.standing(place) == "outdated"]

    def standing(self, path: Path) -> Standing:
        """How an open document and its file stand to each other, as it was found when it was first asked."""
        if path not in self._standings:
            document = self._documents[path]
            self._standings[path] = document.base.stands(path, document.text)
        return self._standings[path]

    def is_unsaved(self, path: Path) -> bool:
        """Whether a document is open whose text counts and is not the one on the disk, if there is a file at all."""
        return path in self._documents and self.standing(path) in ("unsaved", "both")

    def unsaved(self) -> list[Path]:
        """The open documents inside the roots whose text is not on the disk."""
        return [place for place in sorted(self._documents) if self.root_of(place) and self.is_unsaved(place)]

    def open_inside(self) -> list[Path]:
        """The open documents inside the roots."""
        return [place for place in sorted(self._documents) if self.root_of(place)]

    # Files

    def open_file(self, path: Path) -> FileIO:
        """Open a resolved path for reading: a regular file only, no link followed, without waiting.

        Raises `ToolError` with the reason, and with near names where there is no such file.
        """
        folder = self.root_of(path)
        if folder is None:
            raise ToolError(self._outside(str(path)))
        try:
            return open_beneath(folder, path)
        except OSError as error:
            raise self.failure(path, error) from error

    def failure(self, path: Path, error: OSError) -> ToolError:
        """What to tell the model when the system refuses a path."""
        name = quoted(self.display(path))
        match error:
            case NotRegularError(kind="a directory"):
                return ToolError(f"{name} is a directory; list_files shows what is in it")
            case NotRegularError(kind=kind):
                return ToolError(f"{name} is {kind}, not a file with text")
            case PermissionError():
                return ToolError(f"{name}: permission denied")
            case FileNotFoundError() | NotADirectoryError():
                return self.missing(path)
            case OSError(errno=errno.ELOOP):
                return ToolError(f"{name} is a link that cannot be followed")
            case _:
                return ToolError(f"{name} cannot be read: {error.strerror}")

    def missing(self, path: Path) -> ToolError:
        """What to tell the model when there is no such file: names that come near, and how to look for it."""
        root = self.root_of(path)
        if root is not None and root in self.gone_roots():
            return ToolError(
                f"the folder {quoted(str(root))}, which is open in the editor, is gone: it was moved or deleted. Ask "
                "the user to open it where it is now"
            )
        near = self._near(path)
        if path in self._documents and self.standing(path) == "gone":
            gone = "it was moved or deleted, though the editor still shows it"
            return ToolError(
                f"there is no {quoted(self.display(path))} any more: {gone}; list_files shows what there is"
            )
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        return ToolError(f"there is no {quoted(self.display(path))}{hint} list_files shows what there is")

    def gone_roots(self) -> list[Path]:
        """The roots that are no folders any more."""
        return [folder for _, folder in self.folders if not _is_folder(folder)]

    def _near(self, path: Path) -> list[str]:
        folder = path.parent
        while self.root_of(folder) is not None and not _is_folder(folder):
            path, folder = folder, folder.parent
        if self.root_of(folder) is None:
            return []
        names = {name.casefold(): name for name in self._names_in(folder)}
        found = difflib.get_close_matches(path.name.casefold(), names, n=3)
        return [quoted(self.display(folder / names[name])) for name in found]

    def _names_in(self, folder: Path) -> list[str]:
        opened = [place.relative_to(folder).parts[0] for place in self._documents if folder in place.parents]
        try:
            with os.scandir(folder) as entries:
                return opened + [entry.name for entry in itertools.islice(entries, _NAMES_COMPARED)]
        except OSError:
            return opened

    # Names to paths and back

    @cached_property
    def folders(self) -> tuple[tuple[str, Path], ...]:
        """The roots' names and real paths, inner roots first: a path belongs to the nearest."""
        pairs = [(root.name, Path(os.path.realpath(root.path))) for root in self.roots]
        return tuple(sorted(pairs, key=lambda pair: -len(pair[1].parts)))

    @cached_property
    def _odd_roots(self) -> bool:
        """Whether a root's name could be taken for something else where it begins a path."""
        return (
            any(self.locate(name) != folder or "/" in name for name, folder in self.folders) and len(self.folders) > 1
        )

    def _candidate(self, text: str) -> Path:
        """The place that a path names, before links are followed."""
        local = local_path(text)
        place = self._guessed(local) or self._placed(local)
        if place is None:
            raise ToolError(self._outside(text))
        return place

    def _placed(self, local: str) -> Path | None:
        """The place inside a root, by spelling alone."""
        named = [(name, folder) for name, folder in self.folders if f"{local}/".startswith(f"{name}/")]
        if Path(local).is_absolute():
            place = Path(local)
        elif len(self.folders) == 1:
            place = self.folders[0][1] / local
        elif named:
            name, folder = max(named, key=lambda pair: len(pair[0]))
            place = folder / local[len(name) + 1 :]
        else:
            return None
        place = Path(os.path.normpath(place))
        return place if self.root_of(place) else None

    def _guessed(self, local: str) -> Path | None:
        """What is meant where spelling alone misleads: a root's name left out, or added where there is only one."""
        first, _, rest = local.partition("/")
        if not first:
            return None if self._placed(local) else Path(local)  # by way of a link it may still lead inside
        if first in (".", ".."):
            return None
        having = [folder for _, folder in self.folders if self._has(folder / first)]
        match self.folders:
            case [(name, folder)] if first == name and not having:
                return folder / rest
            case [_, _, *_] if len(having) == 1 and self._placed(local) is None:
                return having[0] / local
            case _:
                return None

    def _has(self, path: Path) -> bool:
        """Whether there is such an entry. Asked of a root's own entries only: nothing outside is looked at."""
        return os.path.lexists(path) or any(place.is_relative_to(path) for place in self._documents)

    def _outside(self, text: str) -> str:
        if not self.roots:
            return "no folder is open in the editor, so there are no files to look at"
        problem = f"{quoted(text)} is outside the workspace, or a link leads there."
        if len(self.roots) == 1:
            return f"{problem} Give a path relative to {self.roots[0].path}"
        return f"{problem} Begin with a root: {', '.join(quoted(f'{root.name}/') for root in self.roots)}"


def real_path(path: Path) -> Path:
    """A path without links; it need not exist. Raises `ToolError` where a link vanishes while it is looked at."""
    try:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise ToolError(f"{quoted(str(path))} is being changed right now; try again") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # too long a name, for one
        return False


def _leads_nowhere(path: Path) -> bool:
    try:
        return path.is_symlink() and not path.exists()
    except OSError:  # behind a folder that may not be entered
        return False
