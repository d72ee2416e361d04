"""Makes the scene of a command: looks at the machine, the home folder, the environment, the roots. Blocks."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from chatls.children.programs import clean_path
from chatls.children.wall.places import (
    CACHES,
    DROPPED,
    EMPTY,
    SECRET_NAME,
    SYSTEM,
    SYSTEM_SECRETS,
    TOOLCHAIN_SECRETS,
    TOOLCHAINS,
)
from chatls.children.wall.repositories import Repository, hooks_in, repository, text_of, without_credentials
from chatls.children.wall.scene import Scene, Shown, Sort
from chatls.children.wall.survey import Surveyed
from chatls.values import dataclass
from chatls.workspace.ownfolder import open_own

_SECTION = re.compile(r"\s*\[\s*([A-Za-z.-]+)[^\]]*\]")
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=?")
_GIT_SECTIONS = frozenset(
    {"user", "init", "pull", "push", "merge", "diff", "rebase", "rerere", "commit", "tag", "branch", "status", "safe"}
)
_GIT_CORE = frozenset(
    {
        *("autocrlf", "eol", "safecrlf", "quotepath", "ignorecase", "symlinks", "filemode", "longpaths"),
        *("excludesfile", "attributesfile"),
    }
)
_GIT_PROGRAMS = frozenset({"external", "textconv", "command", "tool", "program", "templatedir"})
_IGNORES = re.compile(r"^\s*(?:excludesfile|attributesfile)\s*=\s*\"?([^\"\n]+?)\"?\s*$", re.MULTILINE | re.IGNORECASE)
_QUIET_GIT = {"gc.auto": "0", "maintenance.auto": "false"}
"""Work that git would leave behind in the background."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a scene is made of, beside the roots' findings."""

    environment: Mapping[str, str]
    """Of commands."""
    private: Path
    """A folder of ours for this workspace: caches, and files that stand in for others. Real path."""
    readable: tuple[Path, ...]
    """More that may be read: the folder of long outputs."""

    @property
    def home(self) -> Path:
        """The user's home folder, links resolved."""
        return Path(os.path.realpath(self.environment.get("HOME") or Path.home()))


_OURS = 4
"""Folders of our own on the way: of chatls, of all workspaces, of one, and what it is for."""


def private_folder(base: Path, roots: Sequence[Path]) -> Path:
    """The folder of a workspace below that of all of them; made if need be. Raises `OSError`, also where a link stands
    in the place of a folder of ours."""
    told = "\0".join(sorted(map(str, roots)))
    folder = base / sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    for name in ("cache", "instead", "tmp"):
        os.close(open_own(folder / name, _OURS))
    return Path(os.path.realpath(folder))


def unfit(roots: Sequence[Path], home: Path) -> str | None:
    """Why these roots cannot be shown alone: one of them is the home folder, or of the system."""
    system = [*map(Path, SYSTEM), *map(Path, EMPTY), Path("/proc"), Path("/dev"), Path("/sys"), Path("/var")]
    for root in roots:
        if root == home or root in home.parents:
            return f"the folder {root} is your home folder or holds it; open the project's own folder"
        if any(root == place or root in place.parents for place in system):
            return f"the folder {root} belongs to the system"
    return None


def machine() -> Scene:
    """The system alone."""
    return Scene(Path("/"), tuple(_system()), tuple(_links()))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a scene shows beside the roots: the system, and of the home folder what programs need."""

    system: tuple[Shown, ...]
    links: tuple[tuple[str, str], ...]
    home: tuple[Shown, ...]


def surroundings(grounds: Grounds) -> Beside:
    """As they are now."""
    return Beside(tuple(_system()), tuple(_links()), tuple(_home(grounds)))


def gathered(
    roots: Sequence[Path],
    folder: Path,
    findings: Sequence[Surveyed],
    grounds: Grounds,
    around: Beside,
    *,
    network: bool = False,
) -> tuple[Scene, tuple[Repository, ...]]:
    """The scene of a command in `folder`, and the repositories in it."""
    repositories = repositories_of(findings, grounds)
    spots = [
        *around.system,
        *(spot for spot in around.home if not any(spot.path.is_relative_to(root) for root in roots)),
        *(Shown(root, Sort.WRITABLE) for root in roots),
        *(spot for found in findings for spot in _found(found, roots)),
        *(spot for one in repositories for spot in _repository(one, grounds.private / "instead")),
        Shown(grounds.private / "cache", Sort.WRITABLE),
        *(Shown(Path(os.path.realpath(place)), Sort.READABLE) for place in grounds.readable if place.is_dir()),
        *(_resolver() if network else ()),
    ]
    return Scene(folder, tuple(spots), around.links, network), repositories


def repositories_of(findings: Sequence[Surveyed], grounds: Grounds) -> tuple[Repository, ...]:
    """Those of several roots, with the folders that the user's own settings of git name for hooks."""
    own = tuple(name for path in git_settings(grounds.home, grounds.environment) for name in hooks_in(text_of(path)))
    return tuple(one for found in findings for git in found.repositories if (one := repository(git, own)))


def environment_inside(environment: Mapping[str, str], grounds: Grounds) -> dict[str, str]:
    """A command's environment without what leads to sockets or is a secret, with caches of its own."""
    kept = {name: value for name, value in environment.items() if name not in DROPPED and not SECRET_NAME.search(name)}
    caches = {name: str(grounds.private / "cache" / inner) for name, inner in CACHES.items()}
    count = int(kept.get("GIT_CONFIG_COUNT", "0"))
    git = {"GIT_CONFIG_COUNT": str(count + len(_QUIET_GIT)), "GIT_CONFIG_NOSYSTEM": "0"}
    for number, (key, value) in enumerate(_QUIET_GIT.items(), count):
        git |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return kept | caches | git | {"TMPDIR": EMPTY[0], "HOME": str(grounds.home)}


def _system() -> Iterator[Shown]:
    for name in SYSTEM:
        path = Path(name)
        if path.exists() and not path.is_symlink():
            yield Shown(path, Sort.READABLE, path.is_dir())
    for name in SYSTEM_SECRETS:
        path = Path(name)
        if path.exists() and not path.is_symlink():
            yield Shown(path, Sort.HIDDEN, path.is_dir())
    yield from (Shown(Path(name), Sort.EMPTY) for name in EMPTY)


def _resolver() -> Iterator[Shown]:
    """What names of hosts are looked up with, where it lies among the sockets of the system."""
    place = Path(os.path.realpath("/etc/resolv.conf"))
    if place.is_file() and place.is_relative_to("/run"):
        yield Shown(place, Sort.READABLE, folder=False)


def _links() -> Iterator[tuple[str, str]]:
    """Those of the root folder, as of systems whose /bin is /usr/bin."""
    for name in (*SYSTEM, "/var/run", "/var/lock"):
        path = Path(name)
        if path.is_symlink():
            yield str(path.readlink()), name


def _home(grounds: Grounds) -> Iterator[Shown]:
    home = grounds.home
    yield Shown(home, Sort.EMPTY)
    for place in dict.fromkeys((*(home / name for name in TOOLCHAINS), *_on_path(grounds.environment, home))):
        real = Path(os.path.realpath(place))
        if real.is_dir() and real != home and real not in home.parents:
            yield Shown(place if place.exists() and not place.is_symlink() else real, Sort.READABLE)
            if real != place:
                yield Shown(real, Sort.READABLE)
    for name in TOOLCHAIN_SECRETS:
        if (home / name).is_file():
            yield Shown(home / name, Sort.HIDDEN, folder=False)
    settings = tuple(text_of(path) for path in git_settings(home, grounds.environment))
    if text := "".join(map(_useful, settings)):
        instead = _written(grounds.private / "instead", home / ".gitconfig", text)
        yield Shown(home / ".gitconfig", Sort.REPLACED, folder=False, instead=instead)
    named = (home / name.removeprefix("~/") for text in settings for name in _IGNORES.findall(text))
    for path in (home / ".config/git/ignore", *named):
        if path.is_file() and not path.is_symlink() and path.is_relative_to(home):
            yield Shown(path, Sort.READABLE, folder=False)


def _on_path(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """What programs on PATH need: their folder, and the toolchain or virtual environment that it belongs to."""
    entries = clean_path(environment.get("PATH", os.defpath)).split(os.pathsep)
    for entry in map(Path, filter(None, entries)):
        if any(entry.is_relative_to(place) for place in SYSTEM):
            continue
        parts = [name for name in TOOLCHAINS if f"/{name}/" in f"{entry}/"]
        if parts:
            yield Path(f"{entry}/".partition(f"/{parts[0]}/")[0]) / parts[0]
        elif (entry.parent / "pyvenv.cfg").is_file() or _is_prefix(entry.parent, home):
            yield entry.parent
        elif entry.is_dir():
            yield entry


def _is_prefix(folder: Path, home: Path) -> bool:
    """Whether a folder holds nothing but installed programs and what they need."""
    if folder in (home, home / ".local") or folder in home.parents or (folder / ".git").exists():
        return False
    return (folder / "lib").is_dir() and ((folder / "include").is_dir() or (folder / "share").is_dir())


def _found(found: Surveyed, roots: Sequence[Path]) -> Iterator[Shown]:
    for path in found.protected:
        if path.exists() and not path.is_symlink():
            yield Shown(path, Sort.FIXED, path.is_dir())
    for path in found.secret_folders:
        if path.is_dir():
            yield Shown(path, Sort.HIDDEN)
    for path in found.secrets:
        real = Path(os.path.realpath(path))
        if real.exists() and not real.is_dir() and any(real.is_relative_to(root) for root in roots):
            yield Shown(real, Sort.HIDDEN, folder=False)


def _repository(one: Repository, instead: Path) -> Iterator[Shown]:
    yield from (Shown(folder, Sort.WRITABLE) for folder in one.folders)
    for path in one.settled:
        if path.exists() and not path.is_symlink():
            yield Shown(path, Sort.FIXED, path.is_dir())
    for path in one.configs:
        clean = without_credentials(text_of(path))
        if clean is not None:
            yield Shown(path, Sort.REPLACED, folder=False, instead=_written(instead, path, clean))
    for path in one.hooks:
        if path.is_dir() and not path.is_symlink():
            yield Shown(path, Sort.FIXED)


def git_settings(home: Path, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the user's own settings of git lie, if there are any."""
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config", home / ".gitconfig"


def _useful(text: str) -> str:
    kept, section = list[str](), ""
    for line in text.splitlines():
        if found := _SECTION.match(line):
            section = found[1].casefold().split(".")[0]
            allowed = section in _GIT_SECTIONS or section == "core"
        else:
            key = found[1].casefold() if (found := _KEY.match(line)) else ""
            allowed = key in _GIT_CORE if section == "core" else section in _GIT_SECTIONS and key not in _GIT_PROGRAMS
        if allowed and line.strip():
            kept.append(f"{line}\n")
    return "".join(kept)


def _written(folder: Path, path: Path, text: str) -> Path:
    """A file of ours that stands in for another, written anew only if it says something else."""
    place = folder / sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    if text_of(place) != text:
        waiting = place.with_suffix(f".{os.getpid()}")
        waiting.write_text(text, "utf-8", "surrogateescape")
        waiting.replace(place)
    return place
