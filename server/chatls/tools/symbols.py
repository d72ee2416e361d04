"""The tool `symbols`: what is in a file, or which symbols of the workspace have a name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, TextContent
from chatls.errors import ToolError
from chatls.language import LanguageFindings, LanguagePlace, LanguageRequest
from chatls.tools.changes.changing import renamed
from chatls.tools.language.asking import FILE_NAMES, document, locate
from chatls.tools.language.places import kind_of, name_of, told
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.workspace.pathtext import quoted

_MOST = 500
_DEEPEST = 12


def _title(arguments: JsonObject) -> str:
    given = (arguments[name] for name in ("query", "path") if arguments.get(name))
    return " ".join(("symbols", *(quoted(word)[1:-1] for word in given)))


def _tidy(arguments: JsonObject) -> JsonObject:
    """Habits of models: other names."""
    return renamed(arguments, {"path": FILE_NAMES, "query": ("name", "symbol", "pattern")})


@tool(kind="search", title=_title, locate=locate, needs="language", tidy=_tidy)
async def symbols(
    context: ToolContext,
    path: Annotated[str | None, Field(description="Of this file: its outline, with the lines of each symbol.")] = None,
    query: Annotated[str | None, Field(description="A name or a part of it; without a path, in the workspace.")] = None,
) -> ToolOutput:
    """List the classes, functions and the like of a file, or find them by name, by the user's language servers.

    Give a path, a query, or both.
    """
    if path:
        context, file, said = await document(context, "symbols", path)
        request = LanguageRequest("documentSymbols", context.workspace.uri(file))
        findings = await context.editor.language(request)
        return said.tell(await to_thread.run_sync(_outline, context, file, findings, query))
    if not query:
        raise ToolError("give a path, a query, or both")
    findings = await context.editor.language(LanguageRequest("workspaceSymbols", symbol=query))
    places = await told(context, "symbols", findings, labels=True)
    found = len(findings.places) + findings.left_out
    head = f"{found} found for {quoted(query)}" if found else f"no symbol is known like {quoted(query)}"
    return places.output(head)


def _outline(context: ToolContext, file: Path, findings: LanguageFindings, query: str | None) -> ToolOutput:
    """The symbols of a file, those that are in others behind them and further to the right."""
    name = context.workspace.display(file)
    places = [one for one in findings.places if not query or query.casefold() in (one.name or "").casefold()]
    like = f" like {quoted(query)}" if query else ""
    if not places:
        return ToolOutput((TextContent(f"no symbols{like} are known in {name}"),))
    over = len(places) - _MOST + findings.left_out
    head = f"{name}: {len(places)} symbols{like}, by their lines" if len(places) > 1 else f"{name}: 1 symbol{like}"
    if over > 0:
        head += f"; {over} more are left out: give a query"
    return ToolOutput((TextContent("\n".join((head, "", *_lines(places[:_MOST])))),), truncated=over > 0)


def _lines(places: Sequence[LanguagePlace]) -> list[str]:
    return [
        f"{_span(place)}\t{'  ' * min(max(place.level or 0, 0), _DEEPEST)}{kind_of(place)} {name_of(place)}"
        for place in places
    ]


def _span(place: LanguagePlace) -> str:
    whole = place.whole or place.range
    first, last = whole.start.line + 1, whole.end.line + (whole.end.character > 0)
    return f"{first}-{last}" if last > first else f"{first}"
