"""How a daemon ends: the exit code, the time it takes, and that nothing of it is left (traps 16, 17, 18, 21)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.processes import descendants, wait_until_gone
from tests.daemon.raw import CHATLS, SOON, WITH_TOOLS, Daemon, environment, packed

AT_MOST = {"exit": 2.0, "parent": 5.0}
"""Seconds that docs/protocol.md promises. They are held with room for a machine that is busy with other things."""
ROOM = 3.0


def busy(daemon: Daemon) -> list[int]:
    """Let it run a turn with a child and a grandchild, and one with a tool that cannot be stopped. Gives their ids."""
    family = daemon.prompt([{"toolCall": {"name": "family"}}])
    stuck = daemon.prompt([{"toolCall": {"name": "stubborn"}}])
    stuck.event("toolRunOutput")
    pids = [int(pid) for pid in family.event("toolRunOutput")["text"].split()]
    assert set(pids) <= descendants(daemon.pid)
    return pids


class Stopwatch:
    def __init__(self) -> None:
        self._began = time.monotonic()

    def check(self, limit: float) -> None:
        assert time.monotonic() - self._began < limit + ROOM


WATCHED = """
import gc, sys
from chatls.__main__ import main

def enable(enable=gc.enable):
    enable()
    unused = sorted({name.partition(".")[0] for name in sys.modules} & {"pygls", "lsprotocol", "cattrs", "rich"})
    print(gc.isenabled(), gc.get_freeze_count() > 0, unused, file=sys.stderr, flush=True)

gc.enable = enable
main()
"""


def test_once_it_is_loaded_it_collects_garbage_and_nothing_is_loaded_that_a_chat_does_not_need(start: Start) -> None:
    daemon = start([sys.executable, "-c", WATCHED], stderr=subprocess.PIPE)
    daemon.initialize()
    daemon.prompt([{"text": "."}]).result()
    assert daemon.process.stderr
    assert daemon.process.stderr.readline() == b"True True []\n"
    assert daemon.leave() == 0
    daemon.process.stderr.close()


# exit


def test_exit_after_shutdown_gives_0_and_every_turn_is_answered_first(start: Start) -> None:
    """pygls 2.1.1 fails here: a shutdown that fails; wrong exit codes."""
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    watch = Stopwatch()
    shutdown = daemon.request("shutdown")
    assert daemon.answer(shutdown)["result"] is None
    stops = [message["result"]["stopReason"] for message in daemon.log if "stopReason" in str(message.get("result"))]
    assert stops == ["cancelled", "cancelled"]
    daemon.notify("exit")
    assert daemon.wait() == 0
    watch.check(2 * AT_MOST["exit"])
    wait_until_gone(*pids)
    daemon.check()


def test_exit_without_shutdown_gives_1_and_leaves_nobody(start: Start) -> None:
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    watch = Stopwatch()
    assert daemon.leave(shutdown=False) == 1
    watch.check(AT_MOST["exit"])
    wait_until_gone(*pids)
    daemon.check()


def test_exit_before_initialize_gives_1(start: Start) -> None:
    daemon = start(CHATLS)
    assert daemon.leave(shutdown=False) == 1
    daemon.check()


def test_after_shutdown_every_request_is_refused_and_notifications_are_harmless(start: Start) -> None:
    """pygls 2.1.1 fails here: no life cycle."""
    daemon = start(CHATLS)
    daemon.initialize()
    assert daemon.call("shutdown") is None
    for method in ("chat/prompt", "chat/tools", "shutdown", "initialize", "$/x"):
        assert daemon.refusal(method, {"content": "x"}).code == -32600
    daemon.notify("textDocument/didOpen", {})
    daemon.notify("$/cancelRequest", {"id": 1})
    daemon.notify("exit")
    assert daemon.wait() == 0


def test_a_shutdown_with_parameters_that_do_not_fit_shuts_nothing_down(start: Start) -> None:
    daemon = start(CHATLS)
    daemon.initialize()
    assert daemon.refusal("shutdown", [1]).code == -32602
    assert daemon.call("chat/tools")["tools"]
    assert daemon.leave() == 0
    daemon.check()


# The client is gone


@pytest.mark.parametrize(("shutdown", "code"), [(False, 1), (True, 0)])
def test_the_end_of_input_ends_it_and_everything_it_started(start: Start, shutdown: bool, code: int) -> None:
    """pygls 2.1.1 fails here: orphans."""
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    if shutdown:
        daemon.call("shutdown")
    watch = Stopwatch()
    daemon.close_input()
    assert daemon.wait() == code
    watch.check(AT_MOST["exit"])
    wait_until_gone(*pids)
    daemon.check()


@pytest.mark.parametrize("words", [b"", b"garbage", b"Content-Length: 10\r\n\r\n"])
def test_the_end_of_input_before_initialize_gives_1(start: Start, words: bytes) -> None:
    daemon = start(CHATLS)
    daemon.write(words)
    daemon.close_input()
    assert daemon.wait() == 1
    daemon.check()


def parent() -> subprocess.Popen[bytes]:
    """A process that lives until it is killed."""
    return subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)


def test_a_parent_that_dies_ends_it_though_somebody_holds_its_pipes(start: Start) -> None:
    """pygls 2.1.1 fails here: orphans."""
    daemon = start(WITH_TOOLS)
    with parent() as process:
        daemon.initialize(processId=process.pid)
        pids = busy(daemon)
        process.kill()
        watch = Stopwatch()
        assert daemon.wait() == 1
        watch.check(AT_MOST["parent"])
    wait_until_gone(*pids)
    daemon.check()


def test_a_parent_that_is_dead_already_ends_it(start: Start) -> None:
    """P15."""
    daemon = start(CHATLS)
    with parent() as process:
        process.kill()
    watch = Stopwatch()
    daemon.request("initialize", {"capabilities": {}, "processId": process.pid})
    assert daemon.wait() == 1
    watch.check(AT_MOST["parent"])
    daemon.check()


def test_a_parent_that_dies_after_shutdown_gives_0(start: Start) -> None:
    daemon = start(CHATLS)
    with parent() as process:
        daemon.initialize(processId=process.pid)
        daemon.call("shutdown")
        process.kill()
        assert daemon.wait() == 0
    daemon.check()


@pytest.mark.parametrize("pid", [None, 2**31, 2**63 - 1, -1])
def test_a_process_id_that_names_nobody_harms_nobody(start: Start, pid: int | None) -> None:
    """One that cannot exist ends the daemon, as if the process were dead; none at all does not."""
    daemon = start(CHATLS)
    daemon.request("initialize", {"capabilities": {}, "processId": pid})
    if pid is None or pid < 1:
        daemon.refusal("$/alive")
        assert daemon.leave() == 0
    else:
        assert daemon.wait() == 1
    daemon.check()


def test_a_bug_that_ends_it_leaves_nobody(start: Start) -> None:
    script = f"""
import runpy, chatls.children.process
gone = chatls.children.process.gone
async def broken(pid):
    await gone(pid)
    raise ZeroDivisionError
chatls.children.process.gone = broken
runpy.run_path({WITH_TOOLS[1]!r}, run_name="__main__")
"""
    daemon = start([sys.executable, "-c", script])
    with parent() as process:
        daemon.initialize(processId=process.pid)
        pids = busy(daemon)
        process.kill()
        assert daemon.wait() == 1
    wait_until_gone(*pids)
    assert "ZeroDivisionError" in daemon.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_everything_it_started(start: Start, number: signal.Signals) -> None:
    """pygls 2.1.1 fails here: wrong exit codes."""
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    watch = Stopwatch()
    daemon.process.send_signal(number)
    assert daemon.wait() == 1
    watch.check(AT_MOST["exit"])
    wait_until_gone(*pids)
    daemon.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_initialize_ends_it_without_a_word(start: Start, number: signal.Signals) -> None:
    daemon = start(CHATLS)
    assert daemon.refusal("$/early").code == -32002
    daemon.process.send_signal(number)
    assert daemon.wait() == -number
    daemon.check()


def test_a_client_that_closes_its_reading_end_ends_it_quietly(start: Start) -> None:
    """pygls 2.1.1 fails here: errors about errors; orphans."""
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    assert daemon.process.stdout
    daemon.process.stdout.close()
    watch = Stopwatch()
    daemon.request("chat/tools")
    assert daemon.process.wait(SOON) == 1
    watch.check(AT_MOST["exit"])
    wait_until_gone(*pids)
    assert not daemon.stderr


def test_a_client_that_closes_its_reading_end_while_output_waits_ends_it_quietly(start: Start) -> None:
    daemon = start(CHATLS)
    daemon.initialize()
    daemon.prompt([{"text": "x" * 400_000}], chars=40).event("textChunk")
    assert daemon.process.stdout
    daemon.process.stdout.close()
    assert daemon.process.wait(SOON) == 1
    assert not daemon.stderr


def test_a_client_that_leaves_after_shutdown_without_reading_gets_0(start: Start) -> None:
    daemon = start(CHATLS)
    daemon.initialize()
    daemon.refusal("$/alive")
    assert daemon.process.stdout
    daemon.process.stdout.close()
    daemon.write(packed({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}))
    assert daemon.process.wait(SOON) == 0
    assert not daemon.stderr


def test_a_client_that_does_not_read_does_not_keep_it_from_leaving(start: Start) -> None:
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    pids = busy(daemon)
    model = daemon.script([{"text": "x" * 2_000_000}], chars=100)
    daemon.prompt(model=model)
    watch = Stopwatch()
    daemon.notify("exit")
    assert daemon.process.wait(SOON) == 1
    watch.check(AT_MOST["exit"])
    wait_until_gone(*pids)
    assert not daemon.stderr


# Descriptors


def test_whatever_prints_prints_to_stderr(start: Start) -> None:
    """`check` has looked at every byte of stdout. No child eats the client's input."""
    daemon = start(WITH_TOOLS)
    daemon.initialize()
    turn = daemon.prompt([{"toolCall": {"name": "loud"}}], [{"text": "still here"}])
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.event("toolRunEnd")["status"] == "completed"
    for words in ("printed", "Content-Length: 3", "written to descriptor 1", "from a child"):
        assert words in daemon.stderr
    daemon.pardon()
    assert daemon.leave() == 0
    daemon.check()


def conversation(folder: Path) -> bytes:
    """One from `initialize` to `exit`."""
    script = folder / "script.json"
    script.write_text(json.dumps({"replies": [[{"text": "from a file"}]], "chunkDelay": 0}))
    settings = {"model": "s/x", "providers": {"s": {"kind": "scripted", "script": str(script)}}}
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "initializationOptions": settings}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "chat/tools"},
        {"id": 3, "method": "shutdown"},
        {"method": "exit"},
    ]
    return b"".join(packed({"jsonrpc": "2.0", **message}) for message in messages)


def test_input_may_be_a_regular_file(start: Start, tmp_path: Path) -> None:
    source = tmp_path / "input"
    source.write_bytes(conversation(tmp_path))
    with source.open("rb") as stdin:
        daemon = start(CHATLS, stdin=stdin)
    assert daemon.wait() == 0
    assert sorted(message["id"] for message in daemon.log) == [1, 2, 3], "what is under way when it leaves is answered"
    assert not daemon.stderr


def test_output_may_be_a_regular_file(start: Start, tmp_path: Path) -> None:
    target = tmp_path / "output"
    with target.open("wb") as stdout:
        daemon = start(CHATLS, stdout=stdout)
    daemon.write(conversation(tmp_path))
    assert daemon.process.wait(SOON) == 0
    assert target.read_bytes().count(b"Content-Length") == 3
    assert not daemon.stderr


def test_input_and_output_may_be_one_socket(start: Start) -> None:
    """Making the one non-blocking makes the other so."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = start(CHATLS, stdin=theirs, stdout=theirs)
        theirs.close()
        daemon.input = daemon.output = ours.fileno()
        daemon.initialize()
        turn = daemon.prompt([{"text": "x" * 1_000_000}], chars=1000)
        turn.event("textChunk")
        assert daemon.refusal("$/alive").code == -32601
        assert turn.result()["stopReason"] == "end_turn"
        assert turn.text == "x" * 1_000_000
        ours.shutdown(socket.SHUT_WR)
        assert daemon.wait() == 1
        daemon.check()


def test_a_terminal_that_was_its_output_is_blocking_again_afterwards(start: Start) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        daemon = start(CHATLS, stdin=theirs, stdout=theirs)
        daemon.input = daemon.output = ours.fileno()
        daemon.initialize()
        daemon.notify("exit")
        assert daemon.process.wait(SOON) == 1
        assert os.get_blocking(theirs.fileno())


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_missing_descriptor_ends_it_instead_of_breaking_it(tmp_path: Path, closed: int) -> None:
    command = f'exec "$0" "$@" {closed}{">" if closed else "<"}&-'
    done = subprocess.run(
        ["sh", "-c", command, *CHATLS], env=environment(tmp_path), input=b"", capture_output=True, timeout=SOON
    )
    assert done.returncode in (1, 2)
    assert done.stdout == b""


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": "/dev/null", **{f"XDG_{name}_HOME": "" for name in ("CONFIG", "CACHE", "STATE", "DATA")}},
    ],
)
def test_a_poor_environment_is_no_obstacle(start: Start, tmp_path: Path, variables: dict[str, str]) -> None:
    """A locale that has no letters but English ones; a home that is no folder, as services have."""
    (tmp_path / "\u4e16.txt").write_text("inside\n")
    daemon = start(variables=variables)
    daemon.initialize({}, roots=[tmp_path])
    turn = daemon.prompt([{"toolCall": {"name": "read_file", "arguments": {"path": "\u4e16.txt"}}}], [{"text": "Yes."}])
    assert turn.result()["stopReason"] == "end_turn"
    assert "inside" in turn.said()
    assert daemon.leave() == 0


# The command line


@pytest.mark.parametrize("arguments", [["serve"], ["--stdio"]])
def test_editors_may_say_that_they_want_a_server(start: Start, arguments: list[str]) -> None:
    daemon = start([*CHATLS, *arguments])
    daemon.initialize()
    assert daemon.leave() == 0
    daemon.check()


def said(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    command = [*CHATLS, *arguments]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=SOON)
    return done.returncode, done.stdout, done.stderr


def test_the_version_and_the_usage_are_printed(tmp_path: Path) -> None:
    code, out, _ = said(tmp_path, "--version")
    assert (code, out.split()[0]) == (0, "chatls")
    for word in ("-h", "--help", "help"):
        code, out, _ = said(tmp_path, word)
        assert code == 0
        assert out.startswith("usage: chatls")


def test_an_unknown_command_is_named(tmp_path: Path) -> None:
    code, out, err = said(tmp_path, "nonsense")
    assert (code, out) == (2, "")
    assert "'nonsense'" in err
