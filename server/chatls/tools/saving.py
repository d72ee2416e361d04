"""Open documents and the disk, where the two meet: what an edit changed is saved behind it, and what a command cannot
see, because it is not saved, is named.
"""

from collections.abc import Sequence
from pathlib import Path

from chatls.editor import Editor, OpenDocument
from chatls.tools.targets import Target
from chatls.tools.tool import ToolContext
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace

_MOST_NAMED = 10


async def saved(context: ToolContext, target: Target) -> str | None:
    """Have a document saved that the agent has just changed, by the rule of `edits.save`. Gives the text that it has
    then, which a formatter may have made another one; None where it was not saved.
    """
    if context.save == "never" or not target.saved:
        return None
    if target.uri not in await context.editor.save([target.uri]):
        return None
    now = _document(context.editor, target.path)
    return now.text if now else None


async def save_before(context: ToolContext, places: Sequence[Path]) -> None:
    """Save what is unsaved before a command runs, if `edits.save` says `all`."""
    if places and context.save == "all":
        await context.editor.save([context.workspace.uri(place) for place in places])


def unsaved_words(workspace: Workspace, places: Sequence[Path], *, saving: bool = False) -> str:
    """What to say of documents that a command does not see as the editor shows them; nothing where there is none.

    `saving`: they will be saved before it runs.
    """
    if not places:
        return ""
    names = ", ".join(quoted(workspace.display(place)) for place in places[:_MOST_NAMED])
    more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
    what = "will be saved before it runs" if saving else "these have changes that are not on the disk"
    return f"{what}: {names}{more}"


def _document(editor: Editor, path: Path) -> OpenDocument | None:
    return editor.open_documents().get(path)
