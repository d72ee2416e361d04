"""`chatls trace`: all that is said is recorded, in order and without keys, and nothing of it is changed on its way."""

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.seen.commands.trace.page import page
from chatls.seen.commands.trace.recording import Cutter, PassedMessage, blotted
from chatls.seen.commands.trace.timeline import rows
from chatls.seen.commands.trace.turns import turns
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
    said_by_client = (packed(one["message"]) for one in found if one["from"] == "client")
    again = subprocess.run(
        CHATLS, env=environment(tmp_path), input=b"".join(said_by_client), capture_output=True, timeout=60, check=False
    )
    replayed = [one for one in Cutter().feed(again.stdout) if one.get("id") == 2]
    assert replayed == [one for one in answers if one.get("id") == 2]
    shown = subprocess.run([*CHATLS, "trace", "show", str(file)], capture_output=True, text=True, check=False)
    assert "-> chat/permissions #2" in shown.stdout
    assert "<- answer #2 to chat/permissions after " in shown.stdout
    assert "to ?" not in shown.stdout


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


def test_what_is_nested_deeper_than_anybody_reads_passes_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    deep = [b'{"jsonrpc": "2.0", "id": 1, "method": ' + b"[" * depth + b"]" * depth + b"}" for depth in (600, 90_000)]
    given = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in deep) + packed({"id": 2})
    program = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    done = traced(tmp_path, file, given, CHATLS[0], "-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, given, b"")
    said = [one["message"] for one in lines(file) if one["from"] == "client"]
    assert said == ["nested too deeply to be recorded"] * 2 + [{"id": 2}]


def test_lines_of_the_agent_client_protocol_are_messages_too_and_their_secrets_are_left_out(tmp_path: Path) -> None:
    file, secret = tmp_path / "trace.jsonl", "hunter2"
    pair = {"name": "NOTES_ACCESS", "value": secret}
    servers = [
        {"name": "notes", "command": "notes", "args": ["--access", secret], "env": [pair]},
        {"type": "http", "name": "more", "url": f"https://me:{secret}@h/mcp?token={secret}", "headers": [pair]},
    ]
    asked = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": 1}},
        {"jsonrpc": "2.0", "id": 1, "method": "session/new", "params": {"cwd": "/", "mcpServers": servers}},
    ]
    done = traced(tmp_path, file, b"".join(json.dumps(one).encode() + b"\n" for one in asked), *CHATLS, "acp")
    assert done.returncode == 0
    first = lines(file)[0]
    assert (first["from"], first["message"]["id"]) == ("client", 0)
    assert {one["message"].get("id") for one in lines(file) if one["from"] == "server"} >= {0}
    assert "NOTES_ACCESS" in file.read_text()
    assert secret not in file.read_text()


def test_what_is_no_trace_is_told(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    for text in (
        "[]",
        "nothing",
        '{"ms": 1, "from": "me", "message": 1}',
        "[" * 100_000,
        '{"ms": 1e999, "from": "client", "message": 1}',
    ):
        file.write_text(text)
        shown = subprocess.run([*CHATLS, "trace", "show", str(file)], capture_output=True, text=True, check=False)
        assert (shown.returncode, shown.stdout) == (1, "")
        assert "cannot be shown" in shown.stderr


# The timeline, and the page


def event(ms: float, kind: str, **value: Any) -> PassedMessage:
    told = {"kind": kind, "turnId": "t", "seq": 1, **value}
    return PassedMessage(ms, "server", {"method": "$/progress", "params": {"token": "p", "value": told}})


def prompt(ms: float, content: Any = "why?") -> PassedMessage:
    params = {"content": content, "partialResultToken": "p"}
    return PassedMessage(ms, "client", {"id": 7, "method": "chat/prompt", "params": params})


def answer(ms: float, **result: Any) -> PassedMessage:
    return PassedMessage(ms, "server", {"id": 7, "result": result})


SLOW = [
    prompt(0),
    event(100, "turnStart", model="a/b"),
    event(200, "retry", delayMs=2000, reason="overloaded", text="too much to do"),
    event(5000, "textChunk", text="I look"),
    event(5500, "toolCallStart", toolCallId="c", name="run_command"),
    event(5600, "toolCallEnd", toolCallId="c", name="run_command", title="run_command make"),
    event(5700, "stepEnd"),
    event(5800, "permissionRequested", toolCallId="c"),
    event(9800, "permissionResolved", toolCallId="c", outcome="allow_once"),
    event(9900, "toolRunStart", toolCallId="c"),
    event(12900, "toolRunEnd", toolCallId="c", status="failed"),
    event(13000, "compactStart", reason="threshold"),
    event(14000, "compactEnd"),
    event(14500, "textChunk", text="so"),
    event(14600, "stepEnd"),
    answer(14700, stopReason="end_turn", model="c/d"),
]


def test_a_slow_turn_is_taken_apart_into_what_took_its_time() -> None:
    (turn,) = turns(SLOW)
    assert (turn.prompt, turn.model, turn.stop, turn.ended - turn.began) == ("why?", "c/d", "end_turn", 14700)
    assert [(one.kind, one.began, one.ended, one.well) for one in turn.stretches] == [
        ("waits", 100, 200, True),
        ("pause", 200, 2200, False),
        ("waits", 2200, 5000, True),
        ("writes", 5000, 5700, True),
        ("person", 5800, 9800, True),
        ("tool", 9900, 12900, False),
        ("waits", 12900, 13000, True),
        ("shortening", 13000, 14000, True),
        ("waits", 14000, 14500, True),
        ("writes", 14500, 14600, True),
    ]
    labels = [one.label for one in turn.stretches]
    assert labels[1] == "asked again in 2.0 s: too much to do"
    assert labels[4] == "a person is asked about run_command make: allow_once"
    assert labels[5] == "run_command make (failed)"


def update(ms: float, kind: str, **more: Any) -> PassedMessage:
    told = {"sessionId": "s", "update": {"sessionUpdate": kind, **more}}
    return PassedMessage(ms, "server", {"method": "session/update", "params": told})


def test_a_turn_of_the_agent_client_protocol_is_taken_apart_as_well() -> None:
    asks = {"sessionId": "s", "toolCall": {"toolCallId": "c"}}
    trace = [
        PassedMessage(0, "client", {"id": 7, "method": "session/prompt", "params": {"sessionId": "s", "prompt": []}}),
        update(500, "agent_message_chunk", content={"type": "text", "text": "I"}),
        update(600, "tool_call", toolCallId="c", title="run_command", status="pending"),
        update(600, "tool_call_update", toolCallId="c", title="run_command make"),
        PassedMessage(700, "server", {"id": 1, "method": "session/request_permission", "params": asks}),
        PassedMessage(2700, "client", {"id": 1, "result": {"outcome": {"outcome": "selected", "optionId": "yes"}}}),
        update(2700, "tool_call_update", toolCallId="c", status="in_progress"),
        update(3700, "tool_call_update", toolCallId="c", status="failed"),
        update(4000, "agent_message_chunk", content={"type": "text", "text": "so"}),
        answer(4100, stopReason="end_turn"),
    ]
    (turn,) = turns(trace)
    assert [(one.kind, one.began, one.ended, one.well) for one in turn.stretches] == [
        ("waits", 0, 500, True),
        ("writes", 500, 600, True),
        ("person", 700, 2700, True),
        ("tool", 2700, 3700, False),
        ("waits", 3700, 4000, True),
        ("writes", 4000, 4100, True),
    ]
    assert turn.stretches[2].label == "a person is asked about run_command make: yes"


def test_a_turn_that_fails_says_why_and_one_without_an_answer_that_it_has_none() -> None:
    failed = [prompt(0), event(1, "turnStart"), answer(9, stopReason="error", error={"message": "no credit left"})]
    (turn,) = turns(failed)
    assert (turn.stop, turn.error) == ("error", "no credit left")
    assert [(one.ended, one.well) for one in turn.stretches] == [(9, False)]
    (open_turn,) = turns(SLOW[:-3])
    assert open_turn.stop == "no answer yet"
    text = list(rows(failed))
    assert "no credit left" in text[-1]
    assert "   ...2.0 s" not in "".join(text)
    assert any(row.strip() == "...2.8 s" for row in rows([prompt(0), event(2800, "turnStart")]))


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


hostile = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=1>', "</svg></style>", "]]>", "&lt;", "\u202e", "\x00"]
)
words = hostile | st.text(max_size=20)
kinds = words | st.sampled_from([said.message["params"]["value"]["kind"] for said in SLOW[1:-1]])


def any_event(ms: float, kind: str, call: str, more: Any) -> PassedMessage:
    return event(ms, kind, toolCallId=call, model=more, text=more, name=more, delayMs=more)


told = st.builds(any_event, st.floats(0, 1e12), kinds, words, words | st.integers() | st.floats())


@given(words, st.lists(told, max_size=8), words, st.lists(values, max_size=3))
def test_a_page_shows_whatever_stands_in_a_trace_and_runs_none_of_it(
    content: str, events: list[PassedMessage], error: str, others: list[Any]
) -> None:
    end = answer(1e12, stopReason=error, error={"message": error})
    strange = [PassedMessage(1.0, "client", other) for other in others]
    html = "".join(page([prompt(0, content), *events, *strange, end], content))
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    assert not tags.tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "a", "image", "use"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("href", "src", "style")}
    assert '="nan' not in html
    assert '="inf' not in html


def test_the_page_is_a_file_for_its_owner_alone_and_replaces_nothing(tmp_path: Path) -> None:
    file, into = tmp_path / "trace.jsonl", tmp_path / "page.html"
    file.write_text(
        "".join(json.dumps({"ms": one.ms, "from": one.side, "message": one.message}) + "\n" for one in SLOW)
    )
    command = [*CHATLS, "trace", "show", str(file), "--html", str(into)]
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
    assert into.stat().st_mode & 0o777 == 0o600
    html = into.read_text()
    assert "http" not in html.replace('http-equiv="', "")
    assert "Turn 1: 14.7 s, c/d, end_turn" in html
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, into.read_text()) == (1, html)
    assert subprocess.run(command[:-1], capture_output=True, check=False).returncode == 0
    assert (tmp_path / "trace.html").read_text() == html


@given(st.lists(st.dictionaries(st.text(), values, max_size=3), max_size=4), st.integers(1, 50), st.booleans())
def test_messages_come_out_whole_however_they_were_cut(messages: list[Any], size: int, as_lines: bool) -> None:
    whole = b"".join(json.dumps(one).encode() + b"\n" if as_lines else packed(one) for one in messages)
    cutter = Cutter()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert [one for piece in pieces for one in cutter.feed(piece)] == messages


@given(values)
def test_what_holds_no_key_is_recorded_as_it_was(value: Any) -> None:
    assert blotted([value]) == [value]
