"""What is read of the tables: lists, turns, transcripts, histories. Nothing is written."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatls.agent.keeping import no_session
from chatls.content import JsonObject, Usage
from chatls.shapes import as_count, as_object, as_objects, as_text
from chatls.store.coding import Blotted, unpacked
from chatls.store.connection import Tables
from chatls.store.entries import ParentTurn, SessionEntry, SessionPage, TurnEntry
from chatls.store.interrupted import last_events
from chatls.store.schema import ROWS
from chatls.store.searching import condition, snippet, words_of
from chatls.values import dataclass

PROMPT = 500
"""Characters of a prompt in a list of turns."""
_MERGED = {"textChunk": "text", "thinkingChunk": "text", "toolRunOutput": "text", "toolCallDelta": "argumentsDelta"}
_ENTRY = "SELECT number, name, title, created, updated, turns, model, mode, parent, parent_turn, branch FROM sessions"
_TURNS = (
    "SELECT turns.number, turns.name, turns.at, turns.prompt, turns.stop, turns.usage, turns.commands, turns.depth"
    " FROM lineage JOIN turns ON turns.strand = lineage.strand AND turns.depth BETWEEN lineage.start AND lineage.upto"
    " WHERE lineage.session = ?"
)


@dataclass(frozen=True, slots=True)
class WantedSessions:
    """Which sessions a list is of."""

    folders: tuple[bytes, ...] | None = ()
    """Those that have one of these; of none, those that have none either. None: all."""
    query: str = ""
    branches: bool = False
    limit: int = 50
    after: tuple[int, int] | None = None
    """Behind this one: when it was changed, and its number."""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn as it is kept."""

    number: int
    name: str
    at: int
    prompt: list[JsonObject]
    stop: str | None
    usage: Usage | None
    commands: tuple[str, ...]
    depth: int


def listed(connection: Tables, wanted: WantedSessions, *, indexed: bool) -> list[tuple[SessionEntry, tuple[int, int]]]:
    """Sessions, the one that was changed last first, each with its place in the list."""
    conditions, values = ["1"], list[Any]()
    if not wanted.branches:
        conditions.append("branch = 0")
    if wanted.after is not None:
        conditions.append("(updated, number) < (?, ?)")
        values += wanted.after
    if wanted.folders:
        marks = ", ".join("?" * len(wanted.folders))
        conditions.append(f"EXISTS (SELECT 1 FROM folders WHERE session = number AND path IN ({marks}))")
        values += wanted.folders
    elif wanted.folders is not None:
        conditions.append("NOT EXISTS (SELECT 1 FROM folders WHERE session = number)")
    words = words_of(wanted.query)
    if wanted.query.strip() and not words:
        return []
    for word in words:
        ids, value = condition(word, indexed=indexed)
        conditions.append(f"number IN ({_having(ids)})")
        values.append(value)
    query = f"{_ENTRY} WHERE {' AND '.join(conditions)} ORDER BY updated DESC, number DESC LIMIT ?"
    rows = connection.execute(query, (*values, wanted.limit)).fetchall()
    found = [(_entry(connection, row), (row[4], row[0])) for row in rows]
    if not words:
        return found
    return [(replace(entry, snippet=_snippet(connection, place[1], words)), place) for entry, place in found]


def entry(connection: Tables, session: str) -> tuple[SessionEntry, int] | None:
    """One session, and its number."""
    row = connection.execute(f"{_ENTRY} WHERE name = ?", (session,)).fetchone()
    return None if row is None else (_entry(connection, row), row[0])


def older(connection: Tables, than: int, most: int) -> list[str]:
    """Sessions that were changed last before a moment (microseconds, UTC), the oldest first."""
    query = "SELECT name FROM sessions WHERE updated < ? ORDER BY updated LIMIT ?"
    return [name for (name,) in connection.execute(query, (than, most))]


def revision(connection: Tables, session: str) -> int | None:
    """How often a session was changed; None where there is none."""
    row = connection.execute("SELECT revision FROM sessions WHERE name = ?", (session,)).fetchone()
    return None if row is None else row[0]


def turns(connection: Tables, number: int) -> list[KeptTurn]:
    """All turns of a session, in order."""
    return [_turn(row) for row in connection.execute(f"{_TURNS} ORDER BY turns.depth", (number,))]


def page(
    connection: Tables, session: str, last: int | None, before: str | None, *, running: bool
) -> SessionPage | None:
    """A session with its turns, or the last ones of them, or of those before another one. None where there is none.

    `running`: its last turn may be under way. Raises `LookupError` where there is no turn `before`.
    """
    found = entry(connection, session)
    if found is None:
        return None
    kept = turns(connection, found[1])
    usage = sum((turn.usage for turn in kept if turn.usage), Usage())
    shown = kept
    if before is not None:
        place = next((at for at, turn in enumerate(kept) if turn.name == before), None)
        if place is None:
            raise LookupError(before)
        shown = kept[:place]
    if last is not None:
        shown = shown[max(0, len(shown) - last) :]
    fill = _fill(connection, found[1], kept)
    files = dict(_counts(connection, [turn.number for turn in shown]))
    final = kept[-1].number if kept else 0
    listed_turns = tuple(
        TurnEntry(
            turn.name,
            words_in(turn.prompt)[:PROMPT],
            iso(turn.at),
            files.get(turn.number, 0),
            len(turn.commands),
            turn.stop or (None if running and turn.number == final else "interrupted"),
        )
        for turn in shown
    )
    (chosen,) = connection.execute("SELECT chosen FROM sessions WHERE number = ?", (found[1],)).fetchone()
    return SessionPage(found[0], listed_turns, usage, tuple(turn.number for turn in shown), fill, chosen)


def events_of(
    connection: Tables, turn: int, session: str
) -> tuple[list[JsonObject], list[JsonObject], str, str | None]:
    """What a client would have seen of a turn, deltas merged: the prompt, all behind it, the turn's name, how it ended.
    What was cut off is as it was left: see `closed`. Raises `RequestError` (1001) where it was deleted meanwhile."""
    row = connection.execute("SELECT name, at, prompt, stop FROM turns WHERE number = ?", (turn,)).fetchone()
    if row is None:
        raise no_session(session)
    name, at, prompt, stop = row
    rows = connection.execute(
        "SELECT body FROM events WHERE id >= ? AND id < ? ORDER BY id", (turn * ROWS, (turn + 1) * ROWS)
    )
    events = merged(_for_session(value, session) for (body,) in rows if (value := readable(body)))
    return [{"kind": "prompt", "content": as_objects(readable(prompt)), "at": iso(at)}], events, name, stop


def closed(events: list[JsonObject]) -> list[JsonObject]:
    """The same with an end for every call."""
    return [*events, *last_events(events)]


def without_keys(events: list[JsonObject], keys: Blotted) -> list[JsonObject]:
    """The same where a key lies in several pieces of a stream: nobody could blot that out when the turn was cut off."""
    streams, found = dict[tuple[str, str], list[int]](), list(events)
    for at, event in enumerate(events):
        if (kind := as_text(event.get("kind"))) in _MERGED:
            streams.setdefault((kind, as_text(event.get("toolCallId"))), []).append(at)
    for (kind, _), places in streams.items():
        member = _MERGED[kind]
        texts = [as_text(events[at].get(member)) for at in places]
        for at, text in zip(places, keys.across(texts), strict=True):
            found[at] = {**found[at], member: text}
    return found


def merged(events: Iterable[JsonObject]) -> list[JsonObject]:
    """Events of which those that continue each other are one."""
    found = list[JsonObject]()
    pieces = list[str]()
    for event in events:
        member = _MERGED.get(as_text(event.get("kind")))
        if member and found and _same_place(found[-1], event):
            pieces.append(as_text(event.get(member)))
            continue
        _join(found, pieces)
        found.append(event)
    _join(found, pieces)
    return found


def _fill(connection: Tables, session: int, kept: Sequence[KeptTurn]) -> tuple[int | None, int | None]:
    """How full the context was when it was last told: tokens, and the window, as far as they are known."""
    row = connection.execute(
        "SELECT depth, tokens FROM compactions WHERE session = ? ORDER BY depth DESC, number DESC LIMIT 1", (session,)
    ).fetchone()
    depth, tokens = row or (-1, None)
    for turn in reversed(kept):
        rows = connection.execute(
            "SELECT body FROM events WHERE id >= ? AND id < ? ORDER BY id DESC",
            (turn.number * ROWS, (turn.number + 1) * ROWS),
        )
        events = (as_object(readable(body)) for (body,) in rows)
        told = next((event for event in events if event.get("kind") == "contextUsage"), None)
        if told is not None:
            return tokens if depth >= turn.depth else as_count(told, "tokens"), as_count(told, "window") or None
    return tokens, None


def changes_of(connection: Tables, keys: Sequence[int]) -> list[tuple[Path, str, str]]:
    """What tools changed in these turns, in order: file, what it was, what it became."""
    found = list[tuple[Path, str, str]]()
    for turn in keys:
        rows = connection.execute("SELECT path, before, after FROM changes WHERE turn = ? ORDER BY number", (turn,))
        found += [(Path(os.fsdecode(path)), before, after) for path, before, after in rows]
    return found


def text_of(connection: Tables, name: str) -> bytes | None:
    """A text by its hash, compressed."""
    row = connection.execute("SELECT data FROM texts WHERE hash = ?", (name,)).fetchone()
    return None if row is None else row[0]


def words_in(prompt: Iterable[JsonObject]) -> str:
    """What a person said, without what was attached."""
    return "\n".join(as_text(block.get("text")) for block in prompt if block.get("type") == "text").strip()


def iso(at: int) -> str:
    """Microseconds, UTC, as ISO 8601.

    >>> iso(0)
    '1970-01-01T00:00:00.000+00:00'
    """
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="milliseconds")


def microseconds(text: str) -> int:
    """The other way round.

    >>> microseconds("1970-01-01T00:00:01+00:00")
    1000000
    """
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def _having(ids: str) -> str:
    """The sessions that have one of some keys: of their turns, or their own for the title."""
    return (
        f"WITH hit (id) AS ({ids}) SELECT lineage.session FROM hit JOIN turns ON 2 * turns.number = hit.id"
        " JOIN lineage ON lineage.strand = turns.strand AND turns.depth BETWEEN lineage.start AND lineage.upto"
        " UNION SELECT (id - 1) / 2 FROM hit WHERE id % 2 = 1"
    )


def _entry(connection: Tables, row: Sequence[Any]) -> SessionEntry:
    number, name, title, created, updated, count, model, mode, parent, parent_turn, branch = row
    folders = connection.execute("SELECT path FROM folders WHERE session = ? ORDER BY path", (number,))
    return SessionEntry(
        name,
        title,
        tuple(Path(os.fsdecode(path)).as_uri() for (path,) in folders),
        iso(created),
        iso(updated),
        count,
        model,
        mode,
        None,
        None if parent is None else ParentTurn(parent, parent_turn),
        True if branch else None,
    )


def _turn(row: Sequence[Any]) -> KeptTurn:
    number, name, at, prompt, stop, usage, commands, depth = row
    return KeptTurn(
        number,
        name,
        at,
        as_objects(readable(prompt)),
        stop,
        _usage(json.loads(usage)) if usage else None,
        tuple(map(as_text, json.loads(commands))),
        depth,
    )


def _usage(value: Any) -> Usage:
    given = as_object(value)
    names = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens")
    return Usage(*(as_count(given, name) for name in names))


def _counts(connection: Tables, keys: Sequence[int]) -> Iterator[tuple[int, int]]:
    if keys:
        query = "SELECT turn, count(DISTINCT path) FROM changes WHERE turn BETWEEN ? AND ? GROUP BY turn"
        yield from connection.execute(query, (min(keys), max(keys)))


def readable(body: bytes) -> Any:
    """What stands in a row; nothing where that is damaged."""
    try:
        return unpacked(body)
    except ValueError:
        return None


def _for_session(event: JsonObject, session: str) -> JsonObject:
    return {**event, "sessionId": session} if event.get("kind") == "turnStart" else event


def _same_place(one: JsonObject, other: JsonObject) -> bool:
    return one.get("kind") == other.get("kind") and one.get("toolCallId") == other.get("toolCallId")


def _join(found: list[JsonObject], pieces: list[str]) -> None:
    if pieces:
        member = _MERGED[as_text(found[-1].get("kind"))]
        found[-1] = {**found[-1], member: as_text(found[-1].get(member)) + "".join(pieces)}
        pieces.clear()


def _snippet(connection: Tables, number: int, words: list[str]) -> str | None:
    """From the last turn that has one of the words; else from the title."""
    for word in words:
        pattern = f"%{word}%" if not word.isascii() else f"% {word}%"
        row = connection.execute(
            "SELECT turns.number FROM lineage JOIN turns ON turns.strand = lineage.strand"
            " AND turns.depth BETWEEN lineage.start AND lineage.upto JOIN words ON words.id = 2 * turns.number"
            " WHERE lineage.session = ? AND words.text LIKE ? ORDER BY turns.depth DESC LIMIT 1",
            (number, pattern),
        ).fetchone()
        if row is not None:
            prompt, events, *_ = events_of(connection, row[0], "")
            texts = [words_in(prompt[0]["content"]), *texts_of(events)]
            text = next((text for text in texts if snippet_hits(text, word)), texts[0])
            return snippet(text, [word])
    return None


def snippet_hits(text: str, word: str) -> bool:
    """Whether a text has a word, roughly."""
    return word.split()[0] in text.casefold()


def texts_of(events: Iterable[JsonObject]) -> Iterator[str]:
    """What people would look for in a turn: what the model said, and what calls were about."""
    for event in events:
        if event.get("kind") == "textChunk":
            yield as_text(event.get("text"))
        elif event.get("kind") == "toolCallEnd":
            yield as_text(event.get("title"))
