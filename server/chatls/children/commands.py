"""What commands need from the daemon: an environment without keys, a place for long output, and who lets them go on."""

import difflib
import os
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from anyio.abc import TaskGroup

from chatls.errors import ToolError
from chatls.workspace.pathtext import quoted

MOST_IN_BACKGROUND = 16
"""Commands that may go on at a time."""
_SHORTEST_KEY = 6
"""Characters; a shorter value may be any word, and mean another thing in another variable."""
_UNMISTAKABLE = 16
"""Characters of a key that is looked for inside of values, too: of an address, a header, ..."""
_OURS = "CHATLS_"
_DROPPED = frozenset({"RIPGREP_CONFIG_PATH", "FORCE_COLOR", "CLICOLOR_FORCE"})
_QUIET = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "PYTHONUNBUFFERED": "1",
}
"""So that programs neither colour nor page nor ask, and tell at once what they have to tell. `CI` stays as it is: it
makes many programs do other things, not only quieter ones."""
_NAMES_COMPARED = 20_000

Errand = Callable[[], Awaitable[None]]


class Commands:
    """One for the daemon."""

    def __init__(self, environment: Mapping[str, str], folder: Path, tasks: TaskGroup | None = None) -> None:
        self.environment = environment
        """The whole environment of a command (`environment_without_keys`)."""
        self.folder = folder
        """Where whole outputs are kept, below the user's cache; made when it is first needed, for the user alone."""
        self._tasks = tasks
        self._adopted = 0

    def require_background(self) -> None:
        """Raise `ToolError` where no command can go on in the background now."""
        if self._tasks is None:
            raise ToolError("commands cannot go on in the background here; leave out background")
        if self._adopted >= MOST_IN_BACKGROUND:
            raise ToolError(f"{MOST_IN_BACKGROUND} commands are running in the background; end one of them first")

    def adopt(self, work: Errand) -> None:
        """Let something go on that outlives its turn; it ends with the daemon. `work` raises nothing."""
        self.require_background()
        assert self._tasks is not None
        self._adopted += 1
        self._tasks.start_soon(self._go_on, work)

    async def _go_on(self, work: Errand) -> None:
        try:
            await work()
        finally:
            self._adopted -= 1


def environment_without_keys(
    environment: Mapping[str, str], key_variables: Collection[str], key_values: Iterable[str]
) -> dict[str, str]:
    """What of the daemon's environment commands may have: no provider's key, by name or by value, and nothing of ours.

    >>> environment_without_keys({"KEY": "secret-1", "COPY": "secret-1", "A": "b"}, {"KEY"}, ["secret-1"])
    {'A': 'b'}
    """
    keys = {value.strip() for value in key_values if len(value.strip()) >= _SHORTEST_KEY}
    long_keys = [key for key in keys if len(key) >= _UNMISTAKABLE]
    kept = {
        name: value
        for name, value in environment.items()
        if name not in key_variables
        and name not in _DROPPED
        and not name.startswith(_OURS)
        and value.strip() not in keys
        and not any(key in value for key in long_keys)
    }
    return kept | ({"PATH": clean_path(kept["PATH"])} if "PATH" in kept else {})


def clean_path(path: str) -> str:
    """A search path without entries that mean the working directory or lie below it.

    >>> clean_path("/usr/bin::.:bin:/bin")
    '/usr/bin:/bin'
    """
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if Path(entry).is_absolute())


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment for programs that no person talks to."""
    path = clean_path(environment.get("PATH", os.defpath))
    kept = {name: value for name, value in environment.items() if name not in _DROPPED}
    return kept | _QUIET | {"PATH": path} | _careful_git(environment)


def overlaid(environment: Mapping[str, str], over: Mapping[str, str | None]) -> dict[str, str]:
    """An environment with some variables set, and those taken away that are None.

    >>> overlaid({"A": "1", "B": "2"}, {"A": None, "C": "3"})
    {'B': '2', 'C': '3'}
    """
    kept = {name: value for name, value in environment.items() if name not in over}
    return kept | {name: value for name, value in over.items() if value is not None}


def _careful_git(environment: Mapping[str, str]) -> dict[str, str]:
    """So that git obeys no repository that is an ordinary folder of a project, without a `.git`: such a one comes with
    a clone, names programs for git to run, and git run in there would do so (git-config, safe.bareRepository).

    >>> _careful_git({"GIT_CONFIG_COUNT": "2"})["GIT_CONFIG_KEY_2"]
    'safe.bareRepository'
    """
    given = environment.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isascii() and given.isdecimal() else 0
    setting = {f"GIT_CONFIG_KEY_{count}": "safe.bareRepository", f"GIT_CONFIG_VALUE_{count}": "explicit"}
    return {"GIT_CONFIG_COUNT": str(count + 1), **setting}


def find_program(name: str, folder: Path, path: str) -> Path:
    """The program that a command's first word means, run in `folder` with the search path `path`. Looks at the disk.

    Raises `ToolError` where there is none, with near names.
    """
    if "/" in name or os.sep in name:
        place = Path(os.path.normpath(folder / name))
        if not place.exists():
            raise ToolError(f"command not found: there is no {quoted(str(place))}")
        if place.is_dir() or not os.access(place, os.X_OK):
            raise ToolError(f"{quoted(str(place))} cannot be run: it is not an executable file")
        return place
    found = shutil.which(name, path=clean_path(path))
    if found is None:
        raise ToolError(f"command not found: {quoted(name)}{_hint(name, path)}")
    return Path(found)


def _hint(name: str, path: str) -> str:
    if any(letter.isspace() for letter in name):
        return " as one program's name; give each argument as its own item, or a string to be read by the shell"
    near = difflib.get_close_matches(name, _programs(path), n=3, cutoff=0.75)
    return f"; did you mean {' or '.join(map(quoted, near))}?" if near else "; it is not installed, or not on PATH"


def _programs(path: str) -> list[str]:
    names = set[str]()
    for entry in clean_path(path).split(os.pathsep):
        if len(names) < _NAMES_COMPARED and Path(entry).is_dir():
            try:
                names.update(program.name for program in Path(entry).iterdir())
            except OSError:
                continue
    return sorted(names)


def is_unsafe_batch(program: str, arguments: Sequence[str], system: str = os.name) -> bool:
    r"""Whether a program is a Windows batch file with arguments: cmd.exe would read those again, by rules of its own
    that no quoting satisfies (CVE-2024-27980, CVE-2024-24576).

    >>> is_unsafe_batch(r"C:\npm.CMD. ", ["x"], "nt"), is_unsafe_batch("npm.cmd", [], "nt")
    (True, False)
    """
    suffix = program.rstrip(". ").lower()[-4:]
    return system == "nt" and bool(arguments) and suffix in (".bat", ".cmd")
