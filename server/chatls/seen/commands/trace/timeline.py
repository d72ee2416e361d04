"""A trace as a timeline for people: a row for each message, pieces of one kind joined, answers with what they took."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from chatls.content import JsonObject
from chatls.seen.commands.trace.recording import PassedMessage
from chatls.seen.commands.words import seconds
from chatls.values import dataclass
from chatls.visible import visible_line

_LONGEST, _LONGEST_ERROR = 120, 500
_SILENCE = 1000
"""Milliseconds without a message that are worth a row."""
_KNOWN_ALREADY = {"kind", "seq", "sessionId", "token", "turnId"}
"""Members of an event that say nothing new in its row."""


@dataclass(slots=True, eq=False)
class TimelineRow:
    """One row, while it may still grow."""

    said: PassedMessage
    name: str
    detail: str
    count: int = 1
    until: float = 0
    """When the last one of those that it stands for came."""

    def drawn(self) -> str:
        """
        >>> TimelineRow(PassedMessage(1500.0, "server", {}), "textChunk", "{}", 2).drawn()
        '    1.500 s <- textChunk x2  {}'
        """
        arrow = "->" if self.said.side == "client" else "<-"
        many = f" x{self.count}" if self.count > 1 else ""
        return f"{self.said.ms / 1000:9.3f} s {arrow} {self.name}{many}  {self.detail}".rstrip()


def rows(trace: Iterable[PassedMessage]) -> Iterator[str]:
    """A line for each, and for each silence.

    >>> one = PassedMessage(0.0, "client", {"id": 1, "method": "chat/models", "params": {}})
    >>> list(rows([one, PassedMessage(1500.0, "server", {"id": 1, "result": {}})]))
    ['    0.000 s -> chat/models #1', '              ...1.5 s', '    1.500 s <- answer #1 to chat/models after 1.5 s']
    """
    until = 0.0
    for row in joined(trace):
        if row.said.ms - until >= _SILENCE:
            yield f"{'':14}...{seconds(row.said.ms - until)}"
        until = row.until
        yield row.drawn()


def joined(trace: Iterable[PassedMessage]) -> Iterator[TimelineRow]:
    """Rows, each once nothing joins it any more."""
    open_calls: dict[tuple[str, str], tuple[str, float]] = {}
    last: TimelineRow | None = None
    for said in trace:
        row = _row(said, open_calls)
        row.until = said.ms
        if last is not None and "#" not in row.name and (last.name, last.said.side) == (row.name, said.side):
            last.count += 1
            last.until = said.ms
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last


def _row(said: PassedMessage, open_calls: dict[tuple[str, str], tuple[str, float]]) -> TimelineRow:
    whole: Any = said.message
    if not isinstance(whole, dict):
        return TimelineRow(said, "no message", _short(whole))
    message = cast("JsonObject", whole)
    method, number = message.get("method"), message.get("id")
    if isinstance(method, str):
        params = message.get("params")
        if number is None:
            kind, detail = _event(params)
            return TimelineRow(said, visible_line(f"{method}{kind}"), _short(detail))
        open_calls[said.side, json.dumps(number)] = (method, said.ms)
        return TimelineRow(said, visible_line(f"{method} #{number}"), _short(params))
    asker = "server" if said.side == "client" else "client"
    asked, at = open_calls.pop((asker, json.dumps(number)), ("?", said.ms))
    word = "error" if "error" in message else "answer"
    name = f"{word} #{number} to {asked} after {seconds(said.ms - at)}"
    return TimelineRow(said, visible_line(name), _short(_told(message.get("error", message.get("result")))))


def _event(params: Any) -> tuple[str, Any]:
    """Which event it is, of this daemon's own protocol or of ACP, and what it tells."""
    match params:
        case {"value": {"kind": str(kind), **value}} | {"update": {"sessionUpdate": str(kind), **value}}:
            return f" {kind}", _told(value)
        case _:
            return "", params


def _told(value: Any) -> Any:
    """What is new in it, what went wrong first."""
    if not isinstance(value, dict):
        return value
    members = {name: item for name, item in cast("JsonObject", value).items() if name not in _KNOWN_ALREADY}
    return {**({"error": members["error"]} if "error" in members else {}), **members}


def _short(value: Any) -> str:
    if value in (None, {}):
        return ""
    failed = isinstance(value, dict) and ("error" in value or "message" in value)
    return visible_line(json.dumps(value, ensure_ascii=False), _LONGEST_ERROR if failed else _LONGEST)
