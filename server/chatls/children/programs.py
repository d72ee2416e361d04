"""Which file a command's first word means: the project's own programs beside those of the system. Looks at the disk.

A project's folders of programs (`.venv/bin`, `venv/bin`, `node_modules/.bin`, what `VIRTUAL_ENV` names, entries of
PATH inside the roots) come first, but not for a name that exists outside the roots as well: a planted
`node_modules/.bin/git` is not `git`. Python, pip, node and the tools that a project brings in a version of its own
(`OWN_TOOLS`) are its own.
"""

import difflib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.ownfolder import make_private
from chatls.workspace.pathtext import quoted

_VENVS = (".venv", "venv")
_SHELL_OPTIONS = {"bash": ("--noprofile", "--norc", "-c")}
_NAMES_COMPARED = 20_000
_INTERPRETER = re.compile(r"(python|pip)\d*(\.\d+)?t?|node")
OWN_TOOLS = frozenset(
    re.findall(
        r"\S+",
        """pytest py.test ruff black isort flake8 pylint mypy dmypy pyright basedpyright ty coverage tox nox ipython
        jupyter sphinx-build mkdocs pre-commit django-admin flask uvicorn gunicorn hypercorn celery alembic pybabel
        tsc tsserver ts-node tsx eslint prettier biome stylelint jest vitest mocha ava c8 nyc playwright cypress
        webpack vite rollup parcel esbuild swc next nuxt astro svelte-kit ng vue-cli-service turbo nx lerna nodemon
        storybook tailwindcss sass postcss""",
    )
)
"""Tools of which each project brings its own version: that one is meant, whatever else is installed."""
_PLACES = ("", "bin", "scripts", "tools", "node_modules/.bin", ".venv/bin", "venv/bin", "vendor/bin", "target/debug")
_HOMES = (".local/bin", ".cargo/bin", "go/bin", ".bun/bin", ".deno/bin", ".volta/bin", ".pyenv/shims", "bin")
_SYSTEMS = ("/usr/local/bin", "/usr/local/go/bin", "/opt/homebrew/bin", "/usr/sbin", "/sbin", "/snap/bin")


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs of a command are looked for that runs in one folder."""

    own: tuple[Path, ...]
    """Folders of the project's programs, the nearest first. They are there."""
    outside: tuple[Path, ...]
    """The entries of the search path that lie outside the roots."""
    environment: Path | None = None
    """The virtual environment whose folder is one of them."""

    def find(self, name: str) -> Path | None:
        """The file that a name without a slash means, as it is written in one of these folders; None: there is none."""
        places = (_in(self.own, name), _in(self.outside, name))
        own, outside = places if _is_projects(name) else reversed(places)
        return own or outside

    def shadowing(self) -> dict[str, Path]:
        """What the project has under a name that means a program of the outside: name -> that program."""
        names = {name for folder in self.own for name in _names(folder) if not _is_projects(name)}
        taken = names & {name for folder in self.outside for name in _names(folder)}
        found = ((name, _in(self.outside, name)) for name in sorted(taken))
        return {name: place for name, place in found if place}

    def path(self, private: Path) -> str:
        """The search path under which a shell finds the same files as `find`. `private`: a folder of ours, where links
        to what the project shadows are kept; made if need be. Raises `OSError`."""
        front, shadowed = list[Path](), self.shadowing()
        if shadowed:
            front.append(_links(private / "programs", shadowed))
        return os.pathsep.join(map(str, (*front, *self.own, *self.outside)))


def programs_for(folder: Path, roots: Sequence[Path], environment: Mapping[str, str]) -> Programs:
    """Those of a command that runs in `folder`. `roots` and `folder` are real paths."""
    entries = _entries(environment)
    inside = {entry: _lies_in(entry, roots) for entry in entries}
    upwards = _upwards(folder, roots)
    venvs = _venvs(upwards, environment)
    venv = next((place for place in venvs if _is_venv(place)), None)
    own = [venv / "bin"] if venv else []
    own += [place / "node_modules" / ".bin" for place in upwards]
    own += [entry for entry in entries if inside[entry]]
    there = tuple(dict.fromkeys(place for place in own if place.is_dir()))
    return Programs(there, tuple(entry for entry in entries if not inside[entry]), venv)


def project_places(folder: Path, roots: Sequence[Path], environment: Mapping[str, str]) -> Iterator[Path]:
    """What tells which folders of programs a project has, for who wants to know whether these are others by now."""
    upwards = _upwards(folder, roots)
    for venv in _venvs(upwards, environment):
        inside = (venv / "pyvenv.cfg", venv / "bin" / "python", venv / "bin")
        yield from inside if venv.exists() else (venv,)
    yield from (place / "node_modules" / ".bin" for place in upwards)
    yield from (entry for entry in _entries(environment) if _lies_in(entry, roots))


def _entries(environment: Mapping[str, str]) -> list[Path]:
    return [Path(entry) for entry in clean_path(environment.get("PATH", os.defpath)).split(os.pathsep) if entry]


def _upwards(folder: Path, roots: Sequence[Path]) -> list[Path]:
    """The folder and those above it, up to its root."""
    root = max(
        (root for root in roots if folder.is_relative_to(root)), key=lambda root: len(root.parts), default=folder
    )
    return [place for place in (folder, *folder.parents) if place.is_relative_to(root)]


def _venvs(upwards: list[Path], environment: Mapping[str, str]) -> list[Path]:
    """Where a virtual environment may be, the nearest first."""
    venvs = [place / name for place in upwards for name in _VENVS]
    given = environment.get("VIRTUAL_ENV")
    return [*venvs, Path(given)] if given else venvs


def program_file(word: str, folder: Path, roots: Sequence[Path], environment: Mapping[str, str]) -> Path | None:
    """The very file that runs when `word` is the first word of a command in `folder`, in a line for the shell or in an
    argument vector; absolute, links not followed; None where there is none that can be run.

    `environment`: that of commands (`Commands.environment`). What a shell does itself (`cd`, `echo`) is not told apart.
    """
    if "/" in word or os.sep in word:
        place = Path(os.path.normpath(folder / word))
        return place if place.is_file() and os.access(place, os.X_OK) else None
    return programs_for(folder, roots, environment).find(word) if word else None


def shell_of(programs: Programs) -> tuple[str, ...]:
    """What a line is given to: bash where there is one outside the roots, else /bin/sh; without start-up files."""
    bash = _in(programs.outside, "bash")
    return (str(bash), *_SHELL_OPTIONS["bash"]) if bash else ("/bin/sh", "-c")


def clean_path(path: str) -> str:
    """A search path without entries that mean the working directory or lie below it.

    >>> clean_path("/usr/bin::.:bin:/bin")
    '/usr/bin:/bin'
    """
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if Path(entry).is_absolute())


def find_program(name: str, folder: Path, programs: Programs) -> Path:
    """The program that the first word of an argument vector means, run in `folder`. Looks at the disk.

    Raises `ToolError` where there is none, with near names.
    """
    if "/" in name or os.sep in name:
        place = Path(os.path.normpath(folder / name))
        if not place.exists():
            raise ToolError(f"command not found: there is no {quoted(str(place))}")
        if place.is_dir() or not os.access(place, os.X_OK):
            raise ToolError(f"{quoted(str(place))} cannot be run: it is not an executable file")
        return place
    found = programs.find(name)
    if found is None:
        raise ToolError(f"command not found: {quoted(name)}{_hint(name, programs)}")
    return found


def elsewhere(name: str, folder: Path, roots: Iterable[Path], home: Path) -> list[Path]:
    """Where a program is that no search path leads to: in usual places of the roots, of the folder, of the user."""
    bases = dict.fromkeys((folder, *roots))
    inner = [place for base in bases for place in (base, *_folders_in(base))]
    places = [base / place for base in inner for place in _PLACES]
    places += [*(home / place for place in _HOMES), *map(Path, _SYSTEMS)]
    found = (place / name for place in places if _is_program(place / name))
    return list(dict.fromkeys(found))[:3]


def _hint(name: str, programs: Programs) -> str:
    if any(letter.isspace() for letter in name):
        return " as one program's name; give each argument as its own item, or a string to be read by the shell"
    known = sorted({name for folder in (*programs.own, *programs.outside) for name in _names(folder)})
    near = difflib.get_close_matches(name, known[:_NAMES_COMPARED], n=3, cutoff=0.75)
    return f"; did you mean {' or '.join(map(quoted, near))}?" if near else "; it is not installed, or not on PATH"


def _is_projects(name: str) -> bool:
    """
    >>> [_is_projects(name) for name in ("python3.12", "pip", "node", "pytest", "git", "npm", "pythonista")]
    [True, True, True, True, False, False, False]
    """
    return name in OWN_TOOLS or _INTERPRETER.fullmatch(name) is not None


def _is_venv(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file() or _is_program(folder / "bin" / "python")


def _is_program(place: Path) -> bool:
    try:
        return place.is_file() and os.access(place, os.X_OK)
    except OSError:
        return False


def _in(folders: tuple[Path, ...], name: str) -> Path | None:
    found = shutil.which(name, path=os.pathsep.join(map(str, folders))) if folders else None
    return Path(found) if found else None


def _lies_in(entry: Path, roots: Sequence[Path]) -> bool:
    places = (Path(os.path.normpath(entry)), Path(os.path.realpath(entry)))
    return any(place.is_relative_to(root) for place in places for root in roots)


def _folders_in(folder: Path) -> Iterator[Path]:
    """The first folders inside, without hidden ones: a project's parts."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in entries if entry.name[0] != "." and entry.is_dir())
    except OSError:
        return
    yield from (folder / name for name in found[:50] if name != "node_modules")


def _names(folder: Path) -> frozenset[str]:
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return frozenset()


@lru_cache(maxsize=64)
def _listed(folder: Path, _changed: int) -> frozenset[str]:
    return frozenset(place.name for place in folder.iterdir())


def _links(folder: Path, programs: Mapping[str, Path]) -> Path:
    """A folder with these names as links to these programs; made once for the same ones."""
    told = "\0".join(f"{name}\0{place}" for name, place in sorted(programs.items()))
    place = folder / sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    make_private(place)
    for name, program in programs.items():
        if not os.path.lexists(place / name):
            (place / name).symlink_to(program)
    return place
