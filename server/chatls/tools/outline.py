"""Tells many paths in few lines: folders are opened from the top down as long as there is room; pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import field

from chatls.values import dataclass


@dataclass(slots=True)
class _Branch:
    files: list[str] = field(default_factory=list[str])
    folders: dict[str, "_Branch"] = field(default_factory=dict[str, "_Branch"])
    count: int = 0
    """Of files, those in inner folders included."""


def outline(names: Iterable[str], room: int) -> tuple[list[str], int]:
    """At most `room` lines, in order, and the number of files that no line stands for.

    A line is a file's name, or a folder's with the number of files in it. A file: URI belongs to no folder.

    >>> outline(["a.py", "b/c.py", "b/d/e.py", "b/d/f.py"], 3)
    (['a.py', 'b/c.py', 'b/d/ (2 files)'], 0)
    """
    top = _tree(names)
    lines: dict[str, int] = _entries("", top)
    waiting = deque([("", top)])
    while waiting:
        prefix, folder = waiting.popleft()
        for name, inner in folder.folders.items():
            place = f"{prefix}{name}/"
            entries = _entries(place, inner)
            if len(lines) - 1 + len(entries) <= room:
                del lines[place]
                lines |= entries
                waiting.append((place, inner))
    shown = sorted(lines)[:room]
    return [_line(name, lines[name]) for name in shown], top.count - sum(lines[name] for name in shown)


def _tree(names: Iterable[str]) -> _Branch:
    top = _Branch()
    for name in names:
        *folders, file = [name] if name.startswith("file:") else name.split("/")
        here = top
        here.count += 1
        for part in folders:
            here = here.folders.setdefault(part, _Branch())
            here.count += 1
        here.files.append(file)
    return top


def _entries(prefix: str, folder: _Branch) -> dict[str, int]:
    """What stands in a folder, with the number of files that each entry stands for."""
    inner = {f"{prefix}{name}/": inner.count for name, inner in folder.folders.items()}
    return inner | {f"{prefix}{name}": 1 for name in folder.files}


def _line(name: str, count: int) -> str:
    if not name.endswith("/"):
        return name
    return f"{name} (1 file)" if count == 1 else f"{name} ({count} files)"
