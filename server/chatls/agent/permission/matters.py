"""What a call is about, as rules see it: places in a root, simple commands. Looks at the disk: for a worker thread."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from chatls.agent.permission.command_keys import Key, key_of
from chatls.agent.permission.rules import Command, Files, Matter, Part
from chatls.agent.permission.shell import Words, crude_segments, segments
from chatls.agent.step import Run
from chatls.children.commands import clean_path
from chatls.errors import ToolError
from chatls.tools.tool import CommandSubject, FileSubject, ForeignSubject, Subject
from chatls.workspace.pathtext import local_path
from chatls.workspace.protected_files import own_folders, protected
from chatls.workspace.workspace import Workspace, real_path

_UNJUDGED = "what this command runs cannot be told for certain"
_OUTSIDE = "it lies outside the workspace"


def matter_of(run: Run, subject: Subject | None, workspace: Workspace, environment: Mapping[str, str]) -> Matter:
    """What a call is about. `subject` is None for a tool that only reads."""
    match subject:
        case CommandSubject():
            return _command(run.tool.name, subject, workspace, environment)
        case FileSubject(path):
            return _file(run, path, workspace)
        case ForeignSubject():
            return Files(run.tool.name, workspace.folders[0][1] if workspace.folders else None, ())
        case None:
            return _looked_at(run, workspace)


def _file(run: Run, path: Path, workspace: Workspace) -> Files:
    """One file that is to be changed."""
    root, own = workspace.root_of(path), own_folders()
    spelled = _located(run, workspace)
    why = next((why for place in (path, real_path(path), *spelled) if (why := protected(place, own))), None)
    if root is None:
        return Files(run.tool.name, None, (), (path.as_posix(),), why or _OUTSIDE)
    return Files(run.tool.name, root, (_inner(root, path),), _inside(root, spelled), why)


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


def _inside(root: Path, places: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(_inner(root, place) for place in places if place.is_relative_to(root))


def _inner(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _command(tool: str, subject: CommandSubject, workspace: Workspace, environment: Mapping[str, str]) -> Command:
    root = workspace.root_of(subject.folder)
    roots = tuple(folder for _, folder in workspace.folders)
    loose: tuple[Words, ...] = ()
    if isinstance(subject.command, str):
        found = segments(subject.command)
        loose = crude_segments(subject.command) if found is None else ()
    else:
        found = (subject.command,) if subject.command else None
    parts = tuple(Part(words, _key(words, roots, environment)) for words in found or ())
    judged = bool(parts) and all(part.key for part in parts)
    why = _OUTSIDE if root is None else None if judged else _UNJUDGED
    return Command(tool, root, parts, loose, why)


def _key(words: Words, roots: tuple[Path, ...], environment: Mapping[str, str]) -> Key | None:
    """A command's name, if its program is one of the system's: one that a workspace brings may be anything."""
    key = key_of(words)
    return key if key and _is_systems(words[0], roots, environment.get("PATH", os.defpath)) else None


def _is_systems(program: str, roots: tuple[Path, ...], path: str) -> bool:
    found = shutil.which(program, path=clean_path(path))
    if found is None:
        return False
    places = (Path(found), Path(os.path.realpath(found)))
    return not any(place.is_relative_to(root) for place in places for root in roots)
