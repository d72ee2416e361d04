"""Permission: a person's word is asked for, waited for, obeyed, remembered, taken back; nothing runs without it."""

from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json, Turn

DONE: list[Json] = [{"text": "done"}]


def call(name: str, **arguments: Any) -> Json:
    return {"toolCall": {"name": name, "arguments": arguments}}


def write(name: str, content: str = "new\n") -> Json:
    return call("write_file", path=name, content=content)


def file(daemon: Daemon, name: str) -> Path:
    return daemon.folder / "root" / name


def kinds(turn: Turn, number: int = 0) -> list[str]:
    """What was told of a call, pieces of its arguments left out."""
    begun = [event["toolCallId"] for event in turn.events if event["kind"] == "toolCallStart"]
    own = [event["kind"] for event in turn.events if event.get("toolCallId") == begun[number]]
    return [kind for kind in own if kind != "toolCallDelta"]


def listing(daemon: Daemon, **params: Any) -> list[Json]:
    return daemon.call("chat/permissions", params)["permissions"]


def ran(turn: Turn) -> dict[str, int]:
    return turn.result()["tools"]


# A person's word


def test_a_change_is_asked_for_and_made_once_it_is_allowed(asking: Daemon) -> None:
    turn = asking.prompt([{"text": "I write. "}, write("allowed.txt")], DONE)
    question = turn.question()
    asked = question["params"]
    assert asked["sessionId"] == turn.session_id
    assert asked["toolCallId"] == turn.event("toolCallEnd")["toolCallId"]
    assert asked["toolKind"] == "edit"
    assert asked["arguments"] == {"path": "allowed.txt", "content": "new\n"}
    assert "allowed.txt" in asked["title"]
    diff = {"type": "diff", "uri": file(asking, "allowed.txt").as_uri(), "oldText": "", "newText": "new\n"}
    assert {**diff, "change": "new"} in asked["preview"]
    assert {"allow_once", "allow_always", "reject_once"} <= {option["kind"] for option in asked["options"]}
    assert not file(asking, "allowed.txt").exists()
    asking.choose(question, "allow_once")
    assert ran(turn) == {"write_file": 1}
    assert file(asking, "allowed.txt").read_text() == "new\n"
    assert turn.event("permissionResolved")["outcome"] == "allow_once"
    assert kinds(turn) == [
        "toolCallStart",
        "toolCallEnd",
        "permissionRequested",
        "permissionResolved",
        "toolRunStart",
        "toolRunEnd",
    ]


@pytest.mark.parametrize("feedback", [None, "", "put it into notes.txt instead"])
def test_a_no_is_told_to_the_model_with_the_persons_words(asking: Daemon, feedback: str | None) -> None:
    turn = asking.prompt([write("denied.txt")], DONE)
    asking.choose(turn.question(), "reject_once", feedback)
    assert turn.ended()["status"] == "denied"
    assert (feedback or "denied") in turn.said()
    assert ran(turn) == {}
    assert turn.event("permissionResolved")["outcome"] == "reject_once"
    assert not file(asking, "denied.txt").exists()


def test_a_question_that_is_closed_ends_the_call_and_not_the_turn(asking: Daemon) -> None:
    turn = asking.prompt([write("closed.txt")], DONE)
    asking.reply(turn.question(), {"outcome": "cancelled"})
    assert turn.ended()["status"] == "cancelled"
    assert turn.event("permissionResolved")["outcome"] == "cancelled"
    assert turn.result()["stopReason"] == "end_turn"
    assert not file(asking, "closed.txt").exists()


@pytest.mark.parametrize(
    "outcome",
    [
        {"error": {"code": -32601, "message": "no such method"}},
        {"result": None},
        {"result": {}},
        {"result": {"outcome": "selected"}},
        {"result": {"outcome": "selected", "optionId": "yes, do it"}},
        {"result": {"outcome": "allow_once"}},
        {"result": "allow_once"},
        {"result": {"outcome": ["selected"], "optionId": "allow_once"}},
    ],
)
def test_what_is_no_clear_yes_is_a_no(asking: Daemon, outcome: Json) -> None:
    turn = asking.prompt([write("unclear.txt")], DONE)
    asking.respond(turn.question(), **outcome)
    assert turn.ended()["status"] == "denied"
    assert turn.result()["stopReason"] == "end_turn"
    assert not file(asking, "unclear.txt").exists()


def test_only_the_first_answer_to_a_question_counts(asking: Daemon) -> None:
    """An answer with an id that no question has, and a second one, change nothing."""
    turn = asking.prompt([write("twice.txt")], DONE)
    question = turn.question()
    asking.reply({"id": "chatls-000000000000"}, {"outcome": "selected", "optionId": "allow_once"})
    with asking.one_write():
        asking.choose(question, "reject_once")
        asking.choose(question, "allow_once")
    assert turn.ended()["status"] == "denied"
    turn.result()
    assert not file(asking, "twice.txt").exists()


# While a question is open


def test_what_only_reads_runs_while_a_question_waits_which_holds_no_slot(asking: Daemon) -> None:
    asking.configure({"limits": {"concurrentTools": 1}})
    reads = [call("list_files"), call("search", pattern="one"), call("read_file", path="a.txt")]
    turn = asking.prompt([write("w1.txt"), write("w2.txt"), *reads], DONE)
    questions = [turn.question(), turn.question()]
    for number in (2, 3, 4):
        assert turn.ended(number)["status"] == "completed"
    for question in questions:
        asking.choose(question, "allow_once")
    assert ran(turn) == {"write_file": 2, "list_files": 1, "search": 1, "read_file": 1}
    asking.configure({})


def test_questions_of_one_turn_are_answered_in_any_order(asking: Daemon) -> None:
    turn = asking.prompt([write("first.txt"), write("second.txt")], DONE)
    questions = {item["params"]["arguments"]["path"]: item for item in (turn.question(), turn.question())}
    asking.choose(questions["second.txt"], "allow_once")
    assert turn.ended(1)["status"] == "completed"
    assert not file(asking, "first.txt").exists()
    asking.choose(questions["first.txt"], "reject_once")
    assert turn.ended(0)["status"] == "denied"
    turn.result()


def test_questions_of_two_turns_do_not_wait_for_each_other(asking: Daemon) -> None:
    one = asking.prompt([write("of-one.txt")], DONE)
    one.question()
    other = asking.prompt([write("of-other.txt")], DONE)
    asking.choose(other.question(), "allow_once")
    assert ran(other) == {"write_file": 1}
    one.cancel()
    one.result()


@pytest.mark.parametrize("way", ["request", "chat/cancel", "command"])
def test_a_cancel_withdraws_the_question_and_the_late_answer_counts_for_nothing(asking: Daemon, way: str) -> None:
    turn = asking.prompt([write("late.txt"), write("later.txt")], DONE)
    questions = [turn.question(), turn.question()]
    match way:
        case "request":
            turn.cancel()
        case "chat/cancel":
            asking.call("chat/cancel", {"sessionId": turn.session_id})
        case _:
            asking.call("workspace/executeCommand", {"command": "chatls.cancelAll"})
    assert turn.result()["stopReason"] == "cancelled"
    for number, question in enumerate(questions):
        asking.withdrawn(question)
        assert turn.ended(number)["status"] == "cancelled"
        asking.choose(question, "allow_once")
    assert [event["outcome"] for event in turn.events if event["kind"] == "permissionResolved"] == ["cancelled"] * 2
    again = asking.prompt([{"text": "still here"}], sessionId=turn.session_id)
    assert again.result()["stopReason"] == "end_turn"
    assert not file(asking, "late.txt").exists()
    assert not file(asking, "later.txt").exists()


def test_a_single_call_can_be_cancelled_while_its_question_is_open(asking: Daemon) -> None:
    turn = asking.prompt([write("dropped.txt"), write("kept.txt")], DONE)
    questions = {item["params"]["arguments"]["path"]: item for item in (turn.question(), turn.question())}
    dropped = questions["dropped.txt"]["params"]["toolCallId"]
    state = asking.call("chat/cancel", {"sessionId": turn.session_id, "toolCallId": dropped})
    assert state == {"state": "cancelling"}
    asking.withdrawn(questions["dropped.txt"])
    assert turn.event("toolRunEnd", toolCallId=dropped)["status"] == "cancelled"
    asking.choose(questions["kept.txt"], "allow_once")
    assert turn.result()["stopReason"] == "end_turn"
    assert file(asking, "kept.txt").exists()
    assert not file(asking, "dropped.txt").exists()


@pytest.mark.parametrize("end", ["shutdown", "exit", "end of input", "killed"])
def test_who_leaves_while_a_question_is_open_has_allowed_nothing(start: Start, end: str) -> None:
    """Tool fault 84."""
    daemon = start()
    root = daemon.folder / "root"
    root.mkdir()
    daemon.initialize({}, permission=True, roots=[root])
    turn = daemon.prompt([write("gone.txt")], DONE)
    question = turn.question()
    if end == "shutdown":
        daemon.call("shutdown")
        daemon.withdrawn(question)
        assert turn.result()["stopReason"] == "cancelled"
        daemon.notify("exit")
    elif end == "exit":
        daemon.notify("exit")
    elif end == "end of input":
        daemon.close_input()
    else:
        daemon.kill()
        assert not (root / "gone.txt").exists()
        return
    assert daemon.wait() == (0 if end == "shutdown" else 1)
    daemon.withdrawn(question)
    assert turn.result()["stopReason"] == "cancelled"
    assert not (root / "gone.txt").exists()


# What is remembered


def test_an_answer_for_the_session_covers_the_session_and_no_other(asking: Daemon) -> None:
    turn = asking.prompt([write("s1.txt")], DONE, newSessionId="remembering")
    asking.choose(turn.question(), "allow_session")
    assert ran(turn) == {"write_file": 1}
    assert turn.event("permissionResolved")["outcome"] == "allow_always"
    again = asking.prompt([write("s2.txt")], DONE, sessionId="remembering")
    assert ran(again) == {"write_file": 1}
    assert again.questions() == []
    assert "permissionRequested" not in again.kinds
    other = asking.prompt([write("s3.txt")], DONE)
    asking.choose(other.question(), "reject_once")
    other.result()
    (entry,) = listing(asking, sessionId="remembering")
    assert (entry["scope"], entry["tool"], entry["action"]) == ("session", "write_file", "allow")
    assert entry["sessionId"] == "remembering"
    assert listing(asking, revoke=[entry["id"]]) == []
    third = asking.prompt([write("s4.txt")], DONE, sessionId="remembering")
    asking.choose(third.question(), "reject_once")
    third.result()


def test_an_answer_that_covers_another_open_question_withdraws_it(asking: Daemon) -> None:
    turn = asking.prompt([write("c1.txt"), write("c2.txt")], DONE, newSessionId="covering")
    first, second = turn.question(), turn.question()
    asking.choose(first, "allow_session")
    asking.withdrawn(second)
    assert ran(turn) == {"write_file": 2}
    outcomes = [event["outcome"] for event in turn.events if event["kind"] == "permissionResolved"]
    assert outcomes == ["allow_always", "allow_always"]
    asking.choose(second, "reject_once")


def test_a_workspaces_answer_is_kept_for_all_daemons_until_it_is_revoked(start: Start) -> None:
    one = start()
    root = one.folder / "root"
    root.mkdir()
    one.initialize({}, permission=True, roots=[root])
    turn = one.prompt([write("k1.txt")], DONE)
    one.choose(turn.question(), "allow_workspace")
    assert ran(turn) == {"write_file": 1}
    other = start()
    other.initialize({}, permission=True, roots=[root])
    assert ran(other.prompt([write("k2.txt")], DONE)) == {"write_file": 1}
    (entry,) = listing(other)
    assert (entry["scope"], entry["tool"], entry["workspace"]) == ("workspace", "write_file", str(root.resolve()))
    assert listing(other, revoke=[entry["id"], "unknown"]) == []
    turn = one.prompt([write("k3.txt")], DONE)
    one.choose(turn.question(), "reject_once")
    assert turn.ended()["status"] == "denied"
    turn.result()
    assert not list(root.glob("**/*perm*")), "nothing of it lies in the workspace"
    for daemon in (one, other):
        assert daemon.leave() == 0
        daemon.check()


def test_what_cannot_be_taken_back_is_said(start: Start) -> None:
    daemon = start()
    root = daemon.folder / "root"
    root.mkdir()
    daemon.initialize({}, permission=True, roots=[root])
    turn = daemon.prompt([write("a.txt")], DONE)
    daemon.choose(turn.question(), "allow_workspace")
    turn.result()
    (entry,) = listing(daemon)
    state = daemon.folder / "home" / ".local" / "state" / "chatls"
    (state / "permissions.lock").unlink()  # left behind; whoever died with it holds nothing
    (state / "permissions.lock").mkdir()
    error = daemon.refusal("chat/permissions", {"revoke": [entry["id"]]})
    assert (error.code, error.data["kind"]) == (1007, "invalid_state")
    (state / "permissions.lock").rmdir()
    assert listing(daemon, revoke=[entry["id"]]) == []
    assert daemon.leave() == 0
    daemon.check()


def test_another_workspace_knows_nothing_of_it(start: Start) -> None:
    """Attack A22."""
    daemon = start()
    roots = [daemon.folder / name for name in ("one", "other")]
    for root in roots:
        root.mkdir()
    daemon.initialize({}, permission=True, roots=roots)
    turn = daemon.prompt([write("one/a.txt")], DONE)
    daemon.choose(turn.question(), "allow_workspace")
    turn.result()
    turn = daemon.prompt([write("one/b.txt"), write("other/b.txt")], DONE)
    question = turn.question()
    assert question["params"]["arguments"]["path"] == "other/b.txt"
    daemon.choose(question, "reject_once")
    turn.result()
    assert len(turn.questions()) == 1


# Rules of the settings


@pytest.mark.parametrize(("action", "status"), [("allow", "completed"), ("deny", "denied")])
def test_a_rule_of_the_settings_decides_without_a_question(asking: Daemon, action: str, status: str) -> None:
    asking.configure({"permissions": [{"tool": "write_file", "path": "ruled/**", "action": action}]})
    turn = asking.prompt([write(f"ruled/{action}.txt")], DONE)
    assert turn.ended()["status"] == status
    turn.result()
    assert turn.questions() == []
    (entry,) = listing(asking, sessionId=turn.session_id)
    assert (entry["scope"], entry["path"], entry["action"]) == ("settings", "ruled/**", action)
    left = listing(asking, sessionId=turn.session_id, revoke=[entry["id"]])
    assert left == [entry], "only the settings can change it"
    asking.configure({})


def test_protected_files_are_asked_for_whatever_the_rules_say(asking: Daemon) -> None:
    """Attack A13."""
    asking.configure({"permissions": [{"tool": "*", "action": "allow"}]})
    turn = asking.prompt([write(".git/hooks/pre-commit"), write(".vscode/settings.json")], DONE)
    for question in (turn.question(), turn.question()):
        kinds = {option["kind"] for option in question["params"]["options"]}
        assert "allow_always" not in kinds
        asking.choose(question, "reject_once")
    turn.result()
    asking.configure({})


# Clients that cannot ask


def test_a_client_that_cannot_ask_is_offered_what_only_reads(start: Start) -> None:
    daemon = start()
    daemon.initialize({})
    tools = daemon.call("chat/tools")["tools"]
    assert {tool["name"] for tool in tools} == {"read_file", "search", "list_files"}
    assert all(tool["readOnly"] for tool in tools)
    for name in ("edit_file", "write_file", "run_command", "diagnostics"):
        error = daemon.prompt([{"text": "x"}], tools=[name]).error()
        assert error.code == 1006
        assert name in error.message
    turn = daemon.prompt([write("x.txt")], DONE)
    assert turn.ended()["status"] == "failed"
    assert turn.result()["stopReason"] == "end_turn"
    assert daemon.leave() == 0
    daemon.check()


def test_a_client_that_can_do_it_all_is_offered_it_all(start: Start) -> None:
    daemon = start()
    result = daemon.initialize({}, permission=True, diagnostics=True)
    able = result["capabilities"]["experimental"]["chat"]
    assert able["version"] == 1
    assert all(able[name] is True for name in ("permission", "diagnostics", "reload", "save", "steer", "modes"))
    names = {tool["name"] for tool in daemon.call("chat/tools")["tools"]}
    assert {"edit_file", "write_file", "run_command", "diagnostics"} <= names
    assert daemon.leave() == 0
