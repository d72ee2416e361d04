"""The door of the sandbox: whether it works, what a command is started with in it, what is done behind the command."""

import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from anyio import move_on_after, to_thread

from chatls.children.wall.gathering import (
    Beside,
    Grounds,
    environment_inside,
    gathered,
    machine,
    private_folder,
    surroundings,
    unfit,
)
from chatls.children.wall.lists import is_secret
from chatls.children.wall.scene import Scene
from chatls.children.wall.survey import Survey, Surveyed
from chatls.children.wall.told import caused
from chatls.children.wall.traces import Aftermath, Memory, Traces
from chatls.children.wall.trial import Maker, tried
from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.protected_files import own_folders

_FRESH = 2.0
"""Seconds for which a survey is as good as a new one."""
_PATIENCE = 0.015
"""Seconds that a command waits for a newer survey, before it goes on with the one that is there."""
_OLDEST = 600.0
"""Seconds after which it waits however long it takes."""
_LASTING = 30.0
"""Seconds for which installed packages, and what there is beside the roots, are not looked at again."""
_MOST_FIXED = 40
"""Protected files that are mounted one by one: each costs a start a quarter of a millisecond. Those beyond are looked
after behind the command."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One command in the sandbox."""

    argv: tuple[str, ...]
    """What is started."""
    environment: dict[str, str]
    scene: Scene
    traces: Traces
    wall: "Wall"
    roots: tuple[Path, ...]
    private: Path
    line: str = ""
    """The command as it was given to a shell, if it was."""

    async def leave(self) -> Aftermath:
        """Set right what it left behind; when all of it has ended."""
        return await to_thread.run_sync(self._leave)

    def caused(self, output: str) -> list[str]:
        """What of the troubles in an output may come from the sandbox, in words."""
        return caused(output, self.scene, Path(self.environment["HOME"]), self.line)

    def _leave(self) -> Aftermath:
        findings = self.wall.look(self.roots, quick=True)
        return self.traces.set_right(findings, self.roots, self.private)


@dataclass(frozen=True, slots=True)
class Guest:
    """A command that is to run inside."""

    roots: tuple[Path, ...]
    """Real paths."""
    folder: Path
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    network: bool = False


class Wall:
    """One for the daemon."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, outputs: Path, platform: str = sys.platform
    ) -> None:
        """`environment`: that of commands. `folder`: ours, for what belongs to a workspace: caches, copies. `outputs`:
        where long outputs are kept, which are readable inside."""
        self._environment = environment
        self._folder = folder
        self._outputs = outputs
        self._platform = platform
        self._means: Maker | None = None
        self._trying = Lock()
        self._looking = Lock()
        self._surveys: dict[Path, Survey] = {}
        self._looked: dict[tuple[Path, ...], tuple[float, tuple[Surveyed, ...]]] = {}
        self._whole: dict[tuple[Path, ...], float] = {}
        """When all of them was looked at, installed packages too."""
        self._around: dict[Path, tuple[float, Beside]] = {}
        self._memory = Memory()
        self._told = False

    async def why_not(self, roots: Sequence[Path]) -> str | None:
        """Why commands cannot run inside, in words; None: they can."""
        return await to_thread.run_sync(self.refusal, tuple(roots))

    def refusal(self, roots: Sequence[Path]) -> str | None:
        """The same. Blocks, the first time for some ten milliseconds."""
        means = self.means()
        return (None if means.works else means.why) or unfit(roots, self._grounds(self._folder).home)

    async def news(self, roots: Sequence[Path]) -> str | None:
        """Words for a person on whether there is a sandbox; once."""
        told, self._told = self._told, True
        return None if told else await to_thread.run_sync(self.words, tuple(roots))

    def words(self, roots: Sequence[Path]) -> str:
        """The same, each time. Blocks."""
        why = self.refusal(roots)
        if why is None:
            return f"the sandbox for commands works ({self.means().why})"
        return f"there is no sandbox for commands: {why}. They run as you would run them, and ask before"

    def means(self) -> Maker:
        """What there is to make one with. Tried once; blocks."""
        with self._trying:
            if self._means is None:
                self._means = tried(machine(), self._environment, self._platform)
            return self._means

    async def enter(self, entry: Guest) -> Stay:
        """A command as it is started inside. Raises `ToolError` where that cannot be."""
        if why := await self.why_not(entry.roots):
            raise ToolError(f"the sandbox does not work here: {why}")
        findings = await self._findings(entry.roots)
        try:
            return await to_thread.run_sync(self._made, entry, findings)
        except OSError as error:
            why = f"{error.strerror}: {error.filename}"
            where = f"its own folder is {self._folder}, and no link may lead there"
            raise ToolError(f"the sandbox cannot be made ({why}): {where}") from error

    def look(self, roots: tuple[Path, ...], *, quick: bool = False) -> tuple[Surveyed, ...]:
        """What lies in the roots now. Blocks."""
        with self._looking:
            for root in roots:
                if root not in self._surveys:
                    self._surveys[root] = Survey(root, is_secret, own_folders())
                self._surveys[root].renew(quick=quick)
            found = tuple(self._surveys[root].findings() for root in roots)
            self._looked[roots] = time.monotonic(), found
            if not quick:
                self._whole[roots] = self._looked[roots][0]
            return found

    async def _findings(self, roots: tuple[Path, ...]) -> tuple[Surveyed, ...]:
        """The list of secrets, protected files and so on, as new as it can be had in no time."""
        known = self._looked.get(roots)
        age = time.monotonic() - known[0] if known else float("inf")
        quick = time.monotonic() - self._whole.get(roots, -_LASTING) < _LASTING
        if known and quick and age < _FRESH:
            return known[1]
        if known and age < _OLDEST:
            with move_on_after(_PATIENCE):  # the thread goes on, and the next command finds what it found
                return await to_thread.run_sync(partial(self.look, roots, quick=quick), abandon_on_cancel=True)
            return known[1]
        return await to_thread.run_sync(partial(self.look, roots), abandon_on_cancel=True)

    def _made(self, entry: Guest, findings: tuple[Surveyed, ...]) -> Stay:
        grounds = self._grounds(private_folder(self._folder, entry.roots))
        fixed, loose = _shared(findings)
        around = self._surroundings(grounds)
        scene, repositories = gathered(entry.roots, entry.folder, fixed, grounds, around, network=entry.network)
        traces = Traces(findings, repositories, loose, self._memory)
        environment = environment_inside(entry.environment, grounds)
        argv = self.means().arguments(scene, entry.argv)
        line = entry.argv[-1] if "-c" in entry.argv[:-1] else shlex.join(entry.argv)
        return Stay(argv, environment, scene, traces, self, entry.roots, grounds.private, line)

    def _surroundings(self, grounds: Grounds) -> Beside:
        known = self._around.get(grounds.private)
        if known is None or time.monotonic() - known[0] > _LASTING:
            known = self._around[grounds.private] = time.monotonic(), surroundings(grounds)
        return known[1]

    def _grounds(self, private: Path) -> Grounds:
        return Grounds(self._environment, private, (self._outputs,))


def _shared(findings: tuple[Surveyed, ...]) -> tuple[tuple[Surveyed, ...], list[Path]]:
    """The protected files that are mounted, and those that are too many for that: those deeper down, no folders."""
    every = sorted(
        (path for one in findings for path in one.protected), key=lambda path: (path.is_dir() is False, len(path.parts))
    )
    loose = [path for path in every[_MOST_FIXED:] if not path.is_dir()]
    left = set(loose)
    return tuple(_without(one, left) for one in findings), loose


def _without(found: Surveyed, left: set[Path]) -> Surveyed:
    protected = tuple(path for path in found.protected if path not in left)
    return Surveyed(found.secrets, found.secret_folders, protected, found.repositories, found.deciding)
