"""What a person is asked: the words, the preview, the answers to choose from, and what each of them means. Pure."""

import re
import shlex
from dataclasses import dataclass, replace
from uuid import uuid4

from chatls.agent.permission.rules import Decision, Files, Matter, Rule, decide, remembered
from chatls.agent.step import Outcome, Run
from chatls.content import Diff, TextContent, ToolContent
from chatls.editor import OptionKind, PermissionOption, Question
from chatls.jsontext import printable
from chatls.permissions import Action, Scope
from chatls.tools.tool import Plan
from chatls.visible import escaped, is_hidden, visible_line

_LONGEST_LABEL = 100
_ODD = re.compile(r"(?!\r\n)[^\n\t -~]")
_LONGEST_FEEDBACK = 10_000

DENIED = "denied by the user; do not try it again in another way unasked"
CLOSED = "cancelled: the user closed the question without an answer"


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer, and the rules that it makes."""

    option: PermissionOption
    rules: tuple[Rule, ...] = ()

    @property
    def allows(self) -> bool:
        """Whether the call may run."""
        return self.option.kind in ("allow_once", "allow_always")


def choices(rules: tuple[Rule, ...], matter: Matter, *, read_only: bool) -> tuple[Choice, ...]:
    """The answers to choose from. Those for ever are there only where they would change what is asked."""
    found = [Choice(PermissionOption("allow_once", "Allow once", "allow_once"))]
    found += _lasting(rules, matter, "allow", "session", read_only=read_only)
    found += _lasting(rules, matter, "allow", "workspace", read_only=read_only)
    found.append(Choice(PermissionOption("reject_once", "No", "reject_once")))
    found += _lasting(rules, matter, "deny", "session", read_only=read_only)
    return tuple(found)


def _lasting(rules: tuple[Rule, ...], matter: Matter, action: Action, scope: Scope, *, read_only: bool) -> list[Choice]:
    made = remembered(Rule("", scope, matter.tool, action), matter)
    new = tuple(replace(rule, id=f"{scope}-{uuid4().hex[:12]}") for rule in made)
    one_too_many = action == "deny" and len(new) > 1  # which of the commands was meant?
    if not new or one_too_many or decide((*rules, *new), matter, read_only=read_only).action != action:
        return []
    sort: OptionKind = "allow_always" if action == "allow" else "reject_always"
    name = f"{'allow' if action == 'allow' else 'reject'}_{scope}"
    return [Choice(PermissionOption(name, _label(new, matter, action, scope), sort), new)]


def _label(rules: tuple[Rule, ...], matter: Matter, action: Action, scope: Scope) -> str:
    about = _about(rules, matter)
    if action == "deny":
        return f"No, and do not ask again about {about} in this session"
    if scope == "session":
        return f"Allow {about} in this session"
    where = f' "{visible_line(printable(matter.root.name))}"' if matter.root and matter.root.name else ""
    return f"Always allow {about} in the workspace{where}"


def _about(rules: tuple[Rule, ...], matter: Matter) -> str:
    if isinstance(matter, Files):
        return matter.tool
    keys = [rule.key for rule in rules if rule.key]
    shown = [visible_line(printable(shlex.join(key.words)), _LONGEST_LABEL) for key in keys]
    if sum(map(len, shown)) >= _LONGEST_LABEL:
        return "just this command" if all(key.exact for key in keys) else "commands like this"
    named = [f"`{words}`" if key.exact else f"`{words} ...`" for words, key in zip(shown, keys, strict=True)]
    return " and ".join(named)


def question(
    run: Run, plan: Plan | None, matter: Matter, options: tuple[Choice, ...], ids: tuple[str, str]
) -> Question:
    """The whole question. `ids`: of the session and of the turn."""
    why = (TextContent(f"Asked every time: {matter.always}."),) if matter.always else ()
    preview = (*why, *(plan.preview if plan else ()))
    return Question(
        session_id=ids[0],
        turn_id=ids[1],
        tool_call_id=run.call.id,
        title=visible_line(printable(run.tool.title(run.call.valid))),
        tool_kind=run.tool.kind,
        arguments=run.call.arguments,
        preview=tuple(_shown(item) for item in preview),
        options=tuple(choice.option for choice in options),
    )


def _shown(item: ToolContent) -> ToolContent:
    match item:
        case TextContent():
            return TextContent(_plain(item.text))
        case Diff():
            return replace(item, old_text=_plain(item.old_text), new_text=_plain(item.new_text))
        case _:
            return item


def _plain(text: str) -> str:
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
    """What the model is told when a rule says no."""
    source = decision.rule.shown() if decision.rule else "a rule"
    return Outcome.saying("denied", f"denied by {source}; do not try it again in another way")
