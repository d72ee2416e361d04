"""The tool `references`: where a symbol is used, called or implemented, by the editor's language servers."""

from typing import Annotated, Literal

from pydantic import Field

from chatls.language import LanguageKind
from chatls.tools.language.asking import LINE, PATH, SYMBOL, asked, locate, shown, tidy
from chatls.tools.language.places import told
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.workspace.pathtext import quoted

UseKind = Literal["references", "callers", "implementations"]

_KINDS: dict[UseKind, LanguageKind] = {
    "references": "references",
    "callers": "callers",
    "implementations": "implementation",
}


@tool(
    kind="search",
    title=lambda arguments: f"{arguments['what']} {shown(arguments)}",
    locate=locate,
    needs="language",
    tidy=tidy,
)
async def references(
    context: ToolContext,
    path: Annotated[str, Field(description=PATH)],
    line: Annotated[int, Field(ge=1, description=LINE)],
    symbol: Annotated[str, Field(description=SYMBOL)],
    what: Annotated[
        UseKind,
        Field(description="callers: only the calls, and in which function; implementations: what implements it."),
    ] = "references",
) -> ToolOutput:
    """Find all places where a symbol is used, by the user's language servers: this very symbol, not its namesakes.

    Answers with lines of the form path:line: text, as search does. Text that is not saved counts.
    """
    found = await asked(context, "references", path, line, symbol)
    findings = await found.find(_KINDS[what])
    places = await told(found.context, "references", findings, labels=what == "callers")
    name, count = quoted(found.spot.symbol), len(findings.places) + findings.left_out
    if not count:
        return found.said.tell(places.output(f"no {what} of {name} are known to the language servers"))
    number = f"1 {what.removesuffix('s')}" if count == 1 else f"{count} {what}"
    files = "1 file" if places.files == 1 else f"{places.files} files"
    return found.said.tell(places.output(f"{number} of {name}, in {files} of the workspace"))
