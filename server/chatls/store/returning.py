"""A session that went on in memory while the disk took nothing, put back onto it with what was said meanwhile."""

from secrets import token_hex

from chatls.store.connection import Tables
from chatls.store.schema import OPEN, ROWS
from chatls.store.searching import WordIndex
from chatls.store.writing import number_of, prune
from chatls.values import dataclass

_SESSION = "title, created, updated, turns, model, chosen, mode, parent, parent_turn, branch, system"


@dataclass(slots=True)
class _Return:
    """What is put where. Numbers are those of the memory, until they are `placed`."""

    source: Tables
    target: Tables
    words: WordIndex
    session: int
    """Its number on the disk."""

    def turn(self, number: int, strand: str) -> None:
        """One turn with all that belongs to it, unless the disk has it whole."""
        name, depth, stop = self.source.execute(
            "SELECT name, depth, stop FROM turns WHERE number = ?", (number,)
        ).fetchone()
        known = self.target.execute(
            "SELECT number, stop FROM turns WHERE strand = ? AND depth = ? AND name = ?", (strand, depth, name)
        ).fetchone()
        if known is not None and known[1] is not None and known[1] == stop:
            return
        placed = known[0] if known else _next(self.target, "turns")
        self.target.execute("DELETE FROM turns WHERE number = ?", (placed,))
        for table in ("changes", "seen"):
            self.target.execute(f"DELETE FROM {table} WHERE turn = ?", (placed,))
        self._copy(
            f"SELECT {placed}, name, ?, depth, at, prompt, stop, usage, commands FROM turns WHERE number = ?",
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            strand,
            number,
        )
        for table in ("events", "messages"):
            span = (placed * ROWS, (placed + 1) * ROWS)
            self.target.execute(f"DELETE FROM {table} WHERE id >= ? AND id < ?", span)
            self._copy(
                f"SELECT id - ? + ?, body FROM {table} WHERE id >= ? AND id < ?",
                f"INSERT INTO {table} VALUES (?, ?)",
                *(number * ROWS, placed * ROWS, number * ROWS, (number + 1) * ROWS),
            )
        self._copy(
            f"SELECT {placed}, call, path, before, after FROM changes WHERE turn = ? ORDER BY number",
            "INSERT INTO changes (turn, call, path, before, after) VALUES (?, ?, ?, ?, ?)",
            number,
        )
        self._copy(
            f"SELECT {placed}, path, mark, text, lines FROM seen WHERE turn = ?",
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?)",
            number,
        )
        named = "SELECT before FROM changes WHERE turn = ?1 UNION SELECT after FROM changes WHERE turn = ?1"
        named += " UNION SELECT text FROM seen WHERE turn = ?1"
        self._copy(
            f"SELECT hash, data FROM texts WHERE hash IN ({named})", "INSERT OR IGNORE INTO texts VALUES (?, ?)", number
        )
        self._words(2 * number, 2 * placed)

    def facts(self, number: int) -> None:
        """What belongs to the session beside its turns."""
        for table, rest in (("folders", "path"), ("compactions", "depth, number, body, tokens")):
            self.target.execute(f"DELETE FROM {table} WHERE session = ?", (self.session,))
            marks = ", ".join("?" * (2 + rest.count(",")))
            query = f"SELECT ?, {rest} FROM {table} WHERE session = ?"
            self._copy(query, f"INSERT INTO {table} VALUES ({marks})", self.session, number)
        self._words(2 * number + 1, 2 * self.session + 1)

    def _copy(self, query: str, put: str, *values: object) -> None:
        self.target.executemany(put, self.source.execute(query, values).fetchall())

    def _words(self, key: int, placed: int) -> None:
        row = self.source.execute("SELECT text FROM words WHERE id = ?", (key,)).fetchone()
        if row is not None:
            self.words.put(placed, row[0])


def put_back(source: Tables, target: Tables, words: WordIndex, name: str, was: int | None) -> str:
    """Put a session back. `was`: how often the disk's was changed when it was taken into memory; None: there was none.

    If somebody else changed it since, it comes beside theirs. Gives the name that it has. Raises `sqlite3.Error`.
    """
    number = number_of(source, name)
    if number is None:
        return name
    there = target.execute("SELECT number, revision FROM sessions WHERE name = ?", (name,)).fetchone()
    if there is not None and there[1] != was:
        name, there = f"{name}-{token_hex(3)}", None
    placed = there[0] if there else _next(target, "sessions")
    row = source.execute(f"SELECT {_SESSION} FROM sessions WHERE number = ?", (number,)).fetchone()
    target.execute("DELETE FROM sessions WHERE number = ?", (placed,))
    marks = ", ".join("?" * len(row))
    target.execute(
        f"INSERT INTO sessions (number, name, revision, {_SESSION}) VALUES (?, ?, ?, {marks})",
        (placed, name, (there[1] if there else 0) + 1, *row),
    )
    before = [strand for (strand,) in target.execute("SELECT strand FROM lineage WHERE session = ?", (placed,))]
    target.execute("DELETE FROM lineage WHERE session = ?", (placed,))
    work = _Return(source, target, words, placed)
    work.facts(number)
    for strand, start, upto in source.execute(
        "SELECT strand, start, upto FROM lineage WHERE session = ? ORDER BY start", (number,)
    ).fetchall():
        _put_strand(work, strand, start, upto)
    for strand in before:
        prune(target, words, strand)
    return name


def _put_strand(work: _Return, strand: str, start: int, upto: int) -> None:
    """One stretch of the line. Where others went on along it, the rest gets one of its own."""
    turns = work.source.execute(
        "SELECT number, name, depth FROM turns WHERE strand = ? AND depth BETWEEN ? AND ? ORDER BY depth",
        (strand, start, upto),
    ).fetchall()
    there = dict(work.target.execute("SELECT depth, name FROM turns WHERE strand = ?", (strand,)).fetchall())
    apart = next((depth for _, name, depth in turns if there.get(depth, name) != name), None)
    if apart is None and turns and upto == OPEN and max(there, default=0) > turns[-1][2]:
        apart = turns[-1][2] + 1
    own = strand if apart is None else token_hex(8)
    put = "INSERT OR REPLACE INTO lineage VALUES (?, ?, ?, ?)"
    if apart is None:
        work.target.execute(put, (work.session, strand, start, upto))
    else:
        if apart > start:
            work.target.execute(put, (work.session, strand, start, apart - 1))
        work.target.execute(put, (work.session, own, apart, upto))
    for number, _, depth in turns:
        work.turn(number, own if apart is not None and depth >= apart else strand)


def _next(target: Tables, table: str) -> int:
    """A number that is free."""
    query = f"SELECT 1 + max(value, coalesce((SELECT max(number) FROM {table}), 0)) FROM facts WHERE name = 'floor'"
    return target.execute(query).fetchone()[0]
