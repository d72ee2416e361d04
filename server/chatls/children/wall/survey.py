"""What lies in the roots that a sandbox treats in its own way: secrets, protected files, files that decide what runs.

A survey looks into each folder once; after that only into folders that were touched since (their ctime, which no
program can set back), so that it costs a call to the system for each folder and nothing for each file. No link is
followed. Blocks.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import Path, PurePath

from chatls.children.wall.lists import SECRET, SECRET_IN, is_deciding, is_fixed_name
from chatls.children.wall.places import INSTALLED
from chatls.values import dataclass
from chatls.workspace.secret_files import holds_secrets

MOST_IN_A_FOLDER = 500
"""Secrets; where there are more, the folder is hidden as a whole."""
_BEGINNING = 65536
COARSE = 20_000_000
"""Nanoseconds: a folder that was touched less than this before it was listed is listed again."""


@dataclass(slots=True)
class FolderNames:
    """One folder, as it was when it was listed: the names in it, by what they are."""

    touched: int
    """Its ctime, in nanoseconds; -1: it has to be listed again."""
    quiet: bool
    """It belongs to an installed package, or to something that is protected as a whole: only secrets count."""
    folders: list[str] = field(default_factory=list[str])
    closed: list[str] = field(default_factory=list[str])
    """Of the folders those that are quiet."""
    secrets: list[str] = field(default_factory=list[str])
    perhaps: list[str] = field(default_factory=list[str])
    """Secrets if the file looks like one."""
    protected: list[str] = field(default_factory=list[str])
    repositories: list[str] = field(default_factory=list[str])
    deciding: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey found: absolute paths, sorted."""

    secrets: tuple[Path, ...]
    """Files, links that have such names, and sockets: who listens there is no part of the sandbox."""
    secret_folders: tuple[Path, ...]
    """With more secrets than can be hidden one by one."""
    protected: tuple[Path, ...]
    """Files and folders; those inside of a folder are not named again."""
    repositories: tuple[Path, ...]
    """Each `.git`, folder or file."""
    deciding: tuple[Path, ...]
    """Files of the second list that belong to no installed package."""


class Survey:
    """Of one root."""

    def __init__(
        self,
        root: Path,
        is_secret: Callable[[Path], bool],
        own: tuple[Path, ...] = (),
    ) -> None:
        """`is_secret` looks at a file's beginning where its name is not enough. `own`: the daemon's own folders."""
        self.root = root
        self._is_secret = is_secret
        self._own = own
        self._listed: dict[str, FolderNames] = {}
        self._looks: dict[Path, bool] = {}
        """Files whose beginning counts, and what it told."""
        self._found: Surveyed | None = None

    @property
    def count(self) -> int:
        """How many folders it knows."""
        return len(self._listed)

    def renew(self, *, quick: bool = False) -> None:
        """Look at what was touched since the last time; the first time, at everything. `quick`: not inside of installed
        packages, which are most of a project's folders."""
        if not self._listed:
            self._walk([(str(self.root), False)])
            return
        touched, gone = list[tuple[str, bool]](), list[str]()
        for place, known in self._listed.items():
            if quick and known.quiet:
                continue
            try:
                if os.lstat(place).st_ctime_ns != known.touched:
                    touched.append((place, known.quiet))
            except OSError:
                gone.append(place)
        for place in gone:
            del self._listed[place]
        if touched or gone:
            self._found = None
        self._walk(touched)

    def findings(self) -> Surveyed:
        """What is known by now."""
        if self._found is None or any(self._looks.get(path) != self._is_secret(path) for path in self._looks):
            self._found = self._find()
        return self._found

    def _find(self) -> Surveyed:
        secrets, crowded = list[str](), list[str]()
        perhaps = (Path(place, name) for place, listed in self._listed.items() for name in listed.perhaps)
        self._looks = {path: self._is_secret(path) for path in perhaps}
        looked = {str(path) for path, is_secret in self._looks.items() if is_secret}
        for place, listed in self._listed.items():
            found = [f"{place}/{name}" for name in listed.secrets]
            found += [path for name in listed.perhaps if (path := f"{place}/{name}") in looked]
            if len(found) > MOST_IN_A_FOLDER:
                crowded.append(place)
            else:
                secrets += found
        return Surveyed(
            _paths(secrets),
            _paths(crowded),
            self._all(lambda listed: listed.protected),
            self._all(lambda listed: listed.repositories),
            self._all(lambda listed: listed.deciding),
        )

    def _all(self, of: Callable[[FolderNames], list[str]]) -> tuple[Path, ...]:
        return _paths(f"{place}/{name}" for place, listed in self._listed.items() for name in of(listed))

    def _walk(self, waiting: list[tuple[str, bool]]) -> None:
        """Look into these folders, and into those inside that are not known yet."""
        while waiting:
            place, quiet = waiting.pop()
            listed = self._look_into(place, quiet=quiet)
            if listed is None:
                self._listed.pop(place, None)
                continue
            self._listed[place] = listed
            inner = ((f"{place}/{name}", quiet or name in listed.closed) for name in listed.folders)
            waiting += [each for each in inner if each[0] not in self._listed]

    def _look_into(self, place: str, *, quiet: bool) -> FolderNames | None:
        try:
            touched = os.lstat(place).st_ctime_ns
            with os.scandir(place) as entries:
                found = [(entry.name, _kind(entry)) for entry in entries]
        except OSError:
            return None
        settled = time.time_ns() - touched > COARSE
        listed = FolderNames(touched if settled else -1, quiet)
        special = place.rpartition("/")[2].casefold() in SECRET_IN
        for name, kind in found:
            if kind == "folder":
                self._sort_folder(place, name, listed)
            elif kind == "socket":
                listed.secrets.append(name)
            else:
                self._sort_file(place, name, listed, special=special)
        return listed

    def _sort_folder(self, place: str, name: str, listed: FolderNames) -> None:
        if name == ".git" and not listed.quiet:
            listed.repositories.append(name)
            return
        listed.folders.append(name)
        if not listed.quiet and self._is_protected(place, name):
            listed.protected.append(name)
            listed.closed.append(name)
        elif name in INSTALLED:
            listed.closed.append(name)

    def _sort_file(self, place: str, name: str, listed: FolderNames, *, special: bool) -> None:
        if (special or SECRET.may_match(name)) and not _is_public(place, name):
            (listed.secrets if holds_secrets(PurePath(place, name)) else listed.perhaps).append(name)
        if listed.quiet:
            return
        if name == ".git":
            listed.repositories.append(name)
        elif self._is_protected(place, name):
            listed.protected.append(name)
        elif is_deciding(name):
            listed.deciding.append(name)

    def _is_protected(self, place: str, name: str) -> bool:
        if self._own and Path(place, name) in self._own:
            return True
        return is_fixed_name(place.rpartition("/")[2], name)


def _kind(entry: os.DirEntry[str]) -> str:
    """A folder, a file, a socket; a link is a file."""
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    if entry.is_file(follow_symlinks=False) or entry.is_symlink():
        return "file"
    try:
        return "socket" if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode) else "file"
    except OSError:
        return "file"


def _is_public(place: str, name: str) -> bool:
    """Certificates without a key: what programs trust."""
    if not name.lower().endswith((".pem", ".crt")):
        return False
    try:
        descriptor = os.open(
            f"{place}/{name}", os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        )
    except OSError:
        return False
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        beginning = os.read(descriptor, _BEGINNING) if is_file else b""
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return b"-----BEGIN CERTIFICATE" in beginning and b"PRIVATE KEY" not in beginning


def _paths(names: Iterable[str]) -> tuple[Path, ...]:
    return tuple(map(Path, sorted(names)))
