"""A client that stops reading: the daemon hears it all the while, keeps all of its text, and little memory."""

import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.processes import resident
from tests.daemon.raw import KEY_VARIABLE, SOON, WITH_TOOLS, Daemon, Json
from tests.support.http_server import Chunk, Head, ScriptedServer, event, streamed

MEBI = 2**20
NOISE = {"text": "x" * 1000}


def chatter(daemon: Daemon) -> None:
    """Talk more than any pipe holds: fails if the daemon does not read."""
    with daemon.one_write():
        for _ in range(2000):
            daemon.notify("$/noise", NOISE)


class Bell:
    """Something that a client which does not read can hear: the tool `ring` rings it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "bell"
        os.mkfifo(self._path)
        self._end = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        self.call: Json = {"toolCall": {"name": "ring", "arguments": {"path": str(self._path)}}}

    def wait(self) -> None:
        assert select.select([self._end], [], [], SOON)[0], "nobody rang"
        os.close(self._end)


def words(count: int) -> str:
    return "".join(f"{number:07} " for number in range(count))


def load_everything(daemon: Daemon) -> None:
    """Have the first question to a server behind us: what is imported for it is not what a test measures."""
    with ScriptedServer() as server:
        server.answer(lambda _: streamed(LAST))
        daemon.configure({"providers": web(server)})
        daemon.prompt(model="web/x").result()
    daemon.configure({})


def test_a_hundred_thousand_chunks_to_a_client_that_sleeps_arrive_whole_in_few_messages(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: output blocks the loop."""
    load_everything(daemon)
    daemon.prompt([{"text": words(1000)}], chars=8).result()
    before, bell = resident(daemon.pid), Bell(daemon.folder)
    turn = daemon.prompt([{"text": words(50_000)}, bell.call], [{"hang": True}], chars=4)
    chatter(daemon)
    bell.wait()
    assert resident(daemon.pid) - before < 16 * MEBI
    turn.event("toolRunEnd")
    turn.cancel()
    assert turn.result()["chunks"] == 100_000
    assert turn.text == words(50_000)
    assert len(turn.events) < 2000


def web(server: ScriptedServer) -> Json:
    return {"web": {"kind": "openai_chat", "baseUrl": server.url, "apiKeyEnv": KEY_VARIABLE}}


CONTENT: Json = {"choices": [{"delta": {"content": words(1000)}}]}
LAST: Json = {"choices": [{"delta": {}, "finish_reason": "stop"}]}


def test_a_turn_that_fills_the_pipe_pauses_its_provider_and_can_be_cancelled_meanwhile(daemon: Daemon) -> None:
    """The server sees its connection close while the client still reads nothing."""
    with ScriptedServer() as server:
        server.play(streamed(CONTENT, LAST), [Head(), *[Chunk(event(CONTENT))] * 4000])
        daemon.configure({"providers": web(server)})
        daemon.prompt(model="web/x").result()
        before = resident(daemon.pid)
        turn = daemon.prompt(model="web/x")
        server.wait_for_requests(2)
        chatter(daemon)
        assert resident(daemon.pid) - before < 16 * MEBI
        assert not server.requests[1].closed.is_set()
        turn.cancel()
        server.wait_until_closed(1)
    result = turn.result()
    assert result["stopReason"] == "cancelled"
    assert 0 < result["chunks"] < 4000
    assert turn.text == words(1000) * result["chunks"]
    daemon.configure({})


def test_a_turn_goes_on_where_it_paused_and_the_watchdog_slept_meanwhile(daemon: Daemon) -> None:
    with ScriptedServer() as server:
        server.play(streamed(*[CONTENT] * 800, LAST))
        daemon.configure({"providers": web(server), "limits": {"idleTimeout": 0.5}})
        turn = daemon.prompt(model="web/x")
        server.wait_for_requests(1)
        silence = time.monotonic() + 1  # twice the limit: that time passes is what is tested
        while time.monotonic() < silence:
            chatter(daemon)
        assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == words(1000) * 800
    daemon.configure({})


def test_a_stalled_turn_does_not_stall_the_answers_of_others_once_it_is_read(daemon: Daemon) -> None:
    flood = daemon.prompt([{"text": words(100_000)}], chars=80)
    identifiers = [daemon.request("chat/tools") for _ in range(50)]
    small = daemon.prompt([{"text": "small"}])
    chatter(daemon)
    for identifier in identifiers:
        assert "result" in daemon.answer(identifier)
    assert small.result()["stopReason"] == "end_turn"
    assert flood.result()["stopReason"] == "end_turn"
    assert (flood.text, small.text) == (words(100_000), "small")


@pytest.mark.parametrize("size", [1, 977, 65_536])
def test_a_client_that_reads_in_pieces_of_any_size_gets_everything(daemon: Daemon, size: int) -> None:
    daemon.read_size = size
    turn = daemon.prompt([{"text": words(3000)}, {"thinking": words(100)}], chars=40)
    chatter(daemon)
    assert turn.result()["chunks"] == 600 + 20
    assert turn.text == words(3000)
    daemon.read_size = 2**16


def test_a_tool_that_shows_very_much_to_a_client_that_sleeps_loses_nothing(daemon: Daemon) -> None:
    turn = daemon.prompt([{"toolCall": {"name": "burst", "arguments": {"count": 10_000}}}], [{"text": "done"}])
    chatter(daemon)
    assert turn.result()["stopReason"] == "end_turn"
    shown = "".join(event["text"] for event in turn.events if event["kind"] == "toolRunOutput")
    assert shown == "".join(f"{number}\n" for number in range(10_000))


def test_64_stalled_turns_can_all_be_cancelled(daemon: Daemon) -> None:
    # Each has more to say than may wait for all: none can come to its end.
    model = daemon.script([{"text": words(200_000)}], chars=3200)
    daemon.prompt(model=model).result()  # the script is read
    before = resident(daemon.pid)
    turns = [daemon.prompt(model=model) for _ in range(64)]
    chatter(daemon)
    assert resident(daemon.pid) - before < 24 * MEBI
    count = daemon.request("workspace/executeCommand", {"command": "chatls.cancelAll"})
    chatter(daemon)
    assert daemon.answer(count)["result"] == {"cancelled": 64}
    for turn in turns:
        assert turn.result()["stopReason"] == "cancelled"
        assert words(200_000).startswith(turn.text)


def test_a_client_that_never_reads_stderr_is_served_all_the_same(start: Start) -> None:
    """What is logged beyond what the pipe takes is dropped."""
    daemon = start(WITH_TOOLS, stderr=subprocess.PIPE)
    daemon.initialize({})
    bugs = [{"toolCall": {"name": "bug"}}] * 50
    for _ in range(4):
        assert daemon.prompt(bugs, [{"text": "went on"}]).result()["stopReason"] == "end_turn"
    assert daemon.leave() == 0
    daemon.check()
