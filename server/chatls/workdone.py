"""LSP's own progress for one turn, so that every LSP editor shows a spinner with a cancel button, with no plugin.

Begin, at most two reports a second, end (LSP 3.17, "Work Done Progress"); a report dropped for its rate is not missed.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from anyio import CancelScope

from chatls.events import Event, Notice, Retry, TextChunk, ThinkingChunk, ToolCallEnd, ToolCallStart, ToolRunStart
from chatls.jsonrpc import Id

_PAUSE = 0.5

Notify = Callable[[str, Any], None]


class WorkDone:
    """The spinner of one turn. Silent until `begin`, and again after `end`."""

    def __init__(self, notify: Notify, token: Id) -> None:
        self.token = token
        self.asking = CancelScope()
        """Of the request that asks the client for a spinner: it ends with the turn."""
        self._notify = notify
        self._names: dict[str, str] = {}
        self._said = ""
        self._at = 0.0
        self._shown = False
        self._over = False

    def begin(self) -> None:
        """Show it, unless the turn is over already."""
        if not self._over:
            self._shown = True
            self._send({"kind": "begin", "title": "chatls", "cancellable": True})

    def event(self, event: Event) -> None:
        """Report what the turn is doing."""
        text = self._words(event)
        if not self._shown or text is None or text == self._said or monotonic() - self._at < _PAUSE:
            return
        self._said, self._at = text, monotonic()
        self._send({"kind": "report", "message": text, "cancellable": True})

    def end(self) -> None:
        """Take it away."""
        if self._shown:
            self._send({"kind": "end"})
        self._shown, self._over = False, True
        self.asking.cancel()

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
