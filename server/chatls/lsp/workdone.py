"""LSP's own progress for one turn, so that every LSP editor shows a spinner with a cancel button, with no plugin.

Begin, at most two reports a second, end (LSP 3.17, "Work Done Progress"); a report dropped for its rate is not missed.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import uuid4

import anyio
from anyio import CancelScope
from anyio.abc import TaskGroup

from chatls.errors import RequestError
from chatls.events import (
    Event,
    Notice,
    Prompt,
    Retry,
    TextChunk,
    ThinkingChunk,
    ToolCallEnd,
    ToolCallStart,
    ToolRunStart,
)
from chatls.wire.jsonrpc import Id

_PAUSE = 0.5

Notify = Callable[[str, Any], None]
AskClient = Callable[[str, Any], Awaitable[Any]]


class WorkDone:
    """The spinner of one turn. Silent until `begin`, and again after `end`."""

    def __init__(self, notify: Notify, given: Id | None, own: str) -> None:
        self.token: Id = own if given is None else given
        self.given = given is not None
        """The token came with the prompt; one of ours needs the client's agreement."""
        self._notify = notify
        self._names: dict[str, str] = {}
        self._said = ""
        self._at = 0.0
        self._shown = False
        self._over = False
        self._asking: CancelScope | None = None
        self._settled = anyio.Event()

    async def ask(self, ask: AskClient) -> None:
        """AskClient the client for a spinner; it may refuse, or answer when the turn is over."""
        if self._over:
            return
        try:
            with CancelScope() as self._asking, suppress(RequestError):
                await ask("window/workDoneProgress/create", {"token": self.token})
                self.begin()
        finally:
            self._asking = None
            self._settled.set()

    def begin(self) -> None:
        """Show it."""
        if not self._over:
            self._shown = True
            self._send({"kind": "begin", "title": "chatls", "cancellable": True})

    def event(self, event: Event) -> None:
        """Report what the turn is doing."""
        if type(event) is TextChunk and (not self._shown or self._said == "writing"):
            return  # as nearly every event is
        text = self._words(event)
        if not self._shown or text is None or text == self._said or monotonic() - self._at < _PAUSE:
            return
        self._said, self._at = text, monotonic()
        self._send({"kind": "report", "message": text, "cancellable": True})

    async def end(self) -> None:
        """Take it away. A question to the client that is still open is taken back, before the prompt is answered."""
        if self._shown:
            self._send({"kind": "end"})
        self._shown, self._over = False, True
        if self._asking is not None:
            self._asking.cancel()
            with CancelScope(shield=True):
                await self._settled.wait()

    def _words(self, event: Event) -> str | None:
        match event:
            case TextChunk():
                return "writing"
            case ThinkingChunk():
                return "thinking"
            case ToolCallStart(call_id, name):
                self._names[call_id] = name
                return f"calling {name}"
            case ToolCallEnd():
                self._names[event.tool_call_id] = event.title
                return None
            case ToolRunStart(call_id):
                return f"running {self._names.get(call_id, 'a tool')}"
            case Retry(_, _, _, text) | Notice(text):
                return text
            case _:
                return None

    def _send(self, value: dict[str, Any]) -> None:
        self._notify("$/progress", {"token": self.token, "value": value})


class Spinners:
    """Those of all turns of a client."""

    def __init__(self, tasks: TaskGroup, notify: Notify, ask: AskClient, *, can_create: bool) -> None:
        """`can_create`: the client lets us ask for one."""
        self._tasks = tasks
        self._notify = notify
        self._ask = ask
        self._can_create = can_create
        self._cancels: dict[WorkDone, Callable[[], None]] = {}

    def take(self, token: Id | None, cancel: Callable[[], None]) -> WorkDone | None:
        """One for a turn, on the client's token if it gave one; None where there can be none. `end` takes it away."""
        if token is None and not self._can_create:
            return None
        spinner = WorkDone(self._notify, token, f"chatls-{uuid4().hex[:12]}")
        self._cancels[spinner] = cancel
        return spinner

    def listener(self, spinner: WorkDone) -> Callable[[Event], None]:
        """Shows it when the turn begins, which the prompt is heard before: at once with the client's token, with ours
        once the client agreed.
        """

        def hear(event: Event) -> None:
            if not isinstance(event, Prompt):
                spinner.event(event)
            elif spinner.given:
                spinner.begin()
            else:
                self._tasks.start_soon(spinner.ask, self._ask)

        return hear

    async def end(self, spinner: WorkDone) -> None:
        """Its turn is over."""
        self._cancels.pop(spinner, None)
        await spinner.end()

    def cancel(self, token: object) -> None:
        """`window/workDoneProgress/cancel`. 1 is not "1", and True is no token."""
        for spinner, cancel in tuple(self._cancels.items()):
            if type(spinner.token) is type(token) and spinner.token == token:
                cancel()
