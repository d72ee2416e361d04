"""The problems that a change of a file brought with it, as the editor tells them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from anyio import create_task_group

from chatls.editor import Editor, Problem
from chatls.errors import ToolError

_MOST_SHOWN = 20
_LONGEST_MESSAGE = 300
_TOLD = ("error", "warning")


class ProblemWatch:
    """The problems of one document, before and after. To be used on the event loop."""

    def __init__(self, editor: Editor, uri: str) -> None:
        self._editor = editor
        self._uri = uri
        self._before: tuple[Problem, ...] | None = None

    async def begin(self) -> None:
        """Note what there is before the change. Nothing is raised for an editor that cannot say."""
        self._before = await self._problems(changed=False)

    async def new(self) -> tuple[Problem, ...]:
        """What came with the change: what moved to other lines is not new."""
        if self._before is None:
            return ()
        known = Counter(map(_mark, self._before))
        found = list[Problem]()
        for problem in await self._problems(changed=True) or ():
            if known[_mark(problem)] > 0:
                known[_mark(problem)] -= 1
            else:
                found.append(problem)
        return tuple(found)

    async def _problems(self, *, changed: bool) -> tuple[Problem, ...] | None:
        if not self._editor.diagnoses:
            return None
        try:
            found = await self._editor.problems(self._uri, changed=changed)
        except ToolError:
            return None
        return tuple(problem for problem in found if problem.severity in _TOLD)


async def new_problems(watches: Sequence[ProblemWatch]) -> list[tuple[Problem, ...]]:
    """What came with the changes, in the order of the watches; all are waited for at once."""
    found = dict[int, tuple[Problem, ...]]()

    async def note(at: int, watch: ProblemWatch) -> None:
        found[at] = await watch.new()

    async with create_task_group() as tasks:
        for at, watch in enumerate(watches):
            tasks.start_soon(note, at, watch)
    return [found[at] for at in range(len(watches))]


def _mark(problem: Problem) -> tuple[str, ...]:
    return problem.severity, problem.message, problem.source, problem.code


def told(name: str, problems: Iterable[Problem]) -> Iterator[str]:
    """A line for each: `path:line:column: severity: message [source code]`, worst first, none if there are none."""
    ranked = sorted(problems, key=lambda problem: (_TOLD.index(problem.severity), problem.range.start.line))
    if ranked:
        yield "new problems in this file:"
    for problem in ranked[:_MOST_SHOWN]:
        yield _line(name, problem)
    if len(ranked) > _MOST_SHOWN:
        yield f"and {len(ranked) - _MOST_SHOWN} more"


def _line(name: str, problem: Problem) -> str:
    start, message = problem.range.start, " ".join(problem.message.split())
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}..."
    origin = " ".join(filter(None, (problem.source, problem.code)))
    place = f"{name}:{start.line + 1}:{start.character + 1}"
    return f"{place}: {problem.severity}: {message}{f' [{origin}]' if origin else ''}"
