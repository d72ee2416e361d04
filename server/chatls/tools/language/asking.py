"""Asks the language servers of the editor about a symbol that is named by its line."""

from pathlib import Path

from anyio import to_thread

from chatls.content import JsonObject, Location, Position, line_range
from chatls.errors import ToolError
from chatls.language import LanguageFindings, LanguageKind, LanguageRequest
from chatls.tools.changes.changing import renamed
from chatls.tools.fresh import fresh
from chatls.tools.language.spots import SymbolSpot, spot, telling
from chatls.tools.lookalike import Meant, meant
from chatls.tools.tool import ToolContext
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import MOST_BYTES, NoTextError, decode, plain
from chatls.workspace.workspace import Workspace

PATH = "The file, as other tools name it."
LINE = "A line on which the symbol stands, from 1."
SYMBOL = "Its name as it stands there; with more around it (a.name) if the name stands there twice."

_MOST_ASKED = 5
"""Times that a symbol stands on one line of which each is asked about."""
FILE_NAMES = ("file_path", "filePath", "file")
_NAMES = {
    "path": FILE_NAMES,
    "line": ("line_number", "lineNumber", "start_line"),
    "symbol": ("name", "symbol_name", "symbolName", "identifier"),
    "new_name": ("newName", "to", "new"),
}


@dataclass(frozen=True, slots=True)
class SoughtSymbol:
    """A symbol that was found on its line."""

    context: ToolContext
    file: Path
    spot: SymbolSpot
    position: Position
    said: Meant
    """What the path was taken for."""

    async def find(self, kind: LanguageKind, new_name: str | None = None) -> LanguageFindings:
        """What is known of the symbol. Raises `ToolError`."""
        uri = self.context.workspace.uri(self.file)
        return await self.context.editor.language(LanguageRequest(kind, uri, self.position, None, new_name))


async def asked(context: ToolContext, tool: str, path: str, line: int, symbol: str) -> SoughtSymbol:
    """Find a symbol on its line. Raises `ToolError` where it is not there, or may be one of several."""
    context, file, said = await document(context, tool, path)
    found = await to_thread.run_sync(_spot, context.workspace, file, symbol, line, abandon_on_cancel=True)
    many = [
        SoughtSymbol(context, file, found, found.position(column, context.editor.encoding), said)
        for column in found.columns[:_MOST_ASKED]
    ]
    if len(many) > 1:
        known = [(await one.find("definition")).places for one in many]
        if len({frozenset((place.uri, place.range) for place in places) for places in known}) > 1:
            texts = await to_thread.run_sync(telling, found, _MOST_ASKED, abandon_on_cancel=True)
            which = ", ".join(map(quoted, texts))
            raise ToolError(
                f"{quoted(found.symbol)} stands {len(found.columns)} times on line {line}, for different symbols: "
                f"give more of what stands around it as symbol, one of {which}"
            )
    return many[0]


async def document(context: ToolContext, tool: str, path: str) -> tuple[ToolContext, Path, Meant]:
    """A file that the model may read, as the editor has it now. Raises `ToolError`."""
    said = await meant(context.workspace, path)
    context = await fresh(context, lambda space: [space.readable(said.path)])
    file = await to_thread.run_sync(context.workspace.readable, said.path, abandon_on_cancel=True)
    if context.hides(tool, context.workspace, [file]):
        raise ToolError(f"a rule of the user's does not let you read {quoted(said.path)} unasked")
    if file.suffix == ".ipynb":
        raise ToolError(f"{quoted(said.path)} is a notebook, of whose cells language servers are not asked: use search")
    return context, file, said


def lines_of(workspace: Workspace, file: Path) -> list[str]:
    """The lines of a file, without what ends them; an open document's text first. Blocks. Raises `ToolError`."""
    text = workspace.open_text(file)
    if text is None:
        try:
            with workspace.open_file(file) as source:
                data = source.read(MOST_BYTES + 1) or b""
        except OSError as error:
            raise workspace.failure(file, error) from error
        try:
            text = decode(data[:MOST_BYTES]).text
        except NoTextError as error:
            raise ToolError(f"{quoted(workspace.display(file))} {error}") from error
    return plain(text).split("\n")


def _spot(workspace: Workspace, file: Path, symbol: str, line: int) -> SymbolSpot:
    return spot(workspace.display(file), lines_of(workspace, file), symbol, line)


# What is asked about a call before it runs


def tidy(arguments: JsonObject) -> JsonObject:
    """Habits of models: other names."""
    return renamed(arguments, _NAMES)


def shown(arguments: JsonObject) -> str:
    """The symbol of a call and where it stands, for its title."""
    symbol, path = (quoted(arguments[name])[1:-1] for name in ("symbol", "path"))
    return f"{symbol} {path}:{arguments['line']}"


def locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    """The line that a call is about."""
    place = workspace.locate(arguments["path"]) if arguments.get("path") else None
    line = arguments.get("line")
    return (Location(workspace.uri(place), line_range(line, line) if line else None),) if place else ()
