"""A daemon that does what it is told: its prompts are commands. Standard library only; started as a child by tests.

Arguments: `--mute` never answers `initialize`; `--stubborn` outlives shutdown, exit, the end of its input and SIGTERM;
`--bytewise` writes one byte at a time; `--deaf` does not obey a cancel; `--edits` takes edited answers.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FLAGS = sys.argv[1:]


def write(message: Json) -> None:
    body = json.dumps(message, ensure_ascii=False).encode()
    data = b"content-type: x\r\ncontent-LENGTH:%d\r\n\r\n" % len(body) + body
    size = 1 if "--bytewise" in FLAGS else len(data)
    for start in range(0, len(data), size):
        os.write(1, data[start : start + size])


def read() -> Iterator[Json]:
    while header := sys.stdin.buffer.readline():
        length = int(header.split(b":")[1])
        sys.stdin.buffer.readline()
        yield json.loads(sys.stdin.buffer.read(length))


class Turn:
    """The events and the answer of one prompt."""

    def __init__(self, request: Json) -> None:
        self.id = request["id"]
        self.params = request["params"]
        self.seq = 0
        self.turn_id = f"t{self.id}"
        self.session = self.params.get("sessionId") or self.params.get("newSessionId") or "s1"

    def start(self) -> "Turn":
        self.emit("turnStart", sessionId=self.session, model=self.params.get("model", "fake/one"))
        return self

    def emit(self, kind: str, **members: Any) -> None:
        value = {"kind": kind, "seq": self.seq, "turnId": self.turn_id} | members
        self.seq += 1
        if "partialResultToken" in self.params:
            notify("$/progress", {"token": self.params["partialResultToken"], "value": value})

    def answer(self, stop: str = "end_turn", **members: Any) -> None:
        result = {"sessionId": self.session, "turnId": self.turn_id, "stopReason": stop, "usage": None, "steps": 1}
        result |= {"chunks": 1, "tools": {}, "durationMs": 5, "timeToFirstChunkMs": 2, **members}
        write({"jsonrpc": "2.0", "id": self.id, "result": result})


def notify(method: str, params: Json) -> None:
    write({"jsonrpc": "2.0", "method": method, "params": params})


def answer(request: Json, result: Any) -> None:
    write({"jsonrpc": "2.0", "id": request["id"], "result": result})


def refuse(request: Json, code: int, text: str, data: Json) -> None:
    write({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": text, "data": data}})


def hello(turn: Turn, text: str = "Hello, wörld ✓") -> None:
    for piece in text:
        turn.emit("textChunk", text=piece)
    turn.emit("stepEnd", stopReason="end_turn", usage=None, text=text)
    turn.emit("somethingNew", text="ignored")
    turn.answer(**({} if "partialResultToken" in turn.params else {"text": text}))


def ask_back(turn: Turn, incoming: Iterator[Json]) -> None:
    """Ask the client four things; the answers are the text."""
    asked: list[tuple[str, Json | None]] = [
        ("window/workDoneProgress/create", {"token": "x"}),
        ("workspace/configuration", {"items": [{"section": "chatls"}, {"section": "other"}]}),
        ("workspace/workspaceFolders", None),
        ("no/such/method", {}),
    ]
    answers: list[Any] = []
    for number, (method, params) in enumerate(asked):
        write({"jsonrpc": "2.0", "id": f"q{number}", "method": method, "params": params})
        reply = next(incoming)
        answers.append(reply["result"] if "result" in reply else reply["error"]["code"])
    hello(turn, json.dumps(answers))


class Permits:
    """Questions that are put all at once, and what comes back.

    `spec`: `questions` (parameters of the requests), `text` to be said while they are open, `withdraw` (how many
    answers must have come before which questions are withdrawn, as a list of pairs).
    """

    def __init__(self, turn: Turn, spec: Json) -> None:
        self.turn = turn
        self.spec = spec
        self.replies: Json = {}
        self.cancelled = False

    def run(self, incoming: Iterator[Json]) -> None:
        for number, question in enumerate(self.spec["questions"]):
            self.put(f"p{number}", question)
        for piece in self.spec.get("text", ""):
            self.turn.emit("textChunk", text=piece)
        self.withdraw()
        while len(self.replies) < len(self.spec["questions"]):
            self.take(next(incoming))
        if self.cancelled:
            return self.turn.answer("cancelled")
        return hello(self.turn, json.dumps(self.replies))

    def put(self, name: str, question: Json) -> None:
        call = {"toolCallId": name, "name": "run_command"}
        params = {"sessionId": self.turn.session, "turnId": self.turn.turn_id, "toolCallId": name, **question}
        self.turn.emit("toolCallStart", toolKind="execute", **call)
        self.turn.emit("toolCallEnd", title=question["title"], arguments={}, locations=[], **call)
        self.turn.emit("permissionRequested", toolCallId=name)
        write({"jsonrpc": "2.0", "id": name, "method": "chat/requestPermission", "params": params})

    def take(self, message: Json) -> None:
        if message.get("method") == "$/cancelRequest":
            self.cancelled = True
            for number in range(len(self.spec["questions"])):
                notify("$/cancelRequest", {"id": f"p{number}"})
            return
        name = message["id"]
        self.replies[name] = message["result"] if "result" in message else message["error"]["code"]
        result: Json = message.get("result") or {}
        outcome: str = result.get("optionId", "cancelled")
        self.turn.emit("permissionResolved", toolCallId=name, outcome=outcome)
        status = "completed" if outcome.startswith("allow") else "denied"
        self.turn.emit("toolRunEnd", toolCallId=name, status=status, content=[], durationMs=3)
        self.withdraw()

    def withdraw(self) -> None:
        for answers, name in self.spec.get("withdraw", []):
            if answers == len(self.replies):
                notify("$/cancelRequest", {"id": name})


def play(turn: Turn, path: str) -> None:
    """Say what a transcript says."""
    for line in Path(path).read_text("utf-8").splitlines():
        entry = json.loads(line)
        if "kind" in entry:
            turn.emit(entry.pop("kind"), **{name: value for name, value in entry.items() if name != "turnId"})
        else:
            write({"jsonrpc": "2.0", "id": turn.id, **entry})


def leave_child_behind() -> None:
    """Die while a child of one's own, in a session of its own, still holds every pipe."""
    child = subprocess.Popen(["sleep", "30"], start_new_session=True)
    sys.stderr.write(f"child {child.pid}\n")
    sys.stderr.flush()
    os._exit(4)


class Daemon:
    """What it remembers, and one method per message and per command."""

    def __init__(self) -> None:
        self.running: dict[int, Turn] = {}
        self.notes: list[Json] = []
        self.incoming = read()
        self.shut = False

    def serve(self) -> int:
        for message in self.incoming:
            if message["method"] == "exit":
                return 0 if self.shut else 1
            name = message["method"].strip("$").replace("/", "_").strip("_").lower()
            getattr(self, f"on_{name}", self.on_other)(message)
        return 1

    def on_initialize(self, request: Json) -> None:
        self.notes.append(request["params"])
        chat = {"version": 99 if "--newer" in FLAGS else 1, "editedArguments": "--edits" in FLAGS}
        if "--mute" not in FLAGS:
            answer(request, {"capabilities": {"experimental": {"chat": chat}}, "serverInfo": {"name": "fake"}})

    def on_notes(self, request: Json) -> None:
        answer(request, self.notes)

    def on_chat_permissions(self, request: Json) -> None:
        entry = {"id": "g1", "scope": "workspace", "tool": "run_command", "command": "git status", "action": "allow"}
        self.notes.append(request["params"])
        answer(request, {"permissions": [] if request["params"].get("revoke") else [entry]})

    def on_shutdown(self, request: Json) -> None:
        for turn in self.running.values():
            turn.answer("cancelled")
        self.shut = True
        answer(request, None)

    def on_cancelrequest(self, note: Json) -> None:
        self.notes.append(note)
        if "--deaf" in FLAGS:
            return
        if (turn := self.running.pop(note["params"]["id"], None)) is not None:
            turn.answer("cancelled")

    def on_other(self, message: Json) -> None:
        if "id" in message:
            refuse(message, -32601, message["method"], {})
        else:
            self.notes.append(message)

    def on_chat_prompt(self, request: Json) -> None:
        command, _, rest = str(request["params"]["content"]).partition(" ")
        if command == "refuse":
            refuse(request, 1002, "busy", {"kind": "turn_in_progress", "retryable": True, "retryAfterMs": 7})
        elif command == "play":
            play(Turn(request), rest)
        else:
            getattr(self, f"do_{command}", self.do_repeat)(Turn(request).start())

    def do_repeat(self, turn: Turn) -> None:
        hello(turn, json.dumps(turn.params["content"]))

    def do_hello(self, turn: Turn) -> None:
        hello(turn)

    def do_wait(self, turn: Turn) -> None:
        turn.emit("textChunk", text="so far")
        self.running[turn.id] = turn

    def do_die(self, turn: Turn) -> None:
        sys.stderr.write("first line\nthe reason\n")
        sys.stderr.flush()
        os._exit(3)

    def do_killed(self, turn: Turn) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_orphan(self, turn: Turn) -> None:
        leave_child_behind()

    def do_mute(self, turn: Turn) -> None:
        os.close(1)

    def do_garbage(self, turn: Turn) -> None:
        os.write(1, b"Traceback (most recent call last):\r\n\r\n")

    def do_malformed(self, turn: Turn) -> None:
        turn.emit("textChunk", words="none")

    def do_ask(self, turn: Turn) -> None:
        ask_back(turn, self.incoming)

    def do_permit(self, turn: Turn) -> None:
        spec = json.loads(Path(turn.params["content"].partition(" ")[2]).read_text())
        Permits(turn, spec).run(self.incoming)

    def do_edit(self, turn: Turn) -> None:
        edit: Json = {"label": "x", "edit": {"changes": {}}}
        write({"jsonrpc": "2.0", "id": "e", "method": "workspace/applyEdit", "params": edit})
        hello(turn, json.dumps(next(self.incoming).get("result")))

    def do_diagnose(self, turn: Turn) -> None:
        asked = {"uri": "file:///a", "changed": True}
        write({"jsonrpc": "2.0", "id": "d", "method": "chat/diagnostics", "params": asked})
        reply = next(self.incoming)
        hello(turn, json.dumps(reply.get("result") or reply["error"]["code"]))

    def do_say(self, turn: Turn) -> None:
        notify("window/showMessage", {"type": 1, "message": "shown"})
        notify("window/logMessage", {"type": 4, "message": "logged"})
        hello(turn)


if "--stubborn" in FLAGS:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stderr.write("I stay\n")
code = Daemon().serve()
while "--stubborn" in FLAGS:
    time.sleep(1)
sys.exit(code)
