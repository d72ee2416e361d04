"""A workspace and its sandbox. Where there is none, these files are left out, and `test_works.py` says why."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatls.children.commands import quiet_environment
from chatls.children.process import Child
from chatls.children.wall.traces import Aftermath
from chatls.children.wall.wall import Guest, Wall
from chatls.tools.execution.running import Running

LONG = 120.0
MEANS = Wall(dict(os.environ), Path("/nowhere"), Path("/nowhere")).means()
collect_ignore = [] if MEANS.works else ["test_escapes.py", "test_ordinary_work.py", "test_behind.py", "test_daemon.py"]


@dataclass
class Done:
    """How a command ended inside."""

    code: int
    output: str
    aftermath: Aftermath
    caused: list[str]


class Place:
    """A home with a project in it, and what a command does there in the sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.root = folder / "home", folder / "home/projects/app"
        self.root.mkdir(parents=True)
        python = Path(sys.base_prefix) / "bin"
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{python}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "API_TOKEN": "canary-in-a-variable",
        }
        self.wall = Wall(self.environment, self.home / ".cache/chatls/walls", self.home / ".cache/chatls/output")

    def write(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def outside(self, *argv: str, folder: Path | None = None) -> str:
        """What a command says that runs as one's own."""
        environment = {**quiet_environment(self.environment), "GIT_CONFIG_NOSYSTEM": "1"}
        where = folder or self.root
        done = subprocess.run(
            argv, cwd=where, env=environment, capture_output=True, text=True, check=True, timeout=LONG
        )
        return done.stdout

    def repository(self) -> None:
        """Make the root one, with everything that is there committed."""
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Me\n\temail = me@example.org\n[init]\n\tdefaultBranch = main\n"
        )
        self.outside("git", "init", "-q")
        self.outside("git", "add", "-A")
        self.outside("git", "commit", "-q", "--allow-empty", "-m", "first")

    async def inside(self, *argv: str, network: bool = False, roots: tuple[Path, ...] = ()) -> Done:
        """Run a command in the sandbox, a line for the shell or words."""
        words = ("/bin/sh", "-c", *argv) if len(argv) == 1 else argv
        entry = Guest(roots or (self.root,), self.root, words, quiet_environment(self.environment), network=network)
        stay = await self.wall.enter(entry)
        child = await Child.start(stay.argv, cwd=self.root, env=stay.environment, joined=True, watched=True)
        running = Running(child, self.folder / "outputs", 2**20, lambda _: None)
        running.leave = stay.leave
        try:
            await running.until(child.wait)
        finally:
            await running.close()
        output = running.kept.parts()[0] + running.line
        return Done(child.code or 0, output, running.aftermath, stay.caused(output))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path.resolve())
