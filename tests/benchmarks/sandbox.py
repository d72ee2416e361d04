"""What the sandbox costs a command in a large project, beside a bare bubblewrap in the same run, which rests as long:
behind two seconds without work even that takes twice its time.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from time import monotonic_ns

from report import Bench

from chatls.children.commands import quiet_environment
from chatls.children.process import Child
from chatls.children.wall.wall import Guest, Wall

FILES, IN_A_FOLDER, PAUSE = 150_000, 50, 2.1
_BARE = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--", "/bin/true")


def sandbox(bench: Bench) -> None:
    """A start right behind another one, one behind a pause, and what is done behind a command."""
    files = FILES // 10 if bench.quick else FILES
    base = Path(tempfile.mkdtemp(prefix="chatls-bench-"))
    try:
        root = _project(base / "home/app", files)
        found = asyncio.run(_measured(base, root, bench.rounds))
    finally:
        shutil.rmtree(base)
    if found is None:
        bench.report.row("a command's start in the sandbox: there is none here", [None] * len(bench.houses))
        return
    started, paused, behind, bare, rested = found
    bench.report.row(f"a command in the sandbox, {files:,} files; bare bwrap", started, "ms", bare, "30 ms")
    bench.report.row(f"  the same behind {PAUSE:g} s; bare bwrap", paused, "ms", rested, "30 ms")
    bench.report.row("  what is set right behind it", behind, "ms")


def _project(root: Path, files: int) -> Path:
    """A repository, most of it installed packages."""
    for number in range(files // IN_A_FOLDER):
        where = f"node_modules/p{number // 20}" if number % 6 else f"src/d{number % 50}"
        folder = root / where / f"f{number}"
        folder.mkdir(parents=True)
        for name in range(IN_A_FOLDER):
            (folder / f"n{name}.js").touch()
    (root / "package.json").write_text("{}")
    (root / ".env").write_text("TOKEN=1\n")
    subprocess.run(("git", "init", "-q", "."), cwd=root, check=True)
    return root


async def _measured(base: Path, root: Path, rounds: int) -> tuple[float, ...] | None:
    environment = {"HOME": str(base / "home"), "PATH": os.environ["PATH"]}
    wall = Wall(environment, base / "walls", base / "outputs")
    if await wall.why_not((root,)):
        return None
    program = wall.means().program
    await _inside(wall, root, environment)
    started, paused, behind, bare, rested = (list[float]() for _ in range(5))
    for _ in range(rounds):
        bare.append(await _bare(program, root, environment))
        one, two = await _inside(wall, root, environment)
        started.append(one)
        behind.append(two)
    for _ in range(max(3, rounds // 4)):
        await asyncio.sleep(PAUSE)
        paused.append((await _inside(wall, root, environment))[0])
        await asyncio.sleep(PAUSE)
        rested.append(await _bare(program, root, environment))
    return tuple(map(statistics.median, (started, paused, behind, bare, rested)))


async def _bare(program: str, root: Path, environment: dict[str, str]) -> float:
    """Milliseconds of a bubblewrap that does nothing."""
    begin = monotonic_ns()
    await _run((program, *_BARE), root, environment)
    return (monotonic_ns() - begin) / 1e6


async def _inside(wall: Wall, root: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of a command that does nothing, and of what is done behind it."""
    begin = monotonic_ns()
    stay = await wall.enter(Guest((root,), root, ("/bin/true",), quiet_environment(environment)))
    await _run(stay.argv, root, stay.environment)
    ended = monotonic_ns()
    await stay.leave()
    return (ended - begin) / 1e6, (monotonic_ns() - ended) / 1e6


async def _run(argv: tuple[str, ...], root: Path, environment: dict[str, str]) -> None:
    async with await Child.start(argv, cwd=root, env=environment, joined=True) as child:
        code = await child.wait()
        assert code == 0, (argv, code)
