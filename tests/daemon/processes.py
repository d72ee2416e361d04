"""Which processes there are and whether one is gone, on Linux and macOS."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.daemon.raw import SOON


def descendants(pid: int) -> set[int]:
    """The children of a process, their children, and so on."""
    children: dict[int, set[int]] = {}
    for child, (parent, _) in _table().items():
        children.setdefault(parent, set()).add(child)
    found, left = set[int](), {pid}
    while left:
        left = {child for parent in left for child in children.get(parent, ())}
        found |= left
    return found


def wait_until_gone(*pids: int) -> None:
    """Until these have ended; a zombie that nobody reaps has."""
    deadline = time.monotonic() + SOON
    while running := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < deadline, f"still there: {running}"
        time.sleep(0.01)  # the end of a process that is not ours announces itself on no system alike


def wait_until_childless(pid: int, folder: Path) -> None:
    """Until nothing is left that a process started, or that works in a folder or below it (that is seen on Linux)."""
    deadline = time.monotonic() + SOON
    while left := [child for child in descendants(pid) | _working_in(folder) if is_running(child)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return _table().get(pid, (0, "Z"))[1] != "Z"


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)])) * 1024


def _working_in(folder: Path) -> set[int]:
    found = set[int]()
    for place in _every("cwd"):
        with suppress(OSError):
            if place.readlink().is_relative_to(folder.resolve()):
                found.add(int(place.parent.name))
    return found


def _every(name: str) -> Iterator[Path]:
    """A file of every process. Not by `glob`, which looks whether it is there and fails for one that ends meanwhile."""
    return (place / name for place in Path("/proc").iterdir() if place.name.isdigit())


def _table() -> dict[int, tuple[int, str]]:
    """The parent and the state of every process."""
    if not Path("/proc/self/stat").exists():
        lines = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid=,stat="], text=True).splitlines()
        return {int(pid): (int(parent), state[0]) for pid, parent, state in map(str.split, lines)}
    table: dict[int, tuple[int, str]] = {}
    for place in _every("stat"):
        try:
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        table[int(place.parent.name)] = (int(parent), state)
    return table
