"""What a file is at a moment, as it is kept for a rewind: its bytes or, where it is open in the editor, its text."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from pathlib import Path

from anyio import to_thread

from chatls.errors import ToolError
from chatls.store import writing
from chatls.store.coding import Blotted, squeezed
from chatls.store.connection import Tables
from chatls.store.held import HeldTurn
from chatls.store.searching import WordIndex
from chatls.tools.tool import ToolContext
from chatls.values import dataclass
from chatls.workspace.openfile import open_beneath
from chatls.workspace.textfile import NoTextError, decode, holds, plain
from chatls.workspace.workspace import Workspace

MOST = 4 * 2**20
"""Bytes of a file that is kept."""
ABSENT, UNKNOWN = "absent", "unknown"
_DISK, _OPEN = b"d", b"t"

FileState = bytes | OSError | None
"""Its bytes behind a `d`, or its text in the editor behind a `t`; None: there is none; or why it cannot be read."""


@dataclass(slots=True, eq=False)
class FileChanges:
    """What one call does to files."""

    turn: HeldTurn
    call: str
    before: Mapping[Path, FileState]
    after: Mapping[Path, FileState] = field(default_factory=dict[Path, FileState])

    def write_before(self, connection: Tables, words: WordIndex) -> None:
        """What they are, and all that was said before. In the thread that writes."""
        place = self.turn.write_news(connection, words)
        for path, state in self.before.items():
            name = self._put(connection, state)
            if place is not None:
                writing.put_change(connection, place.turn, self.call, os.fsencode(path), before=name, after=UNKNOWN)

    def write_after(self, connection: Tables, words: WordIndex) -> None:
        """What became of them."""
        place = self.turn.write_news(connection, words)
        if place is None:
            return
        for path, state in self.after.items():
            name, was = os.fsencode(path), self.before[path]
            if state == was and not isinstance(state, OSError):
                writing.drop_change(connection, place.turn, self.call, name)
            else:
                kept = self._put(connection, was)
                writing.put_change(
                    connection, place.turn, self.call, name, before=kept, after=self._put(connection, state)
                )

    def _put(self, connection: Tables, state: FileState) -> str:
        """Keep what a file is; gives the name of it."""
        if isinstance(state, OSError):
            return UNKNOWN
        name, data = named(state, self.turn.keys)
        if data is not None:
            writing.put_text(connection, name, data)
        return name


async def states(paths: Sequence[Path], context: ToolContext) -> Mapping[Path, FileState]:
    """What files are now."""
    if not paths:
        return {}
    workspace = context.workspace.renewed(context.editor)
    return await to_thread.run_sync(lambda: {path: _looked(workspace, path) for path in paths})


def _looked(workspace: Workspace, path: Path) -> FileState:
    try:
        return state_of(workspace, path)
    except OSError as error:
        return error


def state_of(workspace: Workspace, path: Path) -> bytes | None:
    """A file's bytes behind a `d`, or its text in the editor behind a `t`; None where there is none. Blocks.

    Raises `OSError` where it cannot be read, or is too large.
    """
    try:
        opened = workspace.open_text(path)
    except ToolError:
        opened = None
    if opened is not None:
        return _OPEN + opened.encode("utf-8", "surrogatepass")
    data = on_disk(path)
    return None if data is None else _DISK + data


def on_disk(path: Path) -> bytes | None:
    """What a file holds. Raises `OSError` where it cannot be read, or is too large."""
    try:
        with open_beneath(path.parent, path) as file:
            if os.fstat(file.fileno()).st_size > MOST:
                raise OSError(f"{path} is too large")
            pieces = list[bytes]()
            while piece := file.read(MOST):
                pieces.append(piece)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return b"".join(pieces)


def named(state: bytes | None, keys: Blotted) -> tuple[str, bytes | None]:
    """The name under which a state is kept, and what is kept of it: nothing where it holds a key, or is too long."""
    if state is None:
        return ABSENT, None
    if len(state) > MOST or keys.stand_in(state):
        return UNKNOWN, None
    return sha256(state).hexdigest(), squeezed(state)


def text_in(state: bytes) -> str | None:
    """The text of a file as it was kept; None where it is none."""
    if state[:1] == _OPEN:
        return state[1:].decode("utf-8", "surrogatepass")
    try:
        return decode(state[1:]).text
    except NoTextError:
        return None


def is_same(one: bytes | None, other: bytes | None) -> bool:
    """Whether a file is what it was, whether or not it is open by now."""
    if one is None or other is None or one[:1] == other[:1]:
        return one == other
    disk, text = (one, other) if one[:1] == _DISK else (other, one)
    return holds(disk[1:], text[1:].decode("utf-8", "surrogatepass"))


def raw(state: bytes) -> bytes | None:
    """The bytes on the disk; None where its text in the editor was kept."""
    return state[1:] if state[:1] == _DISK else None


def plainly(state: bytes) -> str:
    """Its text with plain line ends; empty where it is none."""
    return plain(text_in(state) or "")
