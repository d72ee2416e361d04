"""The tool `diagnostics`: the problems that the editor shows, of one file, of a folder, or of all."""

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, Location, TextContent
from chatls.editor import Problem, Severity
from chatls.errors import ToolError
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace

_MOST = 200
"""Problems of one answer; the gravest are kept."""
_MOST_BYTES = 49_000
"""Of lines; the rest of 50 KB is for the words around them."""
_LONGEST_MESSAGE = 400
_RANKS: tuple[Severity, ...] = ("error", "warning", "information", "hint")
_NAMES = {"information": "note"}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A problem of a file that may be shown."""

    path: Path
    name: str
    problem: Problem

    @property
    def rank(self) -> int:
        return _RANKS.index(self.problem.severity)

    @property
    def line(self) -> str:
        return problem_line(self.name, self.problem)

    @property
    def place(self) -> tuple[str, int, int]:
        start = self.problem.range.start
        return self.name, start.line, start.character


def _title(arguments: JsonObject) -> str:
    path = arguments.get("path")
    return f"diagnostics {quoted(path)[1:-1]}" if path else "diagnostics"


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    place = workspace.locate(arguments["path"]) if arguments.get("path") else None
    return (Location(workspace.uri(place)),) if place else ()


@tool(kind="read", title=_title, locate=_locate, needs="diagnostics")
async def diagnostics(
    context: ToolContext,
    path: Annotated[str | None, Field(description="Only of this file or folder; without it, of all.")] = None,
) -> ToolOutput:
    """Read the errors and warnings that the user's editor shows, as its language servers and linters found them.

    Each line is file:line:column, how grave it is, who says so, and what. Many editors know only files that are open.
    """
    only = await to_thread.run_sync(context.workspace.readable, path) if path else None
    whole = only is None or await to_thread.run_sync(only.is_dir)
    problems = await context.editor.problems(None if whole or only is None else context.workspace.uri(only))
    return await to_thread.run_sync(_answer, context.workspace, problems, only)


def problem_line(name: str, problem: Problem) -> str:
    """A problem in one line: "src/app.py:12:5 error pyright(reportX): message"."""
    start = problem.range.start
    code = f"({problem.code})" if problem.code else ""
    source = f" {problem.source}{code}" if problem.source or code else ""
    message = "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(problem.message.split()))
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}..."
    return f"{name}:{start.line + 1}:{start.character + 1} {problem.severity}{source}: {message}"


def _answer(workspace: Workspace, problems: Iterable[Problem], only: Path | None) -> ToolOutput:
    found = [item for item in _visible(workspace, problems) if only is None or item.path.is_relative_to(only)]
    where = f" in {workspace.display(only)}" if only else ""
    if not found:
        return ToolOutput((TextContent(f"the editor shows no problems{where}; it may know only files that are open"),))
    shown = _fitting(sorted(found, key=lambda item: (item.rank, item.place))[:_MOST])
    head = _head(found, where)
    if len(shown) < len(found):
        head += f"; the {len(shown)} gravest are shown: give a path to see those of a file or folder"
    lines = (item.line for item in sorted(shown, key=lambda item: item.place))
    return ToolOutput((TextContent("\n".join((head, "", *lines))),), truncated=len(shown) < len(found))


def _fitting(found: list[_Placed]) -> list[_Placed]:
    """Those that an answer can hold."""
    sizes = accumulate(len(item.line.encode("utf-8", "replace")) + 1 for item in found)
    return [item for item, size in zip(found, sizes, strict=True) if size <= _MOST_BYTES]


def _visible(workspace: Workspace, problems: Iterable[Problem]) -> list[_Placed]:
    """Those of files inside the workspace that hold no secrets: a message may quote what stands there."""
    places: dict[str, tuple[Path, str] | None] = {}
    for problem in problems:
        if problem.uri not in places:
            places[problem.uri] = _place(workspace, problem.uri)
    named = ((places[problem.uri], problem) for problem in problems)
    return [_Placed(*place, problem) for place, problem in named if place is not None]


def _place(workspace: Workspace, uri: str) -> tuple[Path, str] | None:
    if not uri.lower().startswith("file:"):
        return None  # "untitled:x" would be a file of that name
    try:
        path = workspace.readable(uri)
    except ToolError:
        return None
    return path, workspace.display(path)


def _head(found: list[_Placed], where: str) -> str:
    counts = Counter(item.problem.severity for item in found)
    parts = [_count(counts[kind], _NAMES.get(kind, kind)) for kind in _RANKS if counts[kind]]
    files = len({item.path for item in found})
    return f"{', '.join(parts)}{where}" if where else f"{', '.join(parts)} in {_count(files, 'file')}"


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number} {word}s"
