"""Rows taken from one store into another: one session beside others, or all that can be read of a damaged store."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from sqlite3 import Connection

from chatls.store.coding import unpacked
from chatls.store.reading import words_in
from chatls.store.schema import OPEN, ROWS
from chatls.store.searching import WordIndex
from chatls.store.writing import number_of

_TABLES = {
    "sessions": ("number", 14),
    "folders": ("session, path", 2),
    "lineage": ("session, strand", 4),
    "compactions": ("session, depth, number", 5),
    "turns": ("number", 9),
    "events": ("id", 2),
    "messages": ("id", 2),
    "changes": ("number", 6),
    "seen": ("turn, path", 5),
    "texts": ("hash", 2),
    "words": ("id", 2),
}
"""Each with its key and how many columns it has."""
TITLE = 60


def copy_session(source: Connection, target: Connection, words: WordIndex, name: str) -> None:
    """Put one session, and all that it is made of, beside what is there. Raises `sqlite3.Error`."""
    number = number_of(source, name)
    if number is None or number_of(target, name) is not None:
        return
    for table in ("sessions", "folders", "lineage", "compactions"):
        key = "number" if table == "sessions" else "session"
        _put(target, table, source.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)))
    turns = source.execute(
        "SELECT turns.* FROM lineage JOIN turns ON turns.strand = lineage.strand"
        " AND turns.depth BETWEEN lineage.start AND lineage.upto WHERE lineage.session = ?",
        (number,),
    ).fetchall()
    _put(target, "turns", turns)
    for turn in (row[0] for row in turns):
        for table in ("events", "messages"):
            span = (turn * ROWS, (turn + 1) * ROWS)
            _put(target, table, source.execute(f"SELECT * FROM {table} WHERE id >= ? AND id < ?", span))
        for table in ("changes", "seen"):
            _put(target, table, source.execute(f"SELECT * FROM {table} WHERE turn = ?", (turn,)))
        named = "SELECT before FROM changes WHERE turn = ?1 UNION SELECT after FROM changes WHERE turn = ?1"
        named += " UNION SELECT text FROM seen WHERE turn = ?1"
        _put(target, "texts", source.execute(f"SELECT * FROM texts WHERE hash IN ({named})", (turn,)))
    for key in (2 * number + 1, *(2 * row[0] for row in turns)):
        row = source.execute("SELECT text FROM words WHERE id = ?", (key,)).fetchone()
        if row is not None:
            words.put(key, row[0])


def salvage(source: Connection, target: Connection) -> None:
    """Put all that can still be read into an empty store. What belongs to no session any more gets one."""
    target.execute("BEGIN IMMEDIATE")
    for table in _TABLES:
        for row in _readable(source, table):
            with suppress(sqlite3.Error):
                _put(target, table, [row])
    _adopt(target)
    with suppress(sqlite3.Error):
        target.execute("INSERT INTO search (search) VALUES ('rebuild')")
    target.execute("COMMIT")


def _readable(source: Connection, table: str) -> Iterable[tuple[object, ...]]:
    """The rows of a table up to what is damaged, from both ends."""
    for order in ("ASC", "DESC"):
        keys = ", ".join(f"{key} {order}" for key in _TABLES[table][0].split(", "))
        try:
            yield from source.execute(f"SELECT * FROM {table} ORDER BY {keys}")
        except sqlite3.Error:
            continue
        return


def _put(target: Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * _TABLES[table][1])
    target.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)


def _adopt(target: Connection) -> None:
    """Make sessions of strands that lost theirs, and let lines begin where their turns do."""
    lost = target.execute(
        "SELECT strand, max(depth), min(at), max(at) FROM turns"
        " WHERE strand NOT IN (SELECT strand FROM lineage JOIN sessions ON sessions.number = lineage.session)"
        " GROUP BY strand"
    ).fetchall()
    for strand, depth, created, updated in lost:
        (prompt,) = target.execute("SELECT prompt FROM turns WHERE strand = ? ORDER BY depth", (strand,)).fetchone()
        title = "recovered"
        with suppress(ValueError, TypeError, AttributeError):
            title = words_in(unpacked(prompt)).strip().partition("\n")[0][:TITLE] or title
        made = target.execute(
            "INSERT INTO sessions (name, title, created, updated, turns, revision) VALUES (?, ?, ?, ?, ?, 0)",
            (f"recovered-{strand}", title, created, updated, depth),
        ).lastrowid
        target.execute("INSERT OR REPLACE INTO lineage VALUES (?, ?, 1, ?)", (made, strand, OPEN))
    target.execute("DELETE FROM lineage WHERE session NOT IN (SELECT number FROM sessions)")
