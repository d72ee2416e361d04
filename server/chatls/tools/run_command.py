"""The tool `run_command`: a program or a shell line in a folder of the workspace, without a person to talk to."""

import errno
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from anyio import move_on_after, to_thread
from pydantic import Field

from chatls.children.commands import find_program, is_unsafe_batch, overlaid, quiet_environment
from chatls.children.process import Child
from chatls.content import JsonObject, TextContent
from chatls.errors import ToolError
from chatls.tools.running import Running
from chatls.tools.saving import on_disk, unsaved_preview
from chatls.tools.tool import EVERYTHING, CommandSubject, Exact, Plan, ToolContext, ToolOutput, tool
from chatls.visible import visible, visible_line
from chatls.workspace.beneath import folder_beneath
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace, real_path

_SHELL = ("/bin/sh", "-c")
_LONGEST = 3600
"""Seconds."""
_FIRST_LOOK = 5.0
"""Seconds for which a command that is to go on in the background is watched, if the model does not say."""
_MOST_KEPT = 24 * 1024
"""Bytes of the beginning of an output, and as many of its end."""
_WORDS = 1024
"""Bytes of a result that are our own words."""
_LONG = 200
"""Characters of a command that a person is told the length of."""

_REFUSED = {
    errno.E2BIG: "it is too long for this system; write a script and run that",
    errno.ENOEXEC: "it is no program of this machine, and no script whose first line names what runs it",
    errno.ENOENT: "the program, what runs it, or the folder is gone",
    errno.EAGAIN: "the system has no room for another process",
}


@dataclass(frozen=True, slots=True)
class _Launch:
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

    @property
    def argv(self) -> tuple[str, ...]:
        """What is started."""
        if isinstance(self.command, str):
            return (*_SHELL, self.command)
        return (str(self.program), *self.command[1:])


def _line(command: str | list[str] | tuple[str, ...]) -> str:
    return command if isinstance(command, str) else shlex.join(command)


def _title(arguments: JsonObject) -> str:
    return visible_line(f"run_command {_line(arguments['command'])}")


@tool(kind="execute", read_only=False, title=_title, serial=lambda _workspace, _arguments: EVERYTHING)
async def run_command(
    context: ToolContext,
    command: Annotated[
        str | list[str],
        Field(description="A line for the shell (/bin/sh), or a program and its arguments, run without a shell."),
    ],
    cwd: Annotated[
        str | None, Field(description="The folder to run it in, as other tools name it; without it, the first root.")
    ] = None,
    timeout: Annotated[
        float | None, Field(ge=0, le=_LONGEST, description="Seconds until it is ended, or goes on in the background.")
    ] = None,
    *,
    background: Annotated[
        bool, Field(description="At the timeout (5 s if not given) it goes on in the background: for servers.")
    ] = False,
) -> Plan:
    """Run one command in the workspace and read what it writes; the user is asked first.

    There is no terminal and nothing to read from: a command that asks questions fails, so give it flags that answer
    them. Files that are not saved yet in the editor are seen as they are on the disk. Of a long output you get the
    beginning and the end, and the name of a file with all of it, which read_file and search take. What a command
    leaves running ends with it: start servers and watchers with background=true, not with &. To read, find and list
    files, read_file, search and list_files are better than cat, grep and ls; to change them, edit_file and write_file.
    """
    _require_usable(command, timeout, background=background)
    if background:
        context.commands.require_background()
    limit = (_FIRST_LOOK if background else context.time_limit or None) if timeout is None else timeout
    planned = partial(_planned, context, command, cwd, limit, background=background)
    return await to_thread.run_sync(planned, abandon_on_cancel=True)


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


def _planned(
    context: ToolContext, command: str | list[str], cwd: str | None, limit: float | None, *, background: bool
) -> Plan:
    """Looks at the disk."""
    return _plan(context, _ordered(context, command, cwd, limit, background=background))


def _plan(context: ToolContext, order: _Launch) -> Plan:
    subject, unsaved = CommandSubject(order.command, order.folder), unsaved_preview(context)
    preview = tuple(map(TextContent, filter(None, (_preview(order, context.workspace), unsaved))))
    work, exactly = partial(_carry_out, context, order), partial(_exactly, context, order)
    return Plan(subject, preview, partial(on_disk, context, work), exactly=exactly, time_limit=0)


def _exactly(context: ToolContext, order: _Launch, exact: Exact) -> Plan:
    program = None if isinstance(exact.command, str) else Path(exact.command[0])
    return _plan(context, replace(order, command=exact.command, program=program, over=exact.environment))


def _ordered(
    context: ToolContext, command: str | list[str], cwd: str | None, limit: float | None, *, background: bool
) -> _Launch:
    workspace = context.workspace
    folder = _folder(workspace, cwd)
    where = f" in {workspace.display(folder)}" if cwd is None and len(workspace.roots) > 1 else ""
    if isinstance(command, str):
        return _Launch(command, folder, None, limit, background, where)
    program = find_program(command[0], folder, quiet_environment(context.commands.environment)["PATH"])
    if is_unsafe_batch(str(program), command[1:]):
        raise ToolError(f"{quoted(program.name)} is a batch file; what it is given as arguments could run anything")
    return _Launch(tuple(command), folder, program, limit, background, where)


def _folder(workspace: Workspace, cwd: str | None) -> Path:
    if not workspace.roots:
        raise ToolError("no folder is open in the editor, so there is none to run a command in")
    folder = workspace.resolve(cwd) if cwd else real_path(workspace.roots[0].path)
    if not folder.exists():
        raise workspace.missing(folder)
    if not folder.is_dir():
        raise ToolError(f"{quoted(workspace.display(folder))} is a file; cwd must be a folder")
    return folder


def _preview(order: _Launch, workspace: Workspace) -> str:
    line = _line(order.command)
    facts = [f"In {visible(str(order.folder))}"]
    if order.background:
        facts.append(f"going on in the background after {order.limit:g} s")
    else:
        facts.append(f"for at most {order.limit:g} s" if order.limit else "for as long as it takes")
    if order.program:
        facts.append("without a shell")
        if workspace.root_of(real_path(order.program)):
            facts.append(f"the program is {visible(str(order.program))}, inside the workspace")
    count = line.count("\n") + 1
    if count > 1 or len(line) > _LONG:
        facts.append(f"{len(line)} characters in {count} {'lines' if count > 1 else 'line'}")
    return f"{', '.join(facts)}:\n\n{visible(line)}"


async def _carry_out(context: ToolContext, order: _Launch) -> ToolOutput:
    await to_thread.run_sync(_require_unchanged, context, order)
    running = Running(await _started(context, order), context.commands.folder, _room(context), context.output)
    try:
        with move_on_after(order.limit):
            await running.until(running.child.wait)
        timed_out = not running.child.ended
        if timed_out and order.background:
            return await _in_background(context, order, running)
        if timed_out:
            await running.until(running.child.end)
    finally:
        if not running.adopted:
            await running.close()
    if not timed_out:
        return _output(running, f"{running.end_word()}{order.where}")
    hint = f"A longer timeout (at most {_LONGEST}) or background=true gives it more time."
    head = f"timed out after {order.limit:g} s{order.where}, and was ended with all that it had started. {hint}"
    return _output(running, head, timed_out=True)


async def _started(context: ToolContext, order: _Launch) -> Child:
    environment = overlaid(quiet_environment(context.commands.environment), order.over)
    root = context.workspace.root_of(order.folder)
    try:
        with folder_beneath(root or order.folder, order.folder) as folder:
            return await Child.start(order.argv, cwd=folder, env=environment, joined=True, watched=True)
    except OSError as error:
        why = _REFUSED.get(error.errno or 0, error.strerror)
        raise ToolError(f"the command cannot be started: {why}") from error


def _require_unchanged(context: ToolContext, order: _Launch) -> None:
    """Between the question and the answer much time may pass."""
    if real_path(order.folder) != order.folder or not order.folder.is_dir():
        raise ToolError(f"{quoted(context.workspace.display(order.folder))} has changed meanwhile, or is gone")
    if order.program and not isinstance(order.command, str):
        path = quiet_environment(context.commands.environment)["PATH"]
        if find_program(order.command[0], order.folder, path) != order.program:
            raise ToolError(f"{quoted(order.command[0])} has come to mean another program meanwhile; try again")


def _room(context: ToolContext) -> int:
    return min(_MOST_KEPT, max(256, (context.result_bytes - _WORDS) // 2))


async def _in_background(context: ToolContext, order: _Launch, running: Running) -> ToolOutput:
    await running.save()
    context.commands.adopt(running.go_on)
    running.adopt()
    pid = running.child.pid
    head = (
        f"still running{order.where}, in the background after {order.limit:g} s as process group {pid}; "
        f'{_place(running)}. To end it, run the command "kill -- -{pid}". '
        "It ends with the editor at the latest. Its output so far:"
    )
    return _output(running, head)


def _place(running: Running) -> str:
    if running.file is None or running.trouble:
        return f"what it writes from now on is not kept ({running.trouble})"
    return f"its output goes into {running.file.path}, which read_file shows and which says so when it has ended"


def _output(running: Running, head: str, *, timed_out: bool = False) -> ToolOutput:
    first, left, last = running.kept.parts()
    if left:
        note = f"[... {left} bytes left out here; {_whole(running)} ...]"
        first = "\n".join((first.removesuffix("\n"), note, ""))
    text = f"{first}{last}{running.line}".rstrip("\n") or "(no output)"
    content = (TextContent(f"{head}\n{text}"),)
    return ToolOutput(content, truncated=bool(left), status="timed_out" if timed_out else "completed")


def _whole(running: Running) -> str:
    if running.file is None:
        return f"the whole output could not be kept ({running.trouble})"
    if running.trouble:
        return f"the beginning of it is in {running.file.path}; the rest could not be kept ({running.trouble})"
    how_much = "the beginning of it" if running.file.cut else "the whole output"
    return f"{how_much} is in {running.file.path}"
