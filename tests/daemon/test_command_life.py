"""The life of a command through the real daemon: it is seen while it runs, ended by whoever may, and leaves nothing."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemon.aftermath import Chat, read, run, write
from tests.daemon.conftest import Shared, Start
from tests.daemon.processes import is_running, wait_until_gone
from tests.daemon.raw import KEY_VARIABLE, SOON, Daemon, Json, Turn
from tests.daemon.service import call, check_history, finish, text
from tests.support.http_server import Reply, Request, ScriptedServer, streamed

STUBBORN = "trap '' TERM HUP; sleep 600 & echo $$ $!; wait; sleep 600"


@pytest.fixture
def chat(shared_asking: Shared) -> Iterator[Chat]:
    with ScriptedServer() as server:
        yield Chat(shared_asking.get(), server)
        shared_asking.check()


def pids(turn: Turn, number: int = 0) -> list[int]:
    """The process ids that a command wrote."""
    return [int(word) for word in turn.event("toolRunOutput", toolCallId=turn.call_id(number))["text"].split()]


def in_background(turn: Turn) -> tuple[int, Path]:
    """The process group of a command that goes on, and the file of what it writes."""
    (number, name) = re.findall(r"as process group (\d+); its output goes into (\S+),", turn.said())[0]
    return int(number), Path(name)


def pids_in(file: Path) -> list[int]:
    """The process ids that a command in the background writes first."""
    wait_for(lambda: "\n" in file.read_text())
    return [int(word) for word in file.read_text().partition("\n")[0].split()]


def wait_for(wanted: Callable[[], bool]) -> None:
    """Something outside of the conversation."""
    deadline = time.monotonic() + SOON
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def open_daemon(start: Start, *names: str) -> Daemon:
    daemon = start()
    roots = [daemon.folder / name for name in names or ("root",)]
    for root in roots:
        root.mkdir(exist_ok=True)
    daemon.initialize({}, permission=True, roots=roots)
    return daemon


# While it runs


def test_each_line_is_seen_while_the_command_runs(chat: Chat) -> None:
    """It waits until it was seen."""
    steps = "; ".join(f"echo step {step}; while [ ! -e go{step} ]; do sleep 0.01; done; rm go{step}" for step in (1, 2))
    turn = chat.allowed(run(f"{steps}; printf half; while [ ! -e go3 ]; do sleep 0.01; done; rm go3; echo ' whole'"))
    for number, words in enumerate(["step 1", "step 2", "half"], 1):
        chat.daemon.until(lambda _, words=words: words in shown(turn))
        assert "toolRunEnd" not in turn.kinds
        (chat.daemon.folder / "root" / f"go{number}").touch()
    turn.result()
    assert shown(turn) == "step 1\nstep 2\nhalf whole\n"
    (told,) = chat.told(turn)
    assert told.startswith("exit code 0")
    assert told.endswith("step 1\nstep 2\nhalf whole")


def shown(turn: Turn) -> str:
    return "".join(event["text"] for event in turn.events if event["kind"] == "toolRunOutput")


def test_nothing_runs_before_it_is_permitted(chat: Chat) -> None:
    mark = chat.daemon.folder / "root" / "mark"
    turn = chat.prompt(run("echo x; touch mark"))
    chat.daemon.choose(turn.question(), "reject_once", "use make")
    turn.result()
    assert "use make" in chat.told(turn)[0]
    assert {"toolRunStart", "toolRunOutput"}.isdisjoint(turn.kinds)
    assert not mark.exists()


def test_changes_and_commands_of_one_reply_come_in_their_order(chat: Chat) -> None:
    """A command sees what the calls before it did, and the question about it comes when they are done."""
    wrote = write("order.txt", "one\n")
    turn = chat.prompt(wrote, run("cat order.txt; echo two >>order.txt"), run("cat order.txt; rm order.txt"))
    for number in range(3):
        question = turn.question()
        assert question["params"]["toolCallId"] == turn.call_id(number)
        assert len(turn.questions()) == number + 1
        chat.daemon.choose(question, "allow_once")
    turn.result()
    _, first, second = chat.told(turn)
    assert first.endswith("\none")
    assert second.endswith("\none\ntwo")


def test_commands_of_two_turns_run_side_by_side(chat: Chat) -> None:
    """Each waits for the other one."""
    one = "touch here1; while [ ! -e here2 ]; do sleep 0.01; done; echo met"
    two = "touch here2; while [ ! -e here1 ]; do sleep 0.01; done; echo met"
    turns = [chat.allowed(run(command)) for command in (one, two)]
    for turn in turns:
        turn.result()
        assert chat.told(turn)[0].endswith("\nmet")
    for name in ("here1", "here2"):
        (chat.daemon.folder / "root" / name).unlink()


# Ended


def test_a_cancelled_turn_ends_all_children_and_keeps_what_they_wrote(chat: Chat) -> None:
    """And what waits behind it never runs."""
    turn = chat.allowed(run(STUBBORN), run("touch never"))
    processes = pids(turn)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    wait_until_gone(*processes)
    told, other = chat.told(turn)
    assert told.startswith("cancelled")
    assert str(processes[0]) in told
    assert told == turn.said()
    assert other.startswith("cancelled")
    assert [turn.ended(number)["status"] for number in (0, 1)] == ["cancelled", "cancelled"]
    assert len(turn.questions()) == 1
    assert not (chat.daemon.folder / "root" / "never").exists()


def test_one_command_is_ended_and_the_turn_goes_on(chat: Chat) -> None:
    turn = chat.allowed(run("echo $$; sleep 600"), run("echo went on"))
    processes = pids(turn)
    asked = {"sessionId": turn.session_id, "toolCallId": turn.call_id(0)}
    assert chat.daemon.call("chat/cancel", asked) == {"state": "cancelling"}
    assert turn.ended(0)["status"] == "cancelled"
    wait_until_gone(*processes)
    chat.daemon.choose(turn.question(), "allow_once")
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == "done"
    ended, went_on = chat.told(turn)
    assert "cancelled by the user" in ended
    assert str(processes[0]) in ended
    assert went_on.endswith("went on")


def test_the_time_limit_of_the_settings_holds_where_none_is_named(chat: Chat) -> None:
    chat.configure(limits={"toolTimeout": 3})  # planning has to be done within it, too
    turn = chat.allowed(run("sleep 600"), run("sleep 3.5; echo late", timeout=60), questions=2)
    turn.result()
    short, long = chat.told(turn)
    assert short.startswith("timed out after 3 s")
    assert long.endswith("late")
    assert [turn.ended(number)["status"] for number in (0, 1)] == ["timed_out", "completed"]


@pytest.mark.parametrize("end", ["shutdown", "exit", "end of input", "killed"])
def test_no_command_outlives_the_daemon(start: Start, end: str) -> None:
    """One in the background, one that runs, and both refuse to die."""
    daemon = open_daemon(start)
    calls = [run(STUBBORN, background=True, timeout=0.1), run(STUBBORN)]
    turn = daemon.prompt(calls)
    for _ in calls:
        daemon.choose(turn.question(), "allow_once")
    turn.ended(0)
    processes = pids_in(in_background(turn)[1]) + pids(turn, 1)
    match end:
        case "shutdown":
            assert daemon.leave() == 0
        case "exit":
            daemon.notify("exit")
        case "end of input":
            daemon.close_input()
        case _:
            daemon.kill()
    if end in ("exit", "end of input"):
        assert daemon.wait() == 1
    if end == "shutdown":  # who says no word before has no answer to wait for
        assert turn.result()["stopReason"] == "cancelled"
    wait_until_gone(*processes)


# Long output


def test_the_file_of_a_long_output_is_read_in_the_next_step(chat: Chat) -> None:
    """By a model that reads where it is from the result."""

    def play(request: Request) -> Reply:
        messages = request.json()["messages"]
        results = [message["content"] for message in messages if message["role"] == "tool"]
        match len(results):
            case 0:
                return streamed(call('{"command": "seq 1 100000"}', "run_command"), finish("tool_calls"))
            case 1:
                (name,) = re.findall(r"/\S+\.txt", results[0])
                arguments = f'{{"path": "{name}", "start_line": 54321, "end_line": 54322}}'
                return streamed(call(arguments, "read_file"), finish("tool_calls"))
            case _:
                return streamed(text("I see"), finish("stop"))

    chat.server.answer(play)
    turn = chat.daemon.prompt(model="web/m")
    chat.daemon.choose(turn.question(), "allow_once")
    assert turn.result()["tools"] == {"run_command": 1, "read_file": 1}
    ran, found = (turn.said(number) for number in (0, 1))
    assert ran.startswith("exit code 0")
    lines = ran.splitlines()
    assert (lines[1], lines[-1]) == ("1", "100000")
    assert "54321\t54321\n54322\t54322" in found.replace(" ", "")
    assert len(ran.encode()) <= 51200
    check_history(chat.server.requests[-1].json()["messages"])


# In the background


def test_a_command_in_the_background_goes_on_is_read_and_says_when_it_has_ended(chat: Chat) -> None:
    go = "while [ ! -e {0} ]; do sleep 0.01; done; rm {0}"
    command = f"echo $$; {go.format('more')}; echo more; {go.format('end')}; exit 5"
    turn = chat.allowed(run(command, background=True, timeout=0.2))
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.said().startswith("still running")
    process, file = in_background(turn)
    assert pids_in(file) == [process]
    count, root = len(turn.events), chat.daemon.folder / "root"
    (root / "more").touch()
    wait_for(lambda: "more" in file.read_text())
    again = chat.prompt(read(str(file)), sessionId=turn.session_id)
    again.result()
    assert "more" in again.said()
    cancelled = chat.prompt({"hang": True}, sessionId=turn.session_id)
    cancelled.event("turnStart")
    cancelled.cancel()
    cancelled.result()
    assert is_running(process), "it is no part of other turns"
    (root / "end").touch()
    wait_until_gone(process)
    wait_for(lambda: "[exit code 5 after" in file.read_text())
    assert len(turn.events) == count, "its turn is over"
    chat.told(turn)


def test_a_command_in_the_background_is_ended_as_its_result_says(chat: Chat) -> None:
    turn = chat.allowed(run("sleep 600 & echo $$ $!; wait", background=True, timeout=0.2))
    turn.result()
    _, file = in_background(turn)
    processes = pids_in(file)
    (number,) = re.findall(r'call run_command with stop="(\d+)"', turn.said())
    stop: Json = {"toolCall": {"name": "run_command", "arguments": {"stop": number}}}
    ending = chat.prompt(stop, sessionId=turn.session_id)
    ending.result()
    assert ending.said() == f"ended, with all that it had started: process group {number}"
    wait_until_gone(*processes)
    assert "[killed by SIGTERM after" in file.read_text()
    chat.told(ending)


def test_a_command_for_the_background_is_cancelled_like_any_other_until_it_is_there(chat: Chat) -> None:
    turn = chat.allowed(run("echo $$; sleep 600", background=True, timeout=60))
    processes = pids(turn)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    wait_until_gone(*processes)
    chat.told(turn)


# Where it runs, and with what


def test_of_several_roots_the_named_one_is_taken_or_the_first(start: Start) -> None:
    daemon = open_daemon(start, "one", "two")
    deep = daemon.folder / "two" / "deep"
    deep.mkdir()
    cases: list[tuple[Json, str, str]] = [
        ({}, "one", " in one"),
        ({"cwd": "two"}, "two", ""),
        ({"cwd": "two/deep"}, "two/deep", ""),
        ({"cwd": str(deep)}, "two/deep", ""),
    ]
    for given, place, words in cases:
        turn = daemon.prompt([run("pwd -P; exit 0", **given)], [{"text": "done"}])
        question = turn.question()
        daemon.choose(question, "allow_once")
        turn.result()
        where = str((daemon.folder / place).resolve())
        first, *rest = turn.said().splitlines()
        assert rest == [where]
        assert first.endswith(f" s{words}")
        assert where in question["params"]["preview"][-1]["text"]
    assert daemon.leave() == 0
    daemon.check()


def test_a_command_without_a_folder_is_told_so(start: Start) -> None:
    daemon = start()
    daemon.initialize({}, permission=True)
    turn = daemon.prompt([run("pwd")], [{"text": "done"}])
    assert turn.result()["stopReason"] == "end_turn"
    assert "no folder is open" in turn.said()
    assert turn.questions() == []
    assert daemon.leave() == 0
    daemon.check()


def test_a_command_has_the_users_environment_and_a_quiet_one(start: Start) -> None:
    daemon = start(variables={"OURS": "kept", "CHATLS_LOG": "ERROR", "FORCE_COLOR": "1"})
    root = daemon.folder / "root"
    root.mkdir()
    provider = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon.initialize({"providers": {"work": provider}}, permission=True, roots=[root])
    script = "import os, sys; print(*sorted(f'{k}={v}' for k, v in os.environ.items()), os.isatty(1), sep='\\n')"
    turn = daemon.prompt([run([sys.executable, "-c", script])], [{"text": "done"}])
    daemon.choose(turn.question(), "allow_once")
    turn.result()
    lines = turn.said().splitlines()
    assert {"OURS=kept", "TERM=dumb", "NO_COLOR=1", "PAGER=cat", "False"} <= set(lines)
    assert not [line for line in lines if line.startswith(("CHATLS_LOG", "FORCE_COLOR", KEY_VARIABLE))]
    assert daemon.leave() == 0
    daemon.check()
