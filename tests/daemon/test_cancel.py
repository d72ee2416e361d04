"""Cancelling: every trigger at every point ends the turn, closes what it holds, and leaves a session that goes on."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.daemon.processes import descendants, wait_until_gone
from tests.daemon.raw import SOON, Daemon, Turn, packed
from tests.daemon.service import WORK_DONE, Service, call, calls_of, finish, text
from tests.support.http_server import Chunk, End, Hang, Head, Wait, answered, event, streamed

Trigger = Callable[[Turn], None]


def by_request(turn: Turn) -> None:
    """pygls 2.1.1 fails here: cancels that are lost."""
    turn.daemon.notify("$/cancelRequest", {"id": turn.id})


def by_work_done(turn: Turn) -> None:
    """pygls 2.1.1 fails here: work-done cancels that do nothing."""
    turn.daemon.notify("window/workDoneProgress/cancel", {"token": WORK_DONE.format(turn.token)})


def by_method(turn: Turn) -> None:
    assert turn.daemon.call("chat/cancel", {"sessionId": turn.session_id}) == {"state": "cancelling"}


def by_command(turn: Turn) -> None:
    """pygls 2.1.1 fails here: cancels that are lost."""
    arguments = [{"sessionId": turn.session_id}]
    command = {"command": "chatls.cancel", "arguments": arguments}
    assert turn.daemon.call("workspace/executeCommand", command) == {"cancelled": 1}


TRIGGERS = [by_request, by_work_done, by_method, by_command]


@dataclass(frozen=True)
class Point:
    """A moment in a turn: what the server plays until then, and the event that tells that it has come."""

    name: str
    reply: list[Any]
    event: str | None
    closed: bool = True
    """The server still streams, so it must see the connection close."""


POINTS = [
    Point("waiting for the headers", [Hang()], None),
    Point("before the first byte", [Head(), Hang()], None),
    Point("in the text", [Head(), Chunk(event(text("half a"))), Hang()], "textChunk"),
    Point("in the arguments", [Head(), Chunk(event(call('{"pat', "search"))), Hang()], "toolCallDelta"),
    Point("while a tool runs early", [Head(), Chunk(event(call("{}", "hang"))), Hang()], "toolRunOutput"),
    Point("while a tool runs", streamed(call("{}", "hang"), finish("tool_calls")), "toolRunOutput", closed=False),
    Point("while a thread runs", streamed(call("{}", "stubborn"), finish("tool_calls")), "toolRunOutput", closed=False),
    Point("before a retry", answered({}, 503, {"retry-after": "50"}), "retry", closed=False),
]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_works_at_every_point(service: Service, trigger: Trigger, point: Point) -> None:
    service.server.play(point.reply, streamed(text("again"), finish("stop")))
    turn = service.prompt()
    turn.event(point.event or "turnStart")
    service.server.wait_for_requests(1)
    trigger(turn)
    result = turn.result()
    assert result["stopReason"] == "cancelled"
    assert "error" not in result
    if point.closed:
        service.server.wait_until_closed(0)
    again = service.prompt(sessionId=result["sessionId"], content="and again")
    assert again.result()["stopReason"] == "end_turn"
    assert again.text == "again"
    messages = service.history()
    assert json.dumps(messages).count("hello") == 1
    if point.event == "textChunk":
        assert [message["content"] for message in messages if message["role"] == "assistant"] == ["half a"]
    if point.event == "toolCallDelta":
        assert "tool_calls" not in json.dumps(messages)
    if point.event == "toolRunOutput":
        assert [message["role"] for message in messages[-3:]] == ["assistant", "tool", "user"]
        assert "cancelled" in messages[-2]["content"]


@pytest.mark.parametrize("trigger", [by_request, by_work_done])
def test_a_cancel_right_behind_the_prompt_in_one_write_finds_it(daemon: Daemon, trigger: Trigger) -> None:
    model = daemon.script([{"text": "x" * 1000}, {"hang": True}])
    with daemon.one_write():
        turn = daemon.prompt(model=model, token=trigger.__name__, workDoneToken=WORK_DONE.format(trigger.__name__))
        trigger(turn)
    assert turn.result()["stopReason"] == "cancelled"
    assert turn.text == ""


def test_a_cancel_while_a_key_command_hangs_ends_the_command(daemon: Daemon) -> None:
    provider = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyCommand": ["sleep", "600"]}
    daemon.configure({"providers": {"slow": provider}})
    before = descendants(daemon.pid)
    turn = daemon.prompt(model="slow/x", newSessionId="slow key")
    deadline = time.monotonic() + SOON
    while not (started := descendants(daemon.pid) - before):
        assert time.monotonic() < deadline, "the command was not started"
        daemon.refusal("$/alive")
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    wait_until_gone(*started)
    daemon.configure({})


def test_a_cancel_between_two_steps_ends_the_turn(service: Service) -> None:
    """The tool is done and the next request is asked: the server has it and says nothing."""
    service.server.play(
        streamed(call('{"path": "a.txt"}', "read_file"), finish("tool_calls")), [Hang()], streamed(text("again"))
    )
    turn = service.prompt()
    service.server.wait_for_requests(2)
    turn.cancel()
    result = turn.result()
    assert (result["stopReason"], result["tools"]) == ("cancelled", {"read_file": 1})
    assert service.prompt(sessionId=result["sessionId"]).result()["stopReason"] == "end_turn"
    assert "two" in json.dumps(service.history())


def test_a_cancel_with_several_calls_open_answers_each_in_the_history(service: Service) -> None:
    reply: list[Any] = [
        Head(),
        Chunk(event(call('{"path": "a.txt"}', "read_file", 0))),
        Chunk(event(call("{}", "hang", 1))),
        Chunk(event(call("{}", "write", 2))),
        Chunk(event(call('{"pattern": "x', "search", 3))),
        Hang(),
    ]
    service.server.play(reply, streamed(text("again"), finish("stop")))
    turn = service.prompt()
    turn.event("toolCallDelta", argumentsDelta='{"pattern": "x')
    turn.event("toolRunEnd")
    turn.event("toolRunOutput")
    turn.cancel()
    result = turn.result()
    assert service.prompt(sessionId=result["sessionId"]).result()["stopReason"] == "end_turn"
    messages = service.history()
    names = [call["function"]["name"] for message in messages for call in calls_of(message)]
    assert names == ["read_file", "hang", "write"]
    cut = [event for event in turn.events if event["kind"] == "toolCallEnd" and "argumentsError" in event]
    assert len(cut) == 1


def test_what_was_shown_before_a_cancel_is_all_there_and_nothing_follows_the_answer(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "0123456789" * 500}, {"toolCall": {"name": "hang"}}, {"hang": True}], chars=7)
    turn.event("toolRunOutput")
    turn.cancel()
    assert turn.result()["chunks"] == 715
    assert turn.text == "0123456789" * 500


# Twice, never, too late


def test_cancelling_twice_and_by_all_triggers_gives_one_answer(daemon: Daemon) -> None:
    turn = daemon.prompt([{"hang": True}], token="all", workDoneToken=WORK_DONE.format("all"))
    session = turn.session_id
    for trigger in (by_request, by_request, by_work_done):
        trigger(turn)
    state = daemon.call("chat/cancel", {"sessionId": session})["state"]
    assert state in ("cancelling", "idle")
    command = {"command": "chatls.cancel", "arguments": [{"sessionId": session}]}
    assert daemon.call("workspace/executeCommand", command) == {"cancelled": 0}
    assert turn.result()["stopReason"] == "cancelled"


def test_cancelling_what_is_over_does_nothing(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "x"}], token="over", workDoneToken=WORK_DONE.format("over"))
    assert turn.result()["stopReason"] == "end_turn"
    by_request(turn)
    by_work_done(turn)
    assert daemon.call("chat/cancel", {"sessionId": turn.session_id}) == {"state": "idle"}
    assert daemon.call("workspace/executeCommand", {"command": "chatls.cancel"}) == {"cancelled": 0}
    assert daemon.call("workspace/executeCommand", {"command": "chatls.cancelAll"}) == {"cancelled": 0}


def test_cancelling_what_is_unknown_says_so(daemon: Daemon) -> None:
    assert daemon.call("chat/cancel", {"sessionId": "nowhere"}) == {"state": "not_found"}
    command = {"command": "chatls.cancel", "arguments": [{"sessionId": "nowhere"}]}
    assert daemon.call("workspace/executeCommand", command) == {"cancelled": 0}


@pytest.mark.parametrize(("token", "other"), [(1, "1"), ("1", 1), (0, ""), (0, False), (1, True), ("", None)])
def test_a_token_of_another_type_cancels_nothing(daemon: Daemon, token: int | str, other: Any) -> None:
    turn = daemon.prompt([{"hang": True}], workDoneToken=token)
    turn.event("turnStart")
    daemon.notify("window/workDoneProgress/cancel", {"token": other})
    daemon.notify("$/cancelRequest", {"id": str(turn.id)})
    daemon.refusal("$/alive")
    assert daemon.call("chat/cancel", {"sessionId": turn.session_id, "turnId": turn.turn_id}) == {"state": "cancelling"}
    assert turn.result()["stopReason"] == "cancelled"


def test_cancelling_by_request_leaves_other_turns_alone(daemon: Daemon) -> None:
    one, other = daemon.prompt([{"hang": True}]), daemon.prompt([{"hang": True}])
    one.event("turnStart")
    other.event("turnStart")
    one.cancel()
    assert one.result()["stopReason"] == "cancelled"
    assert daemon.call("workspace/executeCommand", {"command": "chatls.cancel"}) == {"cancelled": 1}
    assert other.result()["stopReason"] == "cancelled"


def test_the_command_without_an_argument_cancels_the_turn_that_started_last(daemon: Daemon) -> None:
    turns = [daemon.prompt([{"hang": True}]) for _ in range(3)]
    for turn in turns:
        turn.event("turnStart")
    for turn in reversed(turns):
        assert daemon.call("workspace/executeCommand", {"command": "chatls.cancel", "arguments": []}) == {
            "cancelled": 1
        }
        assert turn.result()["stopReason"] == "cancelled"


def test_cancel_all_counts_what_it_cancelled(daemon: Daemon) -> None:
    turns = [daemon.prompt([{"hang": True}]) for _ in range(5)]
    for turn in turns:
        turn.event("turnStart")
    turns[0].cancel()
    assert daemon.call("workspace/executeCommand", {"command": "chatls.cancelAll"}) == {"cancelled": 4}
    assert {turn.result()["stopReason"] for turn in turns} == {"cancelled"}


# chat/cancel


def test_a_turn_id_that_does_not_run_cancels_nothing(daemon: Daemon) -> None:
    first = daemon.prompt([{"text": "x"}])
    turn = daemon.prompt([{"hang": True}], sessionId=first.result()["sessionId"])
    turn.event("turnStart")
    asked = {"sessionId": turn.session_id, "turnId": first.turn_id}
    assert daemon.call("chat/cancel", asked) == {"state": "idle"}
    assert daemon.call("chat/cancel", {**asked, "turnId": turn.turn_id}) == {"state": "cancelling"}
    assert turn.result()["stopReason"] == "cancelled"


def test_one_call_can_be_cancelled_and_the_turn_goes_on(service: Service) -> None:
    service.server.play(
        streamed(call("{}", "hang", 0), call("{}", "stubborn", 1), finish("tool_calls")),
        streamed(text("went on"), finish("stop")),
    )
    turn = service.prompt()
    for number in (1, 2):
        turn.daemon.until(lambda _, number=number: [e["kind"] for e in turn.events].count("toolRunOutput") >= number)
    ids = [event["toolCallId"] for event in turn.events if event["kind"] == "toolRunStart"]
    for call_id in ids:
        asked = {"sessionId": turn.session_id, "toolCallId": call_id}
        assert turn.daemon.call("chat/cancel", asked) == {"state": "cancelling"}
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == "went on"
    results = [message for message in service.history() if message["role"] == "tool"]
    assert all("cancelled by the user" in message["content"] for message in results)
    assert [event["status"] for event in turn.events if event["kind"] == "toolRunEnd"] == ["cancelled", "cancelled"]


def test_a_call_that_is_not_open_is_not_found(daemon: Daemon) -> None:
    turn = daemon.prompt([{"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}}, {"hang": True}])
    done = turn.event("toolRunEnd")["toolCallId"]
    for call_id in (done, "nothing"):
        asked = {"sessionId": turn.session_id, "toolCallId": call_id}
        assert daemon.call("chat/cancel", asked) == {"state": "not_found"}
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"


def test_a_call_that_is_still_being_written_can_be_cancelled(service: Service) -> None:
    beginning: list[Any] = [Head(), Chunk(event(call('{"pattern": ', "search")))]
    rest = (event(value) for value in (call('"x"}'), finish("tool_calls"), "[DONE]"))
    reply = [*beginning, Wait("gate"), *map(Chunk, rest), End()]
    service.server.play(reply, streamed(text("went on"), finish("stop")))
    turn = service.prompt()
    call_id = turn.event("toolCallDelta")["toolCallId"]
    asked = {"sessionId": turn.session_id, "toolCallId": call_id}
    assert turn.daemon.call("chat/cancel", asked) == {"state": "cancelling"}
    service.server.open("gate")
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.event("toolRunEnd")["status"] == "cancelled"
    assert "toolRunStart" not in turn.kinds


def test_a_request_that_is_no_prompt_can_be_cancelled_too(daemon: Daemon) -> None:
    """It has one answer, and an unknown one's cancel is ignored: a result, or -32800."""
    daemon.owe("list")
    daemon.write(
        packed({"jsonrpc": "2.0", "id": "list", "method": "chat/models"})
        + packed({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "list"}})
    )
    answer = daemon.answer("list")
    assert "result" in answer or answer["error"]["code"] == -32800
