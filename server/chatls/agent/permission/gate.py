"""Whether a call may run: the rules of the settings, what was answered before, and else a person's word.

Nothing that a model, a file or a workspace says comes in here: rules are the user's settings and answers alone.
"""

import shlex
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256

from anyio import CancelScope, Lock, to_thread

from chatls.agent.permission.grants import Grants, NotKeptError
from chatls.agent.permission.matters import matter_of
from chatls.agent.permission.questions import CLOSED, Choice, choices, forbidden, question, rejected
from chatls.agent.permission.rules import Decision, Matter, Rule, decide
from chatls.agent.step import Outcome, Run
from chatls.config import PermissionRule
from chatls.editor import Editor, Question, Reply
from chatls.errors import ToolError
from chatls.events import Emit, Notice, PermissionRequested, PermissionResolved
from chatls.permissions import PermissionEntry
from chatls.tools.tool import Plan, ToolContext

RulesOf = Callable[[str | None], tuple[PermissionRule, ...]]

_SETTLED = {"allow": "allow_always", "deny": "reject_always"}


@dataclass(slots=True, eq=False)
class Waiting:
    """A question that waits."""

    session_id: str
    matter: Matter
    read_only: bool
    scope: CancelScope = field(default_factory=CancelScope)
    decision: Decision | None = None
    """What another answer made of it."""


class Permissions:
    """All of a daemon: rules, open questions."""

    def __init__(
        self,
        grants: Grants,
        environment: Mapping[str, str],
        settings: RulesOf,
    ) -> None:
        """`settings`: the rules of a session's settings, or of those that hold where no session is named."""
        self.environment = environment
        """Of commands: where their programs are looked for."""
        self._settings = settings
        self._grants = grants
        self._sessions: dict[str, dict[str, Rule]] = {}
        self._open: list[Waiting] = []
        self._writing = Lock()
        self._untold: str | None = None

    def rules(self, session_id: str) -> tuple[Rule, ...]:
        """All that hold in a session, as they are known now."""
        return (*self._of_settings(session_id), *self._sessions.get(session_id, {}).values(), *self._grants.rules)

    def concerns_reading(self, session_id: str, tool: str) -> bool:
        """Whether any rule could keep a tool from running that only reads."""
        rules = (*self._of_settings(session_id), *self._sessions.get(session_id, {}).values())
        return any(rule.action != "allow" and rule.tool in ("*", tool) and rule.command is None for rule in rules)

    async def refresh(self) -> None:
        """Look whether another daemon changed what is remembered."""
        async with self._writing:
            self._untold = await to_thread.run_sync(self._grants.refresh) or self._untold

    def untold(self) -> str | None:
        """Words for a person if what is remembered cannot be used; once."""
        problem, self._untold = self._untold, None
        return problem

    def decide(self, session_id: str, matter: Matter, *, read_only: bool) -> Decision:
        """What the rules say, as they are known now."""
        return decide(self.rules(session_id), matter, read_only=read_only)

    @contextmanager
    def waiting(self, session_id: str, matter: Matter, *, read_only: bool) -> Generator[Waiting]:
        """While a question waits: another answer may settle it."""
        one = Waiting(session_id, matter, read_only)
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
        self._sessions.setdefault(session_id, {}).update({rule.id: rule for rule in brief})
        self._settle()
        return problem

    def _settle(self) -> None:
        """Withdraw the questions that the rules answer by now."""
        for waiting in self._open:
            decision = self.decide(waiting.session_id, waiting.matter, read_only=waiting.read_only)
            if decision.action != "ask":
                waiting.decision = decision
                waiting.scope.cancel()

    def _of_settings(self, session_id: str | None) -> tuple[Rule, ...]:
        return tuple(map(_rule, self._settings(session_id)))


class TurnGate:
    """What permits the calls of one turn."""

    def __init__(self, permissions: Permissions, editor: Editor, emit: Emit, session_id: str, turn_id: str) -> None:
        self._permissions = permissions
        self._editor = editor
        self._emit = emit
        self._session = session_id
        self._turn = turn_id

    async def weigh(
        self, run: Run, context: ToolContext, plan: Plan | None
    ) -> Outcome | Callable[[], Awaitable[Outcome | None]] | None:
        """`Gate.weigh`."""
        if plan is None and not self._permissions.concerns_reading(self._session, run.tool.name):
            return None
        subject, environment = plan.subject if plan else None, self._permissions.environment
        matter = await to_thread.run_sync(
            matter_of, run, subject, context.workspace, environment, abandon_on_cancel=True
        )
        await self._permissions.refresh()
        if problem := self._permissions.untold():
            self._emit(Notice(problem, "warning"))
        decision = self._permissions.decide(self._session, matter, read_only=plan is None)
        match decision.action:
            case "allow":
                return None
            case "deny":
                return forbidden(decision)
            case "ask":
                return partial(self._asked, run, plan, matter)

    async def _asked(self, run: Run, plan: Plan | None, matter: Matter) -> Outcome | None:
        """Ask, and tell the client that it is asked and what came of it."""
        if not self._editor.asks:
            return Outcome.saying("denied", "denied: this has to be asked for, and the editor cannot ask the user")
        options = choices(self._permissions.rules(self._session), matter, read_only=plan is None)
        asked = question(run, plan, matter, options, (self._session, self._turn))
        self._emit(PermissionRequested(run.call.id))
        outcome = "cancelled"
        try:
            outcome, refusal = await self._answer(asked, options, matter, read_only=plan is None)
        finally:
            self._emit(PermissionResolved(run.call.id, outcome))
        return refusal

    async def _answer(
        self, asked: Question, options: tuple[Choice, ...], matter: Matter, *, read_only: bool
    ) -> tuple[str, Outcome | None]:
        """What came of a question, and why the call may not run."""
        reply: Reply | None = None
        with self._permissions.waiting(self._session, matter, read_only=read_only) as waiting:
            try:
                with waiting.scope:
                    reply = await self._editor.ask_permission(asked)
            except ToolError as error:
                self._emit(Notice(f"not permitted, because the user could not be asked: {error}", "warning"))
                return "cancelled", Outcome.saying("denied", f"denied: the user could not be asked: {error}")
        if reply is not None:
            return await self._taken(reply, options)
        settled = waiting.decision or Decision("deny")
        return _SETTLED[settled.action], None if settled.action == "allow" else forbidden(settled)

    async def _taken(self, reply: Reply, options: tuple[Choice, ...]) -> tuple[str, Outcome | None]:
        if reply.option_id is None:
            return "cancelled", Outcome.saying("cancelled", CLOSED)
        choice = next((choice for choice in options if choice.option.id == reply.option_id), None)
        if choice is None:
            self._emit(Notice("the editor gave an answer that was not offered; it was taken for a no", "warning"))
            return "reject_once", rejected(None, reply.feedback)
        if choice.rules and (problem := await self._permissions.remember(self._session, choice.rules)):
            self._emit(Notice(problem, "warning"))
        return choice.option.kind, None if choice.allows else rejected(choice, reply.feedback)


def _rule(setting: PermissionRule) -> Rule:
    words = tuple(shlex.split(setting.command)) if setting.command else None
    name = sha256(repr((setting.tool, setting.path, words, setting.action)).encode("utf-8", "replace")).hexdigest()
    return Rule(f"settings-{name[:12]}", "settings", setting.tool, setting.action, setting.path, words)


def _entry(rule: Rule, session_id: str | None = None) -> PermissionEntry:
    words = rule.key.words if rule.key else rule.command
    return PermissionEntry(
        id=rule.id,
        scope=rule.scope,
        tool=rule.tool,
        action=rule.action,
        path=rule.path,
        command=shlex.join(words) if words else None,
        workspace=str(rule.workspace) if rule.workspace else None,
        session_id=session_id,
    )
