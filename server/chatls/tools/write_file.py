"""The tool `write_file`: a new file, or the whole text of one."""

from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.changing import Target, locate, look_at, plan, renamed, require_seen, serial, shown
from chatls.tools.tool import Plan, ToolContext, tool
from chatls.workspace.textfile import rewritten

_NAMES = {"path": ("file_path", "filePath", "file"), "content": ("contents", "file_text", "text")}


def _title(arguments: JsonObject) -> str:
    return f"write_file {shown(arguments)}"


def _tidy(arguments: JsonObject) -> JsonObject:
    return renamed(arguments, _NAMES)


@tool(kind="edit", read_only=False, title=_title, locate=locate, serial=serial, tidy=_tidy)
async def write_file(
    context: ToolContext,
    path: Annotated[str, Field(description="The file: relative to the workspace. Folders on the way are made.")],
    content: Annotated[str, Field(description="The whole text of the file.")],
) -> Plan:
    """Make a new file, or replace the whole text of one.

    For new files. Change one that is there with edit_file, unless nearly all of it changes: then read it first.
    """
    target = await to_thread.run_sync(look_at, context.workspace, path, abandon_on_cancel=True)
    if target.exists:
        require_seen(context, target)
    return await to_thread.run_sync(_plan, context, target, printable(content), abandon_on_cancel=True)


def _plan(context: ToolContext, target: Target, content: str) -> Plan:
    if "\0" in content:
        raise ToolError("the content holds a NUL character; only text can be written")
    if not target.exists:
        return plan(context, target, content, f"write_file {target.name}", f"made {target.name}")
    text = rewritten(target.text, content.removeprefix("\ufeff"))
    if text == target.text:
        raise ToolError(f"{target.name} holds just this text already. Nothing was changed.")
    return plan(context, target, text, f"write_file {target.name}", f"replaced the text of {target.name}")
