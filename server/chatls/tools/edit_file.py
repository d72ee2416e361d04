"""The tool `edit_file`: exact replacements in one file, all or none."""

from typing import Annotated, Any, cast

from anyio import to_thread
from pydantic import Field

from chatls import jsontext
from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.tools.changing import Target, locate, look_at, plan, renamed, require_seen, serial, shown
from chatls.tools.edits import Edit, edited
from chatls.tools.tool import Plan, ToolContext, tool

_NAMES = {"path": ("file_path", "filePath", "file")}
_EDIT_NAMES = {
    "old_text": ("old_string", "oldText", "oldString", "old_str"),
    "new_text": ("new_string", "newText", "newString", "new_str"),
    "replace_all": ("replaceAll",),
}


def _title(arguments: JsonObject) -> str:
    count = len(arguments["edits"])
    return f"edit_file {shown(arguments)}{f' ({count} edits)' if count > 1 else ''}"


def _tidy(arguments: JsonObject) -> JsonObject:
    """Habits of models: other names, one edit beside the path, the list as one edit or as text."""
    arguments = renamed(arguments, _NAMES)
    if "edits" not in arguments:
        arguments = renamed(arguments, _EDIT_NAMES)
        single = {name: arguments.pop(name) for name in _EDIT_NAMES if name in arguments}
        arguments |= {"edits": single} if single else {}
    edits: Any = arguments.get("edits")
    if isinstance(edits, str):
        edits = _parsed(edits)
    match edits:
        case None:
            return arguments
        case list():
            edits = [_tidy_edit(item) for item in cast(list[Any], edits)]
        case _:
            edits = [_tidy_edit(edits)]
    return {**arguments, "edits": edits}


def _parsed(text: str) -> Any:
    try:
        return jsontext.loads_leniently(text)
    except ValueError:
        return text


def _tidy_edit(edit: Any) -> Any:
    if not isinstance(edit, dict):
        return edit
    members = renamed(cast(JsonObject, edit), _EDIT_NAMES)
    return {name: value for name, value in members.items() if value is not None}


@tool(kind="edit", read_only=False, title=_title, locate=locate, serial=serial, tidy=_tidy)
async def edit_file(
    context: ToolContext,
    path: Annotated[str, Field(description="The file: relative to the workspace, as other tools name it.")],
    edits: Annotated[
        list[Edit], Field(min_length=1, description="Made in this order, each in what the former left; all or none.")
    ],
) -> Plan:
    """Change a file by replacing exact pieces of its text.

    Read the file first. Copy `old_text` from it exactly, indents included, without the line numbers that read_file
    shows, and with as many lines around it as make it the only such place. Keep edits small: only the lines that
    change and a few around them. Put all changes of a file in one call. The answer shows the difference, and problems
    that the editor finds since.
    """
    target = await to_thread.run_sync(look_at, context.workspace, path, abandon_on_cancel=True)
    if not target.exists:
        missing = context.workspace.missing
        error = await to_thread.run_sync(missing, target.path, abandon_on_cancel=True)
        raise ToolError(f"{error}; write_file makes a new file")
    require_seen(context, target)
    return await to_thread.run_sync(_plan, context, target, edits, abandon_on_cancel=True)


def _plan(context: ToolContext, target: Target, edits: list[Edit]) -> Plan:
    text = edited(target.text, edits, target.name)
    count = "" if len(edits) == 1 else f" with {len(edits)} edits"
    return plan(context, target, text, f"edit_file {target.name}", f"changed {target.name}{count}")
