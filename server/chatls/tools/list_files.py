"""The tool `list_files`: what the workspace holds, told within bounds however much that is."""

import functools
import os
from dataclasses import field
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, Location, TextContent
from chatls.errors import ToolError
from chatls.tools.areas import Area, areas
from chatls.tools.lookalike import Meant, meant
from chatls.tools.outline import outline
from chatls.tools.searching.ripgrep import Exit, Names, find, run
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace

_MOST_RESULTS = 2000
_MOST_NAMES = 50_000
"""Files that are looked at."""
_MOST_BYTES = 49_000
"""Of lines; the rest of 50 KB is for the words around them."""
_LONGEST_COMPLAINT = 400


@dataclass(slots=True)
class _Gathered:
    """What was found so far."""

    names: set[str] = field(default_factory=set[str])
    unsaved: set[str] = field(default_factory=set[str])
    """Of `names`, those of documents that are not on the disk yet."""
    cut: bool = False
    """There are more."""
    complaint: str = ""

    def add(self, workspace: Workspace, area: Area, found: Names, ended: Exit | None) -> None:
        """Put in what one run found, and the open documents there."""
        inner = (area.inner(name) for name in found.names)
        self.names |= {
            workspace.name_in(area.root, name) for name in inner if area.is_file or area.wanted.includes(name)
        }
        new = {workspace.display(path) for path in area.documents(workspace) if not os.path.lexists(path)}
        self.names |= new
        self.unsaved |= new
        self.cut = self.cut or found.cut
        if ended and ended.code not in (None, 0, 1):
            self.complaint = ended.complaints or f"ripgrep ended with code {ended.code}"


def _title(arguments: JsonObject) -> str:
    place = "".join(f" {quoted(arguments[name])[1:-1]}" for name in ("path", "glob") if arguments.get(name))
    return f"list_files{place}"


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    place = workspace.locate(arguments["path"]) if arguments.get("path") else None
    return (Location(workspace.uri(place)),) if place else ()


@tool(kind="search", title=_title, locate=_locate)
async def list_files(
    call: ToolContext,
    path: Annotated[str | None, Field(description="The folder to list; without it, all there is.")] = None,
    glob: Annotated[
        str | None, Field(description="Only files like *.py,*.md or src/**/*.{js,ts}; !*.md: all but.")
    ] = None,
    max_results: Annotated[int, Field(ge=1, description="The most lines to answer with.")] = 200,
) -> ToolOutput:
    """List the files of the workspace, those in inner folders too.

    Where there are more than `max_results`, folders stand for their files, with the number of them; list such a
    folder by its `path`. Hidden files are listed; those that .gitignore hides are not, unless `path` is their folder.
    """
    named = await meant(call.workspace, path, folders=True) if path else Meant("")
    path = named.path or None
    places = await to_thread.run_sync(areas, call.workspace, path, glob, abandon_on_cancel=True)
    program = find(folder for _, folder in call.workspace.folders)
    listing = _Gathered()
    for area in places:
        found, ended = await _names(program, area, max(0, _MOST_NAMES - len(listing.names)))
        await to_thread.run_sync(listing.add, call.workspace, area, found, ended, abandon_on_cancel=True)
    room = min(max_results, _MOST_RESULTS)
    return named.tell(await to_thread.run_sync(_answer, call.workspace, listing, room, path, glob))


async def _names(program: str, area: Area, limit: int) -> tuple[Names, Exit | None]:
    if not area.on_disk:
        return Names(limit), None
    command = ("--files", "--null", *area.flags, "--", area.argument)
    taker = functools.partial(Names, limit)
    return await run(program, command, folder=area.folder, root=area.root, taker=taker, separator=b"\0")


def _answer(workspace: Workspace, listing: _Gathered, room: int, path: str | None, glob: str | None) -> ToolOutput:
    if not listing.names:
        return _nothing(listing, path, glob)
    lines, left = outline(sorted(listing.names), room)
    lines = [f"{line} (not saved yet)" if line in listing.unsaved else line for line in lines]
    fitting = _fitting(lines)
    parts = [_count(len(listing.names), at_least=listing.cut)]
    if any(line.endswith((" files)", " file)")) for line in lines):
        parts.append("list a folder by its path to see what is in it")
    if left or fitting < len(lines):
        parts.append("not all are shown: give a narrower path or glob, or a larger max_results")
    if gone := workspace.gone_roots():
        parts.append(f"these folders are gone: {', '.join(map(workspace.display, gone))}")
    if listing.complaint:
        parts.append(f"not everything could be listed: {listing.complaint.splitlines()[0][:_LONGEST_COMPLAINT]}")
    text = "\n".join(("; ".join(parts), "", *lines[:fitting]))
    return ToolOutput((TextContent(text),), truncated=len(parts) > 1 or listing.cut)


def _nothing(listing: _Gathered, path: str | None, glob: str | None) -> ToolOutput:
    if listing.complaint:
        raise ToolError(f"nothing could be listed: {listing.complaint[:_LONGEST_COMPLAINT]}")
    where = f" in {quoted(path)}" if path else ""
    which = f" like {quoted(glob)}" if glob else ""
    return ToolOutput((TextContent(f"no files{which}{where}; files that .gitignore hides are not listed"),))


def _fitting(lines: list[str]) -> int:
    """How many lines an answer can hold."""
    room = _MOST_BYTES
    for index, line in enumerate(lines):
        room -= len(line.encode()) + 1
        if room < 0:
            return index
    return len(lines)


def _count(files: int, *, at_least: bool) -> str:
    number = "1 file" if files == 1 else f"{files} files"
    return f"at least {number}" if at_least else number
