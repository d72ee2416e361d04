"""Asks git what a command would show or change, before it does: a secret among it is asked about, and what decides what
runs. Also whether the repository's own settings name a program that git would run, or files elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from chatls.agent.permission.lines import careful_git
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Command, Naming, Part
from chatls.agent.permission.shell import Words
from chatls.children.commands import overlaid, quiet_environment
from chatls.children.overheard import overhear
from chatls.workspace.secret_files import holds_secrets, may_hold_secrets

_PATIENCE = 5.0
"""Seconds until it counts as not known."""
_MOST = 2**20
"""Bytes of names."""
_SETTINGS = (
    *("config", "--includes", "--show-scope", "-z", "--get-regexp"),
    r"^(filter\..*\.(clean|smudge|process)|core\.worktree)$",
)
_NONE_HERE = 128
"""Git's exit code where it finds no repository that it may use."""
_OF_REPOSITORY = frozenset({"local", "worktree"})
_KNOWN_FILTERS = frozenset({"git-lfs clean -- %f", "git-lfs smudge -- %f", "git-lfs filter-process"})


async def asked_of_git(command: Command, look: Look) -> Command:
    """The same command; what would show a secret does not count as reading, nor what changes what decides as a
    change."""
    for listing in command.listings:
        if why := await _why_not(listing, look):
            parts = tuple(
                Part(part.words, why=why) if part.words == listing.part and part.kind != "other" else part
                for part in command.parts
            )
            return replace(command, parts=parts, exact=None, listings=())
    return command


async def _why_not(listing: Naming, look: Look) -> str | None:
    if listing.files and (why := await _why_not_files(listing, look)):
        return why
    for word in listing.objects:
        code, _ = await _said(listing, look, "rev-parse", "--verify", "-q", f"{word}^{{blob}}")
        if code != 1 and code != 128:
            return f"{word} is no commit"
    if not listing.words:
        return None
    code, names = await _run(listing.words, listing.folder, look.environment)
    if code not in (0, 1):
        return "git does not say what it would show" if not listing.changes else "git does not say what it would change"
    for name in filter(None, (name.strip("\n") for name in names.split("\0"))):
        if why := _why_not_name(name.rpartition(":")[2], listing, look):
            return why
    return None


def _why_not_name(name: str, listing: Naming, look: Look) -> str | None:
    """Names may be relative to the folder or to the top of the repository."""
    if listing.changes:
        return look.decides(listing.folder / name)
    for path in (PurePath(name), listing.folder / name):
        if holds_secrets(path) or may_hold_secrets(path):
            return f"it would show {path.name}, which usually holds secrets"
    return None


async def _why_not_files(listing: Naming, look: Look) -> str | None:
    code, said = await _said(listing, look, *_SETTINGS)
    if code not in (0, 1, _NONE_HERE):
        return "git does not say what its settings are"
    told = said.split("\0")
    for scope, setting in zip(told[::2], told[1::2], strict=False):
        key, _, value = setting.partition("\n")
        if scope not in _OF_REPOSITORY or not value or value in _KNOWN_FILTERS:
            continue
        if key != "core.worktree":
            return f"the repository's own settings name a program for it ({key})"
        code, top = await _said(listing, look, "rev-parse", "--show-toplevel")
        if code != 0 or look.workspace.root_of(Path(top.strip("\n"))) is None:
            return f"the repository's own settings lead it elsewhere ({key})"
    return None


async def _said(listing: Naming, look: Look, *words: str) -> tuple[int | None, str]:
    return await _run((listing.program, *words), listing.folder, look.environment)


async def _run(words: Words, folder: Path, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """Its exit code, None where it does not end or says too much, and what it wrote."""
    said = await overhear(
        words, folder, overlaid(quiet_environment(environment), careful_git(environment)), _MOST, _PATIENCE
    )
    return said.code, said.data.decode("utf-8", "surrogateescape")
