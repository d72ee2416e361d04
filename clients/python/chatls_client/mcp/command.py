"""`chatls mcp list` and `test`: the MCP servers of the settings, as a daemon has them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls_client.asked import PermissionAnswer
from chatls_client.client import Client
from chatls_client.errors import ClientError
from chatls_client.faces import complain
from chatls_client.harmless import visible
from chatls_client.protocol import Question, ServerEntry, ToolEntry, ToolsResult

DESCRIPTION = "The MCP servers of your own settings, whose tools models are offered."
EPILOG = "add NAME COMMAND ... writes one into your settings, import FILE takes over those of another program's file."
_LONGEST = 100


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls mcp` and return its exit code: 1 where a server fails, or nothing could be done. `command`: how the
    daemon is started, if not as usual."""
    options = _parser().parse_args(sys.argv[2:] if argv is None else argv)
    try:
        result = anyio.run(_asked, command)
        return _list(result) if options.word == "list" else _test(options.name, result)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def line(server: ServerEntry) -> str:
    """A server in one line, for people.

    >>> line(ServerEntry("git", "ready", 12, "uvx mcp-server-git"))
    'git  ready, 12 tools  (uvx mcp-server-git)'
    """
    tools = f", {server.tools} tool{'' if server.tools == 1 else 's'}" if server.state == "ready" else ""
    why = f": {server.why}" if server.why else ""
    return _one_line(f"{server.name}  {server.state}{tools}{why}  ({server.where})")


def _list(result: ToolsResult) -> int:
    servers = result.servers or ()
    for server in servers:
        sys.stdout.write(line(server) + "\n")
    if not servers:
        complain("no server is named in your settings; chatls mcp add NAME COMMAND ... adds one")
    return 0 if all(server.state == "ready" for server in servers) else 1


def _test(name: str, result: ToolsResult) -> int:
    server = next((item for item in result.servers or () if item.name == name), None)
    if server is None:
        known = ", ".join(item.name for item in result.servers or ()) or "none"
        complain(f"the settings have no server named {name}, or it is disabled; there are: {known}")
        return 1
    sys.stdout.write(line(server) + "\n")
    if server.calls_itself or server.version:
        sys.stdout.write(_one_line(f"{server.calls_itself or 'it'} speaks the protocol of {server.version}") + "\n")
    for tool in result.tools:
        if tool.name.startswith(f"{name}__"):
            sys.stdout.write(_tool(tool) + "\n")
    return 0 if server.state == "ready" else 1


def _tool(tool: ToolEntry) -> str:
    first = tool.description.partition(") ")[2].partition("\n")[0]
    return _one_line(f"  {tool.name}  {first[:_LONGEST]}".rstrip())


async def _asked(command: Sequence[str] | None) -> ToolsResult:
    async def closed(_question: Question) -> PermissionAnswer:
        return PermissionAnswer(None)

    async with Client.start(command, roots=[Path.cwd()], permission=closed) as client:
        return ToolsResult.from_wire(await client.request("chat/tools", {"settled": True}))


def _one_line(text: str) -> str:
    return visible(text.replace("\n", " "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatls mcp", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    words = parser.add_subparsers(dest="word", required=True, metavar="list | test | add | import")
    words.add_parser("list", help="start them all, and tell how they are")
    test = words.add_parser("test", help="start them, and show what one offers")
    test.add_argument("name", metavar="NAME")
    return parser
