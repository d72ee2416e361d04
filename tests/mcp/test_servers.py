"""MCP servers as tools, with the real daemon: good servers of both eras, and all that a server should not do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start, start
from tests.daemon.processes import descendants, wait_until_gone
from tests.daemon.raw import Daemon, Json, Turn

__all__ = ["start"]

SERVER = str(Path(__file__).with_name("server.py"))
DONE: list[Json] = [{"text": "done"}]
ALLOWED: Json = {"tool": "own__*", "action": "allow"}


def settings(manner: str = "good", era: str = "legacy", **more: Any) -> Json:
    return {"mcp": {"own": {"command": sys.executable, "args": [SERVER, manner, era], **more}}}


def begun(start: Start, tmp_path: Path, given: Json, *rules: Json, **can: Any) -> Daemon:
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    daemon = start()
    daemon.rules = list(rules)
    daemon.initialize(given, roots=[root], permission=True, **can)
    return daemon


def state(daemon: Daemon) -> Json:
    return daemon.call("chat/tools", {"settled": True})["servers"][0]


def names(daemon: Daemon) -> list[str]:
    return [tool["name"] for tool in daemon.call("chat/tools", {"settled": True})["tools"] if "__" in tool["name"]]


def called(daemon: Daemon, name: str, **arguments: Any) -> Turn:
    return daemon.prompt([{"toolCall": {"name": f"own__{name}", "arguments": arguments}}], DONE, chars=500)


def child(daemon: Daemon) -> list[int]:
    found = list[int]()
    for pid in descendants(daemon.pid):
        with suppress(OSError):  # it may have ended meanwhile
            found += [pid] if SERVER in Path(f"/proc/{pid}/cmdline").read_text() else []
    return found


def until(holds: Callable[[], bool], daemon: Daemon) -> None:
    """Look again, each time when the servers have settled, until it holds."""
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit
        daemon.call("chat/tools", {"settled": True})


@pytest.fixture(params=["legacy", "modern"])
def era(request: pytest.FixtureRequest) -> str:
    return request.param


# Calls


def test_a_tool_of_a_server_asks_runs_and_answers_in_both_eras(start: Start, tmp_path: Path, era: str) -> None:
    daemon = begun(start, tmp_path, settings(era=era))
    server = state(daemon)
    assert (server["state"], server["callsItself"]) == ("ready", "scripted 1")
    assert server["version"] == {"legacy": "2025-11-25", "modern": "2026-07-28"}[era]
    turn = called(daemon, "echo", word="hi\u202e")
    question = turn.question()["params"]
    assert question["title"] == 'own__echo {"word":"hi\\u{202E}"}'
    assert question["preview"] == [{"type": "text", "text": "echo of the MCP server own\nword: hi\\u{202E}"}]
    assert [option["id"] for option in question["options"]] == [
        "allow_once",
        "allow_session",
        "allow_workspace",
        "allow_wide_workspace",
        "reject_once",
        "reject_session",
    ]
    daemon.choose(daemon.asked("chat/requestPermission"), "allow_session")
    assert turn.result()["tools"] == {"own__echo": 1}
    assert turn.said() == "echo hi\u202e"
    again = daemon.prompt(
        [{"toolCall": {"name": "own__echo", "arguments": {"word": "again"}}}], DONE, sessionId=turn.session_id
    )
    assert again.result()["tools"] == {"own__echo": 1}
    assert again.questions() == []


def test_arguments_that_do_not_fit_are_refused_before_anybody_is_asked(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings())
    state(daemon)
    turn = called(daemon, "echo")
    assert turn.ended()["status"] == "failed"
    assert "word: required" in turn.said()
    turn.result()
    assert turn.questions() == []


def test_a_failed_result_is_one_and_its_words_are_for_the_model(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings(), ALLOWED)
    state(daemon)
    turn = called(daemon, "fail")
    assert (turn.ended()["status"], turn.said()) == ("failed", "it does not work")


def test_what_says_that_it_reads_starts_early_once_a_rule_allows_it(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings())
    state(daemon)
    look: list[Json] = [{"toolCall": {"name": "own__look", "arguments": {"word": "x"}}}, {"text": "words " * 50}]
    turn = daemon.prompt(look, DONE)
    daemon.choose(turn.question(), "reject_once")
    assert turn.ended()["status"] == "denied"
    turn.result()
    daemon.rules = [ALLOWED]
    daemon.configure(settings())
    turn = daemon.prompt(look, DONE, delay=0.01)
    assert turn.event("toolRunStart")["startedEarly"] is True
    turn.result()
    plain = daemon.prompt([{"toolCall": {"name": "own__echo", "arguments": {"word": "x"}}}, {"text": "w " * 50}], DONE)
    assert plain.event("toolRunStart")["startedEarly"] is False
    plain.result()
    plan = daemon.prompt(look, DONE, mode="plan")
    assert plan.ended()["status"] == "completed"
    echo = daemon.prompt([{"toolCall": {"name": "own__echo", "arguments": {"word": "x"}}}], DONE, mode="plan")
    assert echo.ended()["status"] == "denied"
    assert echo.result()["stopReason"] == "end_turn"


def test_a_cancelled_call_is_told_to_the_server_and_its_late_answer_is_nobodys(
    start: Start, tmp_path: Path, era: str
) -> None:
    daemon = begun(start, tmp_path, settings(era=era), ALLOWED)
    state(daemon)
    turn = called(daemon, "slow")
    assert turn.event("toolRunOutput")["text"] == "1/2\n"
    daemon.call("chat/cancel", {"sessionId": turn.session_id, "toolCallId": turn.call_id()})
    assert turn.ended()["status"] == "cancelled"
    assert turn.result()["stopReason"] == "end_turn"
    after = called(daemon, "echo", word="still there")
    assert after.said() == "echo still there"
    after.result()


def test_a_call_that_takes_too_long_is_ended(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings(timeout=0.3), ALLOWED)
    state(daemon)
    turn = called(daemon, "slow")
    assert turn.ended()["status"] == "timed_out"
    assert "no result within 0.3 s" in turn.said()
    turn.result()


def test_names_are_cleaned_and_each_is_one(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings())
    assert names(daemon)[-2:] == ["own__odd_name", "own__odd_name_2"]
    daemon.configure({**settings(), "tools": {"disabled": ["own__odd_name"]}})
    assert names(daemon)[-1] == "own__odd_name_2"
    daemon.configure({**settings(), "tools": {"disabled": ["own__*"]}})
    assert names(daemon) == []


# Forms


def test_a_server_asks_a_person_by_a_form_while_its_tool_runs_and_no_clock_runs_meanwhile(
    start: Start, tmp_path: Path, era: str
) -> None:
    chat = {"version": 1, "permission": True, "elicit": True}
    can = {"capabilities": {"experimental": {"chat": chat}}}
    daemon = begun(start, tmp_path, settings(era=era, timeout=1.0), ALLOWED, **can)
    state(daemon)
    turn = called(daemon, "form")
    asked = daemon.asked("chat/elicit")
    params = asked["params"]
    assert (params["server"], params["message"]) == ("own", "Which\\u{202E} one?")
    assert (params["turnId"], params["toolCallId"]) == (turn.turn_id, turn.call_id())
    assert params["fields"] == [
        {"name": "size", "title": "Size", "type": "integer", "required": False, "default": 3},
        {"name": "kind", "title": "kind", "type": "choice", "required": True, "choices": ["a", "b"]},
    ]
    with pytest.raises(TimeoutError):
        daemon.read(1.5)
    daemon.reply(asked, {"action": "accept", "values": {"kind": "b"}})
    assert json.loads(turn.said()) == {"action": "accept", "content": {"size": 3, "kind": "b"}}
    turn.result()
    turn = called(daemon, "form")
    daemon.reply(daemon.asked("chat/elicit", 2), {"action": "accept", "values": {"kind": "c"}})
    assert json.loads(turn.said()) == {"action": "cancel"}
    turn.result()
    turn = called(daemon, "form")
    asked = daemon.asked("chat/elicit", 3)
    turn.cancel()
    daemon.withdrawn(asked)
    assert turn.result()["stopReason"] == "cancelled"


def test_what_a_server_asks_is_answered_before_it_is_ready_and_while_a_call_runs(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings("asks"), ALLOWED)
    assert names(daemon) == ["own__ping", "own__root"]
    turn = called(daemon, "ping")
    assert turn.said() == "{}"
    turn.result()


def test_who_shows_no_forms_is_not_asked(start: Start, tmp_path: Path, era: str) -> None:
    daemon = begun(start, tmp_path, settings(era=era), ALLOWED)
    state(daemon)
    turn = called(daemon, "form")
    assert json.loads(turn.said()) == {"action": "cancel"}
    turn.result()


# Servers that do what they should not


def test_no_prompt_waits_for_a_server_and_a_notice_says_once_whose_tools_are_missing(
    start: Start, tmp_path: Path
) -> None:
    daemon = begun(start, tmp_path, settings("hangs"))
    turn = daemon.prompt(DONE)
    assert turn.event("notice")["text"] == "The MCP server own is starting: its tools are not there yet."
    turn.result()
    again = daemon.prompt(DONE, sessionId=turn.session_id)
    again.result()
    assert "notice" not in again.kinds


def test_a_server_that_dies_is_started_a_few_times_and_the_notice_has_its_words(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings("dies"))
    server = state(daemon)
    assert (server["state"], server["why"]) == ("failed", "it ended with exit code 7: no licence")
    turn = daemon.prompt(DONE)
    assert "missing: it ended with exit code 7: no licence" in turn.event("notice")["text"]
    turn.result()


def test_a_server_that_dies_in_a_call_fails_it_and_is_there_again(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings(), ALLOWED)
    state(daemon)
    before = child(daemon)
    turn = called(daemon, "die")
    assert turn.ended()["status"] == "failed"
    assert "exit code 3: I had enough" in turn.said()
    turn.result()
    wait_until_gone(*before)
    until(lambda: child(daemon) != [], daemon)
    assert state(daemon)["state"] == "ready"
    turn = called(daemon, "echo", word="back")
    assert turn.said() == "echo back"
    turn.result()


def test_an_answer_that_is_too_long_fails_its_call_alone(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings(), ALLOWED)
    state(daemon)
    turn = called(daemon, "huge")
    assert "longer than 16 MiB" in turn.said()
    turn.result()
    turn = called(daemon, "echo", word="small")
    assert turn.said() == "echo small"
    turn.result()


@pytest.mark.parametrize("manner", ["garbage", "floods", "silent"])
def test_a_server_that_prints_what_it_should_not_or_answers_late_serves_as_well(
    start: Start, tmp_path: Path, manner: str
) -> None:
    daemon = begun(start, tmp_path, settings(manner), ALLOWED)
    assert state(daemon)["state"] == "ready"
    turn = called(daemon, "echo", word="hi")
    assert turn.said() == "echo hi"
    turn.result()


def test_a_list_that_changes_is_listed_anew_also_one_in_pages(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings("changes"), ALLOWED)
    assert names(daemon) == ["own__change"]
    called(daemon, "change").result()
    while names(daemon) != ["own__changed"]:
        assert names(daemon) in (["own__change"], ["own__changed"])
    daemon.configure(settings("pages"))
    assert names(daemon) == [f"own__t{number}" for number in range(4)]


def test_of_too_many_tools_some_are_left_out_and_a_notice_names_them(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path, settings("many"))
    assert len(names(daemon)) == 128
    turn = daemon.prompt(DONE)
    assert "150 tools, and 128 are offered. Left out: own__t128, " in turn.event("notice")["text"]
    turn.result()


# Where it runs, and its end


def test_a_server_runs_in_the_home_with_its_variables_and_without_keys(start: Start, tmp_path: Path) -> None:
    provider = {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyEnv": "SCRIPTED_KEY"}
    given = {"providers": {"web": provider}, **settings(env={"PLAIN": "p", "FILLED": "a-${LANG_OF_TEST}"})}
    root = tmp_path / "root"
    root.mkdir()
    daemon = start(variables={"LANG_OF_TEST": "x1"})
    daemon.rules = [ALLOWED]
    daemon.initialize(given, roots=[root], permission=True)
    state(daemon)
    turn = called(daemon, "environment")
    found = json.loads(turn.said())
    assert found["cwd"] == str((tmp_path / "home").resolve())
    assert (found["PLAIN"], found["FILLED"]) == ("p", "a-x1")
    assert "SCRIPTED_KEY" not in found
    turn.result()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"command": "no-such-program"}, "there is no program 'no-such-program' in the search path (PATH)"),
        ({"command": "./server"}, "command must be a name or an absolute path: ./server"),
        ({"command": "sh", "cwd": "relative"}, "cwd is no absolute path of a folder: relative"),
        ({"command": "sh", "args": ["${NOT_SET}"]}, "args names the environment variable NOT_SET, which is not set"),
        ({"url": "http://127.0.0.1:9/mcp"}, "127.0.0.1:9 cannot be reached: "),
        ({"url": "http://127.0.0.1:9/mcp", "keyEnv": "NOT_SET"}, "it needs a key: the environment variable NOT_SET "),
        ({"url": "http://[::1"}, "url is no address: Invalid port"),
        ({"url": "http://me:hunter2@127.0.0.1:9/mcp"}, "url may hold no user and no password: "),
        ({"command": "sh", "args": ["-c", "echo ${SCRIPTED_KEY} >&2; exit 3"]}, "it ended with exit code 3: [key]"),
        (
            {
                "command": "sh",
                "args": ["-c", 'echo "$*" >&2; exit 3', "--token=hunter2", "--api-key", "hunter2too", "."],
            },
            "it ended with exit code 3: --api-key [key] .",
        ),
    ],
)
def test_what_cannot_be_started_says_why(start: Start, tmp_path: Path, given: Json, why: str) -> None:
    daemon = begun(start, tmp_path, {"mcp": {"own": given}})
    told = state(daemon)
    assert told["why"].startswith(why)
    assert "hunter2" not in json.dumps(told)  # nor in the line that was started
    assert daemon.prompt(DONE).result()["stopReason"] == "end_turn"


def test_changed_settings_end_and_start_servers_and_leave_the_others(start: Start, tmp_path: Path) -> None:
    both = {"mcp": {**settings()["mcp"], "other": {"command": sys.executable, "args": [SERVER, "good", "modern"]}}}
    daemon = begun(start, tmp_path, both)
    daemon.call("chat/tools", {"settled": True})
    before = child(daemon)
    assert len(before) == 2
    daemon.configure(settings())
    daemon.call("chat/tools", {"settled": True})
    until(lambda: len(set(child(daemon)) & set(before)) == 1, daemon)
    (left,) = set(child(daemon)) & set(before)
    wait_until_gone(*(pid for pid in before if pid != left))
    daemon.configure(settings(disabled=True))
    wait_until_gone(left)
    assert daemon.call("chat/tools").get("servers") is None


@pytest.mark.parametrize("ended", ["leaves", "is killed"])
def test_a_server_that_ignores_the_end_of_its_input_and_sigterm_ends_with_the_daemon(
    start: Start, tmp_path: Path, ended: str
) -> None:
    daemon = begun(start, tmp_path, settings("stubborn"))
    assert state(daemon)["state"] == "ready"
    pids = child(daemon)
    assert len(pids) == 1
    if ended == "leaves":
        assert daemon.leave() == 0
    else:
        os.kill(daemon.pid, signal.SIGKILL)
    wait_until_gone(*pids)


def test_nothing_is_started_before_the_client_is_initialized(start: Start) -> None:
    daemon = start()
    hello = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": settings()}
    daemon.call("initialize", hello)
    daemon.call("chat/tools", {})
    assert child(daemon) == []
    daemon.notify("initialized", {})
    assert state(daemon)["state"] == "ready"
    assert len(child(daemon)) == 1


def test_nothing_is_loaded_where_no_server_is_named() -> None:
    script = (
        "import sys, chatls.lsp.main, anyio\n"
        "from chatls.mcp import ForeignTools\n"
        "async def main():\n"
        "    foreign = ForeignTools(None, {}, None)\n"
        "    foreign.configure({})\n"
        "    foreign.begin()\n"
        "    await foreign.settled(1)\n"
        "anyio.run(main)\n"
        "print(*[name for name in sys.modules if name.startswith('chatls.mcp.')])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["chatls.mcp.standing"]
