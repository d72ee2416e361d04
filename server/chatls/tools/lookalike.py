"""A path that names nothing -> the one thing that it can mean: a name that only looks the same, or lies elsewhere.

Composed letters for decomposed ones, other blanks, quotes and dashes, upper for lower case, a file's last names alone.
Only what is unique is taken, and the answer says so. For what exists already: a new file is called as it is written.
"""

import functools
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import anyio
from anyio import to_thread

from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools.areas import areas
from chatls.tools.searching.ripgrep import Names, find, run
from chatls.tools.tool import Plan, ToolOutput
from chatls.values import dataclass
from chatls.workspace.pathtext import local_path, quoted
from chatls.workspace.workspace import Workspace, real_path

_MOST_ENTRIES = 5000
"""Names of one folder that are compared."""
_MOST_FILES = 50_000
_PATIENCE = 1.0
"""Seconds for the names of all files."""
_NAMED = 5
_SIGNS = str.maketrans(
    dict.fromkeys("\u2018\u2019\u02bc", "'") | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a path means."""

    path: str
    """As tools take it."""
    word: str = ""
    """To be told where it is not the path that was given."""

    def tell(self, output: ToolOutput) -> ToolOutput:
        """The answer, with that word in front."""
        if not self.word:
            return output
        match output.content:
            case (TextContent(text), *others):
                return replace(output, content=(TextContent(f"{self.word}\n{text}"), *others))
            case others:
                return replace(output, content=(TextContent(self.word), *others))

    def tell_then(self, plan: Plan) -> Plan:
        """The same for what comes of a plan."""

        async def carry_out() -> ToolOutput:
            return self.tell(await plan.carry_out())

        return replace(plan, carry_out=carry_out) if self.word else plan


async def meant(workspace: Workspace, text: str, *, folders: bool = False) -> Meant:
    """What a path means; the path itself where nothing else can be meant. `folders`: these are looked for as well.

    Raises `ToolError` where several files have the name.
    """
    if await to_thread.run_sync(_is_plain, workspace, text):
        return Meant(text)
    found = await to_thread.run_sync(_walked, workspace, text)
    if found is None or (not folders and await to_thread.run_sync(found.is_dir)):
        found = await _elsewhere(workspace, text, folders=folders)
    return Meant(text) if found is None else await to_thread.run_sync(_named, workspace, text, found)


def _is_plain(workspace: Workspace, text: str) -> bool:
    """Whether there is such a file, or whether it is for the tool to say why there is none."""
    try:
        path = workspace.resolve(text, beside=True)
    except ToolError:
        place = workspace.locate(text)
        return place is not None or _suffix(text) is None  # behind a link that leads nowhere, for one
    is_open = workspace.open_document(path) is not None or bool(workspace.open_under(path))
    return is_open or os.path.lexists(path) or workspace.is_beside(path)


def _walked(workspace: Workspace, text: str) -> Path | None:
    """The place whose names look like those of the path, one after the other."""
    place = workspace.locate(text)
    root = workspace.root_of(place) if place else None
    if place is None or root is None:
        return None
    here = root
    for name in place.relative_to(root).parts:
        if workspace.root_of(real_path(here)) is None:
            return None
        names = _entries(workspace, here)
        like = name if name in names else _only(names, name)
        if like is None:
            return None
        here /= like
    return here


def _entries(workspace: Workspace, folder: Path) -> set[str]:
    names = {place.relative_to(folder).parts[0] for place in workspace.open_under(folder) if place != folder}
    try:
        with os.scandir(folder) as entries:
            return names | {entry.name for entry in islice(entries, _MOST_ENTRIES)}
    except OSError:
        return names


async def _elsewhere(workspace: Workspace, text: str, *, folders: bool) -> Path | None:
    """The one file whose path ends like that."""
    wanted = _suffix(text)
    if wanted is None or not workspace.folders:
        return None
    paths = await _all_files(workspace)
    if folders:
        paths |= {folder for place in paths for folder in place.parents}
    return await to_thread.run_sync(_ending, workspace, text, wanted, paths)


def _suffix(text: str) -> tuple[str, ...] | None:
    """The names of a relative path; None for any other."""
    try:
        local = local_path(text)
    except ToolError:
        return None
    parts = Path(local).parts
    return parts if parts and not Path(local).is_absolute() and ".." not in parts and local != "." else None


async def _all_files(workspace: Workspace) -> set[Path]:
    """All files that are not ignored; none where these are too many."""
    found = set[Path]()
    with anyio.move_on_after(_PATIENCE) as scope:
        for area in await to_thread.run_sync(areas, workspace, None, None):
            program = find(folder for _, folder in workspace.folders)
            command = ("--files", "--null", *area.flags, "--", area.argument)
            taker = functools.partial(Names, _MOST_FILES)
            names, _ = await run(program, command, folder=area.folder, root=area.root, taker=taker, separator=b"\0")
            if names.cut:
                return set()
            found |= {area.path(name) for name in names.names}
            found |= area.documents(workspace).keys()
    return set() if scope.cancelled_caught else found


def _ending(workspace: Workspace, text: str, wanted: Sequence[str], places: Iterable[Path]) -> Path | None:
    by_ending: dict[tuple[str, ...], list[Path]] = {}
    for place in places:
        by_ending.setdefault(place.parts[-len(wanted) :], []).append(place)
    for key in _KEYS:
        sought = tuple(key(name) for name in reversed(wanted))
        fitting = (ending for ending in by_ending if _fits(key, ending, sought))
        found = [place for ending in fitting for place in by_ending[ending] if workspace.root_of(place)]
        if len(found) > 1:
            shown = ", ".join(quoted(workspace.display(place)) for place in sorted(found)[:_NAMED])
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            raise ToolError(f"there is no {quoted(text)}; several are called like that: {shown}{more}")
        if found:
            return found[0]
    return None


def _fits(key: Callable[[str], str], ending: Sequence[str], sought: Sequence[str]) -> bool:
    """`sought` begins with the last name."""
    return len(ending) == len(sought) and all(map(lambda name, want: key(name) == want, reversed(ending), sought))


def _only(names: Collection[str], name: str) -> str | None:
    """The only one of the names that looks like a name, by the narrowest measure that any fits."""
    for key in _KEYS:
        found = [one for one in names if key(one) == key(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _named(workspace: Workspace, text: str, found: Path) -> Meant:
    name = workspace.display(found)
    looks_same = _plain(name) == _plain(text)
    address = f" ({found.as_uri()})" if looks_same and name != found.as_uri() else ""
    return Meant(
        name, f"there is no {quoted(text)}: this is {quoted(name)}{address}, the only one that is called like that"
    )


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _plain(name: str) -> str:
    """Without what only a close look tells apart: kinds of blanks, quotes and dashes, and invisible characters."""
    if name.isascii():
        return _BLANKS.sub(" ", name).strip()
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", seen).translate(_SIGNS)).strip()


def _caseless(name: str) -> str:
    return _plain(name).casefold()


_KEYS: tuple[Callable[[str], str], ...] = (str, _composed, _plain, _caseless)
"""Measures of likeness, the narrowest first."""
