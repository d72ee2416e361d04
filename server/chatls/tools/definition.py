"""The tool `definition`: where a symbol is defined and what the editor's language servers tell of it."""

from typing import Annotated

from pydantic import Field

from chatls.errors import ToolError
from chatls.tools.language.asking import LINE, PATH, SYMBOL, SoughtSymbol, asked, locate, shown, tidy
from chatls.tools.language.places import ToldPlaces, told
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.workspace.pathtext import quoted

_LONGEST_TEXT = 4000


@tool(
    kind="read",
    title=lambda arguments: f"definition {shown(arguments)}",
    locate=locate,
    needs="language",
    tidy=tidy,
)
async def definition(
    context: ToolContext,
    path: Annotated[str, Field(description=PATH)],
    line: Annotated[int, Field(ge=1, description=LINE)],
    symbol: Annotated[str, Field(description=SYMBOL)],
) -> ToolOutput:
    """Find where a symbol is defined, and its type and documentation, by the user's language servers.

    Better than a search for names that stand in many places. Text that is not saved counts.
    """
    found = await asked(context, "definition", path, line, symbol)
    places = await told(found.context, "definition", await found.find("definition"))
    text = await _documentation(found, places)
    name = quoted(found.spot.symbol)
    head = f"{name} is defined in:" if places.lines or places.notes else f"no definition of {name} is known"
    return found.said.tell(places.output(head, *([f"what is told of it:\n{text}"] if text else [])))


async def _documentation(found: SoughtSymbol, places: ToldPlaces) -> str:
    """What is told of the symbol; nothing where it is defined in what the model may not read: it may quote that."""
    if places.blocked:
        return ""
    try:
        text = (await found.find("hover")).text
    except ToolError:
        return ""  # some cannot tell
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} [the rest is left out]"
