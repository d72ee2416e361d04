"""Which rule decides. Pure; nothing is looked up here.

A matching deny decides. Of all others the most specific one does: a named tool before `*`, a longer path or command
before a shorter one, `ask` before `allow` where they are equal. What is always asked, no answer can allow.
"""

from collections.abc import Sequence
from dataclasses import replace

from chatls.agent.permission.about import allows, concerns, covers, fits, is_exactly, is_near, pieces
from chatls.agent.permission.matter import Command, Files, Matter, Part
from chatls.agent.permission.rule import ANY, Rule
from chatls.events import WorkingMode
from chatls.settings.permissions import Action
from chatls.values import dataclass


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
    near = [rule for rule in rules if is_near(rule, matter)]
    denied = next((rule for rule in near if rule.action == "deny" and concerns(rule, matter)), None)
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
    return _strongest([rule for rule in near if covers(rule, matter)], "allow" if free else "ask", matter.tool)


def _command(near: list[Rule], matter: Command, manner: Circumstances) -> Decision:
    if matter.root is None:
        return Decision("ask")
    exactly = [rule for rule in near if rule.reach and is_exactly(rule.reach, matter)]
    if matter.always is not None:
        return _unjudged(near, matter)
    if exactly:
        return _strongest(exactly, "ask")
    if matter.needs:
        return Decision("ask")
    found = [*(_part(near, part, manner) for part in matter.parts), *_changed(near, matter, manner)]
    refused = next((one for one in found if one.action != "allow"), None)
    if refused is None:
        return replace(found[0], inside=all(one.inside for one in found))
    if refused.action == "deny":
        return refused
    wanted_inside = manner.mode == "edits" or any(rule.reach and rule.reach.kind == "sandbox" for rule in near)
    asked = any(rule.action == "ask" and concerns(rule, matter) for rule in near)
    decides = matter.writes is not None and (matter.writes.always or matter.writes.second)
    if wanted_inside and manner.inside and not asked and not decides:
        return Decision("allow", inside=True)
    return refused


def _changed(near: list[Rule], matter: Command, manner: Circumstances) -> list[Decision]:
    """What is said of the files that it changes."""
    found = [_files(near, matter.writes, manner, read_only=False)] if matter.writes is not None else []
    touches = matter.touches
    asked = touches is not None and any(rule.action == "ask" and covers(rule, touches) for rule in near)
    return [*found, Decision("ask")] if asked else found


def _part(near: list[Rule], part: Part, manner: Circumstances) -> Decision:
    found = _strongest([rule for rule in near if fits(rule, part)], "ask")
    if found.rule is None and part.kind == "reader":
        return Decision("allow" if part.words[0] == "cd" else manner.readers, inside=True)
    return found


def _unjudged(near: list[Rule], matter: Command) -> Decision:
    """Rules of the settings may allow what cannot be judged; what is never remembered, only in so many words."""
    found = [part.words for part in matter.parts] or pieces(matter.line)
    candidates = [rule for rule in near if rule.unjudged and rule.action == "allow"]
    asked = any(rule.action == "ask" and concerns(rule, matter) for rule in near)
    if asked or not found or (matter.writes is not None and matter.writes.always):
        return Decision("ask")
    chosen = [next((rule for rule in candidates if allows(rule, piece)), None) for piece in found]
    return Decision("allow", chosen[0]) if all(chosen) else Decision("ask")


_STRICT: tuple[Action, ...] = ("allow", "ask", "deny")


def _strongest(rules: list[Rule], otherwise: Action, tool: str = "") -> Decision:
    """`tool`: a rule that names it is more specific than one that stands for it."""
    best = max(rules, key=lambda rule: (*_weight(rule, tool), _STRICT.index(rule.action)), default=None)
    return Decision(otherwise) if best is None else Decision(best.action, best)


def _weight(rule: Rule, tool: str) -> tuple[int, int]:
    """How specific a rule is."""
    named = 0 if rule.tool == ANY else 1 if tool and rule.tool != tool else 2
    if rule.reach is not None:
        exact = {"line": 1000, "file": 500, "name": 400, "run": len(rule.reach.words) + 1}
        return 2 - (rule.reach.kind == "server"), exact.get(rule.reach.kind, 0)
    words = rule.command
    length = len(words) + 1 if words else 1 + sum(letter not in "*?/" for letter in rule.path) if rule.path else 0
    return named, length
