"""Who may do what: rules, what they are asked about, and which of them decides. Pure; nothing is looked up here.

A matching deny decides. Of all others the most specific one does: a named tool before `*`, a longer path or command
before a shorter one, `ask` before `allow` where they are equal. What is always asked, no answer can allow.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from chatls.agent.permission.matter import Command, Files, Matter, Part
from chatls.agent.permission.never import never, plain_program, unwrapped, without_git_options
from chatls.agent.permission.reach import Reach
from chatls.agent.permission.shell import Words, crude_segments
from chatls.errors import ToolError
from chatls.events import WorkingMode
from chatls.permissions import Action, Scope, stands_for
from chatls.values import dataclass
from chatls.workspace.globs import Wanted, wanted

ANY = "*"
"""A tool's name that stands for all; the last word of a command: whatever stands behind the others."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be done with some calls."""

    id: str
    scope: Scope
    tool: str
    """A name, or `*`."""
    action: Action
    path: str | None = None
    """A glob, relative to a root."""
    command: Words | None = None
    """The words that a command begins with."""
    unjudged: bool = False
    """It allows what cannot be judged as well."""
    reach: Reach | None = None
    """What an answer covers; it covers nothing else."""
    workspace: Path | None = None
    """Only in this root. None: in all."""

    def shown(self) -> str:
        """For people and for the model: what it is about, and where it stands."""
        about = f' "{self.path}"' if self.path else f' "{" ".join(self.command)}"' if self.command else ""
        about = f": {self.reach.named()}" if self.reach else about
        return f"the rule {self.action} {self.tool}{about} ({_PLACES[self.scope]})"

    def covers(self) -> str:
        """One line for people: all that it is about."""
        if self.reach is not None:
            return self.reach.covers()
        what = f"paths {self.path}" if self.path else f"`{' '.join(self.command)}`" if self.command else "everything"
        return f"{what}, also what cannot be judged" if self.unjudged else what


_PLACES = {
    "settings": "settings",
    "workspace": "remembered for this workspace",
    "session": "remembered for this session",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """In which way a session works."""

    mode: WorkingMode = "ask"
    readers: Action = "allow"
    """What is done with commands that only read, without a rule."""
    inside: bool = False
    """A command can be run in the sandbox."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done."""

    action: Action
    rule: Rule | None = None
    """The one that decided; None: none did."""
    inside: bool = False
    """Nobody was asked about it: it runs in the sandbox where there is one."""
    planned: bool = False
    """It is denied because of the mode `plan`."""


def decide(
    rules: Sequence[Rule], matter: Matter, manner: Circumstances | None = None, *, read_only: bool = False
) -> Decision:
    """What the rules say. Without one, what only reads is allowed, all else is asked."""
    manner = manner or Circumstances()
    near = [rule for rule in rules if _is_near(rule, matter)]
    denied = next((rule for rule in near if rule.action == "deny" and _concerns(rule, matter)), None)
    if denied is not None:
        return Decision("deny", denied)
    if isinstance(matter, Command) and matter.ends:
        return Decision("allow", inside=True)
    if manner.mode == "plan" and not read_only:
        found = Decision("ask")
        if isinstance(matter, Command) and matter.reads:
            found = _command(near, matter, manner)
        elif isinstance(matter, Files) and matter.early:
            found = _files(near, matter, manner, read_only=False)
        return found if found.action == "allow" else Decision("deny", planned=True)
    if isinstance(matter, Files):
        return _files(near, matter, manner, read_only=read_only)
    return _command(near, matter, manner)


def _files(near: list[Rule], matter: Files, manner: Circumstances, *, read_only: bool) -> Decision:
    if matter.always is not None:
        return Decision("ask")
    free = read_only or (manner.mode == "edits" and matter.edits and matter.root is not None and not matter.second)
    return _strongest([rule for rule in near if _covers(rule, matter)], "allow" if free else "ask")


def _command(near: list[Rule], matter: Command, manner: Circumstances) -> Decision:
    if matter.root is None:
        return Decision("ask")
    exactly = [rule for rule in near if rule.reach and _is_exactly(rule.reach, matter)]
    if matter.always is not None:
        return _unjudged(near, matter)
    if exactly:
        return _strongest(exactly, "ask")
    if matter.needs:
        return Decision("ask")
    found = [_part(near, part, manner) for part in matter.parts]
    if matter.writes is not None:
        found.append(_files(near, matter.writes, manner, read_only=False))
    refused = next((one for one in found if one.action != "allow"), None)
    if refused is None:
        return replace(found[0], inside=all(one.inside for one in found))
    if refused.action == "deny":
        return refused
    wanted_inside = manner.mode == "edits" or any(rule.reach and rule.reach.kind == "sandbox" for rule in near)
    asked = any(rule.action == "ask" and _concerns(rule, matter) for rule in near)
    decides = matter.writes is not None and (matter.writes.always or matter.writes.second)
    if wanted_inside and manner.inside and not asked and not decides:
        return Decision("allow", inside=True)
    return refused


def _part(near: list[Rule], part: Part, manner: Circumstances) -> Decision:
    found = _strongest([rule for rule in near if _fits(rule, part)], "ask")
    if found.rule is None and part.kind == "reader":
        return Decision("allow" if part.words[0] == "cd" else manner.readers, inside=True)
    return found


def _unjudged(near: list[Rule], matter: Command) -> Decision:
    """Rules of the settings may allow what cannot be judged; what is never remembered, only in so many words."""
    pieces = [part.words for part in matter.parts] or _pieces(matter.line)
    candidates = [rule for rule in near if rule.unjudged and rule.action == "allow"]
    asked = any(rule.action == "ask" and _concerns(rule, matter) for rule in near)
    if asked or not pieces or (matter.writes is not None and matter.writes.always):
        return Decision("ask")
    chosen = [next((rule for rule in candidates if _allows(rule, piece)), None) for piece in pieces]
    return Decision("allow", chosen[0]) if all(chosen) else Decision("ask")


def _pieces(line: str) -> list[Words]:
    """What stands between the operators of a line that cannot be read."""
    return [
        words
        for part in line.replace("\n", ";").replace("|", ";").replace("&", ";").split(";")
        if (words := tuple(part.split()))
    ]


def _allows(rule: Rule, piece: Words) -> bool:
    words = tuple(word for word in rule.command or () if word != ANY)
    if piece[: len(words)] != words:
        return False
    dangerous = never([piece, *crude_segments(" ".join(piece))])
    return dangerous is None or (bool(words) and never([words]) is not None)


def narrow(matter: Matter, *, refusing: bool = False) -> tuple[Reach, ...]:
    """What a lasting answer covers that is as narrow as can be. Empty: it cannot be lasting."""
    if isinstance(matter, Files) and matter.server:
        return (Reach("tool"),)
    if matter.always is not None or matter.root is None:
        return ()
    if isinstance(matter, Files):
        if refusing or not matter.edits:
            return () if matter.second and not refusing else (Reach("tool"),)
        return tuple(Reach("file", (name,)) for name in matter.second) if matter.second else (Reach("edits"),)
    exactly = Reach("line", (), matter.line, matter.folder, matter.needs, matter.deciding)
    kinds = {part.kind for part in matter.parts}
    if matter.needs or "other" in kinds or (kinds <= {"reader"} and matter.writes is None):
        return (exactly,)
    if refusing and (kinds != {"runner"} or matter.writes or len({part.key for part in matter.parts}) > 1):
        return (exactly,)
    runs = [_run(part, matter) for part in matter.parts if part.kind == "runner"]
    return tuple(dict.fromkeys((*runs, *_others(matter))))


def wide(matter: Matter) -> tuple[Reach, ...]:
    """What a wider answer would cover; empty: there is none."""
    if isinstance(matter, Files) and matter.server:
        return (Reach("server", (matter.server,)),)
    if matter.always is not None or matter.root is None:
        return ()
    if isinstance(matter, Files):
        names = (Path(name).name for name in matter.second) if matter.edits else ()
        return tuple(dict.fromkeys(Reach("name", (name,)) for name in names))
    runners = [part for part in matter.parts if part.kind == "runner"]
    if matter.needs or not any(part.wide for part in runners) or any(part.kind == "other" for part in matter.parts):
        return ()
    runs = [_run(part, matter) for part in runners if not part.wide]
    return tuple(dict.fromkeys((Reach("checks"), *runs, *_others(matter))))


def _run(part: Part, matter: Command) -> Reach:
    return Reach("run", part.key, "", part.folder, (), matter.deciding)


def _others(matter: Command) -> list[Reach]:
    found = [Reach("changes")] if any(part.kind == "changer" for part in matter.parts) else []
    return found + (list(narrow(matter.writes)) if matter.writes is not None else [])


def _is_near(rule: Rule, matter: Matter) -> bool:
    if rule.workspace not in (None, matter.root):
        return False
    edits = rule.reach is not None and rule.reach.kind in ("edits", "file", "name")
    return stands_for(rule.tool, matter.tool) or edits


def _is_exactly(reach: Reach, matter: Command) -> bool:
    same = (reach.line, reach.folder, reach.needs) == (matter.line, matter.folder, matter.needs)
    return reach.kind == "line" and same


_STRICT: tuple[Action, ...] = ("allow", "ask", "deny")


def _strongest(rules: list[Rule], otherwise: Action) -> Decision:
    best = max(rules, key=lambda rule: (*_weight(rule), _STRICT.index(rule.action)), default=None)
    return Decision(otherwise) if best is None else Decision(best.action, best)


def _weight(rule: Rule) -> tuple[int, int]:
    """How specific a rule is."""
    if rule.reach is not None:
        exact = {"line": 1000, "file": 500, "name": 400, "run": len(rule.reach.words) + 1}
        return 2 - (rule.reach.kind == "server"), exact.get(rule.reach.kind, 0)
    words = rule.command
    length = len(words) + 1 if words else 1 + sum(letter not in "*?/" for letter in rule.path) if rule.path else 0
    return 0 if rule.tool == ANY else 2 - rule.tool.endswith("__*"), length


def _concerns(rule: Rule, matter: Matter) -> bool:
    """Whether a rule against it is meant: rather once too often."""
    if isinstance(matter, Files):
        if rule.reach is not None:
            return (rule.reach.kind == "tool" and rule.tool == matter.tool) or _reaches(rule, rule.reach, matter)
        if rule.path is None:
            return rule.command is None
        names = (*matter.names, *matter.spelled)
        return any(_matches(rule.path, name) for name in names)
    if rule.reach is not None:
        return _is_exactly(rule.reach, matter) or any(_is_run(rule.reach, part) for part in matter.parts)
    if rule.path is not None:
        return matter.writes is not None and _concerns(rule, matter.writes)
    if rule.command is None:
        return True
    words = tuple(word for word in rule.command if word != ANY)
    return any(_begins(part, words) for part in matter.parts) or any(_holds(one, words) for one in matter.loose)


def _is_run(reach: Reach, part: Part) -> bool:
    return part.kind == "runner" and (reach.kind, reach.words, reach.folder) == ("run", part.key, part.folder)


def _covers(rule: Rule, matter: Files) -> bool:
    """Whether a rule is about all of these files, where it allows; about any of them, where it asks."""
    if rule.action == "ask":
        return _concerns(rule, matter)
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


def _fits(rule: Rule, part: Part) -> bool:
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
