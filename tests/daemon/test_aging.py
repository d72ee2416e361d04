"""`sessions.days`: what is old is forgotten, and nothing is left of it."""

import sqlite3
import time
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import SOON, Daemon
from tests.daemon.test_sessions import Office, loaded, names

DAY = 24 * 3600 * 1_000_000
"""Microseconds."""


@pytest.fixture
def office(start: Start, tmp_path: Path) -> Office:
    return Office(start, tmp_path)


def begin(daemon: Daemon, *sessions: str) -> None:
    for name in sessions:
        said = [[{"text": f"answer-of-{name}"}]]
        assert daemon.prompt(*said, content=f"prompt-of-{name}", newSessionId=name).result()["stopReason"] == "end_turn"


def older(office: Office, days: float, *sessions: str) -> None:
    """Let it be so long ago that these were changed."""
    with sqlite3.connect(office.data / "sessions.db") as connection:
        for name in sessions:
            moved = "UPDATE sessions SET updated = updated - ?, created = created - ? WHERE name = ?"
            connection.execute(moved, (days * DAY, days * DAY, name))
    connection.close()


def until_only(daemon: Daemon, *sessions: str) -> None:
    deadline = time.monotonic() + SOON
    while set(names(daemon, branches=True)) != set(sessions):
        assert time.monotonic() < deadline, names(daemon)


def test_what_is_older_goes_and_no_byte_of_it_is_left(office: Office) -> None:
    first = office.open()
    begin(first, "old", "older", "young")
    first.call("chat/session/rename", {"sessionId": "old", "title": "marmalade"})
    assert first.leave() == 0
    older(office, 31, "old", "older")
    older(office, 29, "young")
    daemon = office.open({"sessions": {"days": 30}})
    until_only(daemon, "young")
    assert daemon.refusal("chat/session/load", {"sessionId": "old"}).code == 1001
    deadline = time.monotonic() + 2 * SOON
    while any(word in office.bytes() for word in (b"prompt-of-old", b"answer-of-old", b"marmalade")):
        assert time.monotonic() < deadline
        daemon.refusal("$/alive")
    assert b"prompt-of-young" in office.bytes()
    assert loaded(daemon, "young")[0]["turns"][0]["prompt"] == "prompt-of-young"
    daemon.settle()


def test_without_a_number_nothing_is_forgotten_and_a_new_one_counts_at_once(office: Office) -> None:
    daemon = office.open()
    begin(daemon, "old", "young")
    older(office, 5000, "old")
    other = office.open({"sessions": {"days": 0}})
    assert sorted(names(other)) == ["old", "young"]
    daemon.configure({"sessions": {"days": 7}})
    until_only(daemon, "young")
    until_only(other, "young")


def test_what_a_young_one_shares_with_an_old_one_stays(office: Office) -> None:
    daemon = office.open()
    begin(daemon, "old")
    daemon.call("chat/session/fork", {"sessionId": "old", "newSessionId": "young"})
    older(office, 10, "old")
    daemon.configure({"sessions": {"days": 7}})
    until_only(daemon, "young")
    assert loaded(daemon, "young")[0]["turns"][0]["prompt"] == "prompt-of-old"


def test_one_that_runs_is_not_forgotten_anywhere(office: Office) -> None:
    daemon, other = office.open(), office.open()
    begin(daemon, "busy", "idle")
    turn = daemon.prompt([{"text": "I "}, {"hang": True}], sessionId="busy")
    turn.event("textChunk")
    older(office, 10, "busy", "idle")
    other.configure({"sessions": {"days": 7}})
    until_only(other, "busy")
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert len(loaded(other, "busy")[0]["turns"]) == 2


def test_a_session_that_is_forgotten_is_begun_anew_by_nobody(office: Office) -> None:
    """This daemon has it in memory still."""
    daemon = office.open()
    begin(daemon, "old")
    older(office, 10, "old")
    daemon.configure({"sessions": {"days": 7}})
    until_only(daemon)
    assert daemon.prompt([{"text": "x"}], sessionId="old").error().code == 1001


@pytest.mark.parametrize("days", [-1, 1.5, "a week", 100_000])
def test_a_number_that_makes_no_sense_is_an_error_and_nothing_is_deleted(office: Office, days: object) -> None:
    daemon = office.open()
    begin(daemon, "s")
    daemon.configure({"sessions": {"days": days}})
    assert "sessions.days" in daemon.notification("window/showMessage")["message"]
    assert names(daemon) == ["s"]
