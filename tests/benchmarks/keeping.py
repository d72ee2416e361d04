"""What keeping sessions costs: a prompt that is kept beside one that is not, long lists, long loads, many sessions.

Of the last house alone: one from before may know nothing of it.
"""

import sqlite3
import statistics
from pathlib import Path
from time import monotonic_ns, perf_counter

from driver import Daemon
from report import Bench, House

from chatls.content import TextContent
from chatls.message import AssistantMessage, UserMessage
from chatls.store import writing
from chatls.store.coding import Blotted, message_value, packed
from chatls.store.database import Database
from chatls.store.searching import WordIndex
from chatls.store.writing import BegunTurn

SESSIONS, TURNS, MANY = 10_000, 500, 1000


def keeping(bench: Bench) -> None:
    """All of it."""
    kept, bare = _prompts(bench, bench.houses[-1])
    bench.report.row("prompt to HTTP request, kept; not kept", kept, "ms", bare, "+1 ms")
    listed, query = _listed(bench)
    sessions = _count(bench, SESSIONS)
    bench.report.row(f"list of {sessions} sessions, the first 50; one query", listed, "ms", query, "50 ms")
    loaded, read = _loaded(bench)
    bench.report.row(f"load of {TURNS} turns with transcript; reading the rows", loaded, "ms", read, "300 ms")
    few, many = _memory(bench)
    bench.report.row(f"memory after {_count(bench, MANY)} sessions; after 10", many, "MB", few, "flat")


def _count(bench: Bench, whole: int) -> int:
    """How many there are: a tenth in a quick run."""
    return whole // 10 if bench.quick else whole


def _prompts(bench: Bench, house: House) -> tuple[float, float]:
    found: dict[bool, list[float]] = {True: [], False: []}
    with Daemon(bench.server, house.python, fast=False) as daemon:
        daemon.initialize()
        for number in range(10 + 2 * bench.rounds):
            keep = number % 2 == 0
            bench.server.notes()
            sent = monotonic_ns()
            daemon.answer(daemon.prompt("paced 1 1000", token=1, keep=keep))
            if number >= 10:
                found[keep].append((bench.server.note("request").at - sent) / 1e6)
    return statistics.median(found[True]), statistics.median(found[False])


def _fill(folder: Path, sessions: int, turns: int) -> None:
    """A store with sessions of so many turns."""
    database, keys = Database.on_disk(folder), Blotted(())
    connection, words = database.writing, WordIndex(database.writing, indexed=database.indexed)
    connection.execute("BEGIN IMMEDIATE")
    for number in range(sessions):
        for turn in range(turns):
            at = 1_700_000_000_000_000 + number * 1_000_000 + turn
            content = packed([{"type": "text", "text": f"question {number} {turn}"}], keys)
            begun = BegunTurn(f"s{number}", f"session {number}", (b"/x",), f"t{number}-{turn}", at, content)
            place = writing.begin(connection, begun)
            writing.put_title(connection, words, place.session)
            said = [UserMessage((TextContent("question"),)), AssistantMessage("an answer of some words " * 40)]
            rows = [(row, packed(message_value(message), keys)) for row, message in enumerate(said)]
            writing.put_rows(connection, "messages", place.turn, rows, to=None)
            events = [{"kind": "turnStart", "sessionId": "s", "model": "a/b"}]
            events += [{"kind": "textChunk", "text": "an answer of some words " * 40}]
            events += [{"kind": "stepEnd", "stopReason": "end_turn", "usage": None, "text": "an answer " * 40}]
            rows = [(row, packed(event, keys)) for row, event in enumerate(events)]
            writing.put_rows(connection, "events", place.turn, rows, to=None)
            writing.end(connection, place, "end_turn", None, at, [])
    connection.execute("COMMIT")
    database.checkpoint(truncate=True)
    database.close()


def _asked(bench: Bench, daemon: Daemon, method: str, params: dict[str, object]) -> float:
    times = list[float]()
    for number in range(2 + bench.rounds):
        begin = perf_counter()
        daemon.answer(
            daemon.request(method, {**params, **({"partialResultToken": number} if "load" in method else {})})
        )
        times.append((perf_counter() - begin) * 1000)
    return statistics.median(times[2:])


def _queried(bench: Bench, folder: Path, query: str) -> float:
    connection, times = sqlite3.connect(folder / "sessions.db"), list[float]()
    for _ in range(bench.rounds):
        begin = perf_counter()
        connection.execute(query).fetchall()
        times.append((perf_counter() - begin) * 1000)
    connection.close()
    return statistics.median(times)


def _listed(bench: Bench) -> tuple[float, float]:
    with Daemon(bench.server, bench.houses[-1].python) as daemon:
        folder = daemon.home / ".local" / "share" / "chatls"
        _fill(folder, _count(bench, SESSIONS), 1)
        daemon.initialize()
        listed = _asked(bench, daemon, "chat/session/list", {"everywhere": True})
        return listed, _queried(bench, folder, "SELECT * FROM sessions ORDER BY updated DESC LIMIT 50")


def _loaded(bench: Bench) -> tuple[float, float]:
    with Daemon(bench.server, bench.houses[-1].python) as daemon:
        folder = daemon.home / ".local" / "share" / "chatls"
        _fill(folder, 1, TURNS)
        daemon.initialize()
        loaded = _asked(bench, daemon, "chat/session/load", {"sessionId": "s0"})
        return loaded, _queried(bench, folder, "SELECT * FROM events ORDER BY id")


def _memory(bench: Bench) -> tuple[float, float]:
    def resident(daemon: Daemon) -> float:
        pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    with Daemon(bench.server, bench.houses[-1].python) as daemon:
        daemon.initialize()
        for _ in range(10):
            daemon.answer(daemon.prompt("paced 1 1000", token=1))
        few = resident(daemon)
        for _ in range(_count(bench, MANY)):
            daemon.answer(daemon.prompt("paced 1 1000", token=1))
        return few, resident(daemon)
