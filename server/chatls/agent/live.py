"""One run of a call as the client sees it: its beginning, its output as it comes, how long it took."""

from collections.abc import Callable
from threading import get_ident
from time import monotonic

from anyio import from_thread

from chatls.agent.step import Run
from chatls.events import Event, ToolRunOutput, ToolRunStart
from chatls.jsontext import printable
from chatls.visible import harmless

TAIL = 8192
"""Characters of the output that are kept for the result of a call that does not come to its end."""


class LiveRun:
    """A run."""

    def __init__(self, run: Run, emit: Callable[[Event], None]) -> None:
        self._run = run
        self._emit = emit
        self._home = get_ident()
        self._began: float | None = None
        self._tail = ""
        self.words = ""
        """What the model is told before the result: what a person made of the call."""

    def begin(self, *, early: bool) -> None:
        """The tool runs. Before this nothing is shown."""
        self._began = monotonic()
        self._run.call.state = "running"
        self._emit(ToolRunStart(self._run.call.id, started_early=early))

    def milliseconds(self) -> int:
        """Since the beginning; 0 if there was none."""
        return 0 if self._began is None else round((monotonic() - self._began) * 1000)

    def show(self, text: str) -> None:
        """Show output, from whichever thread."""
        if get_ident() == self._home:
            self._shown(text)
        else:
            from_thread.run_sync(self._shown, text)

    def tail(self) -> str:
        """The end of what was shown, as words for the model; nothing if nothing was."""
        if not self._tail.strip():
            return ""
        cut = "[...]" if len(self._tail) > TAIL else ""
        return f"\nwhat it wrote until then:\n{cut}{self._tail[-TAIL:]}"

    def _shown(self, text: str) -> None:
        if self._run.counts and self._began is not None and text:
            text = harmless(printable(text))
            self._tail = (self._tail + text)[-TAIL - 1 :]
            self._emit(ToolRunOutput(self._run.call.id, text))
