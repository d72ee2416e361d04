"""Where the words of a command lead: programs, places, repositories, names. Looks at the disk: for a worker thread."""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from chatls.agent.permission.options import NotListedError
from chatls.agent.permission.runners import ENVIRONMENTS, OF_PYTHON, PYTHON
from chatls.agent.permission.shell import Word, Words
from chatls.children.programs import program_file, programs_for
from chatls.children.wall.gathering import git_settings
from chatls.children.wall.repositories import hooks_in, repository, text_of
from chatls.values import dataclass
from chatls.workspace.deciding_files import deciding
from chatls.workspace.protected_files import own_folders, protected
from chatls.workspace.secret_files import SECRET_FOLDERS, folded, holds_secrets
from chatls.workspace.workspace import Workspace, real_path

_MOST_NAMES = 500
"""Names that one pattern may stand for."""
_MOST_BELOW = 2000
"""Files of a folder that is moved."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a workspace and an environment make of words."""

    workspace: Workspace
    environment: Mapping[str, str]

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that are open, links resolved."""
        return tuple(folder for _, folder in self.workspace.folders)

    def names(self, words: tuple[Word, ...], folder: Path | None) -> Words:
        """All words, with the names that patterns stand for. Raises `NotListedError` where that cannot be told."""
        found = list[str]()
        for word in words:
            if word.pattern is None:
                found.append(word.text)
                continue
            if folder is None:
                raise NotListedError(word.text)
            hits = _matches(word.pattern, folder)
            if len(hits) > _MOST_NAMES or any(not hit.isprintable() for hit in hits):
                raise NotListedError(f"{word.text}, which stands for {len(hits)} names")
            found += hits or [word.text]
        return tuple(found)

    def outside_program(self, word: str, folder: Path | None) -> Path:
        """A program that lies outside of all roots: just this file is run. Raises `NotListedError`."""
        found = self._found(word, folder)
        if found is None or any(self._is_inside(place) for place in (found, real_path(found))):
            raise NotListedError(f"{word}, which lies in the workspace" if found else f"{word}, which is not installed")
        return found

    def own_program(self, word: str, folder: Path) -> Path:
        """The same, or one of the project's own Python environment."""
        name = Path(word).name
        found = self._found(word, folder)
        if (
            found is not None
            and (name in OF_PYTHON or PYTHON.fullmatch(name))
            and found.parent.name == "bin"
            and found.parent.parent.name in ENVIRONMENTS
            and self._is_inside(found)
        ):
            return found
        return self.outside_program(word, folder)

    def place(self, word: str, folder: Path | None, *, whole: bool = False) -> Path | None:
        """A place inside that may be read; None for the null device and the input. Raises `NotListedError`.

        `whole`: what lies in it is read as well.
        """
        if word in ("-", "/dev/null"):
            return None
        if folder is None or not word or "\0" in word:
            raise NotListedError(word)
        written = folder / word
        path = real_path(written)
        if self.workspace.root_of(path) is None:
            raise NotListedError(f"{word}, which lies outside the workspace")
        if any(self.workspace.is_secret(place) for place in (written, path)) or holds_secrets(path / "-"):
            raise NotListedError(f"{word}, which usually holds secrets")
        if whole and any(folded(part) in SECRET_FOLDERS for part in (*path.parts, *written.parts)):
            raise NotListedError(f"{word}, a folder that holds secrets")
        return path

    def changeable(self, word: str, folder: Path | None) -> Path:
        """A place in a root that may be changed as all others: it decides nothing. Raises `NotListedError`."""
        path = self.place(word, folder)
        if path is None or folder is None or self.workspace.is_beside(path):
            raise NotListedError(word)
        if why := self.decides(path) or self.decides(folder / word):
            raise NotListedError(f"{word}: {why}")
        return path

    def decides(self, path: Path) -> str | None:
        """Whether a file is one of those that decide what runs, by either list."""
        if why := protected(path, own_folders()):
            return why
        root = self.workspace.root_of(path)
        known = deciding(path.relative_to(root)) if root is not None else None
        return f"{path.name} decides what runs ({known.why})" if known else None

    def require_movable(self, path: Path, goal: Path) -> None:
        """Raise `NotListedError` unless a file, or all of a folder, may be moved: what is in it decides nothing, where
        it is and where it comes to lie."""
        if path.is_symlink() or not path.exists():
            raise NotListedError(str(path))
        for place in [path] if not path.is_dir() else _below(path):
            for one in (place, goal / place.relative_to(path)):
                if why := self.decides(one):
                    raise NotListedError(f"{one.name}: {why}")
                if self.workspace.is_secret(one) or place.is_symlink():
                    raise NotListedError(f"{one.name}, which is in it")

    def inner(self, path: Path) -> str:
        """A place as rules name it: relative to its root."""
        root = self.workspace.root_of(path)
        return path.as_posix() if root is None else path.relative_to(root).as_posix()

    def repository(self, folder: Path) -> Path:
        """The `.git` of the repository of a root, or of one below it, which git finds when it is run here. Raises
        `NotListedError`."""
        for place in (folder, *folder.parents):
            if not self._is_inside(place):
                break
            if (place / ".git").exists():
                return place / ".git"
        raise NotListedError("git outside of the workspace's repositories")

    def require_own_hooks(self, git: Path) -> None:
        """Raise `NotListedError` where the hooks of a repository are files that may be edited like others."""
        for hook in self.hooks(git):
            if self._is_inside(hook) and not protected(hook / "-", own_folders()):
                raise NotListedError(f"git, whose hooks lie in {self.inner(hook)}")

    def hooks(self, git: Path) -> tuple[Path, ...]:
        """The folders outside of `.git` that settings name for hooks."""
        home = Path(self.environment.get("HOME") or Path.home())
        own = tuple(name for path in git_settings(home, self.environment) for name in hooks_in(text_of(path)))
        found = repository(git, own)
        return tuple(map(real_path, found.hooks)) if found else ()

    def _found(self, word: str, folder: Path | None) -> Path | None:
        if folder is None:
            return None if "/" in word else programs_for(self.roots[0], self.roots, self.environment).find(word)
        return program_file(word, folder, self.roots, self.environment)

    def _is_inside(self, path: Path) -> bool:
        return any(path.is_relative_to(root) for root in self.roots)


def _matches(pattern: str, folder: Path) -> list[str]:
    """The names that a shell's pattern stands for, in order; hidden ones only where it begins with a point."""
    found = ["/"] if pattern.startswith("/") else [""]
    parts = [part for part in pattern.split("/") if part]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        end = "" if last and not pattern.endswith("/") else "/"
        found = [
            f"{before}{name}{end}" for before in found for name in _entries(folder / before, part, is_last=not end)
        ]
        if len(found) > _MOST_NAMES:
            break
    return sorted(found)


def _entries(folder: Path, part: str, *, is_last: bool) -> list[str]:
    if not set("*?[") & set(part):
        place = folder / part
        return [part] if os.path.lexists(place) and (is_last or place.is_dir()) else []
    try:
        names = sorted(place.name for place in folder.iterdir())
    except OSError:
        return []
    hidden = part.startswith(".")
    fitting = [name for name in names if (hidden or not name.startswith(".")) and fnmatchcase(name, part)]
    return [name for name in fitting if is_last or (folder / name).is_dir()]


def _below(folder: Path) -> list[Path]:
    found = [folder]
    for place, folders, files in os.walk(folder):
        found += [Path(place) / name for name in (*folders, *files)]
        if len(found) > _MOST_BELOW:
            raise NotListedError(f"{folder.name}, which holds too much")
    return found
