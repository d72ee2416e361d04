"""The tool `search`: ripgrep over the workspace, with the text of unsaved documents in place of their files."""

import functools
import os
import re
from collections.abc import Callable
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated

import anyio
from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, Location, TextContent
from chatls.errors import ToolError
from chatls.tools.areas import Area, areas
from chatls.tools.fresh import fresh
from chatls.tools.lookalike import Meant, meant
from chatls.tools.searching.confirmed import confirm
from chatls.tools.searching.findings import Findings
from chatls.tools.searching.matches import COLUMNS, Columns, Matches, PlaceOf, PlacesOf, joined
from chatls.tools.searching.query import OutputForm, Query
from chatls.tools.searching.ripgrep import Exit, Names, find, run
from chatls.tools.searching.searched import LARGEST, Searched, searched
from chatls.tools.searching.tallies import Tallies
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.secret_files import CANDIDATES, holds_secrets
from chatls.workspace.secret_look import is_secret_file
from chatls.workspace.workspace import Workspace

_MOST_RESULTS = 2000
_MOST_CONTEXT = 20
_MOST_SECRETS = 500
_LARGEST_NAMED = 200_000_000
"""Bytes of a file that was named itself."""
_SECOND_LOOK = 2.0
"""Seconds to find matches again in order, where there are too many: the first to come are others each time."""


@dataclass(frozen=True, slots=True)
class _Where:
    """Where to search."""

    program: str
    areas: tuple[Area, ...]
    unsaved: dict[Path, str]
    """Open documents whose text is not what lies on the disk."""
    secret: list[Path]
    """Open documents that are not searched."""
    outdated: list[Path]
    """Open documents that the editor shows in an older form."""


@dataclass(frozen=True, slots=True)
class _Search:
    """One search under way."""

    workspace: Workspace
    plan: _Where
    query: Query
    flags: tuple[str, ...]
    findings: Findings
    denied: Callable[[Path], bool]
    """Whether a person's rules keep the model from reading a file. On the event loop."""
    others: set[Path] = field(default_factory=set[Path])
    """Files that are searched though they are called like such that hold secrets."""

    async def documents(self) -> None:
        """Search the text of unsaved documents."""
        if not self.plan.unsaved:
            return
        if self.query.form == "lines" and not self.query.crosses_lines:
            text, place = joined(self.plan.unsaved, self.findings.context)
            await self._document(text, place)
            return
        for path, text in self.plan.unsaved.items():
            if not self.findings.cut:
                await self._document(*joined({path: text}, 0))

    async def _document(self, text: bytes, place: PlaceOf) -> None:
        found, ended = await run(
            self.plan.program,
            (*self.flags, *self.query.shown(self.findings.room), "--text", "--encoding=none", "--", "-"),
            folder=self.plan.areas[0].root,
            taker=self._taker(lambda _: place),
            source=text,
        )
        await self._add(found, ended)

    async def files(self, area: Area) -> None:
        """Search the files of one place."""
        secret, others = ([], []) if area.is_file else await self._candidates(area)
        for path in secret:
            self.findings.leave_out(path)
        self.others.update(map(area.path, others))
        left_out = () if area.is_file else tuple(f"--iglob=!{glob}" for glob in CANDIDATES)
        places = ("--", *(("-",) if area.is_file else (area.argument, *others)))
        shown = self.query.shown(self.findings.room)
        command = (*self.flags, *shown, f"--max-filesize={LARGEST}", *area.flags, *left_out)
        found, ended = await self._run(area, (*command, *places))
        if found.cut and not area.is_file:
            with anyio.move_on_after(_SECOND_LOOK):
                found, ended = await self._run(area, (*command, "--sort=path", *places))
        if not area.is_file:
            self.findings.unsteady += await to_thread.run_sync(confirm, self.workspace, found)
        await self._add(found, ended)

    def _taker(self, place: PlacesOf) -> Callable[[], Matches | Tallies]:
        if self.query.form == "lines":
            return functools.partial(Matches, place, self.findings.room, self.findings.context)
        return functools.partial(Tallies, place, self.findings.room)

    async def _add(self, found: Matches | Tallies, ended: Exit) -> None:
        """Lines are printed without the places of their matches: in the long ones, these are asked for."""
        if isinstance(found, Matches) and found.whole:
            columns, _ = await run(
                self.plan.program,
                (*self.flags, *COLUMNS, "--", "-"),
                folder=self.plan.areas[0].root,
                taker=Columns,
                source=b"\n".join(raw for _, raw in found.whole),
            )
            found.centre(columns.first)
        self.findings.add(found, ended)

    async def _run(self, area: Area, command: tuple[str, ...]) -> tuple[Matches | Tallies, Exit]:
        """A file that was named is read by way of us: what is put in its place meanwhile is not."""
        taker = self._taker(functools.partial(self._open, area))
        look = functools.partial(run, self.plan.program, command, folder=area.folder, root=area.root, taker=taker)
        if not area.is_file:
            return await look()
        with await to_thread.run_sync(self.workspace.open_file, area.place) as file:
            return await look(source=file)

    def _open(self, area: Area, name: str) -> PlaceOf | None:
        path = area.path(name)
        if holds_secrets(path):  # by its folder's name, which ripgrep does not see if that is the root or above
            self.findings.leave_out(path)
            return None
        wanted = area.includes(path) and path not in self.plan.unsaved and not self.denied(path)
        return (lambda number: (path, number)) if wanted else None

    async def _candidates(self, area: Area) -> tuple[list[Path], list[str]]:
        """The area's files that hold secrets, and those whose names only look like it."""
        command = ("--files", "--null", *(f"--iglob={glob}" for glob in CANDIDATES), *area.flags, "--", area.argument)
        taker = functools.partial(Names, _MOST_SECRETS)
        found, _ = await run(
            self.plan.program, command, folder=area.folder, root=area.root, taker=taker, separator=b"\0"
        )
        wanted = [name for name in sorted(found.names) if area.includes(area.path(name))]
        hidden = await to_thread.run_sync(_secret, area, wanted)
        return [area.path(name) for name in hidden], [name for name in wanted if name not in hidden]


def _secret(area: Area, names: list[str]) -> list[str]:
    return [name for name in names if is_secret_file(area.path(name))]


def _title(arguments: JsonObject) -> str:
    place = "".join(f" {quoted(arguments[name])[1:-1]}" for name in ("path", "glob") if arguments.get(name))
    return f"search {quoted(arguments['pattern'])}{place}"


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    place = workspace.locate(arguments["path"]) if arguments.get("path") else None
    return (Location(workspace.uri(place)),) if place else ()


@tool(kind="search", title=_title, locate=_locate)
async def search(
    call: ToolContext,
    pattern: Annotated[
        str, Field(min_length=1, description="A regular expression; matched within single lines, unless it holds \\n.")
    ],
    path: Annotated[str | None, Field(description="The folder or file to search; without it, all there is.")] = None,
    glob: Annotated[
        str | None, Field(description="Only files like *.py,*.md or src/**/*.{js,ts}; !*.md: all but.")
    ] = None,
    *,
    literal: Annotated[bool, Field(description="The pattern is plain text.")] = False,
    case_sensitive: Annotated[bool, Field(description="Tell upper from lower case.")] = False,
    context: Annotated[int, Field(ge=0, description="Lines to show before and after each match.")] = 0,
    max_results: Annotated[int, Field(ge=1, description="The number of matches, or files, after which to stop.")] = 100,
    output: Annotated[
        OutputForm,
        Field(description="What to answer with: the lines, only the names of files, or the matches in each."),
    ] = "lines",
    multiline: Annotated[bool, Field(description="Match across lines; . matches their ends, too.")] = False,
) -> ToolOutput:
    """Search the text of the workspace's files with a regular expression.

    Answers with lines of the form path:line: text, whose path and line `read_file` takes. Text that the user has not
    saved yet is searched too. Files that .gitignore hides are left out unless `path` names them or their folder;
    so are binary files, and files over 10 MB. Where nothing is found, the answer tells how many files were searched.
    """
    around = min(context, _MOST_CONTEXT) if output == "lines" else 0
    query = Query(pattern, literal, case_sensitive, multiline, around, output)
    flags = query.flags()
    named = await meant(call.workspace, path, folders=True) if path else Meant("")
    path = named.path or None
    call = await fresh(call, lambda space: _outdated(space, areas(space, path, glob)))
    plan = await to_thread.run_sync(_plan, call.workspace, path, glob, abandon_on_cancel=True)
    denied = _denied(call)
    if path and plan.areas[0].is_file and denied(plan.areas[0].place):
        raise ToolError(f"{quoted(path)}: a rule of the user's does not let you read it")
    plan = replace(plan, unsaved={place: text for place, text in plan.unsaved.items() if not denied(place)})
    limit = min(max_results, _MOST_RESULTS)
    findings = Findings(limit, around, set(plan.unsaved), plan.secret, plan.outdated, output, query.crosses_lines)
    under_way = _Search(call.workspace, plan, query, flags, findings, denied)
    await under_way.documents()
    for area in plan.areas:
        if area.on_disk and area.place not in plan.unsaved and not findings.cut:
            await under_way.files(area)
    for place, lines in findings.files.items():
        call.seen.note_lines(place, (line.text for line in lines if line.text is not None))
    if findings.count:
        return named.tell(await to_thread.run_sync(findings.output, call.workspace))
    through = await searched(plan.program, call.workspace, plan.areas, plan.unsaved, len(under_way.others))
    return named.tell(await to_thread.run_sync(_nothing, call.workspace, findings, query, (path, glob), through))


def _denied(call: ToolContext) -> Callable[[Path], bool]:
    @functools.cache
    def is_denied(path: Path) -> bool:
        return bool(call.denies("search", call.workspace, [path]))

    return is_denied


def _outdated(workspace: Workspace, places: tuple[Area, ...]) -> list[Path]:
    found = [place for area in places for place in workspace.outdated_under(area.place) if area.includes(place)]
    return [place for place in found if not workspace.is_secret(place)]


def _plan(workspace: Workspace, path: str | None, glob: str | None) -> _Where:
    places = areas(workspace, path, glob)
    for area in places:
        if area.is_file:
            _require_searchable(workspace, path or ".", area)
    documents = {place: text for area in places for place, text in area.documents(workspace).items()}
    secret = [place for place in documents if workspace.is_secret(place)]
    unsaved = {place: documents[place] for place in documents if place not in secret and workspace.is_unsaved(place)}
    outdated = _outdated(workspace, places)
    return _Where(find(folder for _, folder in workspace.folders), places, unsaved, secret, outdated)


def _require_searchable(workspace: Workspace, path: str, area: Area) -> None:
    workspace.readable(path)
    if area.on_disk:
        with workspace.open_file(area.place) as file:
            if os.fstat(file.fileno()).st_size > _LARGEST_NAMED:
                raise ToolError(f"{quoted(path)} is larger than 200 MB, too large to be searched")


def _nothing(
    workspace: Workspace, findings: Findings, query: Query, where: tuple[str | None, str | None], through: Searched
) -> ToolOutput:
    path, glob = where
    words = f" in {quoted(path)}" if path else ""
    words += f" in files like {quoted(glob)}" if glob else ""
    none = ", for there is none like that" if glob and not through.files else ""
    lines = [f"no matches for {quoted(query.pattern)}{words}: {through.summary()}{none}", *findings.notes(workspace)]
    if not query.literal and re.escape(query.pattern) != query.pattern:
        lines.append("It was searched as a regular expression; literal=true searches for it as it stands.")
    lines += filter(None, [through.left_out()])
    return ToolOutput((TextContent("\n".join(lines)),))
