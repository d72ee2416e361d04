"""The agent loop: from a person's prompt to a stop reason. Values in, events out; every feature lives around it.

Guarded: this file stays one screen (tests/test_house.py), and knows no protocol, no provider and no tool by name.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import field
from time import monotonic

from anyio import create_task_group
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint_if_cancelled

from chatls.agent.history import History
from chatls.agent.repeats import Stream
from chatls.agent.runner import Runner
from chatls.agent.step import Step
from chatls.content import TurnError, Usage
from chatls.events import Event, StopReason
from chatls.providers.delta import Delta, TextDelta, ThinkingDelta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass


@dataclass(slots=True)
class Tally:
    """What a turn came to."""

    steps: int = 0
    chunks: int = 0
    usage: Usage | None = None
    error: TurnError | None = None
    text: str = ""
    """The last reply's."""
    model: str | None = None
    """Who answered, last: "provider/model"."""
    began: float = field(default_factory=monotonic)
    first_chunk: float | None = None
    ran: dict[str, int] = field(default_factory=dict[str, int])
    """Calls that ran, by tool."""

    def count(self, delta: Delta) -> None:
        """Count a text or thinking delta."""
        if isinstance(delta, TextDelta | ThinkingDelta):
            self.chunks += 1
            if self.first_chunk is None:
                self.first_chunk = monotonic()

    def close(self, step: Step) -> None:
        """Add a step that is over."""
        self.text, self.error = step.text, step.error
        if step.finished is not None and step.finished.usage is not None:
            self.spend(step.finished.usage)

    def spend(self, usage: Usage) -> None:
        """Add what was used."""
        self.usage = usage + (self.usage or Usage())


class Turn:
    """One prompt being answered."""

    def __init__(
        self, history: History, emit: Callable[[Event], None], room: Callable[[], Awaitable[None]], tally: Tally
    ) -> None:
        self.tally = tally
        self.step: Step | None = None
        """The one that streams or whose tools run."""
        self._history = history
        self._emit = emit
        self._room = room

    async def run(
        self,
        stream: Stream,
        request: Callable[[], Awaitable[ModelRequest]],
        new_step: Callable[[], Step],
        runner: Runner,
        max_steps: int,
        more: Callable[[], bool] = lambda: False,
    ) -> StopReason:
        """Answer. `request` is what to ask in a step that begins; `max_steps` 0 means no limit; `more`: there is
        more to say to the model, so that it is asked again where it would end.

        Cancellation passes through; the history is valid however it ends.
        """
        while not max_steps or self.tally.steps < max_steps:
            await checkpoint_if_cancelled()  # tools that ended with the cancel leave no wait that would notice it
            asked = await request()
            self.step = step = new_step()
            self.tally.steps += 1
            try:
                async with create_task_group() as tools:
                    await self._reply(stream, asked, step, runner, tools)
                    if step.finished is None:
                        tools.cancel_scope.cancel()
                    for run in step.waiting():
                        tools.start_soon(runner.run, run, step)
            finally:
                self._close(step)
            last = self.tally.steps == max_steps or step.outcome != "end_turn" or not more()
            if step.outcome != "tool_calls" and last:
                return step.outcome or "error"
        return "max_turn_requests"

    async def _reply(self, stream: Stream, request: ModelRequest, step: Step, runner: Runner, tools: TaskGroup) -> None:
        """Take the model's reply as it comes; a call that may run early starts while the rest is being written."""
        async with aclosing(stream(request)) as deltas:
            async for delta in deltas:
                self.tally.count(delta)
                for event in step.add(delta):
                    self._emit(event)
                for run in step.startable():
                    tools.start_soon(runner.run, run, step)
                await self._room()

    def _close(self, step: Step) -> None:
        events, messages = step.close()
        self._history.grow(*messages)
        for event in events:
            self._emit(event)
        self.tally.close(step)
