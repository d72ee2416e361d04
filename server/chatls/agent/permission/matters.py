"""What a call is about, as rules see it: places in a root, commands. Looks at the disk: for a worker thread."""

from pathlib import Path

from chatls.agent.permission.files import files_of
from chatls.agent.permission.lines import command_of
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Files, Matter, foreign_matter
from chatls.agent.step import Run
from chatls.errors import ToolError
from chatls.tools.tool import CommandSubject, FileSubject, ForeignSubject, Subject
from chatls.workspace.pathtext import local_path
from chatls.workspace.workspace import Workspace, real_path


def matter_of(run: Run, subject: Subject | None, look: Look) -> Matter:
    """What a call is about. `subject` is None for a tool that only reads."""
    match subject:
        case CommandSubject():
            return command_of(run.tool.name, subject, look)
        case FileSubject(path, more):
            spelled = _located(run, look.workspace)
            return files_of(run.tool.name, (path, *more), look, spelled, edits=run.tool.kind == "edit")
        case ForeignSubject(server):
            return foreign_matter(run.tool, server, look.roots)
        case None:
            return _looked_at(run, look.workspace)


def _looked_at(run: Run, workspace: Workspace) -> Files:
    """Files that are to be read. A folder counts as what is in it."""
    spelled = _located(run, workspace)
    real = [real_path(place) for place in spelled]
    roots = {workspace.root_of(place) for place in real}
    if not real and len(workspace.folders) == 1:
        roots = {workspace.folders[0][1]}
    root = next(iter(roots)) if len(roots) == 1 else None
    names = tuple(_inner(folder, place) for place in real if (folder := workspace.root_of(place)))
    written = tuple(_inner(folder, place) for place in spelled if (folder := workspace.root_of(place)))
    below = tuple(f"{name}/-".removeprefix("./") for name in (*names, *written))
    return Files(run.tool.name, root, names, (*written, *below))


def _located(run: Run, workspace: Workspace) -> tuple[Path, ...]:
    """The places that the arguments name, as they are written."""
    places = list[Path]()
    for location in run.tool.locate(workspace, run.arguments):
        try:
            places.append(Path(local_path(location.uri)))
        except ToolError:
            continue
    return tuple(places)


def _inner(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
