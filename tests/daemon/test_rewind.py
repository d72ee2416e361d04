"""Turns taken back, with the files that their tools changed, in the real process."""

from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json
from tests.daemon.test_sessions import Office, loaded, names


@pytest.fixture
def office(start: Start, tmp_path: Any) -> Office:
    return Office(start, tmp_path)


def write(path: str, content: str) -> Json:
    return {"toolCall": {"name": "write_file", "arguments": {"path": path, "content": content}}}


def read(path: str) -> Json:
    return {"toolCall": {"name": "read_file", "arguments": {"path": path}}}


RUN = {"toolCall": {"name": "run_command", "arguments": {"command": "echo hi"}}}
DELETE = {"toolCall": {"name": "delete_file", "arguments": {"path": "b.txt"}}}
DONE = [{"text": "Done."}]


def begun(office: Office, daemon: Daemon) -> tuple[str, str]:
    """Three turns, of which the last two change files. Gives the ids of these."""
    (office.root / "b.txt").write_text("bee\n")
    daemon.prompt([read("a.txt"), read("b.txt")], DONE, content="one", newSessionId="s").result()
    changing = [write("a.txt", "two\n"), write("new.txt", "x\n"), DELETE, RUN]
    second = daemon.prompt(changing, DONE, content="2", sessionId="s").result()
    third = daemon.prompt([write("a.txt", "three\n")], DONE, content="three", sessionId="s").result()
    return second["turnId"], third["turnId"]


def files(result: Json) -> dict[str, str]:
    return {entry["uri"].rpartition("/")[2]: entry["state"] for entry in result["files"]}


def rewind(daemon: Daemon, turn: str, **params: Any) -> Json:
    return daemon.call("chat/session/rewind", {"sessionId": "s", "turnId": turn, **params})


def test_files_are_as_they_were_before_the_turns_that_go(office: Office) -> None:
    daemon = office.open()
    second, _ = begun(office, daemon)
    dry = rewind(daemon, second, files="restore", dryRun=True)
    assert files(dry) == dict.fromkeys(("a.txt", "new.txt", "b.txt"), "would_restore")
    assert (dry["commands"], dry.get("branch")) == (["run_command echo hi"], None)
    assert dry["files"][0]["diff"]["newText"] == "one\n"
    assert (office.root / "a.txt").read_text() == "three\n"

    result = rewind(daemon, second, files="restore")
    assert files(result) == dict.fromkeys(("a.txt", "new.txt", "b.txt"), "restored")
    assert result["prompt"] == [{"type": "text", "text": "2"}]
    assert {path.name: path.read_text() for path in office.root.iterdir()} == {"a.txt": "one\n", "b.txt": "bee\n"}
    assert [turn["prompt"] for turn in loaded(daemon, "s")[0]["turns"]] == ["one"]
    assert names(daemon) == ["s"]
    assert set(names(daemon, branches=True)) == {"s", result["branch"]}
    assert [turn["prompt"] for turn in loaded(daemon, result["branch"])[0]["turns"]] == ["one", "2", "three"]
    daemon.prompt(DONE, content="otherwise", sessionId="s").result()
    assert [turn["prompt"] for turn in loaded(daemon, "s")[0]["turns"]] == ["one", "otherwise"]
    daemon.settle()


def test_another_daemon_takes_back_what_the_first_one_did(office: Office) -> None:
    first = office.open()
    second, _ = begun(office, first)
    first.kill()
    daemon = office.open()
    assert files(rewind(daemon, second, files="restore")) == dict.fromkeys(("a.txt", "new.txt", "b.txt"), "restored")
    assert (office.root / "b.txt").read_text() == "bee\n"


def test_what_somebody_else_changed_stays(office: Office) -> None:
    daemon = office.open()
    second, third = begun(office, daemon)
    (office.root / "a.txt").write_text("mine\n")
    (office.root / "new.txt").unlink()
    result = rewind(daemon, second, files="restore")
    assert files(result) == {"a.txt": "conflict", "new.txt": "gone", "b.txt": "restored"}
    assert (office.root / "a.txt").read_text() == "mine\n"
    assert daemon.refusal("chat/session/rewind", {"sessionId": "s", "turnId": third}).code == -32602


def test_only_the_conversation_goes_back_where_files_are_to_be_kept(office: Office) -> None:
    daemon = office.open()
    second, _ = begun(office, daemon)
    assert rewind(daemon, second)["files"] == []
    assert (office.root / "a.txt").read_text() == "three\n"
    assert daemon.refusal("chat/session/rewind", {"sessionId": "x", "turnId": "t"}).code == 1001


def test_a_session_that_runs_is_not_rewound(office: Office) -> None:
    daemon = office.open()
    second, _ = begun(office, daemon)
    turn = daemon.prompt([{"text": "Well"}, {"hang": True}], sessionId="s")
    turn.event("textChunk")
    assert daemon.refusal("chat/session/rewind", {"sessionId": "s", "turnId": second}).code == 1002
    assert office.open().refusal("chat/session/rewind", {"sessionId": "s", "turnId": second}).code == 1002
