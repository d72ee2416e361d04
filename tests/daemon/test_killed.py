"""The daemon is killed at random instants of turns with tools; what is left is looked at by the next one.

20 times by a seed, 200 times with CHATLS_LONG=1. What must hold: no earlier turn is lost, every call has its end for
people and its result for the model, the prompt is there once its first event was seen, what was there to be loaded is
kept, other text is lost by half a second at most (on a busy machine by some more), and the store is whole.
"""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import GoneError, Json
from tests.daemon.service import Service, finish, text
from tests.daemon.test_sessions import Office, loaded
from tests.support.http_server import ScriptedServer, streamed

LONG = os.environ.get("CHATLS_LONG") == "1"
ROUNDS = 200 if LONG else 20
SEED = 11
LOST = 0.5 if LONG else 5.0
"""Seconds of streamed text that may be lost: who looks at so many rounds has the machine for himself."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def replies(number: int) -> list[list[Json]]:
    return [
        [
            {"text": f"Turn {number} looks and writes. " * 4},
            {"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}},
            {"toolCall": {"name": "write_file", "arguments": {"path": f"n{number}.txt", "content": "x\n" * 50}}},
            {"toolCall": {"name": "run_command", "arguments": {"command": "echo one; sleep 0.05; echo two"}}},
        ],
        [{"text": f"Turn {number} is done. " * 10}],
    ]


def test_a_daemon_that_is_killed_loses_half_a_second_and_nothing_else(
    start: Start, tmp_path: Path, server: ScriptedServer
) -> None:
    office, chance, known = Office(start, tmp_path), random.Random(SEED), list[str]()
    for number in range(ROUNDS):
        daemon = office.open()
        where = {"sessionId": "s"} if known else {"newSessionId": "s"}
        turn = daemon.prompt(*replies(number), content=f"prompt {number}", delay=0.004, **where)
        arrived = list[tuple[float, Json]]()
        if chance.random() < 0.8:  # else before anything was heard, most probably
            arrived.append((time.monotonic(), turn.event("turnStart")))
        end = time.monotonic() + chance.uniform(0, 0.8)
        try:
            while time.monotonic() < end:
                before = len(turn.events)
                daemon.read(max(0.0, end - time.monotonic()))
                arrived += [(time.monotonic(), event) for event in turn.events[before:]]
        except (TimeoutError, GoneError):
            pass
        killed = time.monotonic()
        owed = [event for at, event in arrived if killed - at > LOST]
        if arrived and chance.random() < 0.5:  # from here on it may lose nothing that was read
            owed = [event for _, event in arrived]
            daemon.call("chat/session/load", {"sessionId": "s", "last": 1})
        daemon.kill()
        check(office, known, f"prompt {number}", owed, number, heard=bool(arrived))
    after(office, server, known)


def check(office: Office, known: list[str], prompt: str, owed: list[Json], number: int, *, heard: bool) -> None:
    """What the next daemon finds. `owed`: events that must be there; `heard`: there were any."""
    if not known and not heard:
        return
    connection = sqlite3.connect(f"file:{office.data / 'sessions.db'}?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    daemon = office.open()
    page, events = loaded(daemon, "s")
    daemon.kill()
    prompts = [turn["prompt"] for turn in page["turns"]]
    assert prompts[: len(known)] == known, f"round {number}"
    if owed or (heard and LONG):
        assert prompts[len(known) :] == [prompt], f"round {number}"
    known[:] = prompts
    assert all(turn["stopReason"] in ("interrupted", "end_turn") for turn in page["turns"])
    for name in {event["toolCallId"] for event in events if "toolCallId" in event}:
        kinds = [event["kind"] for event in events if event.get("toolCallId") == name]
        assert (kinds[0], kinds[-1]) == ("toolCallStart", "toolRunEnd"), f"round {number}"
    turn = page["turns"][-1]["turnId"]
    said = [event for event in events if event["turnId"] == turn and event["kind"] == "textChunk"]
    kept = "".join(event["text"] for event in said)
    words = "".join(event["text"] for event in owed if event["kind"] == "textChunk")
    assert kept.startswith(words), f"round {number}"


def after(office: Office, server: ScriptedServer, known: list[str]) -> None:
    """A provider takes the history that is left of all of them."""
    daemon = office.open()
    service = Service(daemon, server)
    server.play(streamed(text("Here I am."), finish("stop")))
    assert service.prompt(content="are you there?", sessionId="s").result()["stopReason"] == "end_turn"
    told = repr(service.history())
    assert all(prompt in told for prompt in known)
    assert len(known) > ROUNDS // 2
