"""The history of a session as it is read of the tables, with what its model knows. Nothing is written."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from chatls.content import JsonObject
from chatls.message import Message
from chatls.shapes import as_list, as_object, as_text
from chatls.store import reading
from chatls.store.coding import message_of, unpacked
from chatls.store.connection import Tables
from chatls.store.interrupted import last_messages
from chatls.store.reading import KeptTurn, readable
from chatls.store.schema import ROWS
from chatls.values import dataclass


@dataclass(slots=True)
class KeptSession:
    """All that a session needs to go on."""

    number: int
    title: str
    revision: int
    chosen: str | None
    system: JsonObject
    mode: str
    messages: list[Message] = field(default_factory=list[Message])
    seen: dict[Path, tuple[str | None, str | None]] = field(default_factory=dict[Path, tuple[str | None, str | None]])
    """Mark and text of each file that the model knows."""
    lines: dict[Path, frozenset[str]] = field(default_factory=dict[Path, frozenset[str]])
    folders: frozenset[bytes] = frozenset()


def kept_session(connection: Tables, session: str) -> KeptSession | None:
    """All that a session needs to go on."""
    row = connection.execute(
        "SELECT number, title, revision, chosen, system, mode FROM sessions WHERE name = ?", (session,)
    ).fetchone()
    if row is None:
        return None
    number, title, at, chosen, system, mode = row
    kept = KeptSession(number, title, at, chosen, as_object(unpacked(system)) if system else {}, mode)
    compacted = _compactions(connection, number)
    _compact(kept, compacted.get(0, ()))
    for turn in reading.turns(connection, number):
        _fold(kept.messages, connection, turn)
        _know(kept, connection, turn.number)
        _compact(kept, compacted.get(turn.depth, ()))
    kept.folders = frozenset(
        path for (path,) in connection.execute("SELECT path FROM folders WHERE session = ?", (number,))
    )
    return kept


def _fold(messages: list[Message], connection: Tables, turn: KeptTurn) -> None:
    """Put a turn's part of the history behind the others."""
    rows = connection.execute(
        "SELECT body FROM messages WHERE id >= ? AND id < ? ORDER BY id",
        (turn.number * ROWS, (turn.number + 1) * ROWS),
    )
    own = list[Message]()
    for (body,) in rows:
        value = as_object(readable(body))
        if value.get("kind") == "replaced":
            messages[:] = _replaced(messages, as_list(value.get("parts")))
        elif (message := message_of(value)) is not None:
            own.append(message)
    if turn.stop is None:
        _, events, *_ = reading.events_of(connection, turn.number, "")
        own += last_messages(own, events)
    messages += own


def _compactions(connection: Tables, session: int) -> dict[int, list[list[Any]]]:
    """What a person had made of the history, by the depth of the turn behind which it was."""
    found = dict[int, list[list[Any]]]()
    rows = connection.execute(
        "SELECT depth, body FROM compactions WHERE session = ? ORDER BY depth, number", (session,)
    )
    for depth, body in rows:
        if parts := as_list(readable(body)):
            found.setdefault(depth, []).append(parts)
    return found


def _compact(kept: KeptSession, compactions: Iterable[list[Any]]) -> None:
    for parts in compactions:
        kept.messages[:] = _replaced(kept.messages, parts)


def _replaced(before: Sequence[Message], parts: Sequence[Any]) -> Iterator[Message]:
    """What a turn left of the history before it (`Recorder`)."""
    for part in list(parts):
        if place := as_list(part):
            yield from before[place[0] : place[1]]
        elif (message := message_of(as_object(part))) is not None:
            yield message


def _know(kept: KeptSession, connection: Tables, turn: int) -> None:
    """What the model came to know in a turn."""
    rows = connection.execute("SELECT path, mark, text, lines FROM seen WHERE turn = ?", (turn,)).fetchall()
    for name, mark, text, lines in rows:
        path = Path(os.fsdecode(name))
        if mark is not None:
            kept.seen.pop(path, None)
            kept.seen[path] = mark, text
        elif lines is None:
            kept.seen.pop(path, None)
            kept.lines.pop(path, None)
        if lines is not None:
            kept.lines[path] = frozenset(map(as_text, as_list(readable(lines))))
