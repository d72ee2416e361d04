"""The command line: `chatls` (serve over stdio), `chatls ask` and the like. Imports only what the command needs."""

import gc
import os
import sys
from collections.abc import Callable

USAGE = """\
usage: chatls [serve]          speak LSP over stdio; this is what an editor starts
       chatls acp              speak the Agent Client Protocol over stdio; for editors that start agents
       chatls ask PROMPT...    ask in the terminal (chatls ask --help)
       chatls models           the models that can be asked, and which one answers
       chatls commands         the slash commands, and what a prompt may name with @
       chatls sessions         the chats that are kept: search, show, rename, delete, export
       chatls permissions      what you have answered for good; --revoke ID takes it back
       chatls setup            choose a model: finds what is there, asks, tries it, writes your settings
       chatls doctor           look this machine over; --bundle FILE for a bug report
       chatls log              what the daemon did, and how long it took; --all: all daemons
       chatls trace            record what an editor and the daemon say to each other; show it
       chatls mcp              the MCP servers of your settings: list, test, add, import
       chatls --version
"""


COMMANDS = {
    "ask": "chatls_client.terminal",
    "models": "chatls_client.listed",
    "commands": "chatls_client.offered",
    "sessions": "chatls_client.kept",
    "permissions": "chatls_client.remembered",
    "setup": "chatls.seen.commands.setup.command",
    "doctor": "chatls.seen.commands.doctor",
    "log": "chatls.seen.commands.log",
    "trace": "chatls.seen.commands.trace.command",
    "mcp": "chatls_client.mcp.command",
    "mcp add": "chatls.seen.commands.mcp.command:add",
    "mcp import": "chatls.seen.commands.mcp.command:take_over",
}
"""Each is a module, and the function that takes the arguments and gives an exit code (`main`)."""


def main() -> None:
    """Entry point; ends the process with the command's exit code."""
    if sys.getfilesystemencoding() != "utf-8":  # a locale in which not every file has a name
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    command, *arguments = sys.argv[1:] or ["serve"]
    match command:
        case "serve" | "--stdio":
            serve()
        case "acp" if arguments[:1] != ["setup"]:
            serve_acp()
        case "acp":  # an editor's terminal, which begins with what starts the agent
            run_command(*arguments)
        case _ if arguments and f"{command} {arguments[0]}" in COMMANDS:
            run_command(f"{command} {arguments[0]}", *arguments[1:])
        case _ if command in COMMANDS:
            run_command(command, *arguments)
        case "--version":
            from chatls import __version__

            sys.stdout.write(f"chatls {__version__}\n")
        case "-h" | "--help" | "help":
            sys.stdout.write(USAGE)
        case _:
            sys.stderr.write(f"chatls: unknown command {command!r}\n{USAGE}")
            sys.exit(2)


def run_command(command: str, *arguments: str) -> None:
    """Import a command of the table, run it, and end the process with its exit code."""
    from importlib import import_module

    module, _, function = COMMANDS[command].partition(":")
    run: Callable[[list[str]], int] = getattr(import_module(module), function or "main")
    sys.exit(run(list(arguments)))


def serve() -> None:
    """Answer `initialize`, then import the daemon and run it."""
    from chatls.lsp.handshake import greet
    from chatls.wire.stdio import claim, leave

    if sys.stdin and sys.stdin.isatty():
        sys.stderr.write("chatls: waiting for an editor to speak LSP on standard input; for people: chatls ask\n")
    try:
        pipes = claim()
    except OSError:
        sys.exit("chatls: standard input or output is closed; an editor talks to it over both")
    hello = greet(pipes)
    if hello is None:
        leave(1)
    gc.disable()  # until all is loaded: there is nothing to collect yet, and looking takes a sixth of the time
    from chatls.lsp.main import run

    run(pipes, hello)


def serve_acp() -> None:
    """Import the daemon and run it with the face of the Agent Client Protocol."""
    from chatls.wire.stdio import claim

    if sys.stdin and sys.stdin.isatty():
        sys.stderr.write("chatls: waiting for an editor to speak ACP on standard input; for people: chatls ask\n")
    try:
        pipes = claim()
    except OSError:
        sys.exit("chatls: standard input or output is closed; an editor talks to it over both")
    gc.disable()
    from chatls.acp.main import run

    run(pipes)


if __name__ == "__main__":
    main()
