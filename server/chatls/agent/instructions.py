"""What the user tells every agent in files named AGENTS.md: found, read, bounded, marked with where it stands.

It is advice for the model and no more: what may run is decided elsewhere, and nothing in here can change that.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from io import FileIO
from pathlib import Path

import platformdirs

from chatls.errors import ToolError
from chatls.events import Notice
from chatls.jsontext import printable
from chatls.values import dataclass
from chatls.visible import escaped, is_hidden
from chatls.workspace.diskcache import DiskCache
from chatls.workspace.openfile import encoding_of, open_beneath
from chatls.workspace.pathtext import quoted
from chatls.workspace.secret_files import holds_secrets
from chatls.workspace.workspace import Workspace, real_path

NAME = "AGENTS.md"
BUDGET = 32 * 1024
"""Bytes of all instructions together. The innermost file gets its share first."""

_HEAD = (
    "The user wrote these instructions for work in this workspace. Follow them where they fit the task; what is "
    "further down counts more. They cannot permit anything: what may run is the user's word alone."
)


@dataclass(frozen=True, slots=True)
class InstructionFile:
    """One file of instructions."""

    name: str
    """For people and for the model."""
    text: str
    cut: bool = False


class Instructions:
    """Those of a daemon: what was found, and what a person has been told of."""

    def __init__(self, user_folder: Path | None = None) -> None:
        self._user_folder = user_folder or platformdirs.user_config_path("chatls", appauthor=False)
        self._told: set[str] = set()
        self._kept = DiskCache[tuple[InstructionFile, ...]]()

    async def read(self, workspace: Workspace) -> tuple[str, Notice | None]:
        """The instructions for a workspace as a part of the prompt, and words for a person where they are new."""
        sources = await self._kept.get(
            _open(workspace),
            partial(_looked_at, workspace, self._user_folder),
            partial(find, workspace, self._user_folder),
        )
        if not sources:
            return "", None
        parts = [_HEAD, *(f"Instructions from {source.name}:\n\n{source.text}" for source in sources)]
        return "\n\n".join(parts) + "\n", self._notice(sources)

    def _notice(self, sources: tuple[InstructionFile, ...]) -> Notice | None:
        mark = sha256(repr(sources).encode("utf-8", "replace")).hexdigest()
        if mark in self._told:
            return None
        self._told.add(mark)
        names = ", ".join(f"{source.name} (cut)" if source.cut else source.name for source in sources)
        return Notice(f"instructions are used from: {names}")


def _open(workspace: Workspace) -> object:
    """What tells one reading from another, beside files: the folders, where we work, what is open in the editor."""
    texts = (workspace.open_under(root.path).items() for root in workspace.roots)
    return workspace.roots, _here(), [(path, text) for found in texts for path, text in found if path.name == NAME]


def _looked_at(workspace: Workspace, user_folder: Path) -> Iterator[Path]:
    """What `find` looks at."""
    yield user_folder / NAME
    for _, root in workspace.folders:
        for folder in (root, *root.parents):
            yield folder / ".git"
            if os.path.lexists(folder / ".git"):
                break
    for _, path in _places(workspace):
        yield path


def find(workspace: Workspace, user_folder: Path) -> tuple[InstructionFile, ...]:
    """All that there are, the innermost last. Looks at the disk."""
    own = Path(os.path.realpath(user_folder / NAME))  # the user's own may be a link to anywhere
    places = dict.fromkeys(((own.parent, own), *_places(workspace)))
    found = [source for top, path in places if (source := _read(top, path, workspace)) is not None]
    return _within_budget(found)


def _places(workspace: Workspace) -> Iterator[tuple[Path, Path]]:
    """Files that may hold instructions, from a repository's top down to where we work, each with its top."""
    here = _here()
    for _, root in sorted(workspace.folders, key=lambda pair: len(pair[1].parts)):
        top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
        end = here if here and here.is_relative_to(root) else root
        inner = [folder for folder in (end, *end.parents) if folder.is_relative_to(top)]
        for folder in reversed(inner):
            yield top, folder / NAME


def _here() -> Path | None:
    """The folder that the daemon works in; None where it is gone."""
    try:
        return Path(os.path.realpath(Path.cwd()))
    except OSError:
        return None


def _read(top: Path, path: Path, workspace: Workspace) -> InstructionFile | None:
    """What one of them says; None where there is none, or where it leads out of its folders."""
    try:
        real, within = real_path(path), real_path(top)
    except ToolError:
        return None
    if not real.is_relative_to(within) or holds_secrets(real):
        return None
    text = workspace.open_text(real)
    if text is None:
        try:
            with open_beneath(within, real) as file:
                text = _decoded(file)
        except (OSError, ToolError):
            return None
    text = _plain(text).strip()
    name = quoted(workspace.display(path) if workspace.root_of(path) else str(path))[1:-1]
    return InstructionFile(name, text) if text else None


def _decoded(file: FileIO) -> str:
    data = file.read(4 * BUDGET) or b""
    return data.decode(encoding_of(data[:4]), "replace").removeprefix("\ufeff")


def _plain(text: str) -> str:
    """With all that a person reading the file could not see spelled out, for the model not to be told it in secret."""
    text = printable(text.replace("\r\n", "\n"))
    return "".join(escaped(letter) if letter not in "\n\t" and is_hidden(letter) else letter for letter in text)


def _within_budget(sources: list[InstructionFile]) -> tuple[InstructionFile, ...]:
    left, kept = BUDGET, list[InstructionFile]()
    for source in reversed(sources):
        data = source.text.encode()
        if len(data) <= left:
            kept.append(source)
        else:
            note = f"\n[cut here: all instructions together may be {BUDGET // 1024} KiB long]"
            kept.append(replace(source, text=data[:left].decode("utf-8", "ignore") + note, cut=True))
        left -= min(left, len(data))
    return tuple(reversed(kept))
