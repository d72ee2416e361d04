"""`chatls mcp`: the MCP servers of the settings: list them, try one, add one, take over another program's."""

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
from chatls_client.mcp.settings import JsonObject, checked, keep, own_file, table, taken_over
from chatls_client.protocol import Question, ServerEntry, ToolEntry, ToolsResult

DESCRIPTION = "The MCP servers of your own settings, whose tools models are offered."
_LONGEST = 100


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls mcp` and return its exit code: 1 where a server fails, or nothing could be done. `command`: how the
    daemon is started, if not as usual."""
    given, program = apart(sys.argv[2:] if argv is None else argv)
    options = _parser().parse_args(given)
    try:
        match options.word:
            case "list":
                return _list(anyio.run(_asked, command))
            case "test":
                return _test(options.name, anyio.run(_asked, command))
            case "add":
                return _add(options, program)
            case _:
                return _import(options.file, yes=options.yes)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def apart(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is for us, and behind `add NAME` and its options the program with its own arguments.

    >>> apart(["add", "git", "--cwd", "/p", "uvx", "mcp-server-git", "--verbose"])
    (['add', 'git', '--cwd', '/p'], ['uvx', 'mcp-server-git', '--verbose'])
    """
    if list(argv[:1]) != ["add"]:
        return list(argv), []
    at, names = 1, 0
    while at < len(argv) and (argv[at].startswith("-") or not names):
        if argv[at] == "--":
            return list(argv[:at]), list(argv[at + 1 :])
        option = argv[at].startswith("-")
        names += not option
        at += 2 if option and "=" not in argv[at] and argv[at] not in ("-h", "--help") else 1
    return list(argv[:at]), list(argv[at:])


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
        complain(f"no server is named in the settings ({own_file()}); chatls mcp add NAME COMMAND ... adds one")
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


def _add(options: argparse.Namespace, program: Sequence[str]) -> int:
    server: JsonObject = {}
    if options.url:
        server = {"url": options.url, **({"key_env": options.key_env} if options.key_env else {})}
    elif program:
        server = {"command": program[0], **({"args": list(program[1:])} if program[1:] else {})}
        pairs = (item.partition("=") for item in options.env)
        server |= {"env": env} if (env := {name: value for name, _, value in pairs}) else {}
        server |= {"cwd": str(Path(options.cwd).absolute())} if options.cwd else {}
    else:
        complain("a server needs a command, or an address (--url)")
        return 1
    keep(own_file(), {checked(options.name): server})
    sys.stdout.write(f"{own_file()} has it now; chatls mcp test {options.name} tries it\n")
    return 0


def _import(name: str, *, yes: bool) -> int:
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        complain(f"{name} cannot be read: {error}")
        return 1
    servers, words = taken_over(text)
    for word in words:
        complain(visible(word))
    if not servers:
        complain("there is nothing to take over")
        return 1
    sys.stdout.write(visible("\n".join(table(key, server) for key, server in servers.items())))
    if not yes and not _agreed():
        complain("nothing was added (on no terminal: --yes adds it unasked)")
        return 1
    keep(own_file(), servers)
    sys.stdout.write(f"{own_file()} has them now; chatls mcp list tries them\n")
    return 0


def _agreed() -> bool:
    """A person looked at what would be started from now on, and wants it."""
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(f"Add this to {own_file()}? These programs then start with every editor. [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _asked(command: Sequence[str] | None) -> ToolsResult:
    async def closed(_question: Question) -> PermissionAnswer:
        return PermissionAnswer(None)

    async with Client.start(command, roots=[Path.cwd()], permission=closed) as client:
        return ToolsResult.from_wire(await client.request("chat/tools", {"settled": True}))


def _one_line(text: str) -> str:
    return visible(text.replace("\n", " "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatls mcp", description=DESCRIPTION, allow_abbrev=False)
    words = parser.add_subparsers(dest="word", required=True, metavar="list | test | add | import")
    words.add_parser("list", help="start them all, and tell how they are")
    test = words.add_parser("test", help="start them, and show what one offers")
    test.add_argument("name", metavar="NAME")
    usage = (
        "chatls mcp add NAME [--env NAME=VALUE] [--cwd FOLDER] COMMAND ...\n"
        "       chatls mcp add NAME --url URL [--key-env VARIABLE]"
    )
    add = words.add_parser("add", help="write one into your settings", allow_abbrev=False, usage=usage)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--url", help="its address, instead of a command")
    add.add_argument("--key-env", metavar="VARIABLE", help="the environment variable that holds its key")
    add.add_argument("--env", metavar="NAME=VALUE", action="append", default=[], help="for its environment")
    add.add_argument("--cwd", metavar="FOLDER", help="where it runs; your home by default")
    take = words.add_parser("import", help="take over the servers of another program's file")
    take.add_argument("file", metavar="FILE", help=".mcp.json, .vscode/mcp.json and the like")
    take.add_argument("--yes", action="store_true", help="do not ask")
    return parser
