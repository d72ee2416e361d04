"""The tool `run_command`: a program or a shell line in a folder of the workspace, without a person to talk to.

How it is run (`execution/`) is loaded with the first command.
"""

import shlex
from typing import Annotated

from pydantic import Field

from chatls.children.commands import LONGEST
from chatls.content import JsonObject
from chatls.tools.tool import EVERYTHING, Plan, ToolContext, tool
from chatls.visible import visible_line


def _title(arguments: JsonObject) -> str:
    if stop := arguments.get("stop"):
        return visible_line(f"run_command stop {stop}")
    command = arguments.get("command") or ""
    return visible_line(f"run_command {command if isinstance(command, str) else shlex.join(command)}")


@tool(kind="execute", read_only=False, title=_title, serial=lambda _workspace, _arguments: EVERYTHING)
async def run_command(
    context: ToolContext,
    command: Annotated[
        str | list[str] | None,
        Field(description="A line for the shell (bash, else sh), or a program and its arguments, run without a shell."),
    ] = None,
    cwd: Annotated[
        str | None, Field(description="The folder to run it in, as other tools name it; without it, the first root.")
    ] = None,
    timeout: Annotated[
        float | None, Field(ge=0, le=LONGEST, description="Seconds until it is ended, or goes on in the background.")
    ] = None,
    *,
    background: Annotated[
        bool, Field(description="At the timeout (5 s if not given) it goes on in the background: for servers.")
    ] = False,
    stop: Annotated[
        str | None, Field(description="Alone: the process group of a command in the background that is to be ended.")
    ] = None,
    network: Annotated[
        bool,
        Field(description="It needs the network or a service of this machine, or is to be one: the user is asked."),
    ] = False,
    outside: Annotated[
        str | None, Field(description="Why it has to run outside of the sandbox, if so: the user is asked.")
    ] = None,
) -> Plan:
    """Run one command in the workspace and read what it writes; the user is asked first.

    There is no terminal and nothing to read from: a command that asks questions fails, so give it flags that answer
    them. Files that are not saved yet in the editor are seen as they are on the disk. Of a long output you get the
    beginning and the end, and the name of a file with all of it, which read_file and search take. What a command
    leaves running ends with it: start servers and watchers with background=true, not with &. To read, find and list
    files, read_file, search and list_files are better than cat, grep and ls; to change them, edit_file and write_file.
    A command may run in a sandbox: without network, files with secrets hidden, files that decide what runs read-only,
    and of the home folder little more than programs. The result says so, and what failed for it: then call it again
    with what it needs.
    """
    from chatls.tools.execution.ordering import CommandCall, planned

    return await planned(
        context, CommandCall(command, cwd, timeout, background=background, stop=stop, network=network, outside=outside)
    )
