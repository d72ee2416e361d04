"""Where to look: a path and a glob as places that ripgrep can be run in, and the open documents there."""

import re
import stat
from pathlib import Path

from chatls.tools.searching.ignored import hides_all
from chatls.values import dataclass
from chatls.workspace.globs import Wanted, wanted_of
from chatls.workspace.openfile import NotRegularError
from chatls.workspace.workspace import Workspace

_KERNEL = tuple(f"--glob=!{folder}" for folder in ("/proc", "/sys", "/dev"))


@dataclass(frozen=True, slots=True)
class Area:
    """A folder or a file to look at, in one root."""

    root: Path
    place: Path
    """The root itself, or something below it."""
    is_file: bool
    on_disk: bool
    """If not, there are open documents at or below it."""
    wanted: Wanted
    all_hidden: bool
    """Ignore files hide all that is in the folder: they do not count, for the folder was named."""

    @property
    def folder(self) -> Path:
        """Where ripgrep runs: the folder, or the one that the file is in."""
        return self.place.parent if self.is_file else self.place

    @property
    def argument(self) -> str:
        """The place as ripgrep is told it, running there."""
        return f"./{self.place.name}" if self.is_file else "./"

    @property
    def flags(self) -> tuple[str, ...]:
        """What ripgrep is told to leave out."""
        hidden = ("--no-ignore",) if self.all_hidden else ()
        return (*hidden, *self.wanted.arguments, "--iglob=!.git", *(_KERNEL if self.folder == Path("/") else ()))

    def path(self, found: str) -> Path:
        """The absolute path of what ripgrep found."""
        return self.place if self.is_file else self.place / found.removeprefix("./")

    def inner(self, found: str) -> str:
        """The same as text, relative to the root, and quickly."""
        before = self.place.relative_to(self.root).as_posix()
        if self.is_file:
            return before
        return found.removeprefix("./") if before == "." else f"{before}/{found.removeprefix('./')}"

    def includes(self, path: Path) -> bool:
        """Whether a file of the area is wanted. One that was named itself always is."""
        return self.is_file or self.wanted.includes(path.relative_to(self.root).as_posix())

    def documents(self, workspace: Workspace) -> dict[Path, str]:
        """The text of the open documents that are wanted."""
        return {
            path: text
            for path, text in workspace.open_under(self.place).items()
            if ".git" not in path.relative_to(self.place).parts and self.includes(path)
        }


def areas(workspace: Workspace, path: str | None, glob: str | None) -> tuple[Area, ...]:
    """All roots, or the one place that a path names. Looks at the disk. Raises `ToolError`."""
    if path in (None, "", ".", "./") and len(workspace.folders) > 1:
        gone = workspace.gone_roots()
        if len(gone) == len(workspace.folders):
            raise workspace.missing(gone[0])
        if left := [(name, folder) for name, folder in sorted(workspace.folders) if folder not in gone]:
            return tuple(
                _area(workspace, folder, _without(name, glob))
                for name, folder in left
                if not any(folder != other and folder.is_relative_to(other) for _, other in left)
            )
    return (_area(workspace, _place(workspace, path or "."), glob),)


def _place(workspace: Workspace, path: str) -> Path:
    """Of what lies beside the workspace, files alone."""
    place = workspace.resolve(path, beside=True)
    return place if place.is_file() else workspace.resolve(path)


def _area(workspace: Workspace, place: Path, glob: str | None) -> Area:
    root = workspace.root_of(place)
    assert root is not None
    is_file, on_disk = _kind(workspace, place)
    folder = (place.parent if is_file else place).relative_to(root).as_posix()
    all_hidden = not is_file and on_disk and place != root and hides_all(root, place)
    return Area(root, place, is_file, on_disk, wanted_of(glob, folder), all_hidden)


def _kind(workspace: Workspace, place: Path) -> tuple[bool, bool]:
    """Whether it is a file, and whether it is on the disk at all."""
    try:
        mode = place.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise NotRegularError(mode)
    except OSError as error:
        if not workspace.open_under(place):
            raise workspace.failure(place, error) from error
        return workspace.open_document(place) is not None, False
    return stat.S_ISREG(mode), True


def _without(root: str, glob: str | None) -> str | None:
    """The glob as seen from a root: models put its name in front, as in the paths they are shown."""
    if glob is None:
        return None
    return re.sub(rf"(^|,)(\s*!?){re.escape(root)}/", r"\1\2", glob)
