"""Disks that are full, broken, or not ours to write: the daemon works on, says so once, and nothing is lost that it
could keep; when the disk takes something again, what was said meanwhile is there."""

import resource
import sqlite3
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import SOON, Daemon, Json
from tests.daemon.test_sessions import Office, loaded, names

SAY: list[Json] = [{"text": "Well. " * 50}]
SMALL = 2 * 2**20
"""Bytes of a disk."""


@pytest.fixture
def office(start: Start, tmp_path: Path) -> Office:
    return Office(start, tmp_path)


def told(daemon: Daemon, *words: str) -> list[str]:
    """What a person was told of sessions, as soon as it holds these words."""
    said = [message for message in daemon.log if message.get("method") == "window/showMessage"]
    deadline = time.monotonic() + SOON
    while words and not any(all(word in message["params"]["message"] for word in words) for message in said):
        assert time.monotonic() < deadline, said
        daemon.refusal("$/alive")
        said = [message for message in daemon.log if message.get("method") == "window/showMessage"]
    return [message["params"]["message"] for message in said]


def talk(daemon: Daemon, session: str, *words: str, new: bool = False) -> None:
    for number, word in enumerate(words):
        where = {"newSessionId": session} if new and not number else {"sessionId": session}
        result = daemon.prompt(SAY, content=word, **where).result()
        assert result["stopReason"] == "end_turn"


def prompts(daemon: Daemon, session: str) -> list[str]:
    result, events = loaded(daemon, session)
    assert [turn["stopReason"] for turn in result["turns"]] == ["end_turn"] * len(result["turns"])
    seen = [event["content"][0]["text"] for event in events if event["kind"] == "prompt"]
    assert [turn["prompt"] for turn in result["turns"]] == seen
    return seen


def is_sound(office: Office) -> bool:
    connection = sqlite3.connect(f"{(office.data / 'sessions.db').as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


@contextmanager
def tiny_disk(folder: Path) -> Generator[Path]:
    """A disk of its own, mounted here. Only root can do that."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk can be mounted by root alone")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def stuffed(disk: Path) -> Path:
    """Take all room of a disk; the file that does."""
    path = disk / "stuffing"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return path


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_full_disk_and_then_room_again(office: Office) -> None:
    with tiny_disk(office.data) as disk:
        daemon = office.open()
        talk(daemon, "s", "one", new=True)
        stuffing = stuffed(disk)
        talk(daemon, "s", "two", "three")
        talk(daemon, "t", "new", new=True)
        assert any("not kept" in words and "full" in words for words in told(daemon, "not kept"))
        assert prompts(daemon, "s") == ["one", "two", "three"]
        assert sorted(names(daemon)) == ["s", "t"]
        assert prompts(office.open(), "s")[0] == "one"
        stuffing.unlink()
        told(daemon, "kept again")
        talk(daemon, "s", "four")
        assert len([words for words in told(daemon) if "not kept" in words]) == 1
        assert daemon.leave() == 0
        other = office.open()
        assert prompts(other, "s") == ["one", "two", "three", "four"]
        assert prompts(other, "t") == ["new"]
        assert is_sound(office)
        other.kill()


def test_a_disk_that_becomes_full_in_the_middle_of_a_turn(office: Office) -> None:
    with tiny_disk(office.data) as disk:
        daemon = office.open()
        talk(daemon, "s", "one", new=True)
        turn = daemon.prompt([{"text": "word " * 4000}], SAY, content="two", sessionId="s", delay=0.001, chars=40)
        turn.event("textChunk")
        stuffing = stuffed(disk)
        assert turn.result()["stopReason"] == "end_turn"
        told(daemon, "not kept")
        stuffing.unlink()
        told(daemon, "kept again")
        daemon.kill()
        other = office.open()
        assert prompts(other, "s") == ["one", "two"]
        _, events = loaded(other, "s")
        assert "".join(event["text"] for event in events if event["kind"] == "textChunk").endswith("word " * 4000)
        assert is_sound(office)
        other.kill()


def test_a_disk_that_becomes_read_only_and_writable_again(office: Office) -> None:
    with tiny_disk(office.data) as disk:
        daemon = office.open()
        talk(daemon, "s", "one", new=True)
        assert daemon.leave() == 0
        remount(disk, "ro")
        daemon = office.open()
        assert prompts(daemon, "s") == ["one"]
        talk(daemon, "s", "two")
        talk(daemon, "t", "new", new=True)
        told(daemon, "not kept")
        assert daemon.refusal("chat/session/delete", {"sessionId": "s"}).code == 1007
        remount(disk, "rw")
        told(daemon, "kept again")
        assert prompts(daemon, "s") == ["one", "two"]
        daemon.call("chat/session/rename", {"sessionId": "t", "title": "renamed"})
        daemon.kill()
        other = office.open()
        assert prompts(other, "s") == ["one", "two"]
        assert other.call("chat/session/list")["sessions"][0]["title"] == "renamed"
        other.kill()


def test_a_limit_on_files_is_like_a_full_disk(office: Office) -> None:
    """No root is needed for this one: the write fails with EFBIG."""
    first = office.open()
    talk(first, "s", "one", new=True)
    assert first.leave() == 0
    store = sqlite3.connect(office.data / "sessions.db")
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, limits[1]))
    try:
        daemon = office.open()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    talk(daemon, "s", *(f"word {number}" for number in range(12)))
    told(daemon, "not kept")
    assert prompts(daemon, "s") == ["one", *(f"word {number}" for number in range(12))]
    subprocess.run(["prlimit", f"--fsize={limits[1]}", "--pid", str(daemon.pid)], check=True)
    told(daemon, "kept again")
    daemon.kill()
    assert prompts(office.open(), "s") == ["one", *(f"word {number}" for number in range(12))]
    assert is_sound(office)


def test_a_store_that_another_program_holds_keeps_nobody_waiting(office: Office) -> None:
    daemon = office.open()
    talk(daemon, "s", "one", new=True)
    holder = sqlite3.connect(office.data / "sessions.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    daemon.settles = False
    talk(daemon, "s", "two", "three")  # without waiting for the lock, which nobody gives up
    talk(daemon, "t", "new", new=True)
    holder.execute("ROLLBACK")
    holder.close()
    daemon.settles = True
    deadline = time.monotonic() + SOON
    while sorted(names(office.open())) != ["s", "t"]:
        assert time.monotonic() < deadline
    assert prompts(daemon, "s") == ["one", "two", "three"]
    assert told(daemon) == []
    daemon.kill()
    assert prompts(office.open(), "s") == ["one", "two", "three"]


def test_a_private_session_stays_private_when_the_disk_comes_back(office: Office) -> None:
    with tiny_disk(office.data) as disk:
        daemon = office.open({"sessions": {"keep": False}})
        talk(daemon, "secret", "one", new=True)
        stuffing = stuffed(disk)
        daemon.configure({"sessions": {"keep": True}})
        talk(daemon, "open", "one", new=True)
        told(daemon, "not kept")
        daemon.call("chat/session/fork", {"sessionId": "secret", "newSessionId": "fork"})
        stuffing.unlink()
        told(daemon, "kept again")
        daemon.kill()
        other = office.open()
        assert names(other) == ["open"]
        other.kill()


def test_two_that_went_apart_are_both_kept(office: Office) -> None:
    """One daemon cannot write while another one can: it happens with limits on a process."""
    first = office.open()
    talk(first, "s", "one", new=True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        daemon = office.open()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    talk(daemon, "s", "mine")
    told(daemon, "not kept")
    talk(first, "s", "theirs")
    subprocess.run(["prlimit", f"--fsize={limits[1]}", "--pid", str(daemon.pid)], check=True)
    told(daemon, "kept again")
    found = names(first)
    assert len(found) == 2
    assert {tuple(prompts(first, name)) for name in found} == {("one", "theirs"), ("one", "mine")}
    daemon.kill()
    first.kill()
