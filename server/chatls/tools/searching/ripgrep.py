"""Runs ripgrep: finds it, hands it the safe flags, takes its output record by record, and leaves no process behind."""

import os
import shutil
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from io import FileIO
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
from anyio.abc import ByteReceiveStream

from chatls.children.pipes import PipeWriter
from chatls.children.process import Child
from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.beneath import folder_beneath

LONGEST_RECORD = 1 << 20
"""Bytes; of a longer record only the beginning is handed on."""
_MOST_COMPLAINTS = 8192
_FLAGS = ("--no-config", "--hidden", "--color=never")
_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "XDG_CONFIG_HOME")
"""All that ripgrep needs; the daemon's keys are not among it."""
_BUSY = ("Resource temporarily unavailable", "WouldBlock")


class Taker(Protocol):
    """Takes ripgrep's output."""

    def take(self, record: bytes) -> bool:
        """The next record, without its separator. False when no more is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended."""

    code: int | None
    """0: something found, 1: nothing, 2: with complaints, negative: killed. None: stopped by the taker."""
    complaints: str
    """What it wrote for people, the beginning of it."""


@dataclass(slots=True)
class Names:
    """Takes file names, with `--files --null`."""

    limit: int
    names: list[str] = field(default_factory=list[str])
    cut: bool = False
    """There were more."""

    def take(self, record: bytes) -> bool:
        """One name. False when there are enough."""
        self.cut = len(self.names) == self.limit
        if not self.cut:
            self.names.append(os.fsdecode(record))
        return not self.cut


TakerT = TypeVar("TakerT", bound=Taker)


def find(roots: Iterable[Path]) -> str:
    """Where ripgrep is: beside our interpreter, else on the search path, but never inside the workspace.

    Raises `ToolError` where there is none.
    """
    own = _own()
    if own.is_file():
        return str(own)
    folders = tuple(roots)
    for entry in os.get_exec_path():
        found = shutil.which("rg", path=entry) if Path(entry).is_absolute() else None
        if found and not any(place.is_relative_to(root) for root in folders for place in _names(found)):
            return found
    raise ToolError("ripgrep (rg) is not installed, and without it nothing can be searched; ask the user to install it")


async def run(
    program: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    root: Path | None = None,
    taker: Callable[[], TakerT],
    separator: bytes = b"\n",
    source: bytes | FileIO | None = None,
) -> tuple[TakerT, Exit]:
    """Run ripgrep in a folder; `source` is what it reads as its input, a file from where it stands. Cancelled, it is
    gone at once.

    ripgrep follows links in the paths that it is told. So it is told none: it runs in the folder itself, which lies
    below `root` and is reached through no link. Raises `ToolError` where it cannot be started. Where the system is
    short of threads it is run again with one.
    """
    command, place = (program, *_FLAGS, *arguments), (root or folder, folder)
    taken = taker()
    ended = await _run(command, place, taken, separator, source)
    if ended.code not in (None, 0, 1) and any(sign in ended.complaints for sign in _BUSY):
        taken = taker()
        if isinstance(source, FileIO):
            source.seek(0)
        ended = await _run((program, "--threads=1", *command[1:]), place, taken, separator, source)
    return taken, ended


async def _run(
    command: Sequence[str], place: tuple[Path, Path], taker: Taker, separator: bytes, source: bytes | FileIO | None
) -> Exit:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    stdin = source if isinstance(source, FileIO) else source is not None
    try:
        with folder_beneath(*place) as folder:
            child = await Child.start(command, cwd=folder, env=environment, stdin=stdin, guarded=True)
    except OSError as error:
        what = "the folder cannot be looked into" if os.access(command[0], os.X_OK) else "ripgrep could not be started"
        raise ToolError(f"{what}: {error.strerror}") from error
    complaints = bytearray()
    code: int | None = None
    async with child, anyio.create_task_group() as tasks:
        tasks.start_soon(_drain, child.stderr, complaints)
        if child.stdin and isinstance(source, bytes):
            tasks.start_soon(_feed, child.stdin, source)
        if await _take_all(child.stdout, taker, separator):
            code = await child.wait()
        else:
            tasks.cancel_scope.cancel()
    return Exit(code, complaints.decode("utf-8", "replace").strip())


async def _take_all(stream: ByteReceiveStream, taker: Taker, separator: bytes) -> bool:
    """Whether the taker wanted all there was."""
    rest = bytearray()
    async for data in stream:
        *ends, last = data.split(separator)
        for end in ends:
            rest += end
            if not taker.take(bytes(rest[:LONGEST_RECORD])):
                return False
            rest.clear()
        rest += last[: max(0, LONGEST_RECORD - len(rest))]
    return not rest or taker.take(bytes(rest))


async def _drain(stream: ByteReceiveStream, into: bytearray) -> None:
    """Read on after the limit: a full pipe would stop the child."""
    async for data in stream:
        into += data[: max(0, _MOST_COMPLAINTS - len(into))]


async def _feed(stream: PipeWriter, text: bytes) -> None:
    with suppress(anyio.BrokenResourceError):
        await stream.send(text)
    stream.close()


def _own() -> Path:
    return Path(sysconfig.get_path("scripts")) / ("rg.exe" if os.name == "nt" else "rg")


def _names(found: str) -> tuple[Path, Path]:
    return Path(found), Path(os.path.realpath(found))
