"""`chatls permissions`: what may be done without asking, or never; and how to take back what was answered."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls_client.client import Client
from chatls_client.errors import ClientError
from chatls_client.faces import complain
from chatls_client.harmless import visible
from chatls_client.protocol import PermissionEntry

DESCRIPTION = "List the rules of the settings and the answers that are remembered, and take answers back."


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls permissions` and return its exit code: 1 for an id that cannot be revoked, or if nothing could be
    asked. `command`: how the daemon is started, if not as usual."""
    options = _parser().parse_args(argv)
    try:
        return anyio.run(_answer, tuple(options.revoke), command)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def line(entry: PermissionEntry) -> str:
    """A rule in one line, for people; nothing in it is hidden.

    >>> line(PermissionEntry("w1", "workspace", "run_command", "allow", command="git log", workspace="/p"))
    'w1  allow run_command "git log" in /p'
    >>> line(PermissionEntry("w2", "workspace", "run_command", "allow", covers="exactly `x`", workspace="/p"))
    'w2  allow run_command: exactly `x` in /p'
    """
    about = [f'"{item}"' for item in (entry.command, entry.path) if item is not None]
    match entry.scope:
        case "workspace":
            where = f"in {entry.workspace or 'every folder'}"
        case "session":
            where = "in a session"
        case _:
            where = "by the settings"
    words = [f"{entry.tool}:", entry.covers] if entry.covers and entry.scope != "settings" else [entry.tool, *about]
    return visible("  ".join([entry.id, " ".join([entry.action, *words, where])]).replace("\n", "\\n"))


def in_order(entries: Sequence[PermissionEntry], folder: Path) -> list[PermissionEntry]:
    """Those of this folder first, the rules of the settings last."""
    here = str(folder.resolve())
    return sorted(entries, key=lambda entry: (entry.scope == "settings", entry.workspace not in (here, None)))


async def _answer(revoke: tuple[str, ...], command: Sequence[str] | None) -> int:
    async with Client.start(command, roots=[Path.cwd()]) as client:
        entries = await client.permissions()
        wrong = [name for name in revoke if not any(item.id == name and item.scope != "settings" for item in entries)]
        if wrong:
            complain(f"nothing that can be revoked is named {', '.join(wrong)}; rules of the settings stand there")
            return 1
        left = await client.permissions(revoke=revoke) if revoke else entries
    for entry in in_order(left, Path.cwd()):
        sys.stdout.write(line(entry) + "\n")
    if not left:
        complain("nothing is remembered, and the settings have no rules")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("chatls permissions", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--revoke", metavar="ID", action="append", default=[], help="take this back; may be repeated")
    return parser
