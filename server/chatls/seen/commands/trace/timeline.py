"""A trace as a timeline for people: a row for each message, pieces of one kind joined, answers with what they took."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from chatls.content import JsonObject
from chatls.seen.commands.trace.recording import PassedMessage
from chatls.seen.commands.words import seconds
from chatls.values import dataclass
from chatls.visible import visible_line

_LONGEST = 90


@dataclass(slots=True)
class _TimelineRow:
    """One row, while it may still grow."""

    said: PassedMessage
    name: str
    detail: str
    count: int = 1

    def drawn(self) -> str:
        arrow = "->" if self.said.side == "client" else "<-"
        many = f" x{self.count}" if self.count > 1 else ""
        return f"{self.said.ms / 1000:9.3f} s {arrow} {self.name}{many}  {self.detail}".rstrip()


def rows(trace: Iterable[PassedMessage]) -> Iterator[str]:
    """A line for each.

    >>> one = PassedMessage(0.0, "client", {"id": 1, "method": "chat/models", "params": {}})
    >>> list(rows([one, PassedMessage(1500.0, "server", {"id": 1, "result": {"models": []}})]))
    ['    0.000 s -> chat/models #1', '    1.500 s <- answer #1 to chat/models after 1.5 s  {"models": []}']
    """
    open_calls: dict[tuple[str, str], tuple[str, float]] = {}
    last: _TimelineRow | None = None
    for said in trace:
        row = _row(said, open_calls)
        if last is not None and "#" not in row.name and (last.name, last.said.side) == (row.name, said.side):
            last.count += 1
            continue
        if last is not None:
            yield last.drawn()
        last = row
    if last is not None:
        yield last.drawn()


def _row(said: PassedMessage, open_calls: dict[tuple[str, str], tuple[str, float]]) -> _TimelineRow:
    whole: Any = said.message
    if not isinstance(whole, dict):
        return _TimelineRow(said, "no message", _short(whole))
    message = cast("JsonObject", whole)
    method, number = message.get("method"), message.get("id")
    if isinstance(method, str):
        detail = message.get("params")
        if number is None:
            return _TimelineRow(said, visible_line(f"{method}{_kind(detail)}"), _short(detail))
        open_calls[said.side, json.dumps(number)] = (method, said.ms)
        return _TimelineRow(said, visible_line(f"{method} #{number}"), _short(detail))
    asker = "server" if said.side == "client" else "client"
    asked, at = open_calls.pop((asker, json.dumps(number)), ("?", said.ms))
    word = "error" if "error" in message else "answer"
    name = f"{word} #{number} to {asked} after {seconds(said.ms - at)}"
    return _TimelineRow(said, visible_line(name), _short(message.get("error", message.get("result"))))


def _kind(params: Any) -> str:
    """Which event it is: of this daemon's own protocol, or of ACP."""
    match params:
        case {"value": {"kind": str(kind)}} | {"update": {"sessionUpdate": str(kind)}}:
            return f" {kind}"
        case _:
            return ""


def _short(value: Any) -> str:
    return "" if value in (None, {}) else visible_line(json.dumps(value, ensure_ascii=False), _LONGEST)
