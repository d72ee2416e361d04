"""The tool `rename_symbol`: a symbol's name in all files, by a language server; one edit of the editor's, one undo."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import Range
from chatls.errors import ToolError
from chatls.language import DocumentEdits
from chatls.tools.changes.changing import Wish, plan
from chatls.tools.changes.targets import Target, look
from chatls.tools.fresh import fresh
from chatls.tools.language.asking import LINE, PATH, SYMBOL, asked, locate, shown, tidy
from chatls.tools.tool import EVERYTHING, Plan, ToolContext, tool
from chatls.visible import visible_line
from chatls.workspace.pathtext import quoted
from chatls.workspace.positions import line_spans, offset
from chatls.workspace.workspace import Workspace

_MOST_FILES = 200
_MOST_TEXT = 16 * 2**20
"""Characters of all files that are changed."""
_NEW_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_NOTHING = "Nothing was changed."


@tool(
    kind="edit",
    read_only=False,
    title=lambda arguments: f"rename_symbol {shown(arguments)} to {quoted(arguments['new_name'])[1:-1]}",
    locate=locate,
    serial=lambda _space, _arguments: EVERYTHING,
    needs="language",
    tidy=tidy,
)
async def rename_symbol(
    context: ToolContext,
    path: Annotated[str, Field(description=PATH)],
    line: Annotated[int, Field(ge=1, description=LINE)],
    symbol: Annotated[str, Field(description=SYMBOL)],
    new_name: Annotated[str, Field(description="Its new name.")],
) -> Plan:
    """Rename a variable, function, class or the like wherever it is used, by the user's language servers.

    Changes all files at once, and what is not this very symbol stays. Better than edits of each place.
    """
    if not _NEW_NAME.fullmatch(new_name):
        raise ToolError(f"new_name: {quoted(new_name[:200])} is no name")
    found = await asked(context, "read_file", path, line, symbol)  # what is changed, the gate weighs
    if new_name == found.spot.symbol:
        raise ToolError(f"it is called {quoted(new_name)} already")
    edits = (await found.find("rename", new_name)).edits
    if not any(document.edits for document in edits):
        raise ToolError(f"the language servers cannot rename {quoted(found.spot.symbol)}. {_NOTHING}")
    context = found.context
    files = await to_thread.run_sync(_files, context.workspace, edits, abandon_on_cancel=True)
    _require_shown(context, files)
    await _require_fresh(context, list(files))
    label = f"rename {found.spot.symbol} to {new_name}"
    return found.said.tell_then(
        await to_thread.run_sync(_planned, context, files, label, context.editor.encoding, abandon_on_cancel=True)
    )


def _files(workspace: Workspace, edits: Sequence[DocumentEdits]) -> dict[Path, list[DocumentEdits]]:
    """What is to be done, by file. Raises `ToolError` where one of them may not be changed."""
    files = dict[Path, list[DocumentEdits]]()
    for document in edits:
        if not document.uri.lower().startswith("file:"):
            place = visible_line(document.uri)
            raise ToolError(f"it would change what is no file of its own, {quoted(place)}. {_NOTHING}")
        files.setdefault(workspace.changeable(document.uri), []).append(document)
        if len(files) > _MOST_FILES:
            raise ToolError(
                f"it would change more than {_MOST_FILES} files: ask the user to rename it in the editor. {_NOTHING}"
            )
    return files


def _require_shown(context: ToolContext, files: dict[Path, list[DocumentEdits]]) -> None:
    if hidden := context.hides("read_file", context.workspace, files):
        raise ToolError(
            f"it would change {len(hidden)} of {len(files)} files that a rule of the user's does not let you read "
            f"unasked: ask the user to rename it in the editor. {_NOTHING}"
        )


async def _require_fresh(context: ToolContext, files: list[Path]) -> None:
    """Raise `ToolError` where the editor showed an older text: what a language server said is about that one."""
    if (await fresh(context, lambda _: files)) is not context:
        raise ToolError(f"the editor has just read files anew that were changed on the disk: call it again. {_NOTHING}")


def _planned(context: ToolContext, files: dict[Path, list[DocumentEdits]], label: str, encoding: str) -> Plan:
    targets = {path: look(context.workspace, path) for path in files}
    if sum(len(target.text) for target in targets.values()) > _MOST_TEXT:
        raise ToolError(
            f"the files that it would change are too large: ask the user to rename it in the editor. {_NOTHING}"
        )
    wishes = [_wish(targets[path], documents, encoding) for path, documents in files.items()]
    changed = [wish for wish in wishes if wish.make(wish.target.text) != wish.target.text]
    if not changed:
        raise ToolError(f"the language servers would change nothing. {_NOTHING}")
    return plan(context, changed, label, together=True)


def _wish(target: Target, documents: Sequence[DocumentEdits], encoding: str) -> Wish:
    if not target.exists:
        raise ToolError(f"there is no {quoted(target.name)}, which the language server wants to change. {_NOTHING}")
    if target.path.suffix == ".ipynb":
        raise ToolError(
            f"it would change {quoted(target.name)}, a notebook: ask the user to rename it in the editor. {_NOTHING}"
        )
    versions = {document.version for document in documents} - {None}
    if target.document is not None and versions - {target.document.version}:
        raise ToolError(f"{quoted(target.name)} has just changed in the editor: call it again. {_NOTHING}")
    edits = [(edit.range, edit.new_text) for document in documents for edit in document.edits]
    return Wish(target, partial(_edited, edits, target.name, encoding), f"changed {target.name}")


def _edited(edits: Sequence[tuple[Range, str]], name: str, encoding: str, text: str) -> str:
    """A text after edits that all count from it as it is. Raises `ToolError` where they overlap."""
    spans, pieces, at = line_spans(text), list[str](), 0
    placed = [
        (*(offset(text, spans, (one.line, one.character), encoding) for one in (where.start, where.end)), new)
        for where, new in edits
    ]
    for start, end, new in sorted(set(placed), key=lambda item: item[:2]):
        if start < at:
            raise ToolError(f"the language server's edits of {quoted(name)} overlap. {_NOTHING}")
        pieces += (text[at:start], new)
        at = end
    return "".join((*pieces, text[at:]))
