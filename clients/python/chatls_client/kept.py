"""`chatls sessions`: the chats that are kept: list, search, show, rename, delete, export."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls_client.client import Client
from chatls_client.errors import ClientError
from chatls_client.faces import complain
from chatls_client.harmless import visible
from chatls_client.protocol import SessionEntry

DESCRIPTION = """\
The chats that are kept. `chatls ask --continue` goes on with the last one, `chatls ask --session ID` with any.
"""


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls sessions` and return its exit code: 1 if it could not be done. `command`: how the daemon is started,
    if not as usual."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in ("--all", "--branches"):
        words.insert(0, "list")
    options = _parser().parse_args(words)
    try:
        return anyio.run(_answer, options, command)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def line(entry: SessionEntry) -> str:
    """A session in one line, for people.

    >>> line(SessionEntry("s1", "Mend it", (), "", "2026-01-02T03:04:05+00:00", 2, "a/b", "ask"))
    's1  2026-01-02 03:04  2 turns  Mend it'
    """
    turns = "1 turn" if entry.turns == 1 else f"{entry.turns} turns"
    told = [entry.session_id, entry.updated_at[:16].replace("T", " "), turns, entry.title]
    told += [f"({entry.snippet})"] if entry.snippet else []
    told += ["(runs)"] if entry.running else []
    return visible("  ".join(told).replace("\n", " "))


async def _answer(options: argparse.Namespace, command: Sequence[str] | None) -> int:
    async with Client.start(command, roots=[Path.cwd()]) as client:
        match options.action:
            case "show" | "export":
                form = "json" if getattr(options, "json", False) else "markdown"
                result = await client.request("chat/session/export", {"sessionId": options.id, "format": form})
                text = str(result["text"])
                sys.stdout.write(text if options.action == "export" else visible(text))
            case "rename":
                title = " ".join(options.title)
                await client.request("chat/session/rename", {"sessionId": options.id, "title": title})
            case "delete":
                for name in options.id:
                    await client.request("chat/session/delete", {"sessionId": name})
            case _:
                query = " ".join(getattr(options, "words", ()))
                return _list(await client.sessions(query=query, everywhere=options.all, branches=options.branches))
    return 0


def _list(entries: Sequence[SessionEntry]) -> int:
    for entry in entries:
        sys.stdout.write(line(entry) + "\n")
    if not entries:
        complain("there is none; --all lists those of other folders as well")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatls sessions", description=DESCRIPTION, allow_abbrev=False)
    listing = argparse.ArgumentParser(add_help=False)
    listing.add_argument("--all", action="store_true", help="those of all folders, not of this one alone")
    listing.add_argument("--branches", action="store_true", help="also what rewinds took away")
    parser.set_defaults(action="list", all=False, branches=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", parents=[listing], help="the last ones first (the default)")
    search = actions.add_parser("search", parents=[listing], help="those that have these words")
    search.add_argument("words", nargs="+", metavar="WORD")
    actions.add_parser("show", help="what was said").add_argument("id", metavar="ID")
    rename = actions.add_parser("rename", help="give one another title")
    rename.add_argument("id", metavar="ID")
    rename.add_argument("title", nargs="+", metavar="TITLE")
    actions.add_parser("delete", help="delete some, for good").add_argument("id", nargs="+", metavar="ID")
    export = actions.add_parser("export", help="one as Markdown, to standard output")
    export.add_argument("id", metavar="ID")
    export.add_argument("--json", action="store_true", help="everything, as JSON")
    return parser
