"""Whether a call may run, and how: the rules of the settings, what was answered before, and else a person's word.

Nothing that a model, a file or a workspace says comes in here: rules are the user's settings and answers alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.agent.permission.edited import EditedAnswer, differ
from chatls.agent.permission.matter import Command, Files, Matter, foreign_matter
from chatls.agent.permission.permissions import Permissions, Waiting
from chatls.agent.permission.questions import CLOSED, Choice, choices, forbidden, question, rejected
from chatls.agent.permission.rules import Circumstances, Decision
from chatls.agent.step import Outcome, Run
from chatls.editor import Editor, Question, Reply
from chatls.errors import ToolError
from chatls.events import Emit, Notice, PermissionRequested, PermissionResolved, WorkingMode
from chatls.settings.permissions import Action
from chatls.tools.tool import Plan, Tool, ToolContext, ToolOutput
from chatls.values import dataclass
from chatls.workspace.workspace import Workspace

Way = Callable[[], Awaitable[ToolOutput]]
"""How a plan is carried out."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A call may run."""

    way: Way | None = None
    """How; None: it only reads, and has no plan."""


@dataclass(frozen=True, slots=True)
class _Weighing:
    """What is weighed."""

    run: Run
    context: ToolContext
    plan: Plan | None
    matter: Matter
    manner: Circumstances

    @property
    def read_only(self) -> bool:
        return self.plan is None or self.plan.subject is None


class TurnGate:
    """What permits the calls of one turn."""

    def __init__(
        self,
        permissions: Permissions,
        editor: Editor,
        emit: Emit,
        ids: tuple[str, str],
        *,
        mode: WorkingMode = "ask",
        readers: Action = "allow",
    ) -> None:
        """`ids`: of the session and of the turn."""
        self._permissions = permissions
        self._editor = editor
        self._emit = emit
        self._ids = ids
        self._mode: WorkingMode = mode
        self._readers: Action = readers

    async def weigh(
        self, run: Run, context: ToolContext, plan: Plan | None
    ) -> Outcome | Permit | Callable[[], Awaitable[Outcome | Permit | EditedAnswer]]:
        """`Gate.weigh`."""
        session = self._ids[0]
        if plan is None and not self._permissions.concerns_reading(session, run.tool.name):
            return Permit()
        call = await self._call(run, context, plan)
        if problem := self._permissions.untold():
            self._emit(Notice(problem, "warning"))
        decision = await self._decided(call)
        match decision.action:
            case "allow":
                return self._permit(call, decision)
            case "deny":
                return forbidden(decision)
            case "ask":
                return partial(self._asked, call)

    def free(self, tool: Tool) -> bool:
        """Whether a rule allows a tool that is not ours, as it is known now."""
        roots = tuple(root.path for root in self._editor.roots())
        matter = foreign_matter(tool, tool.name.partition("__")[0], roots)
        decision = self._permissions.decide(self._ids[0], matter, Circumstances(self._mode), read_only=False)
        return decision.action == "allow"

    def hides(self, tool: str, workspace: Workspace, paths: Iterable[Path]) -> frozenset[Path]:
        """`ToolContext.hides`."""
        return self._kept_from(tool, workspace, paths, lambda decision: decision.action != "allow")

    def denies(self, tool: str, workspace: Workspace, paths: Iterable[Path]) -> frozenset[Path]:
        """`ToolContext.denies`."""
        return self._kept_from(
            tool,
            workspace,
            paths,
            lambda found: found.action == "deny" and found.rule is not None and bool(found.rule.path),
        )

    def _kept_from(
        self, tool: str, workspace: Workspace, paths: Iterable[Path], keeps: Callable[[Decision], bool]
    ) -> frozenset[Path]:
        session, tools = self._ids[0], (tool, "read_file")
        if not any(self._permissions.concerns_reading(session, name) for name in tools):
            return frozenset()
        manner = Circumstances(self._mode, self._readers)

        def is_kept(path: Path, name: str) -> bool:
            root = workspace.root_of(path)
            inner = (path.relative_to(root).as_posix() if root else path.as_posix(),)
            matter = Files(name, root, inner, inner)
            return keeps(self._permissions.decide(session, matter, manner, read_only=True))

        return frozenset(path for path in paths if any(is_kept(path, name) for name in tools))

    async def at_once(self, run: Run, context: ToolContext, plan: Plan) -> Permit | None:
        """`Gate.at_once`."""
        call = await self._call(run, context, plan)
        if not isinstance(call.matter, Command) or not call.matter.reads:
            return None
        decision = await self._decided(call)
        return self._permit(call, decision) if decision.action == "allow" else None

    async def weigh_edited(self, run: Run, context: ToolContext, plan: Plan, answer: EditedAnswer) -> Outcome | Permit:
        """`Gate.weigh_edited`."""
        call = await self._call(run, context, plan)
        decision = await self._decided(call)
        if decision.action == "deny":
            return forbidden(decision)
        if answer.inside and plan.inside is None:
            return Outcome.saying("denied", "denied: it was allowed in the sandbox, and needs more than that gives now")
        return self._permit(call, Decision("allow", inside=answer.inside), shown=not answer.inside)

    async def _call(self, run: Run, context: ToolContext, plan: Plan | None) -> _Weighing:
        environment = self._permissions.environment
        matter = await to_thread.run_sync(_matter_of, run, context, plan, environment, abandon_on_cancel=True)
        if isinstance(matter, Command) and matter.listings:
            from chatls.agent.permission.git_names import asked_of_git
            from chatls.agent.permission.look import Look

            matter = await asked_of_git(matter, Look(context.workspace, environment))
        inside = plan is not None and plan.inside is not None
        return _Weighing(run, context, plan, matter, Circumstances(self._mode, self._readers, inside))

    async def _decided(self, call: _Weighing) -> Decision:
        await self._permissions.refresh(busy=bool(call.context.commands.going))
        return self._permissions.decide(self._ids[0], call.matter, call.manner, read_only=call.read_only)

    def _permit(self, call: _Weighing, decision: Decision, *, shown: bool = False) -> Permit:
        """`shown`: a person saw the call, and said yes to it as it is written."""
        plan, matter = call.plan, call.matter
        if plan is None:
            return Permit()
        exact = matter.exact if isinstance(matter, Command) else None
        if exact is not None and plan.exactly is not None and not shown:
            plan = plan.exactly(exact)
        way = plan.inside if decision.inside and plan.inside is not None else plan.carry_out
        if isinstance(matter, Command) and matter.reads:
            return Permit(way)
        edited = (
            tuple((matter.root, name) for name in matter.names) if isinstance(matter, Files) and matter.root else ()
        )
        return Permit(partial(self._permissions.watched, way, edited, call.context.commands))

    async def _asked(self, call: _Weighing) -> Outcome | Permit | EditedAnswer:
        """Ask, when it is its turn, and tell the client that it is asked and what came of it."""
        if not self._editor.asks:
            return Outcome.saying("denied", "denied: this has to be asked for, and the editor cannot ask the user")
        options, told, outcome = tuple[Choice, ...](), False, "cancelled"
        reply: Reply | ToolError | None = None
        waiting = self._permissions.waiting(self._ids[0], call.matter, call.manner, read_only=call.read_only)
        try:
            with waiting as one, one.scope:
                async with self._permissions.places:
                    rules, changed = self._permissions.live(self._ids[0], call.matter)
                    options = choices(rules, call.matter, call.manner, read_only=call.read_only)
                    self._emit(PermissionRequested(call.run.call.id))
                    told = True
                    reply = await self._put(question(call.run, call.plan, call.matter, options, self._ids, changed))
            outcome, answer = self._settled(call, one) if reply is None else await self._taken(reply, options, call)
        finally:
            if told:
                self._emit(PermissionResolved(call.run.call.id, outcome))
        return answer

    async def _put(self, words: Question) -> Reply | ToolError:
        try:
            return await self._editor.ask_permission(words)
        except ToolError as error:
            return error

    async def _taken(
        self, reply: Reply | ToolError, options: tuple[Choice, ...], call: _Weighing
    ) -> tuple[str, Outcome | Permit | EditedAnswer]:
        if isinstance(reply, ToolError):
            self._emit(Notice(f"not permitted, because the user could not be asked: {reply}", "warning"))
            return "cancelled", Outcome.saying("denied", f"denied: the user could not be asked: {reply}")
        if reply.option_id is None:
            return "cancelled", Outcome.saying("cancelled", CLOSED)
        choice = next((choice for choice in options if choice.option.id == reply.option_id), None)
        if choice is None:
            self._emit(Notice("the editor gave an answer that was not offered; it was taken for a no", "warning"))
            return "reject_once", rejected(None, reply.feedback)
        inside = any(rule.reach and rule.reach.kind == "sandbox" for rule in choice.rules)
        run, wanted = call.run, reply.arguments
        if choice.allows and wanted is not None and differ(run.tool, wanted, run.arguments):
            return "allow_once", EditedAnswer(wanted, inside)
        if choice.rules and (problem := await self._permissions.remember(self._ids[0], choice.rules)):
            self._emit(Notice(problem, "warning"))
        if not choice.allows:
            return choice.option.kind, rejected(choice, reply.feedback)
        return choice.option.kind, self._permit(call, Decision("allow", inside=inside), shown=not choice.rules)

    def _settled(self, call: _Weighing, waiting: Waiting) -> tuple[str, Outcome | Permit]:
        """What another answer made of it."""
        decision = waiting.decision or Decision("deny")
        if decision.action == "allow":
            return "allow_always", self._permit(call, decision)
        return "reject_always", forbidden(decision)


def _matter_of(run: Run, context: ToolContext, plan: Plan | None, environment: Mapping[str, str]) -> Matter:
    """What a call is about. The tables by which it is judged are loaded with the first call, in a worker thread."""
    from chatls.agent.permission.look import Look
    from chatls.agent.permission.matters import matter_of

    return matter_of(run, plan.subject if plan else None, Look(context.workspace, environment))
