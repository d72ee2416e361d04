"""The tool `write_file`: a new file, or the whole text of one."""

from functools import partial
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import JsonObject, TextContent
from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.changes.changing import Wish, locate, plan, renamed, require_seen, serial, shown
from chatls.tools.changes.targets import Target, look_at
from chatls.tools.fresh import fresh
from chatls.tools.notebooks import require_notebook
from chatls.tools.tool import Plan, ToolContext, ToolOutput, tool
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
    context = await fresh(context, lambda space: [space.changeable(path)])
    return await to_thread.run_sync(_plan, context, path, printable(content), abandon_on_cancel=True)


def _plan(context: ToolContext, path: str, content: str) -> Plan:
    target = look_at(context.workspace, path)
    if target.exists and rewritten(target.text, content.removeprefix("\ufeff")) == target.text:
        return Plan(None, (), partial(_as_it_is, context, target))
    if target.exists:
        require_seen(context, target)
    if "\0" in content:
        raise ToolError("the content holds a NUL character; only text can be written")
    require_notebook(target.path, content)
    done = f"replaced the text of {target.name}" if target.exists else f"made {target.name}"
    make = partial(_rewritten if target.exists else _new, content)
    return plan(context, [Wish(target, make, done)], f"write_file {target.name}")


def _new(content: str, _old: str) -> str:
    return content


def _rewritten(content: str, old: str) -> str:
    return rewritten(old, content.removeprefix("\ufeff"))


async def _as_it_is(context: ToolContext, target: Target) -> ToolOutput:
    """A call that is made again, by a model or in a turn that is run again, has what it wants."""
    context.seen.note(target.path, target.text)
    return ToolOutput((TextContent(f"{target.name} holds just this text already. Nothing was changed."),))
