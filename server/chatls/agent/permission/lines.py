"""Judges a whole command: reads it through, part by part, and puts together what would be run. Looks at the disk."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from chatls.agent.permission.deciders import digests, own_scripts
from chatls.agent.permission.files import files_of
from chatls.agent.permission.judging import Judged, judged
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Command, Part
from chatls.agent.permission.never import fetched, never
from chatls.agent.permission.options import NotListedError
from chatls.agent.permission.shell import Simple, Word, Words, crude_segments, read_line, written
from chatls.tools.tool import CommandSubject, Exact
from chatls.values import dataclass
from chatls.workspace.workspace import real_path

_UNREAD = "what this command runs cannot be shown for certain, word by word"
_STATEFUL = frozenset(
    [
        "cd",
        "pushd",
        "popd",
        "export",
        "source",
        ".",
        "eval",
        "exec",
        "set",
        "unset",
        "alias",
        "unalias",
        "shift",
        "trap",
        "declare",
        "typeset",
        "local",
        "readonly",
        "let",
        "return",
        "break",
        "continue",
        "exit",
        "logout",
        "enable",
        "hash",
        "bind",
        "ulimit",
        "umask",
        "shopt",
        "read",
        "mapfile",
        "readarray",
        "getopts",
        "builtin",
        "command",
    ]
)
"""Words of the shell that change what stands behind them."""
_PLAIN: Mapping[str, None] = dict.fromkeys(
    ("CDPATH", "BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "POSIXLY_CORRECT", "GREP_OPTIONS", "MAGIC", "TAR_OPTIONS")
)
"""Variables that programs which only read must not have."""
_GIT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "4",
    "GIT_CONFIG_KEY_0": "safe.bareRepository",
    "GIT_CONFIG_VALUE_0": "explicit",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
    "GIT_CONFIG_KEY_2": "log.showSignature",
    "GIT_CONFIG_VALUE_2": "false",
    "GIT_CONFIG_KEY_3": "diff.ignoreSubmodules",
    "GIT_CONFIG_VALUE_3": "dirty",
}


@dataclass(slots=True)
class _Progress:
    """How far a line was read."""

    folder: Path | None
    parts: list[Judged] = field(default_factory=list[Judged])
    run: list[str] = field(default_factory=list[str])
    """Pieces of the line that is run."""
    behind_cd: bool = False
    lost: bool = False
    """A part may have changed what those behind it mean."""

    def changes_for(self, one: Judged) -> bool:
        """Whether an earlier part changes what lies in a folder that this one would move."""
        made = [path for part in self.parts for path in (*part.touches, *part.writes)]
        return any(path.is_relative_to(place) for path in made for place in one.moves)


def command_of(tool: str, subject: CommandSubject, look: Look) -> Command:
    """What rules are asked about."""
    root, needs = look.workspace.root_of(subject.folder), subject.needs
    root = None if look.workspace.is_beside(subject.folder) else root
    line = subject.command if isinstance(subject.command, str) else shlex.join(subject.command)
    whole = Command(tool, root, line.strip(), needs=needs, ends=subject.ends is not None)
    if root is None:
        return replace(whole, loose=crude_segments(line))
    whole = replace(whole, folder=look.inner(subject.folder))
    simples = read_line(line) if isinstance(subject.command, str) else (_vector(subject.command),)
    if simples is None or not all(simple.words for simple in simples):
        loose = crude_segments(line)
        return replace(whole, loose=loose, unread=_UNREAD, never=never(loose))
    reading = _read(simples, subject.folder, look)
    deciding = _deciding(reading.parts, subject.folder, look)
    paths = tuple(path for one in reading.parts for path in one.writes)
    touched = tuple(path for one in reading.parts for path in one.touches)
    if any(look.inner(path) in deciding for path in paths):
        reading.parts = [_unsure(one) for one in reading.parts]
    parts = tuple(one.part for one in reading.parts)
    why = never([part.words for part in parts]) or never([simple.texts for simple in simples]) or fetched(simples)
    return replace(
        whole,
        parts=parts,
        unread=_unshown(simples, reading.parts),
        never=why,
        listings=tuple(one.listing for one in reading.parts if one.listing),
        exact=_exact(subject, simples, reading, look),
        writes=files_of("write_file", paths, look) if paths else None,
        touches=files_of("write_file", touched, look) if touched else None,
        deciding=deciding,
    )


def _unsure(one: Judged) -> Judged:
    """A runner of a line that itself writes what decides what it runs."""
    why = "the line itself writes what decides what it runs"
    return replace(one, part=Part(one.part.words, why=why)) if one.part.kind == "runner" else one


def _vector(words: tuple[str, ...]) -> Simple:
    return Simple("", (), tuple(Word(word, None, word) for word in words), ())


def _unshown(simples: tuple[Simple, ...], parts: list[Judged]) -> str | None:
    """Names that a pattern stands for are shown where they were looked up, and known to be harmless."""
    for simple, one in zip(simples, parts, strict=True):
        if one.part.kind == "other" and any(word.pattern is not None for word in simple.words):
            return _UNREAD
    return None


def _read(simples: tuple[Simple, ...], folder: Path, look: Look) -> _Progress:
    reading = _Progress(folder)
    for at, simple in enumerate(simples):
        behind = simples[at + 1].joint if at + 1 < len(simples) else ""
        if reading.behind_cd and simple.joint not in ("&&", "|"):
            reading.folder = None  # it runs whether or not the folder was changed
        goal = _goal(simple, behind, reading.folder, look)
        joint = {"": "", "\n": "; "}.get(simple.joint, f" {simple.joint} ")
        if goal is not None and not reading.lost:
            reading.folder, reading.behind_cd = goal, True
            reading.parts.append(Judged(Part(simple.texts, "reader"), ()))
            reading.run.append(f"{joint}cd {shlex.quote(str(goal))}")
            continue
        one = judged(simple, None if reading.lost else reading.folder, look)
        if one.part.kind != "other" and (reading.lost or reading.changes_for(one)):
            one = replace(one, part=Part(one.part.words, why="what stands before it may change it"))
        if reading.lost:
            one = replace(one, part=replace(one.part, bare=False))
        reading.lost = reading.lost or simple.words[0].text in _STATEFUL or _puts_back(one.part)
        reading.parts.append(one)
        reading.run.append(f"{joint}{written(simple, one.run)}")
    return reading


def _puts_back(part: Part) -> bool:
    """Whether it makes files what they were, links among them."""
    return part.kind == "changer" and part.words[:2] == ("git", "stash")


def _goal(simple: Simple, behind: str, folder: Path | None, look: Look) -> Path | None:
    """The folder to which a command leads those behind it; None where it does not, for certain."""
    words = simple.texts
    if words[0] != "cd" or len(words) != 2 or folder is None or simple.assignments or simple.redirections:
        return None
    if behind != "&&" or simple.joint not in ("", "&&", ";", "\n") or simple.words[1].pattern is not None:
        return None
    place = words[1]
    if place.startswith("-") or not place:
        return None
    straight = Path(os.path.normpath(folder / place))
    try:
        goal = look.place(place, folder)
    except NotListedError:
        return None
    if goal is None or not goal.is_dir() or look.workspace.is_beside(goal):
        return None
    return None if ".." in Path(place).parts and real_path(straight) != straight else goal


def careful_git(environment: Mapping[str, str]) -> dict[str, str | None]:
    """What git that only reads has over the environment of commands: settings of ours, and none of the command's."""
    return {**{name: None for name in environment if name.startswith("GIT_")}, **_GIT}


def _exact(subject: CommandSubject, simples: tuple[Simple, ...], reading: _Progress, look: Look) -> Exact | None:
    others = any(one.part.kind == "other" for one in reading.parts)
    if others and not (any(one.git for one in reading.parts) and all(map(_is_plain, simples))):
        return None  # beside what is in no table only git is to run as it was judged
    over: dict[str, str | None] = dict(_PLAIN)
    if any(one.git for one in reading.parts):
        over |= careful_git(look.environment)
    if isinstance(subject.command, str):
        return Exact("".join(reading.run), over)
    run = reading.parts[0].run
    return Exact(run, over) if Path(run[0]).is_absolute() else None


def _is_plain(simple: Simple) -> bool:
    """Whether it can be written down anew."""
    here = any(one.operator == "<<" for one in simple.redirections)
    return not here and all(word.pattern is None for word in simple.words)


def _deciding(parts: list[Judged], folder: Path, look: Look) -> Mapping[str, str]:
    """What decides what is run, of all parts but those that only read."""
    running = [one for one in parts if one.part.kind in ("runner", "other")]
    if not running:
        return {}
    named: list[Words] = [one.part.words for one in running]
    return digests(named, folder, [place for one in running for place in one.places], look) | own_scripts(
        named, folder, look
    )
