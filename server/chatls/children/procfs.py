"""What Linux tells of processes, in /proc; nothing on other systems. Blocks some milliseconds: for a worker thread."""

import sys
from collections.abc import Callable
from pathlib import Path

_LONGEST = 80
"""Characters of a command line that are told."""


def pids() -> list[int]:
    """The numbers of all processes."""
    if sys.platform != "linux":
        return []
    try:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def carries(pid: int, entries: set[bytes]) -> bool:
    """Whether one of these stands in a process's environment."""
    try:
        return not entries.isdisjoint(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:  # gone, or somebody else's
        return False


def group_members(group: int) -> list[int]:
    """The processes of a group that have not ended, its leader left out."""
    return [pid for pid in pids() if pid != group and _group(pid) == group]


def title(pid: int) -> str:
    """A process's command line; empty where it has none any more."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return ""
    text = " ".join(b" ".join(words).decode("utf-8", "replace").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_entered(pid: int, parent: Callable[[int], int | None] | None = None) -> bool:
    """Whether this process was put into its container from outside (`docker exec`): the first of those above it has no
    parent there, and is not the container's first process. False where that cannot be seen.

    >>> [is_entered(9, above.get) for above in ({9: 7, 7: 0}, {9: 7, 7: 1}, {9: 7})]
    [True, False, False]
    """
    above = parent or _parent
    while pid > 1:
        found = above(pid)
        if not found:
            return found == 0
        pid = found
    return False


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _group(pid: int) -> int:
    """Its process group; 0 where it is gone, or has ended and waits to be reaped."""
    try:
        state, _parent, group, *_ = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else int(group)
