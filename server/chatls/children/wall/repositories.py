"""What of a git repository a sandbox shows: all may be written but what names programs for git to run. Blocks.

The folder `.git` is writable, so that commits and branches work inside; its hooks and settings are not, nor those of
its submodules. A linked worktree's or a submodule's folder lies elsewhere: it is shown only if it says itself that it
belongs to this place, so that a `.git` file in a clone leads to no other repository.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from chatls.values import dataclass

_LINKED = re.compile(r"gitdir: (.+)\n?")
_WORKTREE = re.compile(r"^\s*worktree\s*=\s*(.+?)\s*$", re.MULTILINE)
_HOOKS = re.compile(r"^\s*hookspath\s*=\s*\"?([^\"\n]+?)\"?\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST = 2**20
SETTLED = ("hooks", "config", "config.worktree", "commondir", "gitdir", "info/attributes", "info/grafts")
"""In a folder of git's: what decides what runs, or where the rest is."""
_CREDENTIAL = re.compile(r"(://)[^/@\s\"]+@")
_HEADER = re.compile(r"^\s*(extraheader|password|token|cookiefile)\s*=", re.IGNORECASE)
_TODO = re.compile(r"\s*(exec|x)\s")


@dataclass(frozen=True, slots=True)
class Repository:
    """The folders of one `.git`."""

    folders: tuple[Path, ...]
    """To be written; real paths."""
    settled: tuple[Path, ...]
    """In them, what is there and must stay as it is."""
    configs: tuple[Path, ...]
    """Of these the files of settings, which may hold credentials."""
    hooks: tuple[Path, ...] = ()
    """Folders outside of git's own that the settings name for hooks."""

    def renewed(self) -> "Repository":
        """The same as it is now."""
        return _of(self.folders, self.folders[0].parent, ())

    @property
    def inner(self) -> tuple[Path, ...]:
        """The folders with settings of their own."""
        return tuple(dict.fromkeys((*self.folders, *(path.parent for path in self.configs))))


def hooks_in(config: str) -> list[str]:
    """The folders that settings name for hooks.

    >>> hooks_in('[core]\\n\\thooksPath = "tools/hooks"\\n')
    ['tools/hooks']
    """
    return _HOOKS.findall(config)


def repository(git: Path, hooks: tuple[str, ...] = ()) -> Repository | None:
    """What belongs to a `.git`, a folder or the file of a linked worktree; None: it is neither. `hooks`: folders that
    other settings name for them.
    """
    if git.is_symlink():
        return None
    if git.is_dir():
        return _of((git,), git.parent, hooks)
    own = _linked(git)
    if own is None:
        return None
    common = _common(own)
    if _points_back(own, git):
        return _of((own, common) if common else (own,), git.parent, hooks)
    return None


def _of(folders: tuple[Path, ...], work: Path, named: tuple[str, ...]) -> Repository:
    settled, configs = list[Path](), list[Path]()
    for folder in folders:
        for inner in (folder, *_submodules(folder), *_worktrees(folder)):
            there = [inner / name for name in SETTLED if os.path.lexists(inner / name)]
            settled += there
            configs += [path for path in there if path.name.startswith("config")]
    outer = tuple(folder for folder in folders if not any(folder.is_relative_to(o) for o in folders if o != folder))
    told = (*named, *(name for path in configs for name in hooks_in(text_of(path))))
    hooks = (Path(os.path.normpath(work / name)) for name in told if not name.startswith("~"))
    return Repository(outer, tuple(dict.fromkeys(settled)), tuple(dict.fromkeys(configs)), tuple(dict.fromkeys(hooks)))


def _linked(git: Path) -> Path | None:
    found = _LINKED.fullmatch(text_of(git))
    if found is None:
        return None
    place = Path(os.path.realpath(git.parent / found[1]))
    return place if place.is_dir() else None


def _common(own: Path) -> Path | None:
    told = text_of(own / "commondir").strip()
    place = Path(os.path.realpath(own / told)) if told else None
    return place if place and place.is_dir() and own.is_relative_to(place / "worktrees") else None


def _points_back(own: Path, git: Path) -> bool:
    """Whether a folder of git's names the place that names it."""
    if told := text_of(own / "gitdir").strip():
        return Path(os.path.realpath(own / told)) == git
    found = _WORKTREE.search(text_of(own / "config"))
    return found is not None and Path(os.path.realpath(own / found[1])) == git.parent


def _submodules(folder: Path) -> Iterator[Path]:
    """The folders of submodules, also of those inside of others."""
    for place, names, _ in os.walk(folder / "modules"):
        if "objects" in names:
            yield Path(place)
            names[:] = [name for name in names if name == "modules"]


def _worktrees(folder: Path) -> Iterator[Path]:
    try:
        yield from (place for place in sorted((folder / "worktrees").iterdir()) if place.is_dir())
    except OSError:
        return


def without_credentials(config: str) -> str | None:
    """The same settings without passwords in addresses and headers; None where there are none.

    >>> without_credentials("[remote]\\n\\turl = https://me:tok@host/x\\n")
    '[remote]\\n\\turl = https://host/x\\n'
    """
    lines = [line for line in config.splitlines(keepends=True) if not _HEADER.match(line)]
    clean = _CREDENTIAL.sub(r"\1", "".join(lines))
    return None if clean == config else clean


def without_programs(todo: str) -> str | None:
    """What an interrupted rebase is to do, without the lines that run programs; None where there are none."""
    lines = todo.splitlines(keepends=True)
    kept = [line for line in lines if not _TODO.match(line)]
    return None if len(kept) == len(lines) else "".join(kept)


def text_of(path: Path) -> str:
    """The beginning of a small file; empty where there is none."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            return file.read(_LONGEST)
    except OSError:
        return ""
