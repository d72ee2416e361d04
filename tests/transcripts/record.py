"""Record the transcripts anew: python tests/transcripts/record.py [NAME...]. README.md says what they are for."""

import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from chatls_client.framing import Unframer, frame
from chatls_client.protocol import PromptResult, TurnError, event_from_wire
from chatls_client.view import View, fail, finish, fold

HERE = Path(__file__).parent
Json = dict[str, Any]

FILES = {
    "notes.txt": "Buy bread.\nTODO: write the tests.\nCall home.\n",
    "src/app.py": 'def main() -> None:\n    print("hello")  # TODO: greet by name\n',
}
SEARCH = {"toolCall": {"name": "search", "arguments": {"pattern": "TODO"}}}
READ_ALL = {"toolCall": {"name": "read_file", "arguments": {"path": "notes.txt"}}}
READ_CODE = {"toolCall": {"name": "read_file", "arguments": {"path": "src/app.py"}}}
READ = {"toolCall": {"name": "read_file", "arguments": {"path": "notes.txt", "start_line": 1, "end_line": 2}}}


def edit(path: str, old: str, new: str) -> Json:
    edits = [{"old_text": old, "new_text": new}]
    return {"toolCall": {"name": "edit_file", "arguments": {"path": path, "edits": edits}}}


def command(line: str, **rest: Any) -> Json:
    return {"toolCall": {"name": "run_command", "arguments": {"command": line, **rest}}}


def selected(option: str, **rest: Any) -> Json:
    return {"outcome": "selected", "optionId": option, **rest}


TO_BUY = edit("notes.txt", "Buy bread.", "Buy bread and cheese.")
TO_GREET = edit("src/app.py", "hello", "Hello")
USAGE = {"usage": {"inputTokens": 120, "outputTokens": 30, "cacheReadTokens": 100}}


def never(_value: Json) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Recording:
    """What is played, and what the client does meanwhile."""

    replies: list[list[Json]]
    chunk_chars: int = 6
    chunk_delay: float = 0.01
    params: Json = field(default_factory=dict[str, Any])
    cancel_at: Callable[[Json], bool] = never
    """Cancel when this event is seen."""
    slow_reader: bool = False
    answers: tuple[Json | None, ...] = ()
    """What the person says to each question, in their order; None: nothing. Without any, nobody can be asked."""
    together: int = 1
    """Nothing is answered before so many questions are open."""
    steers: tuple[str, ...] = ()
    """What the person says meanwhile, when the first text is seen."""
    thinks: bool = False
    """It fails behind a thought, with status 200."""
    written: tuple[str, ...] = ()
    """What the model of such a server writes, in pieces."""
    falls_back: bool = False
    """That server is the first of a list, and the script is the second."""
    failures: int = 0
    """How often a server says 503 before it answers; then an `openai_chat` provider is used instead of a script."""


def kind(name: str) -> Callable[[Json], bool]:
    return lambda value: value["kind"] == name


RECORDINGS = {
    "plain-text": Recording([[{"text": "Hello! Äh, **ciao** 漢字 👋🏽.\n\nSecond paragraph."}, USAGE]]),
    "thinking": Recording([[{"thinking": "They greet me. I should greet back."}, {"text": "Hello."}, USAGE]]),
    "eager-parallel-tools": Recording(
        [
            [{"text": "I look. "}, SEARCH, READ, {"text": "While they run, I write this, and this as well."}, USAGE],
            [{"text": "Two places say TODO."}, USAGE],
        ],
        chunk_delay=0.001,
    ),
    "tool-failures": Recording(
        [
            [
                {"toolCall": {"name": "read_file", "arguments": {"path": "../outside.txt"}}},
                {"toolCall": {"name": "make_coffee", "arguments": {}}},
            ],
            [{"text": "Neither worked."}],
        ]
    ),
    "bad-arguments": Recording(
        [
            [
                {"toolCall": {"name": "search", "argumentsText": '{"pattern": TODO}'}},
                {"toolCall": {"name": "search", "arguments": {"patern": "TODO"}}},
            ],
            [{"text": "I mistyped."}],
        ]
    ),
    "cancel-mid-arguments": Recording(
        [[{"text": "I search."}, {"toolCall": {"name": "search", "arguments": {"pattern": "x" * 400}}}]],
        cancel_at=kind("toolCallDelta"),
    ),
    "cancel-mid-text": Recording([[{"text": "One, two, three, "}, {"hang": True}]], cancel_at=kind("textChunk")),
    "error-mid-stream": Recording(
        [[{"text": "So far so g"}, SEARCH, {"error": {"kind": "stream_interrupted", "text": "The connection broke."}}]]
    ),
    "cut-by-max-tokens": Recording(
        [[{"text": "A long answer that is c"}, {"usage": {"outputTokens": 6}}, {"finish": "max_tokens"}]]
    ),
    "permission-granted": Recording(
        [[{"text": "I read it first."}, READ_ALL], [{"text": "Now I change it."}, TO_BUY], [{"text": "Changed."}]],
        answers=(selected("allow_once"),),
    ),
    "permission-refused": Recording(
        [[command("rm -r src")], [{"text": "Then I leave it."}]],
        answers=(selected("reject_once", feedback="Keep src."),),
    ),
    "permission-always": Recording(
        [[READ_ALL, READ_CODE], [TO_BUY, TO_GREET], [{"text": "Both are changed."}]],
        answers=(selected("allow_session"), None),
        together=2,
    ),
    "permission-edited": Recording(
        [[READ_ALL], [TO_BUY], [command("touch theirs")], [{"text": "As you wish."}]],
        answers=(
            selected("allow_once", arguments=edit("notes.txt", "Buy bread.", "Buy olives.")["toolCall"]["arguments"]),
            selected("allow_once", arguments={"command": "echo mine"}),
        ),
    ),
    "cancel-while-asking": Recording(
        [[{"text": "I run it."}, command("true")]], answers=(None,), cancel_at=kind("permissionRequested")
    ),
    "command-output": Recording(
        [
            [command("for n in 1 2 3; do echo line $n; sleep 0.1; done; echo oops >&2; exit 3"), SEARCH],
            [{"text": "It failed."}],
        ],
        answers=(selected("allow_once"),),
    ),
    "command-timed-out": Recording(
        [[command("echo begun; sleep 60", timeout=0.5)], [{"text": "It takes too long."}]],
        answers=(selected("allow_once"),),
    ),
    "steered": Recording(
        [
            [{"text": "I read the notes. "}, READ, {"text": "This takes a while, so tell me more."}],
            [{"text": "Done, briefly."}],
        ],
        steers=("Be brief.", "And look\nfor bread."),
    ),
    "retry": Recording([], failures=2),
    "retry-after-thinking": Recording([], failures=2, thinks=True),
    "fallen-back": Recording([[{"text": "Hello."}, USAGE]], falls_back=True, failures=9, thinks=True),
    "thinking-shown-as-text": Recording(
        [], written=("They greet me \N{WAVING HAND SIGN}. ", "I should", " greet back.\n</th", "ink>\n\nHel", "lo.")
    ),
    "merged-chunks": Recording([[{"text": "abcdefghij" * 1200}, USAGE]], chunk_delay=0, slow_reader=True),
    "refused": Recording([], params={"sessionId": "no-such-session"}),
}


class Daemon:
    """The real one, over its pipes."""

    def __init__(self, home: Path, *, slow_reader: bool) -> None:
        """`home`: where it keeps what it remembers."""
        names = ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chatls"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, **dict.fromkeys(names, str(home))},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        if slow_reader:
            fcntl.fcntl(self._stdout, fcntl.F_SETPIPE_SZ, 4096)
        self._unframer = Unframer()

    def send(self, method: str, params: Json | None, identifier: int | None = None) -> None:
        message: Json = {"jsonrpc": "2.0", "method": method}
        message |= {} if params is None else {"params": params}
        message |= {} if identifier is None else {"id": identifier}
        self._stdin.write(frame(message))

    def reply(self, identifier: Any, **outcome: Json) -> None:
        self._stdin.write(frame({"jsonrpc": "2.0", "id": identifier, **outcome}))

    def messages(self, *, slow: bool = False) -> Iterator[Json]:
        while data := self._stdout.read(4096):
            yield from self._unframer.feed(data)
            if slow:
                time.sleep(0.2)

    def answer(self, identifier: int) -> Json:
        return next(message for message in self.messages() if message.get("id") == identifier)

    def end(self) -> None:
        self.send("shutdown", None, 99)
        self.answer(99)
        self.send("exit", None)
        self._process.wait()
        self._stdin.close()
        self._stdout.close()


class Unwilling(BaseHTTPRequestHandler):
    """A model server that is overloaded for a while."""

    failures = 0
    thinks = False
    written: tuple[str, ...] = ()

    def do_POST(self) -> None:  # the name is the standard library's
        self.rfile.read(int(self.headers["Content-Length"]))
        failed = bool(type(self).failures)
        type(self).failures -= failed
        if failed and not self.thinks:
            self.send_response(503)
            self.send_header("Retry-After", "0.2")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        chunks: list[Json] = [{"delta": {"content": piece}} for piece in self.written or ("At last.",)]
        chunks.append({"delta": {}, "finish_reason": "stop"})
        if self.thinks:
            chunks.insert(0, {"delta": {"reasoning_content": "They greet me."}})
        last = json.dumps({"error": {"message": "Overloaded", "type": "overloaded_error"}}) if failed else "[DONE]"
        lines = [json.dumps({"choices": [{"index": 0, **chunk}]}) for chunk in (chunks[:1] if failed else chunks)]
        self.wfile.write("".join(f"data: {line}\n\n" for line in (*lines, last)).encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


def settings(recording: Recording, folder: Path) -> Json:
    if recording.falls_back:
        first, second = settings(replace(recording, falls_back=False), folder), scripted(recording, folder)
        providers = {**first["providers"], **second["providers"]}
        return {"model": [first["model"], second["model"]], "providers": providers}
    if recording.failures or recording.written:
        Unwilling.failures, Unwilling.thinks = recording.failures, recording.thinks
        Unwilling.written = recording.written
        server = ThreadingHTTPServer(("127.0.0.1", 0), Unwilling)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        return {"model": "server/demo", "providers": {"server": {"kind": "openai_chat", "baseUrl": url}}}
    return scripted(recording, folder)


def scripted(recording: Recording, folder: Path) -> Json:
    script = folder / "script.json"
    chunks = {"chunkChars": recording.chunk_chars, "chunkDelay": recording.chunk_delay}
    script.write_text(json.dumps({"replies": recording.replies or [[]], **chunks}))
    return {"model": "scripted/demo", "providers": {"scripted": {"kind": "scripted", "script": str(script)}}}


def record(recording: Recording, folder: Path) -> list[Json]:
    root = folder / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    daemon = Daemon(folder, slow_reader=recording.slow_reader)
    asks = {"experimental": {"chat": {"version": 1, "permission": True}}}
    capabilities = asks if recording.answers else {}
    start: Json = {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities}
    daemon.send("initialize", {**start, "initializationOptions": settings(recording, folder)}, 1)
    daemon.answer(1)
    daemon.send("initialized", {})
    daemon.send("chat/prompt", {"content": "Hello.", "partialResultToken": "t", **recording.params}, 2)
    entries = list(listen(daemon, recording))
    daemon.end()
    return plain(entries, root)


def listen(daemon: Daemon, recording: Recording) -> Iterator[Json]:
    cancelled, steers, session = False, recording.steers, ""
    person = Person(daemon, recording)
    for message in daemon.messages(slow=recording.slow_reader):
        if message.get("id") == 2:
            yield {name: message[name] for name in ("result", "error") if name in message}
            return
        person.hear(message)
        if message.get("method") != "$/progress" or message["params"]["token"] != "t":
            continue
        yield message["params"]["value"]
        if steers and message["params"]["value"]["kind"] == "textChunk":
            for number, words in enumerate(steers):
                daemon.send("chat/steer", {"sessionId": session, "content": words}, 3 + number)
            steers = ()
        session = message["params"]["value"].get("sessionId", session)
        if not cancelled and recording.cancel_at(message["params"]["value"]):
            cancelled = True
            daemon.send("$/cancelRequest", {"id": 2})


class Person:
    """Who answers questions, as the recording says."""

    def __init__(self, daemon: Daemon, recording: Recording) -> None:
        self._daemon = daemon
        self._recording = recording
        self._asked: list[Any] = []

    def hear(self, message: Json) -> None:
        match message:
            case {"method": "chat/requestPermission", "id": identifier}:
                self._asked.append(identifier)
                if len(self._asked) >= self._recording.together:
                    self._answer()
            case {"method": "$/cancelRequest", "params": {"id": identifier}}:
                self._daemon.reply(identifier, error={"code": -32800, "message": "withdrawn"})
            case _:
                pass

    def _answer(self) -> None:
        for identifier, answer in zip(self._asked, self._recording.answers, strict=False):
            if answer is not None:
                self._daemon.reply(identifier, result=answer)


def plain(entries: list[Json], root: Path) -> list[Json]:
    """The same with names and times that do not differ from recording to recording."""
    text = "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    text = text.replace(str(root), "/project")
    text = re.sub(r"after [0-9.]+ s", "after 0.1 s", text)
    text = re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:8000", text)
    text = re.sub(r'"(durationMs|timeToFirstChunkMs|delayMs)": [0-9]+', lambda match: f'"{match[1]}": 7', text)
    for name, word in (("turnId", "turn"), ("sessionId", "session"), ("toolCallId", "call")):
        found = dict.fromkeys(re.findall(rf'"{name}": "([^"]+)"', text))
        for number, value in enumerate(found, 1):
            text = text.replace(f'"{value}"', f'"{word}-{number}"')
    return [json.loads(line) for line in text.split("\n")]


def view_of(entries: list[Json]) -> View:
    view = View()
    for entry in entries:
        if "result" in entry:
            view = finish(view, PromptResult.from_wire(entry["result"]))
        elif "error" in entry:
            data = entry["error"]["data"]
            view = fail(view, TurnError(data["kind"], entry["error"]["message"], data["retryable"]))
        elif (event := event_from_wire(entry)) is not None:
            view = fold(view, event)
    return view


def main() -> None:
    for name in sys.argv[1:] or RECORDINGS:
        with tempfile.TemporaryDirectory() as folder:
            entries = record(RECORDINGS[name], Path(folder).resolve())
        lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
        (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        view = json.dumps(view_of(entries).to_wire(), ensure_ascii=False, indent=2)
        (HERE / f"{name}.view.json").write_text(view + "\n", "utf-8")
        print(f"{name}: {len(entries)} lines")


if __name__ == "__main__":
    main()
