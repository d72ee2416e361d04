"""One line of the system prompt: which shell commands run in, what of the project is active there, which branch.

Looks at the disk, once a session: it says how things were then.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from chatls.children.programs import programs_for, shell_of
from chatls.workspace.workspace import Workspace

_HEAD = re.compile(r"ref: refs/heads/([\w./+#@-]{1,100})\s*")
_LINKED = re.compile(r"gitdir: (.+)\n?")
_LONGEST = 4096


def surroundings(workspace: Workspace, environment: Mapping[str, str]) -> str:
    """The line, without an end; empty where no folder is open. `environment`: that of commands."""
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


def _branch(root: Path) -> str:
    """The branch that is checked out; empty where there is none, or no repository."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        if git.is_file() and (linked := _LINKED.fullmatch(_text(git))):
            git = folder / linked[1]
        if git.is_dir():
            head = _HEAD.fullmatch(_text(git / "HEAD"))
            return head[1] if head else ""
    return ""


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST)
    except OSError:
        return ""
