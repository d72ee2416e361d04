"""Commands through the real daemon: shown in full before they run, without keys, ended with all their children."""

import re
import stat
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.processes import is_running, wait_until_gone
from tests.daemon.raw import KEY_VARIABLE, Daemon, Json, Turn

DONE: list[Json] = [{"text": "done"}]


def run(command: str | list[str], **more: object) -> list[Json]:
    return [{"toolCall": {"name": "run_command", "arguments": {"command": command, **more}}}]


def allowed(turn: Turn) -> Json:
    question = turn.question()
    turn.daemon.choose(question, "allow_once")
    return question["params"]


def shown(question: Json) -> str:
    return "\n".join(item["text"] for item in question["preview"] if item["type"] == "text")


def open_daemon(start: Start, settings: Json | None = None, **variables: str) -> Daemon:
    daemon = start(variables=variables)
    root = daemon.folder / "root"
    root.mkdir(exist_ok=True)
    daemon.initialize(settings or {}, permission=True, roots=[root])
    return daemon


def test_a_command_is_asked_for_and_its_output_streams(asking: Daemon) -> None:
    turn = asking.prompt(run("echo out; cat; echo 5 >&2; exit 3"), DONE)
    question = allowed(turn)
    assert question["toolKind"] == "execute"
    assert "echo out; cat; echo 5 >&2; exit 3" in shown(question)
    assert turn.event("toolRunOutput")["text"].startswith("out")
    turn.result()
    assert re.search(r"\b3\b", turn.said())


@pytest.mark.parametrize("when", ["at first", "later"])
def test_no_command_sees_a_key(start: Start, when: str) -> None:
    """Attack A36. That the key itself is nowhere in what the daemon says, `check` looks after."""
    provider = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": KEY_VARIABLE}
    settings: Json = {"providers": {"work": provider}}
    daemon = open_daemon(start, settings if when == "at first" else None, OPENAI_API_KEY="sk-other-4712", COPY="x4712x")
    if when == "later":
        daemon.configure(settings)
    turn = daemon.prompt(run("env"), DONE)
    allowed(turn)
    turn.result()
    assert "COPY=x4712x" in turn.said()
    for word in (KEY_VARIABLE, "OPENAI_API_KEY", "sk-other-4712"):
        assert word not in turn.said()
    assert daemon.leave() == 0
    daemon.check()


def test_a_long_output_is_kept_whole_in_a_file_of_the_users_own(start: Start) -> None:
    daemon = open_daemon(start)
    turn = daemon.prompt(run("seq 1 100000"), DONE)
    allowed(turn)
    result = turn.ended()
    assert result["truncated"]
    (name,) = re.findall(r"/\S+\.txt", turn.said())
    path = Path(name)
    assert path.read_text().split()[::99999] == ["1", "100000"]
    assert path.is_relative_to(daemon.folder / "home" / ".cache" / "chatls" / "output")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    read = {"toolCall": {"name": "read_file", "arguments": {"path": name, "start_line": 50000, "end_line": 50000}}}
    turn = daemon.prompt([read], DONE)
    assert "50000\t50000" in turn.said()
    turn.result()
    other = open_daemon(start)
    turn = other.prompt([read], DONE)
    assert turn.ended()["status"] == "failed", "another daemon's outputs are not this one's to read"
    turn.result()
    for each in (daemon, other):
        assert each.leave() == 0
        each.check()


def test_a_cancel_ends_a_command_with_all_its_children(asking: Daemon) -> None:
    turn = asking.prompt(run("trap '' TERM; sleep 600 & echo $$ $!; wait; sleep 600", timeout=600), DONE)
    allowed(turn)
    processes = [int(word) for word in turn.event("toolRunOutput")["text"].split()]
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    wait_until_gone(*processes)


@pytest.mark.parametrize("end", ["shutdown", "end of input"])
def test_a_command_in_the_background_outlives_its_turn_and_ends_with_the_daemon(start: Start, end: str) -> None:
    daemon = open_daemon(start)
    turn = daemon.prompt(run("exec sleep 600", background=True, timeout=0.2), DONE)
    allowed(turn)
    assert turn.result()["stopReason"] == "end_turn"
    process = int(turn.said().partition("as process group ")[2].partition(";")[0])
    assert is_running(process)
    if end == "shutdown":
        assert daemon.leave() == 0
    else:
        daemon.close_input()
        assert daemon.wait() == 1
    wait_until_gone(process)


@pytest.mark.parametrize(
    "command",
    [
        "git status; id",
        "git status && id",
        "git status | sh",
        "git status\nid",
        "git status $(id)",
        "git status `id`",
        "git status > f",
        "git status & id",
        "git -c core.pager=sh status",
        "PATH=. git status",
        "env git status",
        "sh -c 'git status'",
        "git statusx",
        "./git status",
    ],
)
def test_what_a_rule_does_not_name_is_asked_for(asking: Daemon, command: str) -> None:
    """Attacks A14 to A20."""
    asking.configure({"permissions": [{"tool": "run_command", "command": "git status", "action": "allow"}]})
    turn = asking.prompt(run(command), DONE)
    asking.choose(turn.question(), "reject_once")
    assert turn.ended()["status"] == "denied"
    turn.result()
    asking.configure({})


def test_nothing_of_a_command_is_hidden_from_who_is_asked(asking: Daemon) -> None:
    """Attack A21."""
    command = f"echo harmless{' ' * 5000}; echo \u202eevil\u200b \x1b[8mhidden\x1b[0m"
    turn = asking.prompt(run(command), DONE)
    question = turn.question()
    asking.choose(question, "reject_once")
    turn.result()
    preview = shown(question["params"])
    assert "evil" in preview
    assert not {"\u202e", "\u200b", "\x1b"} & set(preview + question["params"]["title"])
    assert " " * 100 not in preview
