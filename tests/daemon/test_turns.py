"""Turns: events in order and all before the answer, sessions, limits, and what the answer says."""

import json
import re
import sys
from itertools import pairwise
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Id, Turn

CALL = {"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}}


def test_a_turn_streams_its_events_in_order_and_then_answers(daemon: Daemon) -> None:
    """`kind` and all other members at their default are there."""
    usage = {"inputTokens": 10, "outputTokens": 4, "cacheReadTokens": 3, "cacheWriteTokens": 2}
    turn = daemon.prompt(
        [{"thinking": "hmmm"}, {"text": "Let me look."}, CALL, {"usage": usage}],
        [{"text": "Three lines."}, {"usage": {"inputTokens": 20, "outputTokens": 3}}],
        newSessionId="in order",
    )
    result = turn.result()
    kinds = [re.sub("Chunk|Delta", "...", kind) for kind in turn.kinds]
    once = [kind for at, kind in enumerate(kinds) if not (at and kinds[at - 1] == kind)]
    assert [kind for kind in once if not kind.startswith("toolRun")] == [
        "turnStart",
        "thinking...",
        "text...",
        "toolCallStart",
        "toolCall...",
        "toolCallEnd",
        "stepEnd",
        "contextUsage",
        "text...",
        "stepEnd",
        "contextUsage",
    ]
    assert once.index("toolCallEnd") < once.index("toolRunStart") < once.index("toolRunEnd")
    assert {name: result[name] for name in ("sessionId", "stopReason", "steps", "tools")} == {
        "sessionId": "in order",
        "stopReason": "end_turn",
        "steps": 2,
        "tools": {"read_file": 1},
    }
    assert result["usage"] == {"inputTokens": 30, "outputTokens": 7, "cacheReadTokens": 3, "cacheWriteTokens": 2}
    assert result["chunks"] == 1 + 3 + 3
    assert result["turnId"] == turn.turn_id
    assert 0 <= result["timeToFirstChunkMs"] <= result["durationMs"]
    assert "text" not in result
    assert "error" not in result


def test_the_end_events_carry_the_whole(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "one two three"}, CALL], [{"text": "done"}])
    turn.result()
    first, second = (event for event in turn.events if event["kind"] == "stepEnd")
    assert (first["text"], first["stopReason"], first["usage"]) == ("one two three", "tool_calls", None)
    assert (second["text"], second["stopReason"]) == ("done", "end_turn")
    end = turn.event("toolCallEnd")
    assert end["arguments"] == {"path": "a.txt"}
    assert json.loads("".join(e["argumentsDelta"] for e in turn.events if e["kind"] == "toolCallDelta")) == {
        "path": "a.txt"
    }
    assert "\n" not in end["title"]
    assert end["locations"][0]["uri"].endswith("/root/a.txt")
    assert turn.event("toolCallStart")["toolKind"] == "read"
    run = turn.event("toolRunEnd")
    assert run["status"] == "completed"
    assert "two" in run["content"][0]["text"]
    assert run["truncated"] is False


@pytest.mark.parametrize("token", [0, "", 1, "1", -7, "\U0001f600"])
def test_a_token_comes_back_with_its_type(daemon: Daemon, token: Id) -> None:
    daemon.begin_anew()
    turn = daemon.prompt([{"text": "x"}], token=token, workDoneToken=f"w{token}")
    turn.result()
    assert turn.kinds == ["turnStart", "textChunk", "stepEnd", "contextUsage"]


def test_two_turns_whose_tokens_differ_in_type_alone_are_kept_apart(daemon: Daemon) -> None:
    number = daemon.prompt([{"text": "number"}], token=77)
    text = daemon.prompt([{"text": "text"}], token="77")
    number.result()
    text.result()
    assert (number.text, text.text) == ("number", "text")


def test_without_a_token_the_answer_carries_the_last_replys_text(daemon: Daemon) -> None:
    model = daemon.script([{"text": "first"}, CALL], [{"text": "the last reply"}])
    at = len(daemon.log)
    result = daemon.call("chat/prompt", {"content": "x", "model": model})
    assert result["text"] == "the last reply"
    assert [message.get("method") for message in daemon.log[at:]] == [None]


def test_no_event_has_a_member_or_a_kind_that_belongs_to_work_done_progress(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "x"}, CALL, {"toolCall": {"name": "nothing"}}], [{"text": "x"}])
    turn.result()
    assert not {"begin", "report", "end"} & set(turn.kinds)
    assert not any("message" in event for event in turn.events)


@pytest.mark.parametrize("reason", ["max_tokens", "refusal"])
def test_a_replys_own_end_is_the_turns_stop_reason(daemon: Daemon, reason: str) -> None:
    turn = daemon.prompt([{"text": "x"}, {"finish": reason}])
    assert turn.result()["stopReason"] == reason
    assert turn.event("stepEnd")["stopReason"] == reason


def test_an_error_of_the_model_is_a_result_that_says_so(daemon: Daemon) -> None:
    """A turn that was accepted ends with a result, whatever happens; the session goes on."""
    turn = daemon.prompt(
        [{"text": "half"}, {"error": {"kind": "overloaded", "text": "too much to do"}}], [{"text": "now"}]
    )
    result = turn.result()
    assert result["stopReason"] == "error"
    assert result["error"]["kind"] == "overloaded"
    assert result["error"]["message"] == "too much to do"
    assert result["error"]["retryable"] is False
    assert turn.text == "half"
    assert "stepEnd" not in turn.kinds
    assert daemon.prompt(sessionId=result["sessionId"], model=turn.model).result()["stopReason"] == "end_turn"


def test_a_script_that_cannot_be_read_is_an_error_and_names_the_file(daemon: Daemon) -> None:
    model = daemon.script([{"nonsense": 1}])
    result = daemon.prompt(model=model).result()
    assert result["stopReason"] == "error"
    assert ".json" in result["error"]["message"]


def test_an_endless_loop_of_tools_ends_at_the_cap(daemon: Daemon) -> None:
    daemon.configure({"limits": {"maxSteps": 3}})
    result = daemon.prompt([CALL]).result()
    assert (result["stopReason"], result["steps"], result["tools"]) == ("max_turn_requests", 3, {"read_file": 3})
    daemon.configure({})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"name": "nothing"}, False, "no tool named"),
        ({"name": "search", "argumentsText": '{"pattern": '}, True, ""),
        ({"name": "search", "argumentsText": "[]"}, True, ""),
        ({"name": "search", "arguments": {}}, True, "pattern"),
        ({"name": "search", "arguments": {"pattern": "x", "other": 1}}, True, "other"),
        ({"name": "read_file", "arguments": {"path": "../../etc/passwd"}}, False, "outside"),
        ({"name": "bug"}, False, "bug"),
    ],
)
def test_a_call_that_fails_is_told_to_the_model_which_goes_on(
    daemon: Daemon, call: dict[str, Any], error: bool, words: str
) -> None:
    turn = daemon.prompt([{"toolCall": call}], [{"text": "I see"}])
    assert turn.result()["stopReason"] == "end_turn"
    end, run = turn.event("toolCallEnd"), turn.event("toolRunEnd")
    assert ("argumentsError" in end, "arguments" in end) == (error, not error)
    assert run["status"] == "failed"
    assert words in json.dumps(run["content"])
    daemon.pardon("ZeroDivisionError: a bug" if call["name"] == "bug" else "")


def test_several_calls_run_at_once_while_text_flows_and_each_gets_its_own_end(daemon: Daemon) -> None:
    hang = {"toolCall": {"name": "hang"}}
    turn = daemon.prompt([hang, hang, {"text": "meanwhile"}, {"delay": 0.05}, CALL, {"hang": True}], delay=0.001)
    run = turn.event("toolRunEnd")
    assert run["status"] == "completed"
    starts = [event for event in turn.events if event["kind"] == "toolRunStart"]
    assert len(starts) == 3
    assert all(event["startedEarly"] for event in starts)
    assert turn.text == "meanwhile"
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    ends = [event["status"] for event in turn.events if event["kind"] == "toolRunEnd"]
    assert sorted(ends) == ["cancelled", "cancelled", "completed"]


def test_a_tool_that_is_not_read_only_waits_for_the_whole_reply(daemon: Daemon) -> None:
    turn = daemon.prompt([{"toolCall": {"name": "write"}}, {"text": "more"}], [{"text": "done"}], delay=0.001)
    turn.result()
    assert turn.event("toolRunStart")["startedEarly"] is False
    assert turn.kinds.index("stepEnd") < turn.kinds.index("toolRunStart")


def test_a_tools_output_is_shown_while_it_runs(daemon: Daemon) -> None:
    turn = daemon.prompt([{"toolCall": {"name": "burst", "arguments": {"count": 500}}}], [{"text": "done"}])
    assert turn.result()["stopReason"] == "end_turn"
    shown = "".join(event["text"] for event in turn.events if event["kind"] == "toolRunOutput")
    assert shown == "".join(f"{number}\n" for number in range(500))


# Sessions


def test_a_session_goes_on_under_its_name(daemon: Daemon) -> None:
    first = daemon.prompt([{"text": "a"}]).result()
    second = daemon.prompt([{"text": "b"}], sessionId=first["sessionId"]).result()
    assert second["sessionId"] == first["sessionId"]
    assert second["turnId"] != first["turnId"]
    assert daemon.prompt([{"text": "c"}]).result()["sessionId"] != first["sessionId"]


def test_an_unknown_session_is_refused_and_named(daemon: Daemon) -> None:
    error = daemon.prompt([{"text": "a"}], sessionId="nowhere").error()
    assert (error.code, error.data["kind"]) == (1001, "not_found")
    assert "'nowhere'" in error.message


def test_a_name_that_is_taken_is_refused(daemon: Daemon) -> None:
    assert daemon.prompt([{"text": "a"}], newSessionId="taken").result()["sessionId"] == "taken"
    error = daemon.prompt([{"text": "a"}], newSessionId="taken").error()
    assert error.code == 1007
    assert "'taken'" in error.message
    assert daemon.prompt([{"text": "a"}], sessionId="taken").result()["stopReason"] == "end_turn"


def test_a_busy_session_refuses_a_second_turn_and_takes_one_as_soon_as_it_answered(daemon: Daemon) -> None:
    turn = daemon.prompt([{"hang": True}], newSessionId="busy")
    error = daemon.prompt([{"text": "a"}], sessionId="busy").error()
    assert (error.code, error.data) == (1002, {"kind": "turn_in_progress", "retryable": True})
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert daemon.prompt([{"text": "a"}], sessionId="busy").result()["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    "params", [{"tools": ["nothing"]}, {"model": "nobody/x"}, {"model": "no-slash"}, {"toolChoice": "never"}]
)
def test_a_refused_prompt_begins_no_session(daemon: Daemon, params: dict[str, Any]) -> None:
    assert daemon.prompt(newSessionId="refused", **params).error().code in (1005, 1006, -32602)
    assert daemon.prompt([{"text": "a"}], sessionId="refused").error().code == 1001
    assert daemon.call("chat/cancel", {"sessionId": "refused"}) == {"state": "not_found"}


def test_a_refused_prompt_leaves_a_session_as_it_was(daemon: Daemon) -> None:
    session = daemon.prompt([{"text": "a"}]).result()["sessionId"]
    assert daemon.prompt(sessionId=session, model="nobody/x").error().code == 1005
    assert daemon.prompt([{"text": "a"}], sessionId=session).result()["stopReason"] == "end_turn"


def test_64_turns_run_at_once_and_the_next_is_told_to_wait(daemon: Daemon) -> None:
    model = daemon.script([{"text": "x"}, {"hang": True}])
    turns = [daemon.prompt(model=model) for _ in range(64)]
    for turn in turns:
        turn.event("textChunk")
    refused = daemon.prompt(model=model, newSessionId="too many")
    assert (refused.error().code, refused.error().data["retryable"]) == (1003, True)
    turns[0].cancel()
    assert turns[0].result()["stopReason"] == "cancelled"
    late = daemon.prompt([{"text": "x"}], newSessionId="too many")
    assert late.result()["stopReason"] == "end_turn"
    counted = daemon.call("workspace/executeCommand", {"command": "chatls.cancelAll"})
    assert counted == {"cancelled": 63}
    assert {turn.result()["stopReason"] for turn in turns} == {"cancelled"}


def test_many_sessions_interleave_and_none_waits_for_another(daemon: Daemon) -> None:
    turns = [daemon.prompt([{"text": f"{number} " * 50}], chars=3, delay=0.001) for number in range(20)]
    for turn in turns:
        assert turn.result()["stopReason"] == "end_turn"
    assert [turn.text for turn in turns] == [f"{number} " * 50 for number in range(20)]
    order = [message["params"]["token"] for message in daemon.log if message.get("method") == "$/progress"]
    switches = sum(before != after for before, after in pairwise(order))
    assert switches > 200


# Tools and models


def test_a_prompt_may_name_the_tools_it_allows(daemon: Daemon) -> None:
    turn = daemon.prompt([{"toolCall": {"name": "search", "arguments": {"pattern": "x"}}}], [{"text": "x"}], tools=[])
    assert turn.result()["stopReason"] == "end_turn"
    assert "no tool named" in turn.event("toolRunEnd")["content"][0]["text"]
    turn = daemon.prompt([CALL], [{"text": "x"}], tools=["read_file"])
    assert turn.result()["tools"] == {"read_file": 1}


def test_an_unknown_tool_in_a_prompt_is_refused_by_name_and_the_known_ones_are_named(daemon: Daemon) -> None:
    error = daemon.prompt([{"text": "x"}], tools=["read_file", "rm"]).error()
    assert error.code == 1006
    assert "'rm'" in error.message
    assert "list_files" in error.message


def test_a_disabled_tool_is_none(daemon: Daemon) -> None:
    daemon.configure({"tools": {"disabled": ["search"]}})
    assert "search" not in [tool["name"] for tool in daemon.call("chat/tools")["tools"]]
    assert daemon.prompt([{"text": "x"}], tools=["search"]).error().code == 1006
    daemon.configure({})
    assert "search" in [tool["name"] for tool in daemon.call("chat/tools")["tools"]]


def test_models_are_listed_with_the_one_that_answers(daemon: Daemon) -> None:
    model = daemon.script([{"text": "x"}])
    daemon.configure({**daemon.settings, "model": model})
    listed = daemon.call("chat/models")
    assert listed["default"] == model
    entry = next(entry for entry in listed["models"] if entry["id"].startswith(model.partition("/")[0]))
    assert entry["local"] is True
    turn = daemon.prompt()
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.event("turnStart")["model"] == model
    daemon.configure({})


def test_a_prompt_at_once_behind_another_in_one_write_is_refused_as_busy(daemon: Daemon) -> None:
    model = daemon.script([{"text": "x"}])
    session = daemon.prompt(model=model).result()["sessionId"]
    params = {"content": "x", "sessionId": session, "model": model}
    with daemon.one_write():
        for identifier in ("first", "second"):
            daemon.request("chat/prompt", params, identifier)
    assert daemon.answer("second")["error"]["code"] == 1002
    assert daemon.answer("first")["result"]["stopReason"] == "end_turn"


def test_a_prompt_of_every_kind_of_block_is_taken(daemon: Daemon) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "text", "text": "look"},
        {"type": "resource_link", "uri": (daemon.folder / "root" / "a.txt").as_uri()},
        {"type": "resource", "uri": "untitled:1", "text": "sent along"},
        {"type": "image", "mimeType": "image/png", "data": "AA=="},
    ]
    turn = daemon.prompt([{"text": "seen"}], content=blocks)
    assert turn.result()["stopReason"] == "end_turn"
    assert "notice" not in turn.kinds


def test_a_link_that_cannot_be_read_is_said(daemon: Daemon) -> None:
    turn = daemon.prompt([{"text": "seen"}], content=[{"type": "resource_link", "uri": "file:///etc/passwd"}])
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.event("notice")["level"] == "warning"


def test_the_first_turn_after_initialize_has_its_turn_start_first_whatever_the_model(start: Start) -> None:
    daemon = start()
    daemon.initialize()
    turn: Turn = daemon.prompt([{"hang": True}])
    assert turn.event("turnStart")["seq"] == 1
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert daemon.leave() == 0
    daemon.check()


def test_a_bug_in_a_turn_is_a_result_that_says_so_and_the_daemon_lives_on(start: Start) -> None:
    """No traceback and no path reaches the client."""
    script = """
import chatls.agent.system
def broken(workspace): raise ZeroDivisionError("at /some/path.py")
chatls.agent.system.system_prompt = broken
from chatls.__main__ import main
main()
"""
    daemon = start([sys.executable, "-c", script])
    daemon.initialize({})
    for number in range(2):
        result = daemon.prompt([{"text": "x"}], newSessionId=f"s{number}").result()
        assert (result["stopReason"], result["error"]["kind"]) == ("error", "internal")
        assert "path" not in json.dumps(result)
    assert daemon.leave() == 0
    assert daemon.stderr.count("ZeroDivisionError") == 2
    daemon.pardon()
    daemon.check()
