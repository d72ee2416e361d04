"""The command line: `chatls` (serve over stdio), `chatls ask` and the like. Imports only what the command needs."""

import gc
import sys

USAGE = """\
usage: chatls [serve]          speak LSP over stdio; this is what an editor starts
       chatls ask PROMPT...    ask in the terminal (chatls ask --help)
       chatls models           the models that can be asked, and which one answers
       chatls sessions         the chats that are kept: search, show, rename, delete, export
       chatls permissions      what you have answered for good; --revoke ID takes it back
       chatls mcp              the MCP servers of your settings: list, test, add, import
       chatls --version
"""


def main() -> None:
    """Entry point; ends the process with the command's exit code."""
    command, *arguments = sys.argv[1:] or ["serve"]
    match command:
        case "serve" | "--stdio":
            serve()
        case "ask":
            from chatls_client.terminal import main as ask

            sys.exit(ask(arguments))
        case "models":
            from chatls_client.listed import main as models

            sys.exit(models(arguments))
        case "sessions":
            from chatls_client.kept import main as sessions

            sys.exit(sessions(arguments))
        case "permissions":
            from chatls_client.remembered import main as permissions

            sys.exit(permissions(arguments))
        case "mcp":
            from chatls_client.servers import main as servers

            sys.exit(servers(arguments))
        case "--version":
            from chatls import __version__

            sys.stdout.write(f"chatls {__version__}\n")
        case "-h" | "--help" | "help":
            sys.stdout.write(USAGE)
        case _:
            sys.stderr.write(f"chatls: unknown command {command!r}\n{USAGE}")
            sys.exit(2)


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
    from chatls.app import run

    run(pipes, hello)


if __name__ == "__main__":
    main()
