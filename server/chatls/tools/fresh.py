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

    def looked() -> tuple[list[Path], list[str]]:
        space = context.workspace
        found = list(places(space))
        opened = (place for place in found if space.open_document(place))
        return found, [space.uri(place) for place in opened if space.standing(place) == "outdated"]

    paths, uris = await to_thread.run_sync(looked, abandon_on_cancel=True)
    told = await context.editor.look(paths)
    if uris:
        await context.editor.reload(uris)
    return replace(context, workspace=context.workspace.renewed(context.editor)) if told or uris else context
