"""A canary key is looked for wherever something of a daemon's may end up, whatever fails: the log at its most
talkative, telemetry with texts, events and answers, stderr, command lines, the store, caches and all other files.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.conftest import Start, start
from tests.daemon.raw import KEY, KEY_VARIABLE, WITH_TOOLS, Daemon
from tests.daemon.service import call, finish, text
from tests.daemon.test_log import failing
from tests.seen.telemetry.test_telemetry import CAPTURE, Receiver, receiver
from tests.support.http_server import ScriptedServer, streamed

__all__ = ["receiver", "start"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def command_lines(daemon: Daemon) -> str:
    """Those of the daemon and of all that it has started."""
    found: list[str] = []
    for pid in [daemon.pid, *(int(word) for word in children(daemon.pid).split())]:
        found.append(Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace"))
    return "\n".join(found)


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def test_no_key_ends_up_anywhere_whatever_fails(
    start: Start, tmp_path: Path, server: ScriptedServer, receiver: Receiver
) -> None:
    root = tmp_path / "ws"
    root.mkdir()
    (root / "a.txt").write_text("text\n")
    daemon = start(WITH_TOOLS, variables={"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, CAPTURE: "true"})
    provider = {"kind": "openai_chat", "baseUrl": f"{server.url}/v1", "apiKeyEnv": KEY_VARIABLE}
    settings = {"providers": {"web": provider}, "model": "web/m", "limits": {"idleTimeout": 1}}
    daemon.initialize({**settings, "log": {"level": "debug"}}, roots=[root])
    kinds: set[str] = set()
    for reply in failing():
        server.answer(lambda _, reply=reply: reply)
        result = daemon.prompt(content="why?").result()
        kinds |= {result["error"]["kind"]} if result.get("error") else set()
    runs = call('{"path": "a.txt"}', "read_file"), call("{}", "bug", 1)
    calls, done = streamed(text("I "), *runs, finish("tool_calls")), streamed(text("so"), finish("stop"))
    server.answer(lambda request: done if b'"role":"tool"' in request.body else calls)
    daemon.prompt(content="why?").result()
    daemon.request("chat/prompt", {"content": "why?", "apiKey": KEY})
    lines = command_lines(daemon)
    assert daemon.leave() == 0
    assert len(kinds) >= 8, kinds
    assert KEY not in lines
    assert KEY.encode() not in b"".join(body for _, body in receiver.bodies)
    assert KEY not in json.dumps(daemon.log)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".jsonl"}
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
