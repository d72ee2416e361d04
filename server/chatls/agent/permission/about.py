"""Which calls a rule is about. Pure. A rule against something is meant rather once too often, one for it rather too
seldom."""

from functools import lru_cache
from pathlib import Path

from chatls.agent.permission.matter import Command, Files, Matter, Part
from chatls.agent.permission.never import never, plain_program, unwrapped, without_git_options
from chatls.agent.permission.reach import Reach
from chatls.agent.permission.rule import ANY, Rule
from chatls.agent.permission.shell import Words, crude_segments
from chatls.errors import ToolError
from chatls.settings.permissions import stands_for
from chatls.workspace.globs import Wanted, wanted

CHANGING = frozenset({"edit_file", "write_file", "edit_notebook", "move_file", "delete_file", "rename_symbol"})
"""The tools that change files."""
_GENERAL = frozenset({"edit_file", "write_file"})
"""Of these: a rule against one of them is against changes of files by whatever tool, since each could do the other's
work."""


def is_near(rule: Rule, matter: Matter) -> bool:
    """Whether a rule could be about a call: by the root, and by the tool."""
    if rule.workspace not in (None, matter.root):
        return False
    edits = rule.reach is not None and rule.reach.kind in ("edits", "file", "name")
    return stands_for(rule.tool, matter.tool) or edits or (_is_against_changes(rule) and _changes(matter))


def _is_against_changes(rule: Rule) -> bool:
    return rule.action != "allow" and rule.reach is None and rule.command is None and rule.tool in _GENERAL


def _changes(matter: Matter) -> bool:
    """Whether a call changes files that are known."""
    if isinstance(matter, Files):
        return matter.tool in CHANGING
    return matter.writes is not None or matter.touches is not None


def is_exactly(reach: Reach, matter: Command) -> bool:
    """Whether an answer was for just this line."""
    same = (reach.line, reach.folder, reach.needs) == (matter.line, matter.folder, matter.needs)
    return reach.kind == "line" and same


def concerns(rule: Rule, matter: Matter) -> bool:
    """Whether a rule against it is meant: rather once too often."""
    if isinstance(matter, Files):
        if rule.reach is not None:
            return (rule.reach.kind == "tool" and rule.tool == matter.tool) or _reaches(rule, rule.reach, matter)
        if rule.path is None:
            return rule.command is None
        names = (*matter.names, *matter.spelled)
        return any(_matches(rule.path, name) for name in names)
    if rule.reach is not None:
        return is_exactly(rule.reach, matter) or any(_is_run(rule.reach, part) for part in matter.parts)
    if rule.path is not None or _is_against_changes(rule):
        return any(files is not None and concerns(rule, files) for files in (matter.writes, matter.touches))
    if rule.command is None:
        return True
    words = tuple(word for word in rule.command if word != ANY)
    return any(_begins(part, words) for part in matter.parts) or any(_holds(one, words) for one in matter.loose)


def _is_run(reach: Reach, part: Part) -> bool:
    return part.kind == "runner" and (reach.kind, reach.words, reach.folder) == ("run", part.key, part.folder)


def covers(rule: Rule, matter: Files) -> bool:
    """Whether a rule is about all of these files, where it allows; about any of them, where it asks."""
    if rule.action == "ask":
        return concerns(rule, matter)
    if rule.reach is not None:
        return _reaches(rule, rule.reach, matter)
    if rule.command is not None:
        return False
    if rule.path is None:
        return not matter.second
    spelt_out = not set("*?[{") & set(rule.path.rpartition("/")[2])
    if matter.second and not spelt_out:
        return False
    return bool(matter.names) and all(_is_wanted(rule.path, name) for name in matter.names)


def _reaches(rule: Rule, reach: Reach, matter: Files) -> bool:
    match reach.kind:
        case "tool":
            return rule.tool == matter.tool and not matter.second
        case "server":
            return reach.words == (matter.server,)
        case "edits":
            return matter.edits and not matter.second
        case "file":
            return matter.edits and bool(matter.second) and set(matter.names) <= {reach.words[0]}
        case "name":
            return (
                matter.edits and bool(matter.second) and {Path(name).name for name in matter.names} <= {reach.words[0]}
            )
        case _:
            return False


def fits(rule: Rule, part: Part) -> bool:
    """Whether a rule is about this command."""
    if rule.path is not None:
        return False
    if rule.reach is not None:
        return _answers(rule.reach, part)
    words = rule.command
    if rule.action == "ask":
        return words is None or _begins(part, tuple(word for word in words if word != ANY))
    return part.bare and (part.kind != "other" if words is None else _allowed(words, part))


def _allowed(words: Words, part: Part) -> bool:
    """Whether an answer for these words would cover a command."""
    if words[-1] == ANY:
        return part.words[: len(words) - 1] == words[:-1]
    begins = part.words[: len(words)] == words
    match part.kind:
        case "runner":
            return part.wide and (part.key == words or (begins and len(words) >= len(part.key)))
        case "reader" | "changer":
            return begins
        case "other":
            return part.words == words


def _answers(reach: Reach, part: Part) -> bool:
    match reach.kind:
        case "run":
            return _is_run(reach, part)
        case "checks":
            return part.kind == "runner" and part.wide
        case "changes":
            return part.kind == "changer"
        case _:
            return False


def _begins(part: Part, command: Words) -> bool:
    """Whether a command begins with these words, its program by whatever path; where it may run others, holds them."""
    if part.kind != "other":
        return _starts(part.words, command)
    return any(
        _holds(words, command) for words in (part.words, *crude_segments(" ".join(part.words)), *unwrapped(part.words))
    )


def _holds(words: Words, command: Words) -> bool:
    return any(_starts(words[at:], command) for at in range(len(words)))


def _starts(words: Words, command: Words) -> bool:
    if not words or not command:
        return False
    return any(_same(one, command) for one in (words, without_git_options(words)))


def _same(words: Words, command: Words) -> bool:
    program = words[0] == command[0] or plain_program(words[0]) == plain_program(command[0])
    return program and words[1 : len(command)] == command[1:]


def _matches(glob: str, name: str) -> bool:
    """Whether a rule against a path means this one: letter case does not count, and a glob that is none means all."""
    return _is_wanted(glob, name, broken=True) or _is_wanted(glob.casefold(), name.casefold(), broken=True)


def _is_wanted(glob: str, name: str, *, broken: bool = False) -> bool:
    files = _wanted(glob)
    return broken if files is None else files.includes(name)


@lru_cache(maxsize=256)
def _wanted(glob: str) -> Wanted | None:
    """The files that a glob means; None where it is no glob."""
    try:
        return wanted(glob)
    except ToolError:
        return None


def pieces(line: str) -> list[Words]:
    """What stands between the operators of a line that cannot be read."""
    return [
        words
        for part in line.replace("\n", ";").replace("|", ";").replace("&", ";").split(";")
        if (words := tuple(part.split()))
    ]


def allows(rule: Rule, piece: Words) -> bool:
    """Whether a rule with `unjudged` allows a piece of a line."""
    words = tuple(word for word in rule.command or () if word != ANY)
    if piece[: len(words)] != words:
        return False
    dangerous = never([piece, *crude_segments(" ".join(piece))])
    return dangerous is None or (bool(words) and never([words]) is not None)
