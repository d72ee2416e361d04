"""All that a daemon knows of permissions: rules, answers, open questions, who changed what decides."""

import shlex
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from hashlib import sha256
from pathlib import Path

from anyio import CancelScope, CapacityLimiter, Lock, to_thread

from chatls.agent.permission.grants import Grants, NotKeptError, same
from chatls.agent.permission.matter import Matter
from chatls.agent.permission.questions import Changed
from chatls.agent.permission.rule import Rule
from chatls.agent.permission.rules import Circumstances, Decision, decide
from chatls.agent.permission.watch import Watch
from chatls.children.commands import Commands
from chatls.settings.config import PermissionRule
from chatls.settings.permissions import PermissionEntry
from chatls.tools.tool import ToolOutput
from chatls.values import dataclass

RulesOf = Callable[[str | None], tuple[PermissionRule, ...]]

MOST_OPEN = 16
"""Questions that are open at once; the others wait, in order."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A question that waits: for its place, or for a person."""

    session_id: str
    matter: Matter
    manner: Circumstances
    read_only: bool
    scope: CancelScope = field(default_factory=CancelScope)
    decision: Decision | None = None
    """What another answer made of it."""


class Permissions:
    """All of a daemon."""

    def __init__(self, grants: Grants, environment: Mapping[str, str], settings: RulesOf) -> None:
        """`settings`: the rules of a session's settings, or of those that hold where no session is named."""
        self.environment = environment
        """Of commands: where their programs are looked for."""
        self.places = CapacityLimiter(MOST_OPEN)
        """For open questions; who comes first is asked first."""
        self._settings = settings
        self._grants = grants
        self._sessions: dict[str, dict[str, Rule]] = {}
        self._open: list[Waiting] = []
        self._writing = Lock()
        self._untold: str | None = None
        self._watch = Watch()
        self._stale: dict[str, Changed] = {}
        """Rules that do not hold now, by id, with the file that the agent changed."""

    def rules(self, session_id: str) -> tuple[Rule, ...]:
        """All that were made, as they are known now."""
        return (*self._of_settings(session_id), *self._sessions.get(session_id, {}).values(), *self._grants.rules)

    def live(self, session_id: str, matter: Matter) -> tuple[tuple[Rule, ...], Changed | None]:
        """Those that hold, and the changed file because of which one does not that would have covered this."""
        rules = self.rules(session_id)
        held = tuple(rule for rule in rules if rule.id not in self._stale)
        for rule in rules:
            if rule.id in self._stale and decide((rule,), matter, Circumstances(readers="ask")).action == "allow":
                return held, self._stale[rule.id]
        return held, self._partly(rules, matter)

    def _partly(self, rules: tuple[Rule, ...], matter: Matter) -> Changed | None:
        """The same where it would have covered a part of this."""
        if decide(rules, matter).action != "allow":
            return None
        return next(
            (self._stale[rule.id] for rule in rules if rule.id in self._stale and rule.workspace == matter.root), None
        )

    def concerns_reading(self, session_id: str, tool: str) -> bool:
        """Whether any rule could keep a tool from running that only reads."""
        rules = (*self._of_settings(session_id), *self._sessions.get(session_id, {}).values())
        return any(rule.action != "allow" and rule.tool in ("*", tool) and rule.command is None for rule in rules)

    async def refresh(self, *, busy: bool = False) -> None:
        """Look whether another daemon changed what is remembered, and whether it still holds. `busy`: commands of the
        agent's go on in the background, so that whatever changes may be theirs."""
        async with self._writing:
            self._untold = await to_thread.run_sync(self._grants.refresh) or self._untold
            if busy or self._watch.last:
                await self._note(self._watch.last, ())
                self._watch.last = await to_thread.run_sync(self._watch.seen, self._bound()) if busy else {}
            self._stale = await to_thread.run_sync(self._watch.stale, self._bound())

    async def watched(
        self, way: Callable[[], Awaitable[ToolOutput]], edited: tuple[tuple[Path, str], ...], commands: Commands
    ) -> ToolOutput:
        """Carry out what the agent does, and note what it changed of the files that decide what runs."""
        before = await to_thread.run_sync(self._watch.seen, self._bound())
        try:
            return await way()
        finally:
            with CancelScope(shield=True):
                async with self._writing:
                    await self._note(before, edited)
                    if commands.going:
                        self._watch.last = await to_thread.run_sync(self._watch.seen, self._bound())

    async def _note(self, before: Mapping[tuple[Path, str], str], edited: tuple[tuple[Path, str], ...]) -> None:
        """Under `_writing`."""
        if not before:
            return
        news = await to_thread.run_sync(self._watch.touched, self._bound(), before, edited)
        for rules in self._sessions.values():
            rules.update({rule.id: rule for rule in news if rule.id in rules})
        lasting = [rule for rule in news if rule.scope == "workspace"]
        try:
            await to_thread.run_sync(self._grants.add, lasting)
        except NotKeptError as error:
            self._untold = f"what the agent changed could not be noted: {error}"

    def _bound(self) -> tuple[Rule, ...]:
        """The rules that hang on files."""
        sessions = (rule for rules in self._sessions.values() for rule in rules.values())
        return tuple(rule for rule in (*sessions, *self._grants.rules) if rule.reach and rule.reach.bound)

    def untold(self) -> str | None:
        """Words for a person if what is remembered cannot be used; once."""
        problem, self._untold = self._untold, None
        return problem

    def decide(self, session_id: str, matter: Matter, manner: Circumstances, *, read_only: bool) -> Decision:
        """What the rules say, as they are known now."""
        held = tuple(rule for rule in self.rules(session_id) if rule.id not in self._stale)
        return decide(held, matter, manner, read_only=read_only)

    @contextmanager
    def waiting(self, session_id: str, matter: Matter, manner: Circumstances, *, read_only: bool) -> Generator[Waiting]:
        """While a question waits: another answer may settle it."""
        one = Waiting(session_id, matter, manner, read_only)
        self._open.append(one)
        try:
            yield one
        finally:
            self._open.remove(one)

    async def listing(self, session_id: str | None = None) -> tuple[PermissionEntry, ...]:
        """All that hold: in one session, or in all."""
        await self.refresh()
        sessions = self._sessions if session_id is None else {session_id: self._sessions.get(session_id, {})}
        inner = [_entry(rule, name) for name, rules in sessions.items() for rule in rules.values()]
        return (*inner, *(_entry(rule) for rule in (*self._grants.rules, *self._of_settings(session_id))))

    async def revoke(self, ids: Iterable[str]) -> None:
        """Take back what was answered, also for calls that have not begun yet. Unknown ids and those of settings, which
        only their file can change, are passed over. Raises `NotKeptError`."""
        gone = frozenset(ids)
        for rules in self._sessions.values():
            for name in gone & rules.keys():
                del rules[name]
        async with self._writing:
            await to_thread.run_sync(self._grants.remove, gone)

    async def remember(self, session_id: str, rules: tuple[Rule, ...]) -> str | None:
        """Keep what a person answered, and settle what it settles. Gives words for a person where it cannot be kept
        for longer than the session."""
        lasting = tuple(rule for rule in rules if rule.scope == "workspace")
        brief, problem = tuple(rule for rule in rules if rule.scope == "session"), None
        try:
            async with self._writing:
                await to_thread.run_sync(self._grants.add, lasting)
        except NotKeptError as error:
            problem = f"remembered for this session only: {error}"
            brief += tuple(replace(rule, scope="session") for rule in lasting)
        kept = self._sessions.setdefault(session_id, {})
        for name in [name for name, rule in kept.items() if any(same(rule, new) for new in brief)]:
            del kept[name]
        kept.update({rule.id: rule for rule in brief})
        self._settle()
        return problem

    def _settle(self) -> None:
        """Withdraw the questions that the rules answer by now."""
        for waiting in self._open:
            decision = self.decide(waiting.session_id, waiting.matter, waiting.manner, read_only=waiting.read_only)
            if decision.action != "ask":
                waiting.decision = decision
                waiting.scope.cancel()

    def _of_settings(self, session_id: str | None) -> tuple[Rule, ...]:
        return tuple(map(_rule, self._settings(session_id)))


def _rule(setting: PermissionRule) -> Rule:
    words = tuple(shlex.split(setting.command)) if setting.command else None
    told = (setting.tool, setting.path, words, setting.action, setting.unjudged)
    name = sha256(repr(told).encode("utf-8", "replace")).hexdigest()
    return Rule(
        f"settings-{name[:12]}", "settings", setting.tool, setting.action, setting.path, words, setting.unjudged
    )


def _entry(rule: Rule, session_id: str | None = None) -> PermissionEntry:
    reach = rule.reach
    words = shlex.join(rule.command) if rule.command else reach.line or shlex.join(reach.words) if reach else ""
    words = "" if reach and reach.kind == "server" else words
    path = reach.words[0] if reach and reach.kind in ("file", "name") else rule.path
    return PermissionEntry(
        id=rule.id,
        scope=rule.scope,
        tool=rule.tool,
        action=rule.action,
        path=path,
        command=(words or None) if path is None else None,
        covers=rule.covers(),
        workspace=str(rule.workspace) if rule.workspace else None,
        session_id=session_id,
    )
