"""Who changed the files that decide what runs: what the agent changed is asked about once more. Looks at the disk."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from chatls.agent.permission.digest import digest
from chatls.agent.permission.questions import Changed
from chatls.agent.permission.rule import Rule
from chatls.content import Diff

DecidingFile = tuple[Path, str]
"""A root, and a file relative to it."""
Digests = Mapping[DecidingFile, str]

_MOST_TEXTS = 500
_MOST_SHOWN = 2**18
"""Bytes of a file that are shown."""


class Watch:
    """What files were before the agent changed them. Its methods block: call them in a worker thread."""

    def __init__(self) -> None:
        self._texts: dict[tuple[DecidingFile, str], str] = {}
        """By place and digest."""
        self.last: Digests = {}
        """What was seen last, while a command of the agent's went on in the background."""

    def seen(self, rules: Iterable[Rule]) -> Digests:
        """What all files are now on which these rules hang."""
        places = {
            (rule.workspace, name) for rule in rules if rule.workspace and rule.reach for name in rule.reach.bound
        }
        found = {place: digest(place[0] / place[1]) for place in places}
        for place, now in found.items():
            if now and (place, now) not in self._texts and len(self._texts) < _MOST_TEXTS:
                self._texts[place, now] = _text(place[0] / place[1])
        return found

    def touched(self, rules: Iterable[Rule], before: Digests, edited: Iterable[DecidingFile] = ()) -> list[Rule]:
        """The rules that hang on what the agent changed since `before`, or has just edited in the editor."""
        known, news = frozenset(edited), list[Rule]()
        now = self.seen(rules)
        changed = {place: was for place, was in before.items() if place in known or now.get(place, was) != was}
        for rule in rules:
            if rule.reach is None or rule.workspace is None:
                continue
            mine = {
                name: was
                for (root, name), was in changed.items()
                if root == rule.workspace and name in rule.reach.bound
            }
            pending = {**mine, **rule.reach.pending}
            if pending != rule.reach.pending:
                news.append(replace(rule, reach=replace(rule.reach, pending=pending)))
        return news

    def stale(self, rules: Iterable[Rule]) -> dict[str, Changed]:
        """The rules, by id, that do not hold because of a file that the agent changed."""
        found = dict[str, Changed]()
        for rule in rules:
            if rule.reach is None or rule.workspace is None or rule.action != "allow":
                continue
            for name, was in rule.reach.pending.items():
                place = rule.workspace / name
                if digest(place) not in (was, rule.reach.bound.get(name)):
                    found[rule.id] = Changed(name, self._diff((rule.workspace, name), was))
                    break
        return found

    def _diff(self, place: DecidingFile, was: str) -> Diff | None:
        path = place[0] / place[1]
        before = "" if not was else self._texts.get((place, was))
        if before is None:
            return None
        now = _text(path)
        change = "new" if not was else "changed" if path.exists() else "deleted"
        return Diff(path.as_uri(), before, now, change)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_SHOWN).decode("utf-8", "replace")
    except OSError:
        return ""
