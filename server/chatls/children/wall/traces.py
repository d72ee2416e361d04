"""What a command in the sandbox did to files that decide what runs: looked at before, and set right behind it. Blocks.

What is there is read-only inside. What is not there cannot be: a name that nobody has is not mounted. So what was made
under such a name is taken away when the command has ended, into a folder of ours, and told. Whether something is new is
told by its ctime, which no program can set back.
"""

import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from chatls.children.wall.repositories import Repository, text_of, without_programs
from chatls.children.wall.survey import Surveyed
from chatls.values import dataclass
from chatls.workspace.beneath import NO_LINK
from chatls.workspace.ownfolder import make_private

_LARGEST = 128 * 1024
"""Bytes of a file whose former text is kept."""
_MOST = 300
"""Files whose former text is kept."""
_COARSE = 20_000_000
"""Nanoseconds by which a file system's clock may be behind."""
_TODO = ("rebase-merge/git-rebase-todo", "rebase-merge/git-rebase-todo.backup")


@dataclass(frozen=True, slots=True)
class Altered:
    """A file of the second list, before and after."""

    path: Path
    old: str | None
    """None: it was not there."""
    new: str | None
    """None: it is gone."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was found and done behind a command."""

    taken: tuple[Path, ...] = ()
    """Protected files that it made, and that were taken away."""
    folder: Path | None = None
    """Where they lie now."""
    restored: tuple[Path, ...] = ()
    """Protected files that it changed, and that are again as they were."""
    stuck: tuple[str, ...] = ()
    """What could not be set right, with the reason."""
    altered: tuple[Altered, ...] = ()

    def and_then(self, later: "Aftermath") -> "Aftermath":
        """Both; of the files of the second list, as they are in the end."""
        taken, restored = (*self.taken, *later.taken), tuple(dict.fromkeys((*self.restored, *later.restored)))
        return Aftermath(taken, later.folder or self.folder, restored, (*self.stuck, *later.stuck), later.altered)

    @property
    def words(self) -> list[str]:
        """The same for people and models, but for the files of the second list."""
        told = list[str]()
        if self.taken:
            there = f"; it lies in {self.folder} now" if self.folder else ""
            told.append(
                f"{_listed(self.taken)} would decide what runs: what the command made there was taken away{there}"
            )
        if self.restored:
            told.append(f"{_listed(self.restored)} decides what runs: it is again as it was")
        return [*told, *self.stuck]


@dataclass(slots=True)
class Memory:
    """Texts of files as they were, so that they are read only where they changed."""

    _texts: dict[Path, tuple[int, str | None]] = field(default_factory=dict[Path, "tuple[int, str | None]"])

    def text(self, path: Path) -> str | None:
        """The text of a small file; None where there is none, or it is no text."""
        touched = _touched(path)
        known = self._texts.get(path)
        if known is None or known[0] != touched:
            known = self._texts[path] = touched, _read(path)
        return known[1]


class Traces:
    """Of one command: made before it begins."""

    def __init__(
        self, findings: Iterable[Surveyed], repositories: Iterable[Repository], loose: Iterable[Path], memory: Memory
    ) -> None:
        """`loose`: protected files that are not mounted."""
        found = tuple(findings)
        self._memory = memory
        self._protected = {path for one in found for path in (*one.protected, *one.repositories)}
        self._repositories = tuple(repositories)
        self._settled = {path for one in self._repositories for path in one.settled}
        links = (
            path
            for path in (*self._protected, *(p for one in self._repositories for p in one.settled))
            if path.is_symlink()
        )
        self._links = {path: str(path.readlink()) for path in links}
        self._loose = {path: memory.text(path) for path in loose if not path.is_symlink()}
        deciding = [path for one in found for path in one.deciding][:_MOST]
        self._deciding = {path: memory.text(path) for path in deciding}
        self.began = time.time_ns() - _COARSE

    def set_right(self, now: Iterable[Surveyed], roots: Iterable[Path], private: Path) -> Aftermath:
        """Behind the command: take away, put back, tell. `now`: what lies in the roots."""
        roots, found = tuple(roots), tuple(now)
        seen = {path for one in found for path in (*one.protected, *one.repositories)}
        new = [path for path in seen - self._protected if self._is_new(path, roots)]
        new += [path for one in self._repositories for path in one.renewed().settled if path not in self._settled]
        new = [path for path in sorted(new) if not any(parent in new for parent in path.parents)]
        taken, stuck, folder = list[Path](), list[str](), private / "taken" / time.strftime("%Y%m%d-%H%M%S")
        for path in new:
            try:
                _take(path, folder)
                taken.append(path)
            except OSError as error:
                stuck.append(f"{path} would decide what runs, and could not be taken away: {error.strerror}")
        restored = list[Path]()
        for path, work in self._to_restore():
            try:
                work(folder)
                restored.append(path)
            except OSError as error:
                stuck.append(f"{path} decides what runs, was changed, and could not be put back: {error.strerror}")
        altered = tuple(self._altered(path for one in found for path in one.deciding))
        return Aftermath(tuple(taken), folder if taken else None, tuple(restored), tuple(stuck), altered)

    def _is_new(self, path: Path, roots: tuple[Path, ...]) -> bool:
        """Whether it came to its place since the command began: it, or a folder that it lies in."""
        places = (path, *(parent for parent in path.parents if any(root in parent.parents for root in roots)))
        return any(_touched(place) >= self.began for place in places)

    def _to_restore(self) -> "Iterator[tuple[Path, Restore]]":
        for path, target in self._links.items():
            if not path.is_symlink() or str(path.readlink()) != target:
                yield path, _Link(path, target)
        for path, text in self._loose.items():
            if text is not None and _read(path) != text:
                yield path, _Text(path, text)
        for one in self._repositories:
            for place in (folder / name for folder in one.inner for name in _TODO):
                if _touched(place) >= self.began and (clean := without_programs(text_of(place))) is not None:
                    yield place, _Text(place, clean)

    def _altered(self, now: Iterable[Path]) -> Iterator[Altered]:
        paths = dict.fromkeys((*self._deciding, *now))
        for path in paths:
            if _touched(path) < self.began and os.path.lexists(path):
                continue
            old, new = self._deciding.get(path), _read(path)
            if old != new:
                yield Altered(path, old, new)


@dataclass(frozen=True, slots=True)
class Restore:
    """Puts one file back; what stands in its place is kept in a folder."""

    path: Path

    def __call__(self, folder: Path) -> None:
        """Raises `OSError`."""
        if os.path.lexists(self.path):
            _take(self.path, folder)
        self.make()

    def make(self) -> None:
        """Make it anew."""


@dataclass(frozen=True, slots=True)
class _Link(Restore):
    target: str

    def make(self) -> None:
        self.path.symlink_to(self.target)


@dataclass(frozen=True, slots=True)
class _Text(Restore):
    text: str

    def make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(self.text)


def _take(path: Path, folder: Path) -> None:
    """Move something away, into a folder of ours, whatever it is."""
    make_private(folder)
    target = folder / path.name
    number = 1
    while os.path.lexists(target):
        number += 1
        target = folder / f"{path.name}-{number}"
    try:
        path.rename(target)
    except OSError:  # another disk, or a folder that may not be left
        shutil.move(path, target)


def _touched(path: Path) -> int:
    """When it was last changed in any way, moved included; 0 where it is not there."""
    try:
        return path.lstat().st_ctime_ns
    except OSError:
        return 0


def _read(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _LARGEST:
            return None
        data = os.read(descriptor, _LARGEST + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None if b"\0" in data else data.decode("utf-8", "surrogateescape")


def _listed(paths: tuple[Path, ...]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return f"{', '.join(map(str, paths[:5]))}{more}"
