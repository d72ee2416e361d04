"""The sandbox through the real daemon: all is inside where it is required; what people and models are told of it."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.aftermath import LIMITS
from tests.daemon.processes import wait_until_gone
from tests.daemon.raw import SOON, Daemon, Json, Turn

DONE: list[Json] = [{"text": "done"}]


def run(command: str | list[str] | None = None, **more: object) -> list[Json]:
    arguments = {**({"command": command} if command else {}), **more}
    return [{"toolCall": {"name": "run_command", "arguments": arguments}}]


class Required:
    """A daemon that runs everything inside."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.root = daemon.folder / "root"
        self.root.mkdir()
        (self.root / ".env").write_text("SECRET=canary")
        daemon.initialize({"commands": {"sandbox": "required"}}, permission=True, roots=[self.root])

    def done(self, command: str, **more: object) -> Turn:
        turn = self.daemon.prompt(run(command, **more), DONE)
        self.daemon.choose(turn.question(), "allow_once")
        turn.result()
        return turn

    def refused(self, command: str, **more: object) -> str:
        turn = self.daemon.prompt(run(command, **more), DONE)
        turn.result()
        assert turn.questions() == []
        return turn.said()


@pytest.fixture
def required(tmp_path: Path) -> Iterator[Required]:
    with Daemon(tmp_path) as daemon:
        yield Required(daemon)
        assert daemon.leave() == 0
        daemon.check()


def notices(turn: Turn) -> list[str]:
    return [value["text"] for value in turn.daemon.values(turn.token) if value["kind"] == "notice"]


def test_what_a_person_allowed_runs_inside_too_and_the_question_says_so(required: Required) -> None:
    turn = required.daemon.prompt(run("cat .env"), DONE)
    question = turn.question()
    assert any("in the sandbox" in item["text"] for item in question["params"]["preview"])
    required.daemon.choose(question, "allow_once")
    turn.result()
    assert "canary" not in turn.said()
    first, second, *_ = turn.said().splitlines()
    assert re.fullmatch(r"exit code 1 after [\d.]+ s, in the sandbox", first)
    assert second.startswith("[sandbox: if that is why it failed, ")
    assert f"{required.root}/.env is hidden" in second


def test_it_is_said_once_whether_there_is_one(required: Required) -> None:
    first, second = required.done("touch a"), required.done("touch b")
    assert [text for text in notices(first) if "sandbox" in text] == [
        text for text in notices(first) if "works" in text
    ]
    assert any("the sandbox for commands works" in text for text in notices(first))
    assert not any("sandbox" in text for text in notices(second))


def test_what_has_to_run_outside_does_not_run_where_everything_must_be_inside(required: Required) -> None:
    assert "commands.sandbox is required" in required.refused("touch x", outside="to see")
    assert not (required.root / "x").exists()


def test_what_was_taken_away_and_what_ended_is_told(required: Required) -> None:
    begun = "until grep -qs sleep /proc/$(cat pid)/comm; do :; done; rm pid; echo made"
    turn = required.done(f"mkdir .idea; echo x > .idea/x; (sleep 63 >/dev/null 2>&1 & echo $! >pid); {begun}")
    assert "what it had left running was ended with it (sleep 63)" in turn.said()
    assert f"[sandbox: {required.root}/.idea would decide what runs" in turn.said()
    assert not (required.root / ".idea").exists()
    (place,) = re.findall(r"lies in (\S+) now", turn.said())
    assert (Path(place) / ".idea/x").read_text() == "x\n"


def test_a_cancel_ends_it_and_takes_away_what_it_made(required: Required) -> None:
    turn = required.daemon.prompt(run("mkdir .idea; echo $$; sleep 600"), DONE)
    required.daemon.choose(turn.question(), "allow_once")
    turn.event("toolRunOutput")
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert not (required.root / ".idea").exists()


def test_a_command_gets_its_time_to_end(required: Required) -> None:
    command = "trap 'echo cleaned > cleaned.txt; exit 0' TERM; echo begun; while :; do sleep 0.05; done"
    for limit in LIMITS:
        turn = required.done(command, timeout=limit)
        assert "timed out" in turn.said()
        if "begun" in turn.said():
            break
    assert (required.root / "cleaned.txt").read_text() == "cleaned\n"


def test_one_in_the_background_ends_by_its_number_and_what_it_made_is_taken_away(required: Required) -> None:
    turn = required.done("mkdir .idea; echo up; exec sleep 600", background=True, timeout=0.5)
    assert "in the sandbox, where nothing else can reach it" in turn.said()
    (number,) = re.findall(r'stop="(\d+)"', turn.said())
    ending = required.daemon.prompt(run(stop=number), DONE, sessionId=turn.session_id)
    ending.result()
    assert ending.questions() == []
    assert ending.said().startswith("ended")
    wait_until_gone(int(number))
    assert not (required.root / ".idea").exists()


def test_what_one_in_the_background_makes_is_taken_away_while_it_runs(required: Required) -> None:
    seen = "while [ -e .idea ]; do sleep 0.05; done; echo seen >seen.txt"
    turn = required.done(f"sleep 0.3; mkdir .idea; {seen}; exec sleep 600", background=True, timeout=0.2)
    assert "still running" in turn.said()
    deadline = time.monotonic() + SOON
    while not (required.root / "seen.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not (required.root / ".idea").exists()


def test_git_moves_that_touch_protected_files_do_not_run_inside(required: Required) -> None:
    git = ("git", "-c", "user.name=Me", "-c", "user.email=me@example.org")

    def outside(*words: str) -> None:
        subprocess.run((*git, *words), cwd=required.root, check=True, capture_output=True)

    (required.root / "a").write_text("1")
    outside("init", "-q", "-b", "main", ".")
    outside("add", "a")
    outside("commit", "-qm", "1")
    outside("switch", "-qc", "other")
    (required.root / ".vscode").mkdir()
    (required.root / ".vscode/x").write_text("1")
    outside("add", ".vscode")
    outside("commit", "-qm", "2")
    outside("switch", "-q", "main")
    for command in ("git switch other", "git merge other", "git -C . checkout other", "true && git rebase other"):
        assert ".vscode/x" in required.refused(command), command
    assert required.done("git switch -c third").said().startswith("exit code 0")


def test_where_it_does_not_work_nothing_runs_and_auto_runs_as_before(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        check_where_it_does_not_work(daemon)
        assert daemon.leave() == 0
        daemon.check()


def check_where_it_does_not_work(daemon: Daemon) -> None:
    root = daemon.folder / "home"
    daemon.initialize({"commands": {"sandbox": "required"}}, permission=True, roots=[root])
    turn = daemon.prompt(run("touch x"), DONE)
    turn.result()
    assert "nothing was run: commands.sandbox is required" in turn.said()
    assert "your home folder" in turn.said()
    daemon.configure({"commands": {"sandbox": "auto"}})
    turn = daemon.prompt(run("touch x"), DONE)
    daemon.choose(turn.question(), "allow_once")
    turn.result()
    assert "in the sandbox" not in turn.said()
    assert (root / "x").exists()
    assert any("there is no sandbox for commands" in text for text in notices(turn))
