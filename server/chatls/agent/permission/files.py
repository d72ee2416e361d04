"""What a change of files is for the rules. Looks at the disk: for a worker thread."""

from pathlib import Path

from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Files
from chatls.workspace.deciding_files import Deciding, deciding
from chatls.workspace.protected_files import own_folders, protected
from chatls.workspace.workspace import real_path

OUTSIDE = "it lies outside the workspace"


def files_of(
    tool: str, paths: tuple[Path, ...], look: Look, spelled: tuple[Path, ...] = (), *, edits: bool = True
) -> Files:
    """Files that are to be changed; `spelled` as they are written."""
    workspace, own = look.workspace, own_folders()
    roots = {workspace.root_of(path) for path in paths}
    root = next(iter(roots)) if len(roots) == 1 else None
    places = tuple(dict.fromkeys((*paths, *map(real_path, paths), *spelled)))
    why = next((why for place in places if (why := protected(place, own))), None)
    if root is None:
        return Files(tool, None, (), tuple(path.as_posix() for path in paths), why or OUTSIDE, edits)
    names = tuple(_inner(root, path) for path in paths)
    inside = tuple(place for place in places if place.is_relative_to(root))
    known = {path: found for path in paths if (found := _decides(path, root))}
    if not known and any(_decides(place, root) for place in inside):
        known = {path: found for path in paths for place in inside if (found := _decides(place, root))}
    decided = "; ".join(dict.fromkeys(f"{path.name} decides what runs ({found.why})" for path, found in known.items()))
    second = tuple(_inner(root, path) for path in known)
    written = tuple(_inner(root, place) for place in spelled if place.is_relative_to(root))
    return Files(tool, root, names, written, why, edits, second, decided)


def _decides(path: Path, root: Path) -> Deciding | None:
    return deciding(path.relative_to(root))


def _inner(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
