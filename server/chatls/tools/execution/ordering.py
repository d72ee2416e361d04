"""What `run_command` is asked for, as a plan: in which folder, with what limit, in which of the ways."""

import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.children.commands import is_unsafe_batch
from chatls.children.programs import find_program
from chatls.children.wall.wall import Wall
from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools.changes.saving import on_disk, unsaved_preview
from chatls.tools.execution.launch import Launch, carry_out, programs_in, roots_of
from chatls.tools.execution.ways import Ways, ways
from chatls.tools.tool import CommandSubject, Exact, Plan, ToolContext, ToolOutput
from chatls.values import dataclass
from chatls.visible import visible
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace, real_path

_FIRST_LOOK = 5.0
"""Seconds for which a command that is to go on in the background is watched, if the model does not say."""
_LONG = 200
"""Characters of a command that a person is told the length of."""


@dataclass(frozen=True, slots=True)
class CommandCall:
    """What a call asks for: the arguments of `run_command`."""

    command: str | list[str] | None
    cwd: str | None
    timeout: float | None
    background: bool = False
    stop: str | None = None
    network: bool = False
    outside: str | None = None


async def planned(context: ToolContext, wanted: CommandCall) -> Plan:
    """The plan for it. Raises `ToolError` where it cannot be."""
    command, timeout, background = wanted.command, wanted.timeout, wanted.background
    if wanted.stop is not None:
        if command is not None:
            raise ToolError("stop is given alone: end the one command, then run the other")
        return await _stopping(context, wanted.stop)
    if command is None:
        raise ToolError("command: required; only with stop there is none")
    _require_usable(command, timeout, background=background)
    if background:
        context.commands.require_background()
    limit = (_FIRST_LOOK if background else context.time_limit or None) if timeout is None else timeout
    ordered = partial(_ordered, context, command, wanted.cwd, limit, background=background)
    order = replace(await to_thread.run_sync(ordered, abandon_on_cancel=True), network=wanted.network)
    found = await ways(context, order, wanted.outside)
    plan = await to_thread.run_sync(_plan, context, order, found, abandon_on_cancel=True)
    await _tell_of_sandbox(context)
    return plan


async def _tell_of_sandbox(context: ToolContext) -> None:
    """Say once whether there is one."""
    wall: Wall | None = context.commands.wall
    if wall and context.sandbox != "off" and (words := await wall.news(roots_of(context))):
        context.notify(words)


async def _stopping(context: ToolContext, stop: str) -> Plan:
    """A plan that ends a command in the background."""
    commands = context.commands
    number = int(stop) if stop.isascii() and stop.isdecimal() else 0
    if number not in commands.going:
        known = ", ".join(map(str, commands.going))
        there = f"in the background are {known}" if known else "none is"
        raise ToolError(f"no command {quoted(stop)} is running in the background; {there}. It may have ended by itself")

    async def ended() -> ToolOutput:
        how = "ended, with all that it had started" if await commands.stop(number) else "it had ended by itself"
        return ToolOutput((TextContent(f"{how}: process group {number}"),))

    folder = await to_thread.run_sync(_folder, context.workspace, None)
    preview = TextContent(f"End the command that runs in the background as process group {number}.")
    subject = CommandSubject(("kill", "--", f"-{number}"), folder, ends=number)
    return Plan(subject, (preview,), ended, inside=ended, time_limit=0)


def _require_usable(command: str | list[str], timeout: float | None, *, background: bool) -> None:
    words = [command] if isinstance(command, str) else command
    if not words or not words[0].strip():
        raise ToolError("the command is empty")
    if any("\0" in word for word in words):
        raise ToolError("the command holds a NUL character")
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise ToolError("the command holds half a character") from error
    if timeout == 0 and not background:
        raise ToolError("timeout: a command needs some time; leave it out, or give seconds up to 3600")


def _plan(context: ToolContext, order: Launch, found: Ways) -> Plan:
    """Looks at the disk."""
    subject, unsaved = CommandSubject(order.command, order.folder, found.needs), unsaved_preview(context)
    preview = tuple(map(TextContent, filter(None, (_preview(order, found, context.workspace), unsaved))))
    outside, inside = (
        partial(on_disk, context, partial(carry_out, context, order, inside=inside)) for inside in (False, True)
    )
    work = outside if found.outside else inside
    exactly = partial(_exactly, context, order, found)
    return Plan(subject, preview, work, inside if found.inside else None, exactly, time_limit=0)


def _exactly(context: ToolContext, order: Launch, found: Ways, exact: Exact) -> Plan:
    program = None if isinstance(exact.command, str) else Path(exact.command[0])
    return _plan(context, replace(order, command=exact.command, program=program, over=exact.environment), found)


def _ordered(
    context: ToolContext, command: str | list[str], cwd: str | None, limit: float | None, *, background: bool
) -> Launch:
    workspace = context.workspace
    folder = _folder(workspace, cwd)
    where = f" in {workspace.display(folder)}" if cwd is None and len(workspace.roots) > 1 else ""
    if isinstance(command, str):
        return Launch(command, folder, None, limit, background, where)
    program = find_program(command[0], folder, programs_in(context, folder))
    if is_unsafe_batch(str(program), command[1:]):
        raise ToolError(f"{quoted(program.name)} is a batch file; what it is given as arguments could run anything")
    return Launch(tuple(command), folder, program, limit, background, where)


def _folder(workspace: Workspace, cwd: str | None) -> Path:
    if not workspace.roots:
        raise ToolError("no folder is open in the editor, so there is none to run a command in")
    folder = workspace.resolve(cwd) if cwd else real_path(workspace.roots[0].path)
    if not folder.exists():
        raise workspace.missing(folder)
    if not folder.is_dir():
        raise ToolError(f"{quoted(workspace.display(folder))} is a file; cwd must be a folder")
    return folder


def _preview(order: Launch, found: Ways, workspace: Workspace) -> str:
    line = order.command if isinstance(order.command, str) else shlex.join(order.command)
    facts = [f"In {visible(str(order.folder))}"]
    if order.background:
        facts.append(f"going on in the background after {order.limit:g} s")
    else:
        facts.append(f"for at most {order.limit:g} s" if order.limit else "for as long as it takes")
    if order.program:
        facts.append("without a shell")
        if workspace.root_of(real_path(order.program)):
            facts.append(f"the program is {visible(str(order.program))}, inside the workspace")
    if not found.outside:
        facts.append("in the sandbox, with the network" if order.network else "in the sandbox")
    if found.why:
        facts.append(f"outside of the sandbox, because {visible(found.why)}")
    count = line.count("\n") + 1
    if count > 1 or len(line) > _LONG:
        facts.append(f"{len(line)} characters in {count} {'lines' if count > 1 else 'line'}")
    return f"{', '.join(facts)}:\n\n{visible(line)}"
