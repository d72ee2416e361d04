"""Asks git which files' text a command would show, before it shows any: a secret among them is asked about."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath

import anyio

from chatls.agent.permission.lines import careful_git
from chatls.agent.permission.matter import Command, Naming, Part
from chatls.agent.permission.shell import Words
from chatls.children.commands import overlaid, quiet_environment
from chatls.children.process import Child
from chatls.workspace.secret_files import holds_secrets, may_hold_secrets

_PATIENCE = 5.0
"""Seconds until it counts as not known."""
_MOST = 2**20
"""Bytes of names."""


async def without_secrets(command: Command, environment: Mapping[str, str]) -> Command:
    """The same command; one that would show a secret does not count as reading."""
    for listing in command.listings:
        if why := await _why_not(listing, environment):
            parts = tuple(
                Part(part.words, why=why) if part.kind == "reader" and "git" in part.words[0] else part
                for part in command.parts
            )
            return replace(command, parts=parts, exact=None, listings=())
    return command


async def _why_not(listing: Naming, environment: Mapping[str, str]) -> str | None:
    program = listing.program
    for word in listing.commits:
        code, _ = await _said(
            (program, "rev-parse", "--verify", "-q", f"{word}^{{commit}}"), listing.folder, environment
        )
        if code != 0:
            return f"{word} is no commit"
    if not listing.words:
        return None
    code, names = await _said(listing.words, listing.folder, environment)
    if code is None:
        return "git does not say in time what it would show"
    for name in names.split("\0"):
        path = PurePath(name.strip("\n").rpartition(":")[2])
        if holds_secrets(path) or may_hold_secrets(path):
            return f"it would show {path.name}, which usually holds secrets"
    return None


async def _said(words: Words, folder: Path, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """Its exit code, None where it does not end, and what it wrote."""
    over = overlaid(quiet_environment(environment), careful_git(environment))
    said = bytearray()
    with anyio.move_on_after(_PATIENCE):
        try:
            async with await Child.start(words, cwd=folder, env=over) as child, anyio.create_task_group() as tasks:
                tasks.start_soon(_drain, child)
                async for data in child.stdout:
                    said += data
                    if len(said) > _MOST:
                        tasks.cancel_scope.cancel()
                code = await child.wait()
                tasks.cancel_scope.cancel()
                return code, said.decode("utf-8", "replace")
        except OSError:
            return None, ""
    return None, ""


async def _drain(child: Child) -> None:
    """A full pipe would stop it."""
    async for _ in child.stderr:
        pass
