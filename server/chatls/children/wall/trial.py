"""Whether a sandbox works on this machine: it is tried, once. Blocks for some ten milliseconds."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from chatls.children.programs import clean_path
from chatls.children.wall import bubblewrap, seatbelt
from chatls.children.wall.places import SANDBOX_EXEC, TRIED_IN
from chatls.children.wall.scene import Scene
from chatls.values import dataclass

_PATIENCE = 10.0
"""Seconds."""
_FORBIDDEN = "user namespaces are forbidden here (Ubuntu needs an AppArmor profile for bwrap, a container a setting)"


@dataclass(frozen=True, slots=True)
class Maker:
    """What there is to make a sandbox with."""

    program: str = ""
    """Its path; empty: there is none that works."""
    closed: bool = False
    """It can keep user namespaces from being made inside."""
    why: str = ""
    """Words for people: what works, or why nothing does."""

    @property
    def works(self) -> bool:
        """Whether there is one."""
        return bool(self.program)

    def arguments(self, scene: Scene, argv: tuple[str, ...]) -> tuple[str, ...]:
        """What is started in the command's stead."""
        if self.program == SANDBOX_EXEC:
            return seatbelt.arguments(self.program, scene, argv)
        return bubblewrap.arguments(self.program, scene, argv, closed=self.closed)


def tried(scene: Scene, environment: Mapping[str, str], platform: str = sys.platform) -> Maker:
    """What works here. `scene`: one without a workspace, in which a program that does nothing is run."""
    if platform == "darwin":
        means = Maker(SANDBOX_EXEC, why="sandbox-exec")
        return (
            means if Path(SANDBOX_EXEC).is_file() and _run(means, scene) is None else Maker(why="no sandbox-exec here")
        )
    if platform != "linux":
        return Maker(why=f"there is no sandbox for {platform}")
    program = next((name for name in TRIED_IN if Path(name).is_file()), None)
    program = program or shutil.which("bwrap", path=clean_path(environment.get("PATH", "")))
    if program is None:
        return Maker(why="bubblewrap is not installed (the package bubblewrap, the program bwrap)")
    troubles = list[str]()
    for closed in (True, False):
        means = Maker(program, closed, f"{_version(program)}")
        trouble = _run(means, scene)
        if trouble is None:
            return means
        troubles.append(trouble)
    return Maker(why=f"{program} does not work: {_explained(troubles[-1])}")


def _run(means: Maker, scene: Scene) -> str | None:
    """Why it does not work; None: it does."""
    try:
        done = subprocess.run(
            means.arguments(scene, ("/bin/sh", "-c", "exit 0")),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            cwd="/",
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return None if done.returncode == 0 else (words[-1] if words else f"exit code {done.returncode}")


def _version(program: str) -> str:
    try:
        told = subprocess.run(
            (program, "--version"), capture_output=True, timeout=_PATIENCE, check=False, env={}
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "bubblewrap"
    return told.decode("utf-8", "replace").strip() or "bubblewrap"


def _explained(trouble: str) -> str:
    """
    >>> _explained("bwrap: setting up uid map: Permission denied")[:44]
    'bwrap: setting up uid map: Permission denied'
    """
    words = ("uid map", "namespace", "Operation not permitted", "No permissions")
    return f"{trouble}; {_FORBIDDEN}" if any(word in trouble for word in words) else trouble
