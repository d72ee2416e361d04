"""The commands themselves: they write what a person names, or has looked at, and start nothing."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatls.content import JsonObject
from chatls.errors import SettingsError
from chatls.mcp.written import checked, taken_over
from chatls.seen.commands import ownfile
from chatls.seen.commands.paper import Paper
from chatls.seen.commands.setup.asking import Person
from chatls.settings.configuration import user_file
from chatls.visible import harmless

ADDS = "Write an MCP server into your own settings. Nothing is started."
IMPORTS = "Take over the MCP servers of another program's file, once you have looked at them. Nothing is started."


def add(argv: Sequence[str] | None = None) -> int:
    """Run `chatls mcp add` and return its exit code: 1 where nothing could be done."""
    given, program = apart(sys.argv[3:] if argv is None else argv)
    options = _adding().parse_args(given)
    return _reported(lambda: _add(options, program))


def take_over(argv: Sequence[str] | None = None) -> int:
    """Run `chatls mcp import` and return its exit code: 1 where nothing was done."""
    options = _importing().parse_args(sys.argv[3:] if argv is None else argv)
    return _reported(lambda: _import(options.file, yes=options.yes))


def apart(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The name and what is for us; and behind them the program with its own arguments.

    >>> apart(["git", "--cwd", "/p", "uvx", "mcp-server-git", "--verbose"])
    (['git', '--cwd', '/p'], ['uvx', 'mcp-server-git', '--verbose'])
    """
    at, names = 0, 0
    while at < len(argv) and (argv[at].startswith("-") or not names):
        if argv[at] == "--":
            return list(argv[:at]), list(argv[at + 1 :])
        option = argv[at].startswith("-")
        names += not option
        at += 2 if option and "=" not in argv[at] and argv[at] not in ("-h", "--help") else 1
    return list(argv[:at]), list(argv[at:])


def _reported(run: Callable[[], int]) -> int:
    try:
        return run()
    except SettingsError as error:
        _complain(str(error))
        return 1
    except (KeyboardInterrupt, EOFError):
        return 130


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
        raise SettingsError("a server needs a command, or an address (--url)")
    _keep({checked(options.name): server})
    Paper().say(f"{user_file()} has it now; chatls mcp test {options.name} tries it")
    return 0


def _import(name: str, *, yes: bool) -> int:
    paper = Paper()
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} cannot be read: {error}") from error
    servers, words = taken_over(text)
    for word in words:
        _complain(word)
    if not servers:
        raise SettingsError("there is nothing to take over")
    paper.say("\n".join(ownfile.table("mcp", key, server) for key, server in servers.items()).rstrip("\n"))
    question = f"Add this to {user_file()}? These programs then start with every editor."
    if not yes and not Person(paper).agrees(question):
        raise SettingsError("nothing was added (on no terminal: --yes adds it unasked)")
    _keep(servers)
    paper.say(f"{user_file()} has them now; chatls mcp list tries them")
    return 0


def _keep(servers: Mapping[str, Mapping[str, Any]]) -> None:
    path = user_file()
    was = ownfile.read(path)
    ownfile.replace(path, was, ownfile.grown(was, "mcp", servers))


def _complain(text: str) -> None:
    sys.stderr.write(f"chatls: {harmless(text)}\n")


def _adding() -> argparse.ArgumentParser:
    usage = (
        "chatls mcp add NAME [--env NAME=VALUE] [--cwd FOLDER] COMMAND ...\n"
        "       chatls mcp add NAME --url URL [--key-env VARIABLE]"
    )
    parser = argparse.ArgumentParser("chatls mcp add", description=ADDS, allow_abbrev=False, usage=usage)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--url", help="its address, instead of a command")
    parser.add_argument("--key-env", metavar="VARIABLE", help="the environment variable that holds its key")
    parser.add_argument("--env", metavar="NAME=VALUE", action="append", default=[], help="for its environment")
    parser.add_argument("--cwd", metavar="FOLDER", help="where it runs; your home by default")
    return parser


def _importing() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatls mcp import", description=IMPORTS, allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help=".mcp.json, .vscode/mcp.json and the like")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser
