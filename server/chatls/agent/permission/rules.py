"""Who may do what: rules, what they are asked about, and which of them decides. Pure; nothing is looked up here.

A matching deny decides. Of all others the most specific one does: a named tool before `*`, a longer path or command
before a shorter one, `ask` before `allow` where they are equal. What is always asked, no rule can allow.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from chatls.agent.permission.command_keys import Key, plain_program
from chatls.agent.permission.shell import Words, crude_segments
from chatls.errors import ToolError
from chatls.permissions import Action, Scope
from chatls.workspace.globs import Wanted, wanted


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
    key: Key | None = None
    """The name of a command, as answers are remembered; it covers no other names."""
    workspace: Path | None = None
    """Only in this root. None: in all."""

    def shown(self) -> str:
        """For people and for the model: what it is about, and where it stands."""
        words = self.key.words if self.key else self.command
        about = f' "{self.path}"' if self.path else f' "{" ".join(words)}"' if words else ""
        return f"the rule {self.action} {self.tool}{about} ({_PLACES[self.scope]})"


_PLACES = {
    "settings": "settings",
    "workspace": "remembered for this workspace",
    "session": "remembered for this session",
}


@dataclass(frozen=True, slots=True)
class Files:
    """A call that is about files."""

    tool: str
    root: Path | None
    """The root that they lie in; None: outside of all, or unknown."""
    names: tuple[str, ...]
    """Relative to the root, with slashes, links resolved."""
    spelled: tuple[str, ...] = ()
    """The same as they are written, and other names that a rule against them may mean."""
    always: str | None = None
    """Why it is asked whatever the rules; None if it is not."""


@dataclass(frozen=True, slots=True)
class Part:
    """One simple command."""

    words: Words
    key: Key | None
    """None: it has to be asked for each time."""


@dataclass(frozen=True, slots=True)
class Command:
    """A call that runs commands."""

    tool: str
    root: Path | None
    """The root that it runs in."""
    parts: tuple[Part, ...]
    loose: tuple[Words, ...] = ()
    """Where it cannot be judged: what may be commands in it."""
    always: str | None = None


Matter = Files | Command
"""What rules are asked about."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done."""

    action: Action
    rule: Rule | None = None
    """The one that decided; None: none did."""


def decide(rules: tuple[Rule, ...], matter: Matter, *, read_only: bool = False) -> Decision:
    """What the rules say. Without one, what only reads is allowed, all else is asked."""
    near = [rule for rule in rules if rule.tool in ("*", matter.tool) and rule.workspace in (None, matter.root)]
    denied = next((rule for rule in near if rule.action == "deny" and _concerns(rule, matter)), None)
    if denied is not None:
        return Decision("deny", denied)
    if matter.always is not None:
        return Decision("ask")
    if isinstance(matter, Files):
        return _strongest([rule for rule in near if _covers(rule, matter)], "allow" if read_only else "ask")
    found = [_strongest([rule for rule in near if _fits(rule, part)], "ask") for part in matter.parts]
    return next((one for one in found if one.action != "allow"), found[0]) if found else Decision("ask")


def remembered(rule: Rule, matter: Matter) -> tuple[Rule, ...]:
    """The rules that a lasting answer makes, from one that says tool, scope and action. Empty: it cannot be lasting."""
    if matter.always is not None or matter.root is None:
        return ()
    if isinstance(matter, Files):
        return (_made(rule, matter.root, path="**" if matter.names else None),)
    keys = list(dict.fromkeys(part.key for part in matter.parts))
    known = [key for key in keys if key is not None]
    return tuple(_made(rule, matter.root, key=key) for key in known) if len(known) == len(keys) else ()


def _made(rule: Rule, root: Path, *, path: str | None = None, key: Key | None = None) -> Rule:
    return Rule(rule.id, rule.scope, rule.tool, rule.action, path, None, key, root)


def _strongest(rules: list[Rule], otherwise: Action) -> Decision:
    best = max(rules, key=lambda rule: (*_weight(rule), rule.action == "ask"), default=None)
    return Decision(otherwise) if best is None else Decision(best.action, best)


def _weight(rule: Rule) -> tuple[bool, int]:
    """How specific a rule is."""
    words = rule.key.words if rule.key else rule.command
    length = len(words) + 1 if words else 1 + sum(letter not in "*?/" for letter in rule.path) if rule.path else 0
    return rule.tool != "*", length


def _concerns(rule: Rule, matter: Matter) -> bool:
    """Whether a rule against it is meant: rather once too often."""
    if isinstance(matter, Files):
        if rule.path is None:
            return rule.command is None and rule.key is None
        names = (*matter.names, *matter.spelled)
        return any(_matches(rule.path, name) for name in names)
    if rule.path is not None:
        return False
    if rule.key is not None:
        return any(part.key == rule.key for part in matter.parts)
    if rule.command is None:
        return True
    return any(_begins(part, rule.command) for part in matter.parts) or any(
        _holds(words, rule.command) for words in matter.loose
    )


def _covers(rule: Rule, matter: Files) -> bool:
    """Whether a rule is about all of these files, where it allows; about any of them, where it asks."""
    if rule.action == "ask":
        return _concerns(rule, matter)
    if rule.command is not None or rule.key is not None:
        return False
    if rule.path is None:
        return True
    return bool(matter.names) and all(_is_wanted(rule.path, name) for name in matter.names)


def _fits(rule: Rule, part: Part) -> bool:
    """Whether a rule is about this command."""
    if rule.path is not None:
        return False
    if rule.action == "ask" and rule.command is not None:
        return _begins(part, rule.command)
    if part.key is None:
        return False
    if rule.key is not None:
        return part.key == rule.key
    return rule.command is None or part.words[: len(rule.command)] == rule.command


def _begins(part: Part, command: Words) -> bool:
    """Whether a command begins with these words, its program by whatever path; where it may run others, holds them."""
    if part.key is not None:
        return _starts(part.words, command)
    return any(_holds(words, command) for words in (part.words, *crude_segments(" ".join(part.words))))


def _holds(words: Words, command: Words) -> bool:
    return any(_starts(words[at:], command) for at in range(len(words)))


def _starts(words: Words, command: Words) -> bool:
    if not words or not command:
        return False
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
