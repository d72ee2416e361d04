"""The log's file of the real daemon: it explains a turn by numbers that are those of its result, and holds neither the
key nor, above debug, any text of a person, a file or a model: whatever goes wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import CHATLS, KEY, KEY_VARIABLE, WITH_TOOLS, Daemon, Json
from tests.daemon.service import call, finish, text
from tests.support.http_server import Close, Head, Raw, Reply, ScriptedServer, answered, streamed

PROMPT, ANSWER, FILE = "canary-of-a-person", "canary-of-a-model", "canary-of-a-file"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def lines(folder: Path) -> list[Json]:
    """All lines of the log, which must be whole."""
    found = sorted((folder / "home/.local/state/chatls/log").glob("*.jsonl"))
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


def opened(start: Start, tmp_path: Path, server: ScriptedServer, command: list[str] = CHATLS, **more: str) -> Daemon:
    root = tmp_path / "ws"
    root.mkdir()
    (root / "a.txt").write_text(f"{FILE}\n")
    daemon = start(command, variables=more)
    provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", "apiKeyEnv": KEY_VARIABLE}
    daemon.initialize({"providers": {"web": provider}, "model": "web/m", "limits": {"idleTimeout": 1}}, roots=[root])
    return daemon


def test_a_turn_is_explained_by_numbers_that_are_those_of_its_result(
    start: Start, tmp_path: Path, server: ScriptedServer
) -> None:
    daemon = opened(start, tmp_path, server)
    usage: Json = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4}}
    reads = call('{"path": "a.txt"}', "read_file"), call('{"path": "a.txt"}', "read_file", 1)
    server.play(
        answered({"error": {"message": "busy"}}, 503, {"retry-after": "0"}),
        streamed(text("I "), text("look"), *reads, finish("tool_calls"), usage),
        streamed(text("so"), finish("stop"), usage),
    )
    result = daemon.prompt(content=PROMPT).result()
    assert daemon.leave() == 0
    told = [line for line in lines(tmp_path) if line.get("turn") == result["turnId"]]
    assert [line["what"] for line in told] == [
        "turn_begins",
        "model_called",
        "tool_called",
        "tool_called",
        "model_called",
        "turn_ended",
    ]
    assert {line["session"] for line in told} == {result["sessionId"]}
    first, second = (line for line in told if line["what"] == "model_called")
    assert [again["reason"] for again in first["retries"]] == ["overloaded"]
    assert "retries" not in second
    assert first["calls"] == ["read_file", "read_file"]
    assert first["chunks"] + second["chunks"] == result["chunks"] == 3
    assert [line["status"] for line in told if line["what"] == "tool_called"] == ["completed", "completed"]
    end = told[-1]
    assert (end["stop"], end["steps"], end["tools"]) == ("end_turn", 2, result["tools"])
    assert end["ms"] == result["durationMs"]
    assert {"model", "tools"} <= set(end["spentMs"])
    assert end["usage"] == {name: count for name, count in result["usage"].items() if count}
    assert [line["what"] for line in lines(tmp_path)][:: len(lines(tmp_path)) - 1] == ["daemon_begins", "daemon_leaves"]


def test_a_failing_turn_says_what_failed_and_a_cancelled_one_that_it_was(
    start: Start, tmp_path: Path, server: ScriptedServer
) -> None:
    daemon = opened(start, tmp_path, server)
    server.play(answered({"error": {"message": f"no {PROMPT}"}}, 401, {"x-request-id": "req-7"}), [Head(), Raw(b"")])
    failed = daemon.prompt(content=PROMPT)
    assert failed.result()["error"]["kind"] == "unauthorized"
    slow = daemon.prompt(content=PROMPT)
    server.wait_for_requests(2)
    slow.cancel()
    assert slow.result()["stopReason"] == "cancelled"
    assert daemon.leave() == 0
    ends = [line for line in lines(tmp_path) if line["what"] == "turn_ended"]
    assert [end["stop"] for end in ends] == ["error", "cancelled"]
    assert (ends[0]["level"], ends[0]["error"], ends[0]["httpStatus"]) == ("warning", "unauthorized", 401)
    calls = [line for line in lines(tmp_path) if line["what"] == "model_called"]
    assert [one["error"] for one in calls] == ["unauthorized", "cancelled"]


def failing() -> list[Reply]:
    """Replies that fail in every way, each with all the canaries in it."""
    words = f"{PROMPT} {ANSWER} {FILE} {KEY}"
    told = {"error": {"message": words, "type": words, "code": words}}
    return [
        *(answered(told, status) for status in (400, 401, 402, 403, 404, 413, 422, 429, 500, 503, 529)),
        answered({"error": {"message": f"maximum context length {words}", "code": "context_length_exceeded"}}, 400),
        answered(f"<html>{words}</html>".encode(), 200, {"content-type": "text/html"}),
        streamed(text(ANSWER), told),
        streamed(text(ANSWER), done=False),
        [Head(), Raw(f"data: {words}\n\n".encode()), Close()],
        streamed(text(ANSWER), call(f'{{"path": "{FILE}"', "read_file"), finish("length")),
        streamed(text(ANSWER), finish("content_filter")),
        [Head(), Raw(b""), Close()],
    ]


def test_no_words_and_no_key_stand_in_the_log_whatever_fails(
    start: Start, tmp_path: Path, server: ScriptedServer
) -> None:
    daemon = opened(start, tmp_path, server, WITH_TOOLS)
    kinds: set[str] = set()
    for reply in failing():
        server.answer(lambda _, reply=reply: reply)
        result = daemon.prompt(content=PROMPT).result()
        kinds |= {result["error"]["kind"]} if result.get("error") else set()
    reads = call('{"path": "a.txt"}', "read_file"), call("{}", "bug", 1), call(f'{{"x": "{ANSWER}"}}', ANSWER, 2)
    replies = iter([streamed(text(ANSWER), *reads, finish("tool_calls")), streamed(text(ANSWER), finish("stop"))])
    server.answer(lambda _: next(replies))
    daemon.prompt(content=PROMPT).result()
    daemon.request("chat/prompt", {"content": [{"type": PROMPT}]})
    daemon.request(f"no/{'x' * 10}", {"a": KEY})
    daemon.notify("textDocument/didOpen", {"textDocument": {"uri": FILE, "text": FILE}})
    assert daemon.leave() == 0
    assert len(kinds) >= 8, kinds
    told = "\n".join(json.dumps(line) for line in lines(tmp_path) if line["what"] != "tool_called")
    for canary in (KEY, PROMPT, FILE):
        assert canary not in told, told[max(0, told.index(canary) - 300) : told.index(canary) + 100]
    bugs = [line for line in lines(tmp_path) if line.get("error") == "ZeroDivisionError"]
    assert [line["text"] for line in bugs] == ["a bug in the tool bug"]
    assert bugs[0]["turn"]
    assert KEY not in json.dumps(lines(tmp_path))


def test_a_client_that_wants_to_know_more_gets_more(start: Start, tmp_path: Path, server: ScriptedServer) -> None:
    daemon = opened(start, tmp_path, server)
    server.answer(lambda _: answered({"error": {"message": "wrong entirely"}}, 400))
    daemon.prompt(content="a").result()
    daemon.notify("$/setTrace", {"value": "verbose"})
    daemon.prompt(content="b").result()
    daemon.notify("$/setTrace", {"value": "off"})
    daemon.prompt(content="c").result()
    for wrong in ({"value": 5}, {}, None, {"value": "loud"}):
        daemon.notify("$/setTrace", wrong)
    assert daemon.leave() == 0
    ends = [line for line in lines(tmp_path) if line["what"] == "turn_ended"]
    assert ["wrong entirely" in line.get("text", "") for line in ends] == [False, True, False]


def test_what_was_written_before_a_kill_is_there(start: Start, tmp_path: Path, server: ScriptedServer) -> None:
    daemon = opened(start, tmp_path, server)
    server.play(answered({"error": {"message": "no"}}, 401))
    daemon.prompt(content="a").result()
    daemon.call("chat/models")
    daemon.kill()
    assert "turn_begins" in [line["what"] for line in lines(tmp_path)]
