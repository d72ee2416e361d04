"""One line of the system prompt: which shell commands run in, what of the project is active there, which branch.

It is told once a session: it says how things were then.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from chatls.children.programs import programs_for, project_places, shell_of
from chatls.workspace.diskcache import DiskCache
from chatls.workspace.workspace import Workspace

_HEAD = re.compile(r"ref: refs/heads/([\w./+#@-]{1,100})\s*")
_LINKED = re.compile(r"gitdir: (.+)\n?")
_LONGEST = 4096


class Surroundings:
    """Those of a daemon's sessions."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment`: that of commands."""
        self._environment = environment
        self._kept = DiskCache[str]()

    async def told(self, workspace: Workspace) -> str:
        """The line for a workspace."""
        environment = dict(self._environment)
        about = workspace.roots, environment.get("PATH"), environment.get("VIRTUAL_ENV")
        places, read = partial(_looked_at, workspace, environment), partial(surroundings, workspace, environment)
        return await self._kept.get(about, places, read)


def surroundings(workspace: Workspace, environment: Mapping[str, str]) -> str:
    """The line, without an end; empty where no folder is open. Looks at the disk."""
    roots = tuple(folder for _, folder in workspace.folders)
    if not roots:
        return ""
    first = Path(workspace.roots[0].path)
    programs = programs_for(first.resolve(), roots, environment)
    active = ", ".join(_shown(folder, first.resolve()) for folder in programs.own)
    project = f" Found there, too: the project's programs in {active}." if active else ""
    branches = {root.name: _branch(Path(root.path)) for root in workspace.roots}
    told = ", ".join(f"{branch} in {name}" if len(roots) > 1 else branch for name, branch in branches.items() if branch)
    return f"Commands are run by {Path(shell_of(programs)[0]).name}.{project}" + (
        f" Git branch: {told}." if told else ""
    )


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)


def _looked_at(workspace: Workspace, environment: Mapping[str, str]) -> Iterator[Path]:
    """What it depends on."""
    roots = tuple(folder for _, folder in workspace.folders)
    if roots:
        yield from project_places(Path(workspace.roots[0].path).resolve(), roots, environment)
    for root in workspace.roots:
        yield from _git_files(Path(root.path))


def _branch(root: Path) -> str:
    """The branch that is checked out; empty where there is none, or no repository."""
    *_, last = _git_files(root)
    head = _HEAD.fullmatch(_text(last)) if last.name == "HEAD" else None
    return head[1] if head else ""


def _git_files(root: Path) -> Iterator[Path]:
    """What tells the branch of a folder, and at last what holds it, a `HEAD`, if there is one."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        yield git
        if git.is_file() and (linked := _LINKED.fullmatch(_text(git))):
            git = folder / linked[1]
        if git.is_dir():
            yield git / "HEAD"
            return


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST)
    except OSError:
        return ""
