"""`chatls log`: what stands in the files, as sentences; the newest, or all of them by time."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from chatls.seen.commands.log import main
from chatls.seen.commands.logrows import sentence
from chatls.seen.logs.lines import LogLine

TURN = {"request": "2", "session": "session-1", "turn": "turn-abcd"}
FIRST: list[LogLine] = [
    {"at": "2026-11-30T07:00:00.000Z", "level": "info", "what": "daemon_begins", "version": "1", "client": "Neovim"},
    {"at": "2026-11-30T07:00:02.000Z", "level": "info", "what": "turn_begins", **TURN, "model": "a/b", "mode": "plan"},
]
SECOND: list[LogLine] = [
    {
        "at": "2026-11-30T07:00:01.000Z",
        "level": "warning",
        "what": "turn_ended",
        **TURN,
        "stop": "error",
        "ms": 2340,
        "steps": 1,
        "chunks": 0,
        "error": "rate_limited",
        "httpStatus": 429,
    },
    {
        "at": "2026-11-30T07:00:03.000Z",
        "level": "error",
        "what": "words",
        "from": "chatls.agent.runner",
        "text": "a bug \x1b[31m",
        "traceback": ["x.py:1 f", "KeyError"],
    },
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two logs, the second one begun later."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "chatls/log"
    folder.mkdir(parents=True)
    for name, lines in (("2026-11-30T07-00-00Z-99", FIRST), ("2026-11-30T07-00-01Z-7", SECOND)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text + "no line\n")
    return folder


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_the_newest_is_shown_as_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert "2026-11-30" in text
    said = " ".join(text.split())
    assert "the turn ended after 2.3 s (error): 1 request. It failed: the provider had had too many requests" in said
    assert "HTTP 429 -> wait" in said
    assert "KeyError" in text
    assert "begins" not in text
    assert "\x1b" not in text


def test_all_are_joined_by_time(capsys: pytest.CaptureFixture[str]) -> None:
    clocks = [row.split()[0] for row in shown(capsys, "--all").splitlines() if row.startswith("07:")]
    assert clocks == ["07:00:00.000", "07:00:01.000", "07:00:02.000", "07:00:03.000"]
    assert "99 " in shown(capsys, "--all")


def test_one_turn_alone_and_the_last_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert "a bug" not in shown(capsys, "--turn", "abcd")
    assert "turn ended" not in shown(capsys, "-n", "1")
    assert shown(capsys, "-n", "0") == ""


def test_the_lines_can_be_had_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    values = [json.loads(row) for row in shown(capsys, "--json").splitlines()]
    assert values[0] == SECOND[0]


def test_where_there_is_none_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "nowhere"))
    assert main([]) == 1
    assert "no daemon has run yet" in capsys.readouterr().err


def test_it_follows_a_log_that_grows_and_goes_on_with_the_next_daemons(folder: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "chatls", "log", "--follow"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        try:
            _until(child.stdout, "a bug")
            with (folder / "2026-11-30T07-00-01Z-7.jsonl").open("a") as file:
                file.write(json.dumps({**FIRST[1], "model": "c/d"}) + "\n")
            _until(child.stdout, "c/d answers")
            (folder / "2026-11-30T08-00-00Z-8.jsonl").write_text(json.dumps({**FIRST[1], "model": "e/f"}) + "\n")
            _until(child.stdout, "e/f answers")
        finally:
            child.kill()


def _until(stream: IO[str], words: str) -> None:
    for row in stream:  # the deadline is that of the whole run
        if words in row:
            return
    raise AssertionError(f"{words!r} never came")


def test_the_end_of_a_turn_says_where_its_time_went() -> None:
    spent = {"model": 3000.0, "person": 8000.0, "tools": 20.0}
    said = sentence({"what": "turn_ended", "ms": 12_000, "stop": "end_turn", "steps": 2, "spentMs": spent})
    assert said.endswith("Where the time went: waiting for a person's word 8.0 s, the model 3.0 s, all else 980 ms")
    assert "Where" not in sentence({"what": "turn_ended", "ms": 20, "stop": "end_turn", "spentMs": {"model": 9.0}})


@pytest.mark.parametrize("line", [{}, {"what": "unheard of", "x": 1}, {"what": "model_called"}, {"what": 5}])
def test_lines_of_a_newer_chatls_are_shown_as_they_are(line: LogLine) -> None:
    assert sentence(line)
