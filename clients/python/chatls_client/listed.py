"""`chatls models`: which models there are to ask, and which one answers where none is named."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls_client.client import Client
from chatls_client.errors import ClientError
from chatls_client.faces import complain
from chatls_client.harmless import visible
from chatls_client.protocol import ModelEntry, ModelsResult

DESCRIPTION = """\
List the models that can be asked now: those of providers whose key is set, of the settings, and of servers on this
machine. The one with a * answers where none is named.
"""


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls models` and return its exit code: 1 if nothing could be asked, or if there is no model. `command`:
    how the daemon is started, if not as usual."""
    _parser().parse_args(argv)
    try:
        result = anyio.run(_models, command)
    except ClientError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    for row in rows(result):
        sys.stdout.write(row + "\n")
    if not result.models:
        complain("there is no model to ask: set a provider's key in the environment, or start a server on this machine")
    return 0 if result.models else 1


def rows(result: ModelsResult) -> list[str]:
    """A line for each model: its name for `--model`, and what is known of it.

    >>> rows(ModelsResult((ModelEntry("a/b", "a", "B", True, 4096), ModelEntry("c/d", "c", "d", False, None)), "a/b"))
    ['* a/b  B, on this machine, 4,096 tokens', '  c/d']
    """
    unlisted = result.default and result.default not in [model.id for model in result.models]
    if unlisted:  # a server need not tell of all that it has
        return [f"* {_one_line(result.default or '')}", *rows(ModelsResult(result.models, None))]
    width = max((len(visible(model.id)) for model in result.models), default=0)
    return [
        f"{'*' if model.id == result.default else ' '} {_one_line(model.id):{width}}  {_facts(model)}".rstrip()
        for model in result.models
    ]


def _facts(model: ModelEntry) -> str:
    named = [] if model.name in (model.id, model.id.partition("/")[2], "") else [_one_line(model.name)]
    where = ["on this machine"] if model.local else []
    window = [f"{model.context_window:,} tokens"] if model.context_window else []
    return ", ".join(named + where + window)


def _one_line(text: str) -> str:
    return visible(text.replace("\n", " "))


async def _models(command: Sequence[str] | None) -> ModelsResult:
    async with Client.start(command, roots=[Path.cwd()]) as client:
        return await client.models()


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser("chatls models", description=DESCRIPTION, allow_abbrev=False)
