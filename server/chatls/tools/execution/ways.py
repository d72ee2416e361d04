"""In which ways a command may be carried out: outside, in the sandbox, or in one of them alone."""

from anyio import to_thread

from chatls.children.commands import quiet_environment
from chatls.children.wall.git_moves import moved_by
from chatls.children.wall.wall import Wall
from chatls.errors import ToolError
from chatls.tools.execution.launch import Launch, programs_in, roots_of
from chatls.tools.tool import ToolContext
from chatls.values import dataclass
from chatls.visible import visible_line

NETWORK = "the network: all that it reaches, this machine's services included"


@dataclass(frozen=True, slots=True)
class Ways:
    """Of one command."""

    outside: bool = True
    inside: bool = False
    needs: tuple[str, ...] = ()
    """What the sandbox does not give."""
    why: str = ""
    """Why it cannot run inside, though there is a sandbox; for a person."""


async def ways(context: ToolContext, order: Launch, beyond: str | None) -> Ways:
    """How a command may run. `beyond`: why it has to run outside. Looks at the disk. Raises `ToolError` where all has
    to run inside and this cannot."""
    wall: Wall | None = context.commands.wall
    required = context.sandbox == "required"
    if context.sandbox == "off" or wall is None:
        if required:
            raise ToolError("commands.sandbox is required, and there is no sandbox here")
        return Ways()
    roots = roots_of(context)
    if why := await wall.why_not(roots):
        if required:
            raise ToolError(f"nothing was run: commands.sandbox is required, and it does not work here: {why}")
        return Ways()
    needs = (*((NETWORK,) if order.network else ()), *((_outside(beyond),) if beyond is not None else ()))
    moved = await to_thread.run_sync(_moved, context, order, abandon_on_cancel=True)
    why = f"it would change {', '.join(moved[:3])}, which is read-only in the sandbox" if moved else ""
    if not required:
        return Ways(inside=not needs and not moved, needs=needs, why=why)
    if beyond is not None or moved:
        reason = why or "outside was asked for"
        raise ToolError(f"nothing was run: commands.sandbox is required, and {reason}. Ask the user to run it")
    return Ways(outside=False, inside=True, needs=needs)


def _moved(context: ToolContext, order: Launch) -> tuple[str, ...]:
    git = programs_in(context, order.folder).find("git")
    return moved_by(order.command, order.folder, git, quiet_environment(context.commands.environment))


def _outside(beyond: str) -> str:
    return f"to run outside of the sandbox: {visible_line(beyond)[:200]}"
