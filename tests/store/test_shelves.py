"""Where what is written goes when the disk fails, whatever it says."""

import sqlite3
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from chatls.store import reading, shelves, writing
from chatls.store.coding import Blotted, packed
from chatls.store.connection import Tables
from chatls.store.database import Database
from chatls.store.ports import Stroke
from chatls.store.reading import WantedSessions
from chatls.store.searching import WordIndex
from chatls.store.shelves import Shelves
from chatls.store.writing import BegunTurn

CODES = ("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_NOMEM", "SQLITE_PROTOCOL")


def begin(session: str, turn: str, connection: Tables, words: WordIndex) -> None:
    prompt = packed([{"type": "text", "text": turn}], Blotted(()))
    place = writing.begin(connection, BegunTurn(session, "title", (b"/ws",), turn, 1, prompt))
    writing.end(connection, place, "end_turn", None, 2, [])


def prompts(store: Shelves, session: str) -> list[str]:
    page = store.read(session, lambda connection, _: reading.page(connection, session, None, None, running=False))
    return [turn.prompt for turn in page.turns] if page else []


@pytest.mark.parametrize("name", CODES)
def test_what_the_disk_refuses_goes_into_memory_and_comes_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = list[int]()
    store = Shelves(tmp_path / "data", lambda: lost.append(1))
    store.write([Stroke("s", partial(begin, "s", "one"))])
    assert store.troubles == []
    real = shelves.transact

    def broken(place: Database, jobs: Iterable[Stroke]) -> None:
        if place is store.disk:
            error = sqlite3.OperationalError(name)
            error.sqlite_errorcode = getattr(sqlite3, name)
            raise error
        real(place, jobs)

    monkeypatch.setattr(shelves, "transact", broken)
    done = list[str]()
    store.write([Stroke("s", partial(begin, "s", "two"), after=lambda: done.append("two"))])
    store.write([Stroke("t", partial(begin, "t", "new"), after=lambda: done.append("new"))])
    assert done == ["two", "new"]
    assert len(store.troubles) == 1
    assert name in store.troubles[0]
    assert lost
    assert prompts(store, "s") == ["one", "two"]
    assert prompts(store, "t") == ["new"]
    assert not store.come_back(lambda _: False)
    assert store.fallen
    monkeypatch.setattr(shelves, "transact", real)
    assert not store.come_back(lambda session: session == "s"), "one that is busy comes later"
    assert store.come_back(lambda _: False)
    assert not store.fallen
    assert "kept again" in store.troubles[-1]
    store.close()
    other = Shelves(tmp_path / "data", lambda: None)
    assert prompts(other, "s") == ["one", "two"]
    assert prompts(other, "t") == ["new"]
    listed = other.read_all(
        lambda connection, indexed: reading.listed(connection, WantedSessions(None), indexed=indexed)
    )
    assert sorted(entry.session_id for entry, _ in listed[0]) == ["s", "t"]
    other.close()
