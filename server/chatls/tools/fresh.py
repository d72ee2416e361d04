"""Has the editor read anew what it shows in an older form, before a tool looks at it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from anyio import to_thread

from chatls.tools.tool import ToolContext
from chatls.workspace.workspace import Workspace


async def fresh(context: ToolContext, places: Callable[[Workspace], Iterable[Path]]) -> ToolContext:
    """The context with what is open now, after the editor was asked to reload what is outdated among `places`.

    `places` is called in a worker thread; what it raises is raised here.
    """

    def outdated() -> list[str]:
        space = context.workspace
        found = (place for place in places(space) if space.open_document(place))
        return [space.uri(place) for place in found if space.standing(place) == "outdated"]

    uris = await to_thread.run_sync(outdated, abandon_on_cancel=True)
    if not uris:
        return context
    await context.editor.reload(uris)
    return replace(context, workspace=context.workspace.renewed(context.editor))
