"""What a remembered command is called: program and subcommand, or nothing where the same name may do anything. Pure.

Three kinds of programs: those that run others or any code have no key; known ones are known by their subcommand, with
whatever arguments; all others by their whole words, so that just the same command is meant.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from chatls.agent.permission.known_commands import (
    ASSIGNING,
    CHECKERS,
    FINE,
    LOOKS,
    NEVER,
    READERS,
    RISKY,
    RISKY_LETTERS,
    RISKY_PARTS,
    RUNNING,
    SCRIPTS,
    SUBCOMMANDS,
    TOPICS,
)
from chatls.agent.permission.shell import Words
from chatls.workspace.secret_files import holds_secrets


@dataclass(frozen=True, slots=True)
class Key:
    """The name of commands of one sort."""

    words: Words
    exact: bool = False
    """These very words, and none behind them."""


_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_VERSION = re.compile(r"(?<=[a-z+])[-.]?[0-9][0-9.]*$")
_SUFFIX = re.compile(r"\.(exe|com|bat|cmd|ps1)$")


def key_of(words: Words) -> Key | None:
    """The key of a simple command; None where it has to be asked for each time.

    >>> key_of(("git", "status", "-s")), key_of(("git", "-c", "x=y", "status"))
    (Key(words=('git', 'status'), exact=False), None)
    >>> key_of(("mytool", "x"))
    Key(words=('mytool', 'x'), exact=True)
    """
    if not words or not _PROGRAM.fullmatch(words[0]):
        return None
    program = plain_program(words[0])
    if program in NEVER or _SUFFIX.search(words[0].casefold()) or program.startswith("git-"):
        return None
    if words[1:2] and words[1] in RUNNING.get(program, ()):
        return None
    known = _known(program, words)
    if known is None and program in RUNNING and words[1:2] and words[1].startswith(("-", "+")):
        return None  # options of the whole program: `git -c ...`
    if any(_is_risky(word, program, words[1]) for word in words[1:]):
        return None
    if known is None:
        return Key(words, exact=True)
    return None if any(_leads_out(word, program) for word in words[len(known) :]) else Key(known)


def plain_program(word: str) -> str:
    """A program's name without folder, letter case and version.

    >>> plain_program("/usr/bin/Python3.11")
    'python'
    """
    name = _SUFFIX.sub("", PurePosixPath(word.replace("\\", "/")).name.casefold())
    return _VERSION.sub("", name)


def _known(program: str, words: Words) -> Words | None:
    """The words that name a known program's work."""
    if words[0] != program:
        return None
    if len(words) > 2 and words[1] in TOPICS.get(program, ()) and words[2] in LOOKS:
        return words[:3]
    if program in SUBCOMMANDS:
        if len(words) < 2 or words[1] not in SUBCOMMANDS[program]:
            return None
        if words[:2] not in SCRIPTS:
            return words[:2]
        return words[:3] if len(words) > 2 and _PROGRAM.fullmatch(words[2].replace(":", "")) else None
    return words[:1] if program in READERS or program in CHECKERS else None


def _is_risky(word: str, program: str, first: str) -> bool:
    if not word.startswith("-"):
        return (program in ASSIGNING and "=" in word) or (program == "git" and _names_a_place(word, first))
    name = word.split("=")[0]
    if name in ("-", "--") or name in FINE:
        return False
    if name.startswith("--"):
        return RISKY_PARTS.search(name) is not None or any(risky.startswith(name) for risky in RISKY)
    letters = RISKY_LETTERS.get(program, "") + RISKY_LETTERS.get(f"{program} {first}", "")
    return any(letter in letters for letter in word[1:]) or (len(word) > 2 and bool(RISKY_PARTS.search(word.lower())))


def _names_a_place(word: str, subcommand: str) -> bool:
    """Whether a word of git's may be an address, or does to the other side what `--force` does."""
    if "::" in word:
        return True
    moves = subcommand in ("push", "fetch", "pull")
    return moves and (bool(re.search(r"[:@/\\]", word.removeprefix("origin/"))) or word.startswith("+"))


def _leads_out(word: str, program: str) -> bool:
    """Whether an argument names something outside, or a file that usually holds secrets."""
    if program in ("echo", "true", "false", "pwd"):
        return False
    parts = re.split(r"[=:]", word)
    return any(
        part.startswith(("/", "~", "\\")) or ".." in re.split(r"[/\\]", part) or holds_secrets(PurePosixPath(part))
        for part in parts
    )
