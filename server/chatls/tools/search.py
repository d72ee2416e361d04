"""The tool `search`: ripgrep over the workspace, with the text of unsaved documents in place of their files."""

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import anyio
from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, Location, TextContent
from chatls.errors import ToolError
from chatls.tools.areas import Area, areas
from chatls.tools.findings import Findings
from chatls.tools.matches import COLUMNS, PRINTED, Columns, Matches, PlaceOf, joined
from chatls.tools.ripgrep import Exit, Names, find, run
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.workspace.pathtext import quoted
from chatls.workspace.secret_files import CANDIDATES, holds_secrets
from chatls.workspace.workspace import Workspace

_MOST_RESULTS = 2000
_MOST_CONTEXT = 20
_LONGEST_PATTERN = 10_000
_MOST_SECRETS = 500
_LARGEST = 10_000_000
_LARGEST_NAMED = 200_000_000
"""Bytes of a file that was named itself."""
_SECOND_LOOK = 2.0
"""Seconds to find matches again in order, where there are too many: the first to come are others each time."""


@dataclass(frozen=True, slots=True)
class _Query:
    """What to search for."""

    pattern: str
    literal: bool
    case_sensitive: bool
    context: int

    def flags(self) -> tuple[str, ...]:
        """For ripgrep. Raises `ToolError` for a pattern that no line can match."""
        if len(self.pattern) > _LONGEST_PATTERN:
            raise ToolError(f"the pattern is too long ({len(self.pattern)} characters)")
        if set("\n\r\0") & set(self.pattern):
            raise ToolError("a pattern is matched within single lines: search for a part of one line")
        return (
            "--crlf",
            "--case-sensitive" if self.case_sensitive else "--ignore-case",
            *(["--fixed-strings"] if self.literal else []),
            f"--regexp={self.pattern}",
        )


@dataclass(frozen=True, slots=True)
class _Where:
    """Where to search."""

    program: str
    areas: tuple[Area, ...]
    unsaved: dict[Path, str]
    """Open documents whose text is not what lies on the disk."""
    secret: list[Path]
    """Open documents that are not searched."""


@dataclass(frozen=True, slots=True)
class _Search:
    """One search under way."""

    workspace: Workspace
    plan: _Where
    flags: tuple[str, ...]
    findings: Findings

    async def documents(self) -> None:
        """Search the text of unsaved documents."""
        if not self.plan.unsaved:
            return
        text, place = joined(self.plan.unsaved, self.findings.context)
        matches, ended = await run(
            self.plan.program,
            (*self.flags, *self._shown, "--text", "--encoding=none", "--", "-"),
            folder=self.plan.areas[0].root,
            taker=functools.partial(Matches, lambda _: place, self.findings.room, self.findings.context),
            source=text,
        )
        await self._add(matches, ended)

    async def files(self, area: Area) -> None:
        """Search the files of one place."""
        secret, others = ([], []) if area.is_file else await self._candidates(area)
        for path in secret:
            self.findings.leave_out(path)
        left_out = () if area.is_file else tuple(f"--iglob=!{glob}" for glob in CANDIDATES)
        places = ("--", *(("-",) if area.is_file else (area.argument, *others)))
        most = (f"--max-filesize={_LARGEST}", f"--max-count={self.findings.room + 1}")
        command = (*self.flags, *self._shown, *most, *area.flags, *left_out)
        matches, ended = await self._run(area, (*command, *places))
        if matches.cut and not area.is_file:
            with anyio.move_on_after(_SECOND_LOOK):
                matches, ended = await self._run(area, (*command, "--sort=path", *places))
        await self._add(matches, ended)

    @property
    def _shown(self) -> tuple[str, ...]:
        return (*PRINTED, f"--context={self.findings.context}")

    async def _add(self, matches: Matches, ended: Exit) -> None:
        """Lines are printed without the places of their matches: in the long ones, these are asked for."""
        if matches.whole:
            columns, _ = await run(
                self.plan.program,
                (*self.flags, *COLUMNS, "--", "-"),
                folder=self.plan.areas[0].root,
                taker=Columns,
                source=b"\n".join(raw for _, raw in matches.whole),
            )
            matches.centre(columns.first)
        self.findings.add(matches, ended)

    async def _run(self, area: Area, command: tuple[str, ...]) -> tuple[Matches, Exit]:
        """A file that was named is read by way of us: what is put in its place meanwhile is not."""
        taker = functools.partial(
            Matches, functools.partial(self._open, area), self.findings.room, self.findings.context
        )
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
        wanted = area.includes(path) and path not in self.plan.unsaved
        return (lambda number: (path, number)) if wanted else None

    async def _candidates(self, area: Area) -> tuple[list[Path], list[str]]:
        """The area's files that hold secrets, and those whose names only look like it."""
        command = ("--files", "--null", *(f"--iglob={glob}" for glob in CANDIDATES), *area.flags, "--", area.argument)
        taker = functools.partial(Names, _MOST_SECRETS)
        found, _ = await run(
            self.plan.program, command, folder=area.folder, root=area.root, taker=taker, separator=b"\0"
        )
        wanted = [name for name in sorted(found.names) if area.includes(area.path(name))]
        secret = [area.path(name) for name in wanted if holds_secrets(area.path(name))]
        return secret, [name for name in wanted if not holds_secrets(area.path(name))]


def _title(arguments: JsonObject) -> str:
    place = "".join(f" {quoted(arguments[name])[1:-1]}" for name in ("path", "glob") if arguments.get(name))
    return f"search {quoted(arguments['pattern'])}{place}"


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    place = workspace.locate(arguments["path"]) if arguments.get("path") else None
    return (Location(workspace.uri(place)),) if place else ()


@tool(kind="search", title=_title, locate=_locate)
async def search(
    call: ToolContext,
    pattern: Annotated[str, Field(min_length=1, description="A regular expression, matched within single lines.")],
    path: Annotated[str | None, Field(description="The folder or file to search; without it, all there is.")] = None,
    glob: Annotated[str | None, Field(description="Only files like *.py or src/**/*.{js,ts}; !*.md: all but.")] = None,
    *,
    literal: Annotated[bool, Field(description="The pattern is plain text.")] = False,
    case_sensitive: Annotated[bool, Field(description="Tell upper from lower case.")] = False,
    context: Annotated[int, Field(ge=0, description="Lines to show before and after each match.")] = 0,
    max_results: Annotated[int, Field(ge=1, description="The number of matches after which to stop.")] = 100,
) -> ToolOutput:
    """Search the text of the workspace's files with a regular expression.

    Answers with lines of the form path:line: text, whose path and line `read_file` takes. Text that the user has not
    saved yet is searched too. Files that .gitignore hides are left out unless `path` names them or their folder;
    so are binary files, and files over 10 MB.
    """
    query = _Query(pattern, literal, case_sensitive, min(context, _MOST_CONTEXT))
    flags = query.flags()
    plan = await to_thread.run_sync(_plan, call.workspace, path, glob, abandon_on_cancel=True)
    findings = Findings(min(max_results, _MOST_RESULTS), query.context, set(plan.unsaved), plan.secret)
    under_way = _Search(call.workspace, plan, flags, findings)
    await under_way.documents()
    for area in plan.areas:
        if area.on_disk and area.place not in plan.unsaved and not findings.cut:
            await under_way.files(area)
    return await to_thread.run_sync(_answer, call.workspace, findings, query, path, glob)


def _plan(workspace: Workspace, path: str | None, glob: str | None) -> _Where:
    places = areas(workspace, path, glob)
    for area in places:
        if area.is_file:
            _require_searchable(workspace, path or ".", area)
    documents = {place: text for area in places for place, text in area.documents(workspace).items()}
    secret = [place for place in documents if workspace.is_secret(place)]
    unsaved = {place: documents[place] for place in documents if place not in secret and workspace.is_unsaved(place)}
    return _Where(find(folder for _, folder in workspace.folders), places, unsaved, secret)


def _require_searchable(workspace: Workspace, path: str, area: Area) -> None:
    workspace.readable(path)
    if area.on_disk:
        with workspace.open_file(area.place) as file:
            if os.fstat(file.fileno()).st_size > _LARGEST_NAMED:
                raise ToolError(f"{quoted(path)} is larger than 200 MB, too large to be searched")


def _answer(workspace: Workspace, findings: Findings, query: _Query, path: str | None, glob: str | None) -> ToolOutput:
    if findings.files:
        return findings.output(workspace)
    where = f" in {quoted(path)}" if path else ""
    which = f" in files like {quoted(glob)}" if glob else ""
    lines = [f"no matches for {quoted(query.pattern)}{where}{which}", *findings.notes(workspace)]
    if not query.literal and re.escape(query.pattern) != query.pattern:
        lines.append("It was searched as a regular expression; literal=true searches for it as it stands.")
    lines.append(
        "Ignored (.gitignore) and binary files, and files over 10 MB, are searched only where path names them."
    )
    return ToolOutput((TextContent("\n".join(lines)),))
