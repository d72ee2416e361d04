"""Which tools are offered: those that are not disabled, and that the editor has all it takes for."""

from collections.abc import Sequence

from chatls.config import Settings
from chatls.editor import Editor
from chatls.tools.tool import Tool


def usable(tools: Sequence[Tool], editor: Editor, settings: Settings) -> dict[str, Tool]:
    """The tools that a model may be offered, by name, in their own order."""
    return {
        tool.name: tool for tool in tools if tool.name not in settings.tools.disabled and why_not(tool, editor) is None
    }


def why_missing(name: str, tools: Sequence[Tool], editor: Editor, settings: Settings) -> str:
    """Why a tool that somebody named cannot be offered, as words for a person."""
    there = usable(tools, editor, settings)
    known = next((tool for tool in tools if tool.name == name and name not in settings.tools.disabled), None)
    if known is not None and (why := why_not(known, editor)):
        return f"the tool {name!r} cannot be used here: {why}"
    return f"there is no tool {name!r}; the tools are: {', '.join(there)}"


def why_not(tool: Tool, editor: Editor) -> str | None:
    """What the editor lacks for a tool, as words for a person; None where it lacks nothing."""
    if not tool.read_only and not editor.asks:
        return "it changes things, and this editor cannot ask for permission (experimental.chat.permission)"
    if tool.needs == "diagnostics" and not editor.diagnoses:
        return "this editor does not tell the problems that it shows (experimental.chat.diagnostics)"
    return None
