"""`chatls commands`: which slash commands there are, and what may be named with `@`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls_client.client import Client
from chatls_client.errors import ClientError
from chatls_client.faces import complain
from chatls_client.harmless import visible
from chatls_client.protocol import CommandsResult

DESCRIPTION = """\
List the slash commands that a prompt may begin with here, and what it may name with @.
"""

_SOURCES = {"built-in": "", "user": "yours", "workspace": "of this folder"}


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls commands` and return its exit code. `command`: how the daemon is started, if not as usual."""
    argparse.ArgumentParser("chatls commands", description=DESCRIPTION, allow_abbrev=False).parse_args(argv)
    try:
        result = anyio.run(_commands, command)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    for row in rows(result):
        sys.stdout.write(row + "\n")
    return 0


def rows(result: CommandsResult) -> list[str]:
    """A line for each: how it is written, and what it is for."""
    commands = [
        (_written(f"/{one.name}", one.hint), one.description, _SOURCES.get(one.source, one.source))
        for one in result.commands
    ]
    mentions = [(_written(f"@{one.name}", one.hint, ":"), one.description, "") for one in result.mentions]
    width = max((len(written) for written, _, _ in (*commands, *mentions)), default=0)
    return [
        f"{written:{width}}  {visible(description)}{f' ({source})' if source else ''}".rstrip()
        for written, description, source in (*commands, *mentions)
    ]


def _written(name: str, hint: str | None, between: str = " ") -> str:
    """
    >>> _written("/review", "[files]"), _written("@diff", "[staged]", ":")
    ('/review [files]', '@diff[:staged]')
    """
    if not hint:
        return visible(name)
    if between == ":":
        return visible(f"{name}[:{hint[1:-1]}]" if hint.startswith("[") else f"{name}:{hint}")
    return visible(f"{name} {hint}")


async def _commands(command: Sequence[str] | None) -> CommandsResult:
    async with Client.start(command, roots=[Path.cwd()]) as client:
        return await client.commands()
