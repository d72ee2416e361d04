"""How much a search looked through that found nothing, and what it left out."""

import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
from anyio import to_thread

from chatls.errors import ToolError
from chatls.tools.areas import Area
from chatls.tools.searching.ripgrep import Names, run
from chatls.values import dataclass
from chatls.workspace.openfile import encoding_of
from chatls.workspace.secret_files import CANDIDATES
from chatls.workspace.workspace import Workspace

LARGEST = 10_000_000
"""Bytes of a file that is searched without being named itself."""
_MOST_NAMES = 50_000
_MOST_OPENED = 2000
"""Files whose beginnings are read to tell binary ones."""
_PATIENCE = 1.0
"""Seconds for each list of names: what is not known by then is not told."""
_SNIFFED = 8192


@dataclass(slots=True)
class Searched:
    """Numbers of files."""

    files: int = 0
    """That were searched."""
    is_whole: bool = True
    """All were counted."""
    hidden: int | None = 0
    """That ignore files hide; None where they were not counted."""
    binary: int = 0
    large: int = 0

    def summary(self) -> str:
        """How much was looked through."""
        many = "no file was" if not self.files else "1 file was" if self.files == 1 else f"{self.files} files were"
        return f"{many if self.is_whole else f'at least {many}'} searched"

    def left_out(self) -> str:
        """What was not; empty where that is nothing."""
        kinds = (
            (self.hidden, "that .gitignore hides"),
            (self.binary, "with binary data"),
            (self.large, "over 10 MB"),
        )
        parts = [f"{_count(number)} {kind}" for number, kind in kinds if number != 0]
        if not parts:
            return ""
        return (
            f"not searched: {', '.join(parts)}. A file is searched all the same where `path` names it, and those that "
            ".gitignore hides where it names their folder."
        )


async def searched(
    program: str, workspace: Workspace, areas: Sequence[Area], unsaved: Collection[Path], more: int
) -> Searched:
    """What a search of these places goes through. `unsaved`: open documents that are searched in place of files.
    `more`: files that are searched though they are called like such that hold secrets."""
    found = Searched(files=len(unsaved) + more)
    for area in areas:
        if area.is_file or not area.on_disk:
            found.files += area.is_file and area.on_disk and area.place not in unsaved
            continue
        paths, whole = await _names(program, area)
        found.is_whole = found.is_whole and whole
        await to_thread.run_sync(_sort, workspace, found, [path for path in paths if path not in unsaved])
        if not area.all_hidden:
            everything, whole = await _names(program, area, "--no-ignore")
            hidden = len(everything - paths) if whole else None
            found.hidden = None if hidden is None or found.hidden is None else found.hidden + hidden
    return found


async def _names(program: str, area: Area, *flags: str) -> tuple[set[Path], bool]:
    """The wanted files of a place that are not called like such that hold secrets, and whether these are all."""
    secret = (f"--iglob=!{glob}" for glob in CANDIDATES)
    command = ("--files", "--null", *flags, *area.flags, *secret, "--", area.argument)
    names = Names(_MOST_NAMES)
    whole = False
    with anyio.move_on_after(_PATIENCE), suppress(ToolError):
        await run(program, command, folder=area.folder, root=area.root, taker=lambda: names, separator=b"\0")
        whole = not names.cut
    return await to_thread.run_sync(_wanted, area, names.names), whole


def _wanted(area: Area, names: Sequence[str]) -> set[Path]:
    return {area.path(name) for name in names if area.wanted.includes(area.inner(name))}


def _sort(workspace: Workspace, found: Searched, paths: Sequence[Path]) -> None:
    for index, path in enumerate(paths):
        if _is_large(path):
            found.large += 1
        elif index < _MOST_OPENED and _is_binary(workspace, path):
            found.binary += 1
        else:
            found.files += 1


def _is_large(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > LARGEST


def _is_binary(workspace: Workspace, path: Path) -> bool:
    try:
        with workspace.open_file(path) as file:
            start = file.read(_SNIFFED)
    except (ToolError, OSError):
        return False
    return encoding_of(start[:4]) == "utf-8" and b"\0" in start


def _count(number: int | None) -> str:
    if number is None:
        return "files"
    return "1 file" if number == 1 else f"{number} files"
