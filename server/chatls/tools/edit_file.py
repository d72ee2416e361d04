"""The tool `edit_file`: exact replacements in one file or several, all or none."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

from anyio import to_thread
from pydantic import Field

from chatls import jsontext
from chatls.content import JsonObject, Location
from chatls.errors import ToolError
from chatls.tools.changes.changing import Wish, changed_since, plan, renamed, serial, shown
from chatls.tools.changes.edits import Edit, count, edited, lines_of
from chatls.tools.changes.targets import Target, look
from chatls.tools.fresh import fresh
from chatls.tools.lookalike import meant
from chatls.tools.tool import EVERYTHING, Plan, ToolContext, tool
from chatls.workspace.notebook import is_notebook
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace

_NAMES = {"path": ("file_path", "filePath", "file")}
_EDIT_NAMES = {
    "path": _NAMES["path"],
    "old_text": ("old_string", "oldText", "oldString", "old_str"),
    "new_text": ("new_string", "newText", "newString", "new_str"),
    "replace_all": ("replaceAll",),
}


def _title(arguments: JsonObject) -> str:
    count, others = len(arguments["edits"]), len(_paths(arguments)) - 1
    words = " ".join([f"{count} edits"] * (count > 1) + [f"in {others + 1} files"] * (others > 0))
    return f"edit_file {shown(arguments)}{f' ({words})' if words else ''}"


def _paths(arguments: JsonObject) -> tuple[str, ...]:
    """The files that a call names, each once."""
    return tuple(dict.fromkeys((edit.path or arguments["path"]) for edit in arguments["edits"]))


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    places = (workspace.locate(path) for path in _paths(arguments))
    return tuple(Location(workspace.uri(place)) for place in places if place)


def _serial(workspace: Workspace, arguments: JsonObject) -> str:
    path, *others = _paths(arguments)
    return EVERYTHING if others else serial(workspace, {"path": path})


def _tidy(arguments: JsonObject) -> JsonObject:
    """Habits of models: other names, one edit beside the path, the list as one edit or as text."""
    arguments = renamed(arguments, _NAMES)
    if "edits" not in arguments:
        arguments = renamed(arguments, _EDIT_NAMES)
        single = {name: arguments.pop(name) for name in _EDIT_NAMES if name != "path" and name in arguments}
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
    return {**_first_path(edits), **arguments, "edits": edits}


def _first_path(edits: list[Any]) -> JsonObject:
    """The call's path, where only the edits name files."""
    named = [cast(JsonObject, edit).get("path") for edit in edits if isinstance(edit, dict)]
    return {"path": named[0]} if named and isinstance(named[0], str) else {}


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


@tool(kind="edit", read_only=False, title=_title, locate=_locate, serial=_serial, tidy=_tidy)
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
    change and a few around them. Put all changes of a file in one call, and those of several files that belong
    together: the user is asked once. The answer shows the difference, and problems that the editor finds since.
    """
    named = {name: await meant(context.workspace, name) for name in dict.fromkeys(edit.path or path for edit in edits)}
    edits = [replace(edit, path=named[edit.path or path].path) for edit in edits]
    context = await fresh(context, lambda space: (space.changeable(one.path) for one in named.values()))
    plan = await to_thread.run_sync(_plan, context, path, edits, abandon_on_cancel=True)
    for one in named.values():
        plan = one.tell_then(plan)
    return plan


def _plan(context: ToolContext, path: str, edits: list[Edit]) -> Plan:
    by_file: dict[Path, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(context.workspace.changeable(edit.path or path), []).append(edit)
    if len({context.workspace.root_of(place) for place in by_file}) > 1:
        raise ToolError("these files lie in different folders of the workspace: make one call for each folder")
    wishes = [_wish(context, place, list(part)) for place, part in by_file.items()]
    return plan(context, wishes, f"edit_file {', '.join(wish.target.name for wish in wishes)}")


def _wish(context: ToolContext, path: Path, edits: list[Edit]) -> Wish:
    target = look(context.workspace, path)
    if not target.exists:
        raise ToolError(f"{context.workspace.missing(path)}; write_file makes a new file")
    if is_notebook(path, target.text):
        raise ToolError(f"{quoted(target.name)} is a notebook: change its cells with edit_notebook")
    if not context.by_person:
        _require_known(context, target, edits)
    number = "" if len(edits) == 1 else f" with {len(edits)} edits"
    make: Callable[[str], str] = partial(edited, edits=edits, name=target.name)
    return Wish(target, partial(_tried, context, target, make), f"changed {target.name}{number}", rebases=True)


def _tried(context: ToolContext, target: Target, make: Callable[[str], str], text: str) -> str:
    """The edited text. What fails because the file changed since it was read says what changed."""
    try:
        return make(text)
    except ToolError as error:
        raise ToolError(f"{error}{changed_since(context, target)}") from error


def _require_known(context: ToolContext, target: Target, edits: list[Edit]) -> None:
    """Raise `ToolError` unless the model has seen what the edits are about: the file, or these very lines of it."""
    seen = context.seen
    if not seen.ever(target.path):
        lines = {line for edit in edits for line in lines_of(target.text, edit)}
        if not lines or not lines <= seen.lines(target.path):
            raise ToolError(f"you have not read {quoted(target.name)} yet: read it with read_file, then change it")
    elif not seen.still(target.path, target.text):
        known = seen.text(target.path)
        for edit in filter(lambda edit: edit.replace_all, edits):
            if known is None or count(known, edit) != count(target.text, edit):
                news = changed_since(context, target)
                raise ToolError(
                    f"{quoted(target.name)} has changed since you read it, and old_text stands at more or fewer places "
                    f"now: read it again, then change it{news}"
                )
