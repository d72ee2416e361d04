"""LSP's own progress: a spinner with a cancel button for every editor, asked for where the client can show one."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import WITH_TOOLS, Daemon, Json, Turn

CREATE = "window/workDoneProgress/create"


def kinds(daemon: Daemon, token: int | str) -> list[str]:
    return [value["kind"] for value in daemon.values(token)]


@pytest.mark.parametrize("token", ["spin", 0, "", 4])
def test_a_token_of_the_clients_gets_begin_reports_and_end_before_the_answer(daemon: Daemon, token: int | str) -> None:
    turn = daemon.prompt([{"text": "x" * 20}, {"toolCall": {"name": "write"}}], [{"text": "y"}], workDoneToken=token)
    assert turn.result()["stopReason"] == "end_turn"
    said = kinds(daemon, token)
    assert (said[0], said[-1]) == ("begin", "end")
    assert set(said[1:-1]) == {"report"}
    begin = daemon.values(token)[0]
    assert begin["cancellable"] is True
    assert begin["title"]


def test_reports_say_what_is_done_at_most_twice_a_second(daemon: Daemon) -> None:
    began = time.monotonic()
    replies = [[{"text": "x" * 40}, {"toolCall": {"name": "write"}}]] * 5
    turn = daemon.prompt(*replies, [{"text": "end"}], workDoneToken="rate", chars=1, delay=0.001)
    assert turn.result()["stopReason"] == "end_turn"
    reports = [value["message"] for value in daemon.values("rate") if value["kind"] == "report"]
    assert 1 <= len(reports) <= 2 * (time.monotonic() - began) + 1
    assert reports[0] == "writing"


@pytest.mark.parametrize(
    "params", [{"model": "nobody/x"}, {"sessionId": "nowhere"}, {"tools": ["nothing"]}, {"content": ""}]
)
def test_a_refused_prompt_shows_nothing_or_takes_it_away(daemon: Daemon, params: Json) -> None:
    turn = daemon.prompt(workDoneToken="refused", **params)
    assert turn.error()
    assert kinds(daemon, "refused") in ([], ["begin", "end"])


@pytest.mark.parametrize("how", ["cancelled", "error"])
def test_it_ends_however_the_turn_ends(daemon: Daemon, how: str) -> None:
    last: Json = {"hang": True} if how == "cancelled" else {"error": {"kind": "network", "text": "gone"}}
    turn = daemon.prompt([{"text": "x"}, last], workDoneToken=how)
    turn.event("textChunk")
    turn.cancel()
    assert turn.result()["stopReason"] in ("cancelled", how)
    assert kinds(daemon, how)[-1] == "end"


def test_one_token_for_two_turns_is_the_clients_affair_and_a_cancel_ends_both(daemon: Daemon) -> None:
    turns = [daemon.prompt([{"hang": True}], workDoneToken="both") for _ in range(2)]
    for turn in turns:
        turn.event("turnStart")
    daemon.notify("window/workDoneProgress/cancel", {"token": "both"})
    assert [turn.result()["stopReason"] for turn in turns] == ["cancelled", "cancelled"]


def test_without_the_capability_nothing_is_asked(daemon: Daemon) -> None:
    at = len(daemon.log)
    assert daemon.prompt([{"text": "x"}]).result()["stopReason"] == "end_turn"
    assert CREATE not in [message.get("method") for message in daemon.log[at:]]


# With a token of the daemon's own


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("able")


@pytest.fixture(scope="module")
def able_daemon(folder: Any) -> Iterator[Daemon]:
    with Daemon(folder, WITH_TOOLS) as daemon:
        daemon.initialize({}, capabilities={"window": {"workDoneProgress": True}})
        yield daemon
        assert daemon.leave() == 0
        daemon.check()


@pytest.fixture
def able(able_daemon: Daemon) -> Iterator[Daemon]:
    """A daemon whose client can show spinners."""
    able_daemon.begin_anew()
    yield able_daemon
    able_daemon.settle()


def asked(turn: Turn) -> tuple[Json, str]:
    """The daemon's question, and the token that it asks for."""
    request = turn.daemon.asked(CREATE)
    return request, request["params"]["token"]


def test_a_spinner_is_asked_for_and_begins_when_the_client_agrees(able: Daemon) -> None:
    turn = able.prompt([{"text": "x"}, {"hang": True}])
    turn.event("textChunk")
    request, token = asked(turn)
    assert kinds(able, token) == []
    able.respond(request, result=None)
    while "begin" not in kinds(able, token):
        able.read()
    able.notify("window/workDoneProgress/cancel", {"token": token})
    assert turn.result()["stopReason"] == "cancelled"
    assert kinds(able, token)[-1] == "end"


def test_a_client_that_refuses_gets_no_spinner_and_the_turn_goes_on(able: Daemon) -> None:
    turn = able.prompt([{"text": "x"}, {"delay": 0.1}, {"text": "y"}])
    request, token = asked(turn)
    able.respond(request, error={"code": -32603, "message": "no room"})
    assert turn.result()["stopReason"] == "end_turn"
    assert kinds(able, token) == []


def test_a_client_that_answers_too_late_gets_no_spinner(able: Daemon) -> None:
    """The question is taken back before the prompt is answered, and the late answer does nothing."""
    turn = able.prompt([{"text": "x"}])
    request, token = asked(turn)
    assert turn.result()["stopReason"] == "end_turn"
    assert able.notification("$/cancelRequest") == {"id": request["id"]}
    able.respond(request, result=None)
    able.respond(request, result=None)
    able.refusal("$/alive")
    assert kinds(able, token) == []


def test_a_client_that_never_answers_does_not_keep_a_cancelled_turn(able: Daemon) -> None:
    turn = able.prompt([{"hang": True}])
    request, _ = asked(turn)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    assert able.notification("$/cancelRequest") == {"id": request["id"]}


def test_a_hundred_turns_whose_questions_are_never_answered_leave_nothing_behind(able: Daemon) -> None:
    """pygls 2.1.1 fails here: work-done cancels that do nothing; a future leaks for every notification."""
    model = able.script([{"text": "x"}])
    for _ in range(100):
        assert able.prompt(model=model).result()["stopReason"] == "end_turn"
    asked_ids = {message["id"] for message in able.log if message.get("method") == CREATE}
    taken_back = {message["params"]["id"] for message in able.log if message.get("method") == "$/cancelRequest"}
    assert asked_ids
    assert asked_ids == taken_back


def test_a_token_of_the_clients_is_used_and_none_is_asked_for(able: Daemon) -> None:
    assert able.prompt([{"text": "x"}], workDoneToken="mine").result()["stopReason"] == "end_turn"
    assert CREATE not in [message.get("method") for message in able.log]
    assert kinds(able, "mine")[0] == "begin"


def test_shutdown_with_questions_open_answers_everything(start: Start) -> None:
    """pygls 2.1.1 fails here: a shutdown that fails."""
    daemon = start(WITH_TOOLS)
    daemon.initialize({}, capabilities={"window": {"workDoneProgress": True}})
    turns = [daemon.prompt([{"hang": True}]) for _ in range(5)]
    for turn in turns:
        turn.event("turnStart")
    shutdown = daemon.request("shutdown")
    daemon.answer(shutdown)
    assert [turn.result()["stopReason"] for turn in turns] == ["cancelled"] * 5
    assert daemon.log[-1]["id"] == shutdown
    assert daemon.leave(shutdown=False) == 0
    daemon.check()
