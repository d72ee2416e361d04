"""Open documents and the disk, where the two meet: what an edit changed is saved behind it, and what a command cannot
see, because it is not saved, is named.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from anyio import to_thread

from chatls.content import TextContent
from chatls.tools.changes.targets import Target
from chatls.tools.tool import ToolContext, ToolOutput
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
    now = context.editor.open_documents().get(target.path)
    return now.text if now else None


async def saved_together(context: ToolContext, targets: Sequence[Target]) -> frozenset[str]:
    """The same for several that were changed as one, by the addresses of those that were saved. One that was not open
    was as it was on the disk."""
    if context.save == "never":
        return frozenset()
    return await context.editor.save([one.uri for one in targets if one.saved or one.document is None])


def unsaved_preview(context: ToolContext) -> str:
    """What a question says of documents that are not saved; nothing where all are. Looks at the disk."""
    places = context.workspace.unsaved()
    what = "Saved before it runs" if context.save == "all" else "Not on the disk, so it does not see them"
    return f"{what}: {_names(context.workspace, places)}" if places else ""


async def on_disk(context: ToolContext, work: Callable[[], Awaitable[ToolOutput]]) -> ToolOutput:
    """Do what sees the disk alone, a command, and tell which documents it did not see as the editor shows them.

    Where `edits.save` says `all` they are saved first. Raises what `work` raises.
    """
    workspace = context.workspace.renewed(context.editor)
    places = await to_thread.run_sync(workspace.unsaved, abandon_on_cancel=True)
    if context.save == "all":
        told = await context.editor.save([workspace.uri(place) for place in places if _may_be_saved(workspace, place)])
        places = [place for place in places if workspace.uri(place) not in told]
    output = await work()
    if not places:
        return output
    note = f"These have changes in the editor that are not on the disk: {_names(workspace, places)}."
    return replace(output, content=(*output.content, TextContent(note)))


def _may_be_saved(workspace: Workspace, place: Path) -> bool:
    """Not over what somebody else wrote."""
    return workspace.standing(place) == "unsaved"


def _names(workspace: Workspace, places: Sequence[Path]) -> str:
    names = ", ".join(quoted(workspace.display(place)) for place in places[:_MOST_NAMED])
    return f"{names} and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else names
