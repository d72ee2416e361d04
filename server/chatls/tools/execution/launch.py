"""A command as it is to be run, and how it is run: started, watched, ended, and told. Knows no question."""

import errno
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from pathlib import Path

from anyio import move_on_after, to_thread

from chatls.children.commands import LONGEST, overlaid, quiet_environment
from chatls.children.process import Child
from chatls.children.programs import Programs, find_program, programs_for, shell_of
from chatls.children.wall.wall import Guest, Stay, Wall
from chatls.errors import ToolError
from chatls.tools.execution.ran import in_background, missing_program, output_of
from chatls.tools.execution.running import Running
from chatls.tools.tool import ToolContext, ToolOutput
from chatls.values import dataclass
from chatls.workspace.beneath import folder_beneath
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import real_path

_MOST_KEPT = 24 * 1024
"""Bytes of the beginning of an output, and as many of its end."""
_WORDS = 2048
"""Bytes of a result that are our own words."""
_REFUSED = {
    errno.E2BIG: "it is too long for this system; write a script and run that",
    errno.ENOEXEC: "it is no program of this machine, and no script whose first line names what runs it",
    errno.ENOENT: "the program, what runs it, or the folder is gone",
    errno.EAGAIN: "the system has no room for another process",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be run."""

    command: str | tuple[str, ...]
    folder: Path
    program: Path | None
    """Of an argument vector."""
    limit: float | None
    """Seconds; None: none."""
    background: bool
    where: str
    """Words for the result on which folder was taken, where that is not clear."""
    over: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """Over its environment, as for `Exact`."""
    network: bool = False
    """It gets the network, if it runs in the sandbox."""


def programs_in(context: ToolContext, folder: Path) -> Programs:
    """Where a command's programs are looked for. Looks at the disk."""
    return programs_for(folder, roots_of(context), context.commands.environment)


def roots_of(context: ToolContext) -> tuple[Path, ...]:
    """The real paths of the roots."""
    return tuple(root for _, root in context.workspace.folders)


async def carry_out(context: ToolContext, order: Launch, *, inside: bool = False) -> ToolOutput:
    """Run it, in the sandbox or outside of it. Raises `ToolError` where it cannot be started, or is no longer what was
    planned."""
    argv, environment = await to_thread.run_sync(_prepared, context, order)
    stay = await _entered(context, order, argv, environment) if inside else None
    if stay:
        argv, environment = stay.argv, stay.environment
    running = Running(
        await _started(context, order, argv, environment, wrapped=inside),
        context.commands.folder,
        _room(context),
        context.output,
    )
    running.leave = stay.leave if stay else None
    try:
        with move_on_after(order.limit):
            await running.until(running.child.wait)
        timed_out = not running.child.ended
        if timed_out and order.background:
            return await _sent_away(context, order, running, inside=inside)
        if timed_out:
            await running.until(running.child.end)
    finally:
        if not running.adopted:
            await running.close()
    where = f"{order.where}, in the sandbox" if stay else order.where
    if timed_out:
        hint = f"A longer timeout (at most {LONGEST}) or background=true gives it more time."
        head = f"timed out after {order.limit:g} s{where}, and was ended with all that it had started. {hint}"
        return output_of(running, head, stay, timed_out=True)
    words = await to_thread.run_sync(partial(_more, context, order, running)) if running.child.code == 127 else ""
    signal = running.signal_word() if stay else ""
    return output_of(running, f"{running.end_word()}{signal}{where}{words}", stay)


async def _entered(context: ToolContext, order: Launch, argv: tuple[str, ...], environment: dict[str, str]) -> Stay:
    wall: Wall | None = context.commands.wall
    if wall is None:
        raise ToolError("there is no sandbox here")
    return await wall.enter(Guest(roots_of(context), order.folder, argv, environment, network=order.network))


async def _started(
    context: ToolContext, order: Launch, argv: tuple[str, ...], environment: dict[str, str], *, wrapped: bool
) -> Child:
    root = context.workspace.root_of(order.folder)
    try:
        with folder_beneath(root or order.folder, order.folder) as folder:
            return await Child.start(argv, cwd=folder, env=environment, joined=True, watched=True, wrapped=wrapped)
    except OSError as error:
        why = _REFUSED.get(error.errno or 0, error.strerror)
        raise ToolError(f"the command cannot be started: {why}") from error


def _prepared(context: ToolContext, order: Launch) -> tuple[tuple[str, ...], dict[str, str]]:
    """What is started, and with which environment. Between the question and the answer much time may have passed."""
    if real_path(order.folder) != order.folder or not order.folder.is_dir():
        raise ToolError(f"{quoted(context.workspace.display(order.folder))} has changed meanwhile, or is gone")
    programs, environment = programs_in(context, order.folder), quiet_environment(context.commands.environment)
    try:
        environment["PATH"] = programs.path(context.commands.folder)
    except OSError as error:
        raise ToolError(f"the command cannot be started: {error.strerror}: {error.filename}") from error
    if programs.environment:
        environment["VIRTUAL_ENV"] = str(programs.environment)
        environment.pop("PYTHONHOME", None)
    environment = overlaid(environment, order.over)
    if isinstance(order.command, str):
        return (*shell_of(programs), order.command), environment
    if find_program(order.command[0], order.folder, programs) != order.program:
        raise ToolError(f"{quoted(order.command[0])} has come to mean another program meanwhile; try again")
    return (str(order.program), *order.command[1:]), environment


def _room(context: ToolContext) -> int:
    return min(_MOST_KEPT, max(256, (context.result_bytes - _WORDS) // 2))


async def _sent_away(context: ToolContext, order: Launch, running: Running, *, inside: bool) -> ToolOutput:
    await running.save()
    context.commands.adopt(running.child.pid, running.go_on, running.child.end)
    running.adopt()
    alone = ", in the sandbox, where nothing else can reach it (with network=true it can be reached)" if inside else ""
    how = f"{order.where}{alone if not order.network else ''}, in the background after {order.limit:g} s"
    return output_of(running, in_background(running, how))


def _more(context: ToolContext, order: Launch, running: Running) -> str:
    """What to say of an exit code of 127."""
    roots, home = roots_of(context), Path(context.commands.environment.get("HOME") or "/")
    return missing_program(running, order.folder, roots, home)
