"""A history cut into turns and steps, and what of it can be said shorter. Pure; a call and its result stay together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from chatls.agent.history import AsItWas
from chatls.content import TextContent
from chatls.message import AssistantMessage, Message, ToolMessage, ToolResult, UserMessage
from chatls.tools.tool import Tool
from chatls.values import dataclass
from chatls.workspace.pathtext import readable_size

KEPT_TURNS = 2
"""Turns before the running one that give way later than those before them."""
KEPT_CALLS = 5
"""Calls of the running turn whose results stay longest."""
_SHORT = 300
"""Characters of a result that is not worth to be left out."""
_BEGINNING = 80

Again = Callable[[str], str]
"""How to get a tool's result again, in words."""


def again(tools: Mapping[str, Tool], name: str) -> str:
    """Words on how the result of a tool can be had again."""
    tool = tools.get(name)
    reads = tool is not None and tool.read_only
    return f"Call {name} again if you need it." if reads else "Look at what there is now if you need it."


@dataclass(frozen=True, slots=True)
class Layout:
    """A history."""

    summaries: AsItWas
    """What stands for what is not sent any more."""
    turns: tuple[AsItWas, ...]
    """Those that are over, the oldest first."""
    words: AsItWas
    """What the person said in the turn that runs, before its last step."""
    recap: AsItWas
    """Summaries of the running turn's own earlier steps."""
    steps: tuple[AsItWas, ...]
    """Its steps: a reply, its results, what the person said then."""

    @classmethod
    def of(cls, messages: AsItWas, *, running: bool) -> "Layout":
        """Cut a history. `running`: its last turn is not over."""
        first = next((at for at, one in enumerate(messages) if not _is_from(one, "summary")), len(messages))
        turns = list(_turns(messages[first:]))
        last = turns.pop() if running and turns else ()
        steps = tuple(_steps(last))
        words = last[: len(last) - sum(map(len, steps))]
        recap = tuple(one for one in words if _is_from(one, "summary"))
        words = tuple(one for one in words if not _is_from(one, "summary"))
        return cls(messages[:first], tuple(turns), words, recap, steps)

    def messages(self) -> AsItWas:
        """All of it, in order."""
        running = (*self.words, *self.recap, *_flat(self.steps))
        return (*self.summaries, *_flat(self.turns), *running)

    def older(self) -> tuple[AsItWas, ...]:
        """The turns that give way first."""
        return self.turns[:-KEPT_TURNS]

    def without_old_results(self, again: Again) -> "Layout":
        """Results of the older turns, one line each."""
        kept = self.turns[len(self.older()) :]
        return replace(self, turns=(*(pruned(turn, again) for turn in self.older()), *kept))

    def without_results(self, again: Again) -> "Layout":
        """Results of the running turn, one line each but for the last calls."""
        calls = [sum(len(one.results) for one in step if isinstance(one, ToolMessage)) for step in self.steps]
        steps = list[AsItWas]()
        for at, step in enumerate(self.steps):
            steps.append(pruned(step, again, max(0, KEPT_CALLS - sum(calls[at + 1 :]))))
        return replace(self, steps=tuple(steps))

    def with_summary(self, text: str, count: int) -> "Layout":
        """A summary in the place of what was summarised before, and of so many turns."""
        return replace(self, summaries=(UserMessage((TextContent(text),), "summary"),), turns=self.turns[count:])

    def with_recap(self, text: str) -> "Layout":
        """A summary in the place of all steps of the running turn but the last. What the person said stays."""
        said = tuple(one for one in _flat(self.steps[:-1]) if isinstance(one, UserMessage))
        recap = (UserMessage((TextContent(text),), "summary"),)
        return replace(self, words=(*self.words, *said), recap=recap, steps=self.steps[-1:])


def pruned(messages: AsItWas, again: Again, keep: int = 0) -> AsItWas:
    """The same with one line for each result but the last ones. What stays the same is the very same object."""
    left = keep
    found = list[Message]()
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            count = max(0, len(message.results) - left)
            left = max(0, left - len(message.results))
            results = (*(_line(one, again) for one in message.results[:count]), *message.results[count:])
            same = all(new is old for new, old in zip(results, message.results, strict=True))
            found.append(message if same else ToolMessage(results))
        else:
            found.append(message)
    return tuple(reversed(found))


def left_out(before: AsItWas, after: AsItWas) -> int:
    """How many results became a line."""
    results = (
        new is not old
        for one, other in zip(before, after, strict=True)
        if isinstance(one, ToolMessage) and isinstance(other, ToolMessage)
        for old, new in zip(one.results, other.results, strict=True)
    )
    return sum(results)


def _line(result: ToolResult, again: Again) -> ToolResult:
    if len(result.text) <= _SHORT:
        return result
    lines, size = result.text.count("\n") + 1, readable_size(len(result.text.encode("utf-8", "surrogatepass")))
    beginning = " ".join(result.text[:_BEGINNING].split())
    text = f"[left out to save room: {lines} lines, {size}, which began: {beginning} ... {again(result.name)}]"
    return replace(result, text=text, content=(TextContent(text),), truncated=True)


def _turns(messages: AsItWas) -> Iterator[AsItWas]:
    yield from _cut(messages, [at for at, one in enumerate(messages) if at == 0 or _is_from(one, "prompt")])


def _steps(messages: AsItWas) -> Iterator[AsItWas]:
    yield from _cut(messages, [at for at, one in enumerate(messages) if isinstance(one, AssistantMessage)])


def _cut(messages: AsItWas, starts: list[int]) -> Iterator[AsItWas]:
    for start, end in pairwise((*starts, len(messages))):
        yield messages[start:end]


def _flat(parts: Iterable[AsItWas]) -> AsItWas:
    return tuple(message for part in parts for message in part)


def _is_from(message: Message, origin: str) -> bool:
    return isinstance(message, UserMessage) and message.origin == origin
