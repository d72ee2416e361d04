"""The log: what is logged arrives on stderr, and where nobody reads it nothing waits for it."""

import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from chatls.wire.log import Log


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
