"""Mentions of places: files, folders, what is selected, and the problems there."""

import re
from collections.abc import Awaitable
from typing import Any, cast

from anyio import to_thread

from chatls.content import ContentBlock, Range, ResourceLink, TextContent, line_range
from chatls.errors import ToolError
from chatls.tools.diagnostics import diagnostics
from chatls.tools.list_files import list_files
from chatls.tools.tool import Tool, ToolContext, ToolOutput
from chatls.workspace.workspace import Workspace

_LINES = re.compile(r"(.*)#L(\d{1,9})(?:-L?(\d{1,9}))?", re.DOTALL)


async def file(context: ToolContext, argument: str | None) -> tuple[ContentBlock, ...]:
    """A link to a file, or to lines of it: it is read as those that clients send."""
    if not argument:
        raise ToolError("@file needs the path of a file")
    return (await to_thread.run_sync(_link, context.workspace, argument, abandon_on_cancel=True),)


async def selection(context: ToolContext, argument: str | None) -> tuple[ContentBlock, ...]:
    """The lines that are selected: the client says which these are."""
    if not argument:
        raise ToolError("nothing is selected: @selection needs the file and its lines, as in path#L10-20")
    return await file(context, argument)


async def folder(context: ToolContext, argument: str | None) -> tuple[ContentBlock, ...]:
    """The names of the files in a folder, as `list_files` tells them."""
    if not argument:
        raise ToolError("@folder needs the path of a folder")
    return await _said(list_files, context, f"The files in {argument}", path=argument)


async def problems(context: ToolContext, argument: str | None) -> tuple[ContentBlock, ...]:
    """What the tool `diagnostics` tells."""
    if not context.editor.diagnoses:
        raise ToolError("this editor does not tell the problems that it shows")
    where = f" in {argument}" if argument else ""
    return await _said(diagnostics, context, f"The problems that the editor shows{where}", path=argument or None)


def place_of(argument: str) -> tuple[str, Range | None]:
    """A path or address, and the lines behind it.

    >>> place_of("src/a.py#L3"), place_of("a#b.py")[1]
    (('src/a.py', Range(start=Position(line=2, character=0), end=Position(line=3, character=0))), None)
    """
    match = _LINES.fullmatch(argument)
    if match is None:
        return argument, None
    first = max(int(match[2]), 1)
    return match[1], line_range(first, max(int(match[3] or first), first))


def _link(workspace: Workspace, argument: str) -> ResourceLink:
    place, part = place_of(argument)
    return ResourceLink(workspace.uri(workspace.resolve(place)), part)


async def _said(tool: Tool, context: ToolContext, head: str, **arguments: Any) -> tuple[ContentBlock, ...]:
    """What a tool tells."""
    found = await cast(Awaitable[ToolOutput], tool.run(context, **arguments))
    text = "\n".join(item.text for item in found.content if isinstance(item, TextContent))
    return (TextContent(f"[{head}:]\n{text}"),)
