"""What commands need from the daemon: an environment without keys, a place for long output, and who lets them go on."""

import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from anyio import Event
from anyio.abc import TaskGroup

from chatls.children.programs import clean_path
from chatls.errors import ToolError
from chatls.values import dataclass

LONGEST = 3600
"""Seconds that a command may take."""
MOST_IN_BACKGROUND = 16
"""Commands that may go on at a time."""
_SHORTEST_KEY = 6
"""Characters; a shorter value may be any word, and mean another thing in another variable."""
_UNMISTAKABLE = 16
"""Characters of a key that is looked for inside of values, too: of an address, a header, ..."""
_OURS = "CHATLS_"
_DROPPED = frozenset(
    {
        *("RIPGREP_CONFIG_PATH", "FORCE_COLOR", "CLICOLOR_FORCE"),
        # what a shell reads before its line, so that words could mean other things than they say
        *("BASH_ENV", "ENV", "CDPATH", "SHELLOPTS", "BASHOPTS", "GLOBIGNORE", "PROMPT_COMMAND", "PS4"),
        # of an editor that was started by git itself: another repository than that of the folder (git rev-parse
        # --local-env-vars), and a program of its own for each diff
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
        *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF"),
    }
)
_FUNCTION = "BASH_FUNC_"
"""How names of variables begin that bash takes for functions."""
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

_GIT = {"safe.bareRepository": "explicit", "core.fsmonitor": "false"}

Errand = Callable[[], Awaitable[None]]


class Commands:
    """One for the daemon."""

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        tasks: TaskGroup | None = None,
        wall: Callable[[], Any] | None = None,
    ) -> None:
        """`wall`: gives the sandbox, where there may be one; not its type, whose module is loaded with it."""
        self.environment = environment
        """The whole environment of a command (`environment_without_keys`)."""
        self.folder = folder
        """Where whole outputs are kept, below the user's cache; made when it is first needed, for the user alone."""
        self._going: dict[int, _Going] = {}
        self._tasks = tasks
        self._wall = wall

    @property
    def wall(self) -> Any:
        """The sandbox, a `Wall`, where there may be one. It is loaded when it is first asked for."""
        return None if self._wall is None else self._wall()

    @property
    def going(self) -> tuple[int, ...]:
        """The process groups of what goes on in the background."""
        return tuple(self._going)

    def require_background(self) -> None:
        """Raise `ToolError` where no command can go on in the background now."""
        if self._tasks is None:
            raise ToolError("commands cannot go on in the background here; leave out background")
        if len(self._going) >= MOST_IN_BACKGROUND:
            raise ToolError(f"{MOST_IN_BACKGROUND} commands are running in the background; end one of them first")

    def adopt(self, group: int, work: Errand, end: Errand) -> None:
        """Let something go on that outlives its turn; it ends with the daemon. `work` ends behind it, `end` ends it;
        they raise nothing."""
        self.require_background()
        assert self._tasks is not None
        self._going[group] = _Going(end)
        self._tasks.start_soon(self._go_on, group, work)

    async def stop(self, group: int) -> bool:
        """End what goes on under this number, and wait until all of its output is kept. False: nothing does."""
        going = self._going.get(group)
        if going is None:
            return False
        await going.end()
        await going.over.wait()
        return True

    async def _go_on(self, group: int, work: Errand) -> None:
        try:
            await work()
        finally:
            self._going.pop(group).over.set()


@dataclass(slots=True)
class _Going:
    """What goes on in the background."""

    end: Errand
    over: Event = field(default_factory=Event)


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


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment for programs that no person talks to."""
    path = clean_path(environment.get("PATH", os.defpath))
    kept = {
        name: value for name, value in environment.items() if name not in _DROPPED and not name.startswith(_FUNCTION)
    }
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
    a clone, names programs for git to run, and git run in there would do so (git-config, safe.bareRepository). Nor does
    it start a program that watches files, or write where it only looks.

    >>> _careful_git({"GIT_CONFIG_COUNT": "2"})["GIT_CONFIG_KEY_2"]
    'safe.bareRepository'
    """
    given = environment.get("GIT_CONFIG_COUNT", "")
    count = int(given) if given.isascii() and given.isdecimal() else 0
    settings = {"GIT_CONFIG_COUNT": str(count + len(_GIT)), "GIT_OPTIONAL_LOCKS": "0"}
    for number, (key, value) in enumerate(_GIT.items(), count):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return settings


def is_unsafe_batch(program: str, arguments: Sequence[str], system: str = os.name) -> bool:
    r"""Whether a program is a Windows batch file with arguments: cmd.exe would read those again, by rules of its own
    that no quoting satisfies (CVE-2024-27980, CVE-2024-24576).

    >>> is_unsafe_batch(r"C:\npm.CMD. ", ["x"], "nt"), is_unsafe_batch("npm.cmd", [], "nt")
    (True, False)
    """
    suffix = program.rstrip(". ").lower()[-4:]
    return system == "nt" and bool(arguments) and suffix in (".bat", ".cmd")
