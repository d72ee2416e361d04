"""What a person is asked: the words, the preview, the answers to choose from, and what each of them means. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from uuid import uuid4

from chatls.agent.permission.answers import narrow, wide
from chatls.agent.permission.matter import Command, Files, Matter
from chatls.agent.permission.reach import Reach
from chatls.agent.permission.rule import Rule
from chatls.agent.permission.rules import Circumstances, Decision, decide
from chatls.agent.step import Outcome, Run
from chatls.content import Diff, TextContent, ToolContent
from chatls.editor import PermissionOption, Question
from chatls.jsontext import printable
from chatls.settings.permissions import Action
from chatls.tools.tool import Plan
from chatls.values import dataclass
from chatls.visible import escaped, is_hidden, visible_line

_ODD = re.compile(r"(?!\r\n)[^\n\t -~]")
_LONGEST_FEEDBACK = 10_000
_LONGEST_LABEL = 160

DENIED = "denied by the user; do not try it again in another way unasked"
CLOSED = "cancelled: the user closed the question without an answer"

Lasting = Literal["session", "workspace"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, and the rules that it makes."""

    option: PermissionOption
    rules: tuple[Rule, ...] = ()

    @property
    def allows(self) -> bool:
        """Whether the call may run."""
        return self.option.kind in ("allow_once", "allow_always")


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that decides what runs and that the agent has changed since it was answered."""

    name: str
    """Relative to the root."""
    diff: Diff | None = None
    """None: what it was is not known any more."""


def choices(rules: Sequence[Rule], matter: Matter, manner: Circumstances, *, read_only: bool) -> tuple[Choice, ...]:
    """The answers to choose from, narrow before wide. Those that last are there only where they would change what is
    asked."""
    ask = _Offers(tuple(rules), matter, manner, read_only=read_only)
    own, more = narrow(matter), wide(matter)
    found = [Choice(PermissionOption("allow_once", "Allow once", "allow_once", "once", "this call alone"))]
    found += ask.allowing("allow_session", own, "session")
    brief = any(reach.kind in ("file", "name") for reach in (*own, *more))
    found += [] if brief else ask.allowing("allow_workspace", own, "workspace")
    found += [] if isinstance(matter, Files) and matter.server else ask.allowing("allow_wide_session", more, "session")
    found += [] if brief else ask.allowing("allow_wide_workspace", more, "workspace")
    if isinstance(matter, Command) and manner.inside and not matter.always:
        found += ask.allowing("allow_inside", (Reach("sandbox"),), "session")
    found.append(Choice(PermissionOption("reject_once", "No", "reject_once", "once", "this call alone")))
    found += ask.refusing()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Offers:
    rules: tuple[Rule, ...]
    matter: Matter
    manner: Circumstances
    read_only: bool

    def allowing(self, name: str, reaches: tuple[Reach, ...], scope: Lasting) -> list[Choice]:
        made = self._made(reaches, "allow", scope)
        if not made:
            return []
        about = " and ".join(reach.named() if reach.kind != "tool" else self.matter.tool for reach in reaches)
        until = "in this session" if scope == "session" else f"in the workspace{self._workspace()}"
        label = visible_line(f"{'Allow' if scope == 'session' else 'Always allow'} {about} {until}", _LONGEST_LABEL)
        covers = "; ".join(reach.covers() for reach in reaches)
        return [Choice(PermissionOption(name, label, "allow_always", scope, covers), made)]

    def refusing(self) -> list[Choice]:
        reaches = narrow(self.matter, refusing=True)
        made = self._made(reaches, "deny", "session") if len(reaches) == 1 else ()
        if not made:
            return []
        about = self.matter.tool if reaches[0].kind == "tool" else reaches[0].named()
        label = visible_line(f"No, and do not ask again about {about} in this session", _LONGEST_LABEL)
        covers = reaches[0].covers()
        return [Choice(PermissionOption("reject_session", label, "reject_always", "session", covers), made)]

    def _made(self, reaches: tuple[Reach, ...], action: Action, scope: Lasting) -> tuple[Rule, ...]:
        root = self.matter.root
        if root is None and scope == "workspace":
            return ()
        made = tuple(
            Rule(f"{scope}-{uuid4().hex[:12]}", scope, self._tool(reach), action, reach=reach, workspace=root)
            for reach in reaches
        )
        after = decide((*self.rules, *made), self.matter, self.manner, read_only=self.read_only)
        return made if made and after.action == action else ()

    def _tool(self, reach: Reach) -> str:
        return f"{reach.words[0]}__*" if reach.kind == "server" else self.matter.tool

    def _workspace(self) -> str:
        root = self.matter.root
        return f' "{visible_line(printable(root.name))}"' if root and root.name else ""


def question(
    run: Run,
    plan: Plan | None,
    matter: Matter,
    options: tuple[Choice, ...],
    ids: tuple[str, str],
    changed: Changed | None,
) -> Question:
    """The whole question. `ids`: of the session and of the turn."""
    preview = (*_before(matter, changed), *(plan.preview if plan else ()))
    return Question(
        session_id=ids[0],
        turn_id=ids[1],
        tool_call_id=run.call.id,
        title=visible_line(printable(run.tool.title(run.call.valid))),
        tool_kind=run.tool.kind,
        arguments=run.tool.tidied(run.call.arguments),
        preview=tuple(_shown(item) for item in preview),
        options=tuple(choice.option for choice in options),
        sandbox=plan is not None and plan.inside is not None and plan.inside is plan.carry_out,
        changed=changed.name if changed else None,
    )


def _before(matter: Matter, changed: Changed | None) -> list[ToolContent]:
    """What a person should know before all else."""
    found = list[ToolContent]()
    if matter.always:
        found.append(TextContent(f"Asked every time: {matter.always}."))
    if isinstance(matter, Files) and matter.second:
        found.append(TextContent(f"Answers for edits do not cover it: {matter.why}."))
    if isinstance(matter, Command) and matter.needs:
        found.append(TextContent(f"It needs more than the sandbox gives: {', '.join(matter.needs)}."))
    if changed:
        found.append(
            TextContent(f"Asked once more: {changed.name} decides what runs, and the agent has changed it since.")
        )
        found += [changed.diff] if changed.diff else []
    return found


def _shown(item: ToolContent) -> ToolContent:
    match item:
        case TextContent():
            return TextContent(spelled_out(item.text))
        case Diff():
            return _shown_diff(item)
        case _:
            return item


def _shown_diff(diff: Diff) -> Diff:
    return replace(diff, old_text=spelled_out(diff.old_text), new_text=spelled_out(diff.new_text))


def spelled_out(text: str) -> str:
    """With all that cannot be seen spelled out. The tools took care of the rest: how long it is, what is numbered."""
    return _ODD.sub(lambda match: escaped(match[0]) if is_hidden(match[0]) else match[0], printable(text))


def rejected(choice: Choice | None, feedback: str) -> Outcome:
    """What the model is told when a person says no. `choice` is None where the answer was none of those offered."""
    text = DENIED
    if choice is not None and choice.rules:
        text += ", nor anything like it in this session"
    words = printable(feedback).strip()[:_LONGEST_FEEDBACK]
    return Outcome.saying("denied", f"{text}. The user says: {words}" if words else text)


def forbidden(decision: Decision) -> Outcome:
    """What the model is told when a rule, or the mode, says no."""
    if decision.planned:
        return Outcome.saying(
            "denied", "denied: the session is in the mode plan, in which nothing changes; tell the user your plan"
        )
    source = decision.rule.shown() if decision.rule else "a rule"
    return Outcome.saying("denied", f"denied by {source}; do not try it again in another way")
