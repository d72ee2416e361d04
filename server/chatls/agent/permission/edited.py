"""A call as a person wants it, and not the model: whether it still is the same one, what the model is told. Pure.

The history keeps what the model wrote: a reply that is signed has to stay as it was.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from chatls.agent.permission.questions import spelled_out
from chatls.content import Diff, JsonObject
from chatls.errors import ToolError
from chatls.jsontext import dumps
from chatls.tools.tool import CommandSubject, FileSubject, Plan, Tool
from chatls.values import dataclass
from chatls.workspace.linediff import differences
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import plain

_MOST = 8 * 1024
"""Characters of what a model is told that a person changed."""
_LONGEST = 1000
"""Of one line of it."""


@dataclass(frozen=True, slots=True)
class EditedAnswer:
    """A person allows a call once, with other arguments."""

    arguments: JsonObject
    """As the client sent them."""
    inside: bool = False
    """They allow it in the sandbox."""


def differ(tool: Tool, now: JsonObject, then: JsonObject) -> bool:
    """Whether arguments say something else than those that the model wrote (`then`, with defaults)."""
    try:
        return tool.validate(now) != then
    except ToolError:
        return True


def unescaped(arguments: JsonObject, plan: Plan) -> JsonObject:
    """The arguments with each line of the files again as it is, where a person left it as it was shown to them: with
    what cannot be seen spelled out."""
    raw, shown = set[str](), dict[str, str]()
    for diff in _diffs(plan):
        for line in (*diff.old_text.splitlines(), *diff.new_text.splitlines()):
            raw.add(line)
            if (seen := spelled_out(line)) != line:
                shown[seen] = line
    known = {seen: line for seen, line in shown.items() if seen not in raw}
    return cast("JsonObject", _unescaped(arguments, known)) if known else arguments


def _unescaped(value: Any, known: Mapping[str, str]) -> Any:
    match value:
        case str():
            lines = value.splitlines(keepends=True)
            return "".join(_line(line, known) for line in lines)
        case list():
            return [_unescaped(item, known) for item in cast("list[Any]", value)]
        case dict():
            return {name: _unescaped(item, known) for name, item in cast("JsonObject", value).items()}
        case _:
            return value


def _line(line: str, known: Mapping[str, str]) -> str:
    words = line.rstrip("\r\n")
    return known.get(words, words) + line[len(words) :]


def require_same(then: Plan, now: Plan) -> None:
    """Raise `ToolError` unless both are about the same file, or both about a command."""
    match then.subject, now.subject:
        case FileSubject(), FileSubject() if _places(now) <= _places(then):
            return
        case CommandSubject(), CommandSubject():
            return
        case FileSubject(), _:
            raise ToolError("it is about another file now; what may be changed is the text")
        case _:
            raise ToolError("calls of this tool cannot be changed; it can only be allowed or refused as it is")


def _places(plan: Plan) -> set[object]:
    subject = plan.subject
    return {subject.path, *subject.more} if isinstance(subject, FileSubject) else set()


def changes(then: tuple[JsonObject, Plan], now: tuple[JsonObject, Plan]) -> str:
    """What a person made of a call, for the model. Each with its arguments and its plan."""
    head = "The user changed this call"
    if told := _cut(_texts(then[1], now[1])):
        return f"{head}. Of what you wanted to write (-) they made (+):\n{told}\nWhat came of it:"
    told = _cut(_members(then[0], now[0]))
    return f"{head}:\n{told}\nWhat came of it:" if told else ""


def _texts(then: Plan, now: Plan) -> Iterator[str]:
    """The difference between the texts that two plans make of files."""
    got = {diff.uri: diff.new_text for diff in _diffs(now)}
    for diff in _diffs(then):
        old, new = _lines(diff.new_text), _lines(got.get(diff.uri, diff.old_text))
        blocks = list(differences(old, new))
        if blocks:
            yield f"{quoted(diff.uri.rpartition('/')[2])}{'' if diff.uri in got else ', which stays as it is'}:"
        for first, last, start, stop in blocks:
            yield f"line {start + 1}:"
            yield from (f"-{line}" for line in old[first:last])
            yield from (f"+{line}" for line in new[start:stop])


def _members(then: JsonObject, now: JsonObject) -> Iterator[str]:
    """Arguments that are others."""
    for name in dict.fromkeys((*then, *now)):
        if then.get(name) != now.get(name):
            yield f"{name}: {_value(now, name)} instead of {_value(then, name)}"


def _value(arguments: JsonObject, name: str) -> str:
    return dumps(arguments[name]).decode() if name in arguments else "nothing"


def _cut(lines: Iterator[str]) -> str:
    kept, room = list[str](), _MOST
    for line in lines:
        kept.append(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} [line cut]")
        room -= len(kept[-1]) + 1
        if room < 0:
            kept.append("[the rest is left out]")
            break
    return "\n".join(kept)


def _lines(text: str) -> list[str]:
    return plain(text).split("\n")


def _diffs(plan: Plan) -> Iterator[Diff]:
    return (item for item in plan.preview if isinstance(item, Diff))
