"""What is done to the tables, a function for each thing that happens. All of it is part of somebody's transaction."""

import json
from collections.abc import Iterable, Sequence
from secrets import token_hex
from typing import Any, Literal

from chatls.store.connection import Tables
from chatls.store.schema import OPEN, ROWS
from chatls.store.searching import WordIndex
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class BegunTurn:
    """A prompt that was accepted."""

    session: str
    title: str
    folders: tuple[bytes, ...]
    turn: str
    at: int
    """Microseconds, UTC."""
    prompt: bytes


@dataclass(frozen=True, slots=True)
class TurnPlace:
    """Where a turn stands."""

    session: int
    turn: int
    revision: int


Table = Literal["events", "messages"]
_ROWS_OF: dict[Table, tuple[str, str]] = {
    "events": ("DELETE FROM events WHERE id >= ? AND id < ?", "INSERT OR REPLACE INTO events VALUES (?, ?)"),
    "messages": ("DELETE FROM messages WHERE id >= ? AND id < ?", "INSERT OR REPLACE INTO messages VALUES (?, ?)"),
}


class NameTakenError(Exception):
    """There is a session of this name."""


class GoneError(Exception):
    """There is no such session, or no such turn, any more."""


def begin(connection: Tables, begun: BegunTurn) -> TurnPlace:
    """A turn begins, at the end of its session, which is made if it is new.

    A prompt waits for it. So the words of a title, half of what it would cost, come later (`put_title`).
    """
    number = number_of(connection, begun.session)
    if number is None:
        inserted = connection.execute(
            "INSERT INTO sessions (number, name, title, created, updated, turns, revision)"
            " VALUES ((SELECT 1 + max(value, coalesce((SELECT max(number) FROM sessions), 0)) FROM facts"
            " WHERE name = 'floor'), ?, ?, ?, ?, 0, 0)",
            (begun.session, begun.title, begun.at, begun.at),
        )
        number = int(inserted.lastrowid or 0)
    depth = connection.execute("SELECT turns FROM sessions WHERE number = ?", (number,)).fetchone()[0] + 1
    strand = _growing(connection, number, depth)
    turn = connection.execute(
        "INSERT INTO turns (number, name, strand, depth, at, prompt)"
        " VALUES ((SELECT 1 + max(value, coalesce((SELECT max(number) FROM turns), 0)) FROM facts"
        " WHERE name = 'floor'), ?, ?, ?, ?, ?)",
        (begun.turn, strand, depth, begun.at, begun.prompt),
    ).lastrowid
    connection.execute("DELETE FROM folders WHERE session = ?", (number,))
    connection.executemany("INSERT OR IGNORE INTO folders VALUES (?, ?)", [(number, path) for path in begun.folders])
    revision = _touch(connection, number, begun.at, turns=depth)
    return TurnPlace(number, int(turn or 0), revision)


def put_title(connection: Tables, words: WordIndex, session: int) -> None:
    """A session is found by the words of its title from now on, if it was not yet."""
    if not words.has(2 * session + 1):
        for (title,) in connection.execute("SELECT title FROM sessions WHERE number = ?", (session,)).fetchall():
            words.put(2 * session + 1, title)


def number_of(connection: Tables, session: str) -> int | None:
    """A session's number."""
    row = connection.execute("SELECT number FROM sessions WHERE name = ?", (session,)).fetchone()
    return None if row is None else row[0]


def is_there(connection: Tables, turn: int) -> bool:
    """Whether there is such a turn."""
    return connection.execute("SELECT 1 FROM turns WHERE number = ?", (turn,)).fetchone() is not None


def end(connection: Tables, place: TurnPlace, stop: str, usage: Any, at: int, commands: Sequence[str]) -> int:
    """A turn ended. Gives the session's revision."""
    usage = None if usage is None else json.dumps(usage)
    connection.execute(
        "UPDATE turns SET stop = ?, usage = ?, commands = ? WHERE number = ?",
        (stop, usage, json.dumps(list(commands)), place.turn),
    )
    return _touch(connection, place.session, at)


def put_rows(connection: Tables, table: Table, turn: int, rows: Iterable[tuple[int, bytes]], *, to: int | None) -> None:
    """Events or messages of a turn by their place. `to`: first all from there on are removed."""
    remove, put = _ROWS_OF[table]
    if to is not None:
        connection.execute(remove, (turn * ROWS + to, (turn + 1) * ROWS))
    connection.executemany(put, [(turn * ROWS + at, body) for at, body in rows])


def set_facts(
    connection: Tables, session: int, *, model: str, chosen: str | None, mode: str, system: bytes | None
) -> None:
    """What belongs to a session beside its turns."""
    connection.execute(
        "UPDATE sessions SET model = ?, chosen = ?, mode = ?, system = coalesce(?, system) WHERE number = ?",
        (model, chosen, mode, system, session),
    )


def choose(connection: Tables, session: str, model: str | None, mode: str) -> None:
    """What a person chose for a session that rests. Raises `GoneError`."""
    connection.execute(
        "UPDATE sessions SET chosen = ?, mode = ? WHERE number = ?", (model, mode, required(connection, session))
    )


def put_text(connection: Tables, name: str, data: bytes) -> None:
    """A text under its hash."""
    connection.execute("INSERT OR IGNORE INTO texts VALUES (?, ?)", (name, data))


def put_change(connection: Tables, turn: int, call: str, path: bytes, *, before: str, after: str) -> None:
    """What a file was before a call changed it, and is behind it."""
    connection.execute(
        "INSERT INTO changes (turn, call, path, before, after) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (turn, call, path) DO UPDATE SET after = excluded.after",
        (turn, call, path, before, after),
    )


def drop_change(connection: Tables, turn: int, call: str, path: bytes) -> None:
    """Nothing was changed after all."""
    connection.execute("DELETE FROM changes WHERE turn = ? AND call = ? AND path = ?", (turn, call, path))


def put_seen(
    connection: Tables, turn: int, path: bytes, mark: str | None, text: str | None, lines: bytes | None
) -> None:
    """What the model came to know of a file in a turn; no mark and no lines: the file is no more."""
    connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)", (turn, path, mark, text, lines))


def compact(connection: Tables, session: str, body: bytes, tokens: int, at: int) -> int:
    """The history so far became shorter, and its system prompt is made anew. Gives the session's revision.

    Raises `GoneError`.
    """
    number = required(connection, session)
    connection.execute(
        "INSERT INTO compactions SELECT number, turns, (SELECT 1 + coalesce(max(number), 0) FROM compactions"
        " WHERE session = sessions.number AND depth = turns), ?, ? FROM sessions WHERE number = ?",
        (body, tokens, number),
    )
    connection.execute("UPDATE sessions SET system = NULL WHERE number = ?", (number,))
    return _touch(connection, number, at)


def rename(connection: Tables, words: WordIndex, session: str, title: str) -> None:
    """Raises `GoneError`."""
    number = required(connection, session)
    connection.execute("UPDATE sessions SET title = ?, revision = revision + 1 WHERE number = ?", (title, number))
    words.put(2 * number + 1, title)


def fork(
    connection: Tables, words: WordIndex, session: str, name: str, depth: int, at: int, *, branch: bool = False
) -> None:
    """A new session that shares another one's turns up to a depth. Raises `NameTakenError`, `GoneError`."""
    number = required(connection, session)
    if number_of(connection, name) is not None:
        raise NameTakenError(name)
    last = turn_at(connection, number, depth)
    made = connection.execute(
        "INSERT INTO sessions (number, name, title, created, updated, turns, revision, model, chosen, mode, parent,"
        " parent_turn, branch, system) SELECT (SELECT 1 + max(value, coalesce((SELECT max(number) FROM sessions), 0))"
        " FROM facts WHERE facts.name = 'floor'), ?, title, ?, ?, ?, 1, model, chosen, mode, name, ?, ?, system"
        " FROM sessions WHERE number = ?",
        (name, at, at, depth, last, branch, number),
    ).lastrowid
    new = int(made or 0)
    connection.execute("INSERT INTO folders SELECT ?, path FROM folders WHERE session = ?", (new, number))
    connection.execute(
        "INSERT INTO lineage SELECT ?, strand, start, min(upto, ?) FROM lineage WHERE session = ? AND start <= ?",
        (new, depth, number, depth),
    )
    connection.execute(
        "INSERT INTO compactions SELECT ?, depth, number, body, tokens FROM compactions"
        " WHERE session = ? AND depth <= ?",
        (new, number, depth),
    )
    (title,) = connection.execute("SELECT title FROM sessions WHERE number = ?", (new,)).fetchone()
    words.put(2 * new + 1, title)


def rewind(connection: Tables, words: WordIndex, session: str, depth: int, branch: str, at: int) -> None:
    """Cut a session to a depth; all of what it was lives on under another name. Raises `GoneError`."""
    number = required(connection, session)
    (turns,) = connection.execute("SELECT turns FROM sessions WHERE number = ?", (number,)).fetchone()
    fork(connection, words, session, branch, turns, at, branch=True)
    connection.execute("DELETE FROM lineage WHERE session = ? AND start > ?", (number, depth))
    connection.execute("UPDATE lineage SET upto = min(upto, ?) WHERE session = ?", (depth, number))
    connection.execute("DELETE FROM compactions WHERE session = ? AND depth > ?", (number, depth))
    _touch(connection, number, at, turns=depth)


def delete(connection: Tables, words: WordIndex, sessions: Iterable[str]) -> None:
    """Sessions, as far as there are any of these names, and all that no other one shares."""
    for number in filter(None, [number_of(connection, session) for session in sessions]):
        strands = [row[0] for row in connection.execute("SELECT strand FROM lineage WHERE session = ?", (number,))]
        for table in ("lineage", "folders", "compactions"):
            connection.execute(f"DELETE FROM {table} WHERE session = ?", (number,))
        words.remove(2 * number + 1)
        connection.execute("DELETE FROM sessions WHERE number = ?", (number,))
        for strand in strands:
            prune(connection, words, strand)
    connection.execute(
        "DELETE FROM texts WHERE hash NOT IN (SELECT before FROM changes UNION SELECT after FROM changes"
        " UNION SELECT text FROM seen WHERE text IS NOT NULL)"
    )


def required(connection: Tables, session: str) -> int:
    """A session's number. Raises `GoneError`."""
    number = number_of(connection, session)
    if number is None:
        raise GoneError(session)
    return number


def turn_at(connection: Tables, session: int, depth: int) -> str | None:
    """The name of a session's turn."""
    row = connection.execute(
        "SELECT turns.name FROM lineage JOIN turns ON turns.strand = lineage.strand AND turns.depth = ?"
        " WHERE lineage.session = ? AND ? BETWEEN lineage.start AND lineage.upto",
        (depth, session, depth),
    ).fetchone()
    return None if row is None else row[0]


def prune(connection: Tables, words: WordIndex, strand: str) -> None:
    """Remove the turns of a strand that no session goes along any more."""
    (last,) = connection.execute("SELECT coalesce(max(upto), 0) FROM lineage WHERE strand = ?", (strand,)).fetchone()
    gone = connection.execute("SELECT number FROM turns WHERE strand = ? AND depth > ?", (strand, last)).fetchall()
    for (turn,) in gone:
        for table in _ROWS_OF:
            put_rows(connection, table, turn, (), to=0)
        connection.execute("DELETE FROM changes WHERE turn = ?", (turn,))
        connection.execute("DELETE FROM seen WHERE turn = ?", (turn,))
        words.remove(2 * turn)
        connection.execute("DELETE FROM turns WHERE number = ?", (turn,))


def _growing(connection: Tables, session: int, depth: int) -> str:
    """The strand that a session grows along."""
    row = connection.execute("SELECT strand FROM lineage WHERE session = ? AND upto = ?", (session, OPEN)).fetchone()
    if row is not None:
        return row[0]
    strand = token_hex(8)
    connection.execute("INSERT INTO lineage VALUES (?, ?, ?, ?)", (session, strand, depth, OPEN))
    return strand


def _touch(connection: Tables, session: int, at: int, *, turns: int | None = None) -> int:
    connection.execute(
        "UPDATE sessions SET updated = max(updated, ?), revision = revision + 1, turns = coalesce(?, turns)"
        " WHERE number = ?",
        (at, turns, session),
    )
    row = connection.execute("SELECT revision FROM sessions WHERE number = ?", (session,)).fetchone()
    if row is None:
        raise GoneError(session)
    return row[0]
