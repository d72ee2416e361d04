"""`chatls trace`: all that is said is recorded, in order and without keys, and nothing of it is changed on its way."""

import json
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.seen.commands.trace.recording import Cutter, blotted
from tests.daemon.raw import CHATLS, environment, packed

KEY = "sk-canary4711canary4711"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def traced(folder: Path, file: Path, given: bytes, *command: str) -> subprocess.CompletedProcess[bytes]:
    whole = [*CHATLS, "trace", str(file), "--", *command]
    return subprocess.run(
        whole, env=environment(folder, MY_KEY=KEY), input=given, capture_output=True, timeout=60, check=False
    )


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_conversation_with_the_daemon_is_recorded_and_drawn(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    options = {"providers": {"work": {"kind": "openai_chat", "baseUrl": "http://h/v1", "headers": {"x-api-key": KEY}}}}
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "initializationOptions": options}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "chat/permissions", "params": {}},
        {"id": 3, "method": "shutdown"},
        {"method": "exit"},
    ]
    said = b"".join(packed({"jsonrpc": "2.0", **message}) for message in messages)
    done = traced(tmp_path, file, said, *CHATLS)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    found = lines(file)
    assert [one["message"].get("method") for one in found if one["from"] == "client"] == [
        message["method"] for message in messages
    ]
    answers = [one["message"] for one in found if one["from"] == "server"]
    assert b"".join(packed(one) for one in answers).count(b"Content-Length") == done.stdout.count(b"Content-Length")
    assert {one["id"] for one in answers if "result" in one} == {1, 2, 3}
    assert KEY not in file.read_text()
    shown = subprocess.run([*CHATLS, "trace", "show", str(file)], capture_output=True, text=True, check=False)
    assert "-> chat/permissions #2" in shown.stdout
    assert "<- answer #2 to chat/permissions after " in shown.stdout


def test_bytes_pass_as_they_are_and_the_exit_code_is_the_programs(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    given = bytes(range(256)) * 1000
    program = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer); sys.exit(7)"
    done = traced(tmp_path, file, given, CHATLS[0], "-c", program)
    assert (done.returncode, done.stdout) == (7, given)
    again = traced(tmp_path, file, given, CHATLS[0], "-c", program)
    assert (again.returncode, again.stdout) == (1, b"")
    assert b"cannot begin" in again.stderr
    assert traced(tmp_path, tmp_path / "other", b"", "no-such-program").returncode == 1


def test_lines_of_the_agent_client_protocol_are_messages_too(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    asked = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": 1}}
    done = traced(tmp_path, file, json.dumps(asked).encode() + b"\n", *CHATLS, "acp")
    assert done.returncode == 0
    assert [(one["from"], one["message"]["id"]) for one in lines(file)] == [("client", 0), ("server", 0)]


def test_what_is_no_trace_is_told(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    for text in ("[]", "nothing", '{"ms": 1, "from": "me", "message": 1}'):
        file.write_text(text)
        shown = subprocess.run([*CHATLS, "trace", "show", str(file)], capture_output=True, text=True, check=False)
        assert (shown.returncode, shown.stdout) == (1, "")
        assert "cannot be shown" in shown.stderr


@given(st.lists(st.dictionaries(st.text(), values, max_size=3), max_size=4), st.integers(1, 50), st.booleans())
def test_messages_come_out_whole_however_they_were_cut(messages: list[Any], size: int, as_lines: bool) -> None:
    whole = b"".join(json.dumps(one).encode() + b"\n" if as_lines else packed(one) for one in messages)
    cutter = Cutter()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert [one for piece in pieces for one in cutter.feed(piece)] == messages


@given(values)
def test_what_holds_no_key_is_recorded_as_it_was(value: Any) -> None:
    assert blotted([value]) == [value]
