"""The log: what is logged arrives on stderr and in a file; where nobody reads, or a disk is full, nothing waits.

What may not stand in it is looked for in the daemon's tests.
"""

import contextvars
import io
import json
import logging
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.seen.logs import about, file
from chatls.seen.logs.file import FOLDER, files
from chatls.seen.logs.lines import LONGEST, encoded, line
from chatls.seen.logs.log import Log


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger as it was, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_is_logged_is_written_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    log = Log("")
    logging.getLogger("somebody").error("it broke", exc_info=ZeroDivisionError("a bug"))
    logging.getLogger("somebody").info("not this")
    log.flush()
    assert "ERROR:somebody:it broke" in stderr.getvalue()
    assert "ZeroDivisionError: a bug" in stderr.getvalue()
    assert "not this" not in stderr.getvalue()


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", logging.DEBUG), ("INFO", logging.INFO), ("", logging.WARNING), ("nonsense", logging.WARNING)],
)
def test_the_level_is_a_name_in_any_case(root: logging.Logger, level: str, expected: int) -> None:
    Log(level)
    assert root.level == expected


class Unread(io.StringIO):
    """A pipe that is full until somebody reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.read_by_somebody = threading.Event()

    def write(self, text: str, /) -> int:
        self.read_by_somebody.wait()
        return super().write(text)


def test_where_nobody_reads_nothing_waits_and_the_oldest_lines_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Unread()
    monkeypatch.setattr(sys, "stderr", stderr)
    log = Log("")
    for number in range(5000):
        logging.getLogger("somebody").error("line %d", number)
    log.flush()
    assert stderr.getvalue() == ""
    stderr.read_by_somebody.set()
    log.flush()
    lines = stderr.getvalue().splitlines()
    assert 1000 <= len(lines) <= 1001
    assert lines[0] == "ERROR:somebody:line 0"


# The file


def written(state: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in files(state / FOLDER) for line in path.read_text().splitlines()]


def test_the_file_is_made_with_the_first_line_for_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = Log("", tmp_path)
        assert not (tmp_path / FOLDER).exists()
        log.note("turn_begins", model="a/b", nothing=None)
        log.flush()
    finally:
        os.umask(before)
    (path,) = files(tmp_path / FOLDER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert f"-{os.getpid()}." in path.name
    (line,) = written(tmp_path)
    assert {name: line[name] for name in ("level", "what", "model")} == {
        "level": "info",
        "what": "turn_begins",
        "model": "a/b",
    }
    assert "nothing" not in line


def test_a_line_says_what_the_work_is_about(tmp_path: Path) -> None:
    log = Log("", tmp_path)
    token = about.begin(request="7")
    worker = contextvars.copy_context()
    about.end(token)
    worker.run(about.begin, session="s", turn="t")
    worker.run(logging.getLogger("chatls.somebody").warning, "odd")
    log.note("daemon_leaves")
    log.flush()
    odd, leaves = written(tmp_path)
    assert (odd["request"], odd["session"], odd["turn"]) == ("7", "s", "t")
    assert "request" not in leaves


def test_the_level_is_that_of_the_settings_or_what_a_client_wants_to_know(tmp_path: Path) -> None:
    log, somebody = Log("", tmp_path), logging.getLogger("chatls.somebody")
    somebody.debug("one")
    log.trace("verbose")
    somebody.debug("two")
    log.trace("off")
    log.set("debug")
    somebody.debug("three")
    log.set("error")
    log.note("four", "warning")
    logging.getLogger("a_library").info("five")
    log.flush()
    assert [line["text"] for line in written(tmp_path)] == ["two", "three"]


def broken() -> None:
    try:
        {"text of a file": 1}[str(int("words of a person"))]
    except ValueError as error:
        raise KeyError("text of a file") from error


def test_of_an_error_the_places_are_told_and_its_text_only_at_debug(tmp_path: Path) -> None:
    log = Log("", tmp_path)
    for level in ("info", "debug"):
        log.set(level)
        try:
            broken()
        except KeyError:
            logging.getLogger("chatls.somebody").exception("a bug")
    log.flush()
    quiet, loud = written(tmp_path)
    assert quiet["error"] == "KeyError"
    assert any("test_log.py" in place for place in quiet["traceback"])
    assert quiet["traceback"][-1] == "KeyError"
    assert "words of a person" not in json.dumps(quiet)
    assert "text of a file" not in json.dumps(quiet)
    assert "words of a person" in json.dumps(loud)
    assert "text of a file" in json.dumps(loud)


def test_what_is_to_be_hidden_is_not_written(tmp_path: Path) -> None:
    log = Log("", tmp_path)
    log.hide(lambda text: text.replace("sk-secret", "[key]"))
    log.note("warned", text="it said sk-secret")
    log.flush()
    (line,) = written(tmp_path)
    assert line["text"] == "it said [key]"


def test_a_full_file_is_followed_by_another_and_what_is_old_or_too_much_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "MOST_IN_ONE", 10_000)
    monkeypatch.setattr(file, "MOST_IN_ALL", 60_000)
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    old = folder / "2020-01-01T00-00-00Z-1.jsonl"
    old.write_text("{}\n")
    os.utime(old, (1, 1))
    other = folder / "2026-01-01T00-00-00Z-2.jsonl"
    other.write_bytes(b"x" * 30_000)
    stranger = folder / "notes.txt"
    stranger.write_text("mine")
    os.utime(stranger, (1, 1))
    log = Log("", tmp_path)
    for number in range(80):
        log.note("much", text="x" * 1000, number=number)
        log.flush()
    found = files(folder)
    assert sum(path.stat().st_size for path in found) <= 60_000
    assert all(path.stat().st_size <= 10_000 for path in found)
    assert not old.exists()
    assert not other.exists()
    assert stranger.exists()
    assert written(tmp_path)[-1]["number"] == 79


def test_where_nothing_can_be_written_nobody_notices(tmp_path: Path) -> None:
    state = tmp_path / "file"
    state.write_text("no folder")
    log = Log("", state)
    log.note("turn_begins")
    log.note("much", "error")
    log.flush()


@given(
    st.dictionaries(
        st.text(max_size=8), st.recursive(st.none() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=5)
    ),
    st.integers(0, 3),
)
def test_a_line_is_one_line_whatever_is_in_it(facts: dict[str, Any], size: int) -> None:
    facts["text"] = "x\n" * LONGEST * size
    data = encoded(line(0.0, "info", "any", {"session": "s"}, facts))
    assert data.count(b"\n") == 1
    assert len(data) <= LONGEST + 1
    value = json.loads(data)
    assert value["session"] == "s"
