"""The mention `@buffers`: the documents that are open."""

from itertools import islice

from anyio import to_thread

from chatls.content import ContentBlock, TextContent
from chatls.tools.tool import ToolContext
from chatls.workspace.workspace import Workspace

MOST = 200
"""Documents that are named."""


async def buffers(context: ToolContext, _argument: str | None) -> tuple[ContentBlock, ...]:
    """Their names, and which have changes that are not on the disk."""
    count = len(context.editor.open_documents())
    return (TextContent(await to_thread.run_sync(_told, context.workspace, count, abandon_on_cancel=True)),)


def _told(workspace: Workspace, count: int) -> str:
    unsaved, inside = set(workspace.unsaved()), workspace.open_inside()
    if not inside:
        return "[No document of the workspace is open in the editor.]"
    names = [f"{workspace.display(path)}{' (not saved)' if path in unsaved else ''}" for path in islice(inside, MOST)]
    left = len(inside) - len(names)
    more = [f"[and {left} more]"] if left else []
    outside = count - len(inside)
    more += [f"[and {outside} outside of the workspace]"] if outside > 0 else []
    return "\n".join(("[The documents that are open in the editor:]", *names, *more))
