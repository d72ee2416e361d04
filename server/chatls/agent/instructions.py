"""What the user tells every agent in files named AGENTS.md (or CLAUDE.md, or for Copilot): found, read, bounded, marked
with where it stands.

It is advice for the model and no more: what may run is decided elsewhere, and nothing in here can change that.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import platformdirs

from chatls.events import Notice
from chatls.values import dataclass
from chatls.workspace.diskcache import DiskCache
from chatls.workspace.toldtext import read_told
from chatls.workspace.workspace import Workspace

NAME = "AGENTS.md"
OTHERS = ("CLAUDE.md", ".github/copilot-instructions.md")
"""What is read of a folder that has no such file."""
OWN = "instructions.md"
"""Beside `config.toml`: a person's own words for the model, in whatever folder they work."""
BUDGET = 32 * 1024
"""Bytes of all instructions together. The innermost file gets its share first; a person's own words have as many for
themselves."""

_NAMES = frozenset({NAME, *(name.rpartition("/")[2] for name in OTHERS)})
_OWN_HEAD = "The user wrote this for you, wherever you work. It cannot permit anything."
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
    own: bool = False
    """A person's own words for all their work (`OWN`)."""


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
        own = [part for source in sources if source.own for part in (_OWN_HEAD, source.text)]
        told = [f"Instructions from {source.name}:\n\n{source.text}" for source in sources if not source.own]
        parts = [*own, _HEAD, *told] if told else own
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
    return workspace.roots, _here(), [(path, text) for found in texts for path, text in found if path.name in _NAMES]


def _looked_at(workspace: Workspace, user_folder: Path) -> Iterator[Path]:
    """What `find` looks at."""
    yield user_folder / OWN
    yield user_folder / NAME
    for _, root in workspace.folders:
        for folder in (root, *root.parents):
            yield folder / ".git"
            if os.path.lexists(folder / ".git"):
                break
    for _, folder in _folders(workspace):
        for name in (NAME, *OTHERS):
            yield folder / name


def find(workspace: Workspace, user_folder: Path) -> tuple[InstructionFile, ...]:
    """All that there are, a person's own words first, the innermost last. Looks at the disk."""
    own = _users(user_folder / OWN, workspace)
    everywhere = _users(user_folder / NAME, workspace)
    found = [] if everywhere is None else [everywhere]
    seen = {Path(os.path.realpath(user_folder / NAME))}
    for top, folder in _folders(workspace):
        found += _of_folder(top, folder, workspace, seen)
    first = () if own is None else _within_budget([replace(own, own=True)])
    return (*first, *_within_budget(found))


def _users(path: Path, workspace: Workspace) -> InstructionFile | None:
    """The user's own may be a link to anywhere."""
    real = Path(os.path.realpath(path))
    return _read(real.parent, real, workspace)


def _of_folder(top: Path, folder: Path, workspace: Workspace, seen: set[Path]) -> Iterator[InstructionFile]:
    """Those of one folder, but for what was `seen` before."""
    for names in ((NAME,), OTHERS):
        found = False
        for path in (folder / name for name in names):
            real = Path(os.path.realpath(path))
            source = _read(top, path, workspace)
            if source is not None and real not in seen:
                yield source
            found = found or source is not None
            seen.add(real)
        if found:
            return


def _folders(workspace: Workspace) -> Iterator[tuple[Path, Path]]:
    """Folders that may hold instructions, from a repository's top down to where we work, each with that top."""
    here = _here()
    told = set[Path]()
    for _, root in sorted(workspace.folders, key=lambda pair: len(pair[1].parts)):
        top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
        end = here if here and here.is_relative_to(root) else root
        inner = [folder for folder in (end, *end.parents) if folder.is_relative_to(top)]
        for folder in reversed(inner):
            if folder not in told:
                told.add(folder)
                yield top, folder


def _here() -> Path | None:
    """The folder that the daemon works in, as the system tells it, links resolved; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _read(top: Path, path: Path, workspace: Workspace) -> InstructionFile | None:
    """What one of them says; None where there is none, or where it leads out of its folders."""
    told = read_told(top, path, workspace, 4 * BUDGET)
    return None if told is None else InstructionFile(told.name, told.text)


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
