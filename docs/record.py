"""Records the conversation that docs/protocol.md shows: the real daemon, a scripted model, and a client of one screen.

    python docs/generate.py --record    keep a new recording in docs/conversation.jsonl
    python docs/record.py               print one

Names that the daemon makes up, paths and times are replaced by invented ones, so that two recordings are the same.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

from generation.conversation import FILE

Message = dict[str, Any]
Entry = dict[str, Any]

_FOLDERS = ("CONFIG", "STATE", "CACHE")

DEADLINE = 60.0
"""Seconds for the whole conversation."""

_ON_DISK = "def greet(name):\n    print(name)  # TODO: be polite\n"
_UNSAVED = 'def greet(name):\n    print("Hello", name)  # TODO: be polite\n'
_EDIT = {"old_text": '"Hello", name)  # TODO: be polite', "new_text": '"Good day,", name)'}
_SCRIPT: Message = {
    "chunkChars": 14,
    "chunkDelay": 0.002,
    "replies": [
        [
            {"thinking": "The file is the thing to read."},
            {"text": "I will read it and look for open ends."},
            {"toolCall": {"name": "read_file", "arguments": {"path": "greet.py"}}},
            {"toolCall": {"name": "search", "arguments": {"pattern": "TODO"}}},
            {"delay": 0.3},
            {"usage": {"inputTokens": 412, "outputTokens": 48}},
        ],
        [
            {"text": "`greet` prints a greeting. One TODO is left: greet.py:2."},
            {"usage": {"inputTokens": 560, "outputTokens": 17}},
        ],
        [
            {"text": "As you wish."},
            {"toolCall": {"name": "edit_file", "arguments": {"path": "greet.py", "edits": [_EDIT]}}},
            {"usage": {"inputTokens": 610, "outputTokens": 41}},
        ],
        [{"text": "It is polite now."}, {"usage": {"inputTokens": 700, "outputTokens": 6}}],
        [{"text": "A poem about greetings, then: "}, {"hang": True}],
    ],
}


class Recorder:
    """A client that notes everything that is said."""

    def __init__(self, daemon: subprocess.Popen[bytes]) -> None:
        self.entries: list[Entry] = []
        self._sink = cast("IO[bytes]", daemon.stdin)
        self._source = cast("IO[bytes]", daemon.stdout)

    def note(self, text: str) -> None:
        """Introduce what follows."""
        self.entries.append({"note": text})

    def say(self, **message: Any) -> None:
        """Send a message."""
        whole = {"jsonrpc": "2.0", **message}
        body = json.dumps(whole).encode()
        self._sink.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._sink.flush()
        self.entries.append({"from": "client", "message": whole})

    def reply(self, request: Message, result: Any) -> None:
        """Answer a request of the daemon's."""
        self.say(id=request["id"], result=result)

    def asked(self, method: str) -> Message:
        """Wait for a request of the daemon's."""
        return self.hear(lambda message: message.get("method") == method)

    def hear(self, until: Callable[[Message], bool]) -> Message:
        """Note what the daemon says, up to a message that is waited for."""
        while True:
            message = _read(self._source)
            self.entries.append({"from": "daemon", "message": message})
            if until(message):
                return message

    def answer(self, number: int) -> Any:
        """Wait for the answer to a request."""
        return self.hear(lambda message: message.get("id") == number)["result"]

    def ask(self, number: int, method: str, **params: Any) -> Any:
        """Send a request and wait for its answer."""
        self.say(id=number, method=method, **({"params": params} if params else {}))
        return self.answer(number)


def record() -> list[Entry]:
    """Hold the conversation. Raises `EOFError` if the daemon leaves, `RuntimeError` if it leaves badly."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve()
        (home / "project").mkdir()
        (home / "project/greet.py").write_text(_ON_DISK)
        (home / "script.json").write_text(json.dumps(_SCRIPT))
        with _start(home) as daemon:
            timer = Timer(DEADLINE, daemon.kill)
            timer.start()
            try:
                recorder = Recorder(daemon)
                _converse(recorder, home / "project")
                if code := daemon.wait():
                    raise RuntimeError(f"the daemon ended with exit code {code}")
            finally:
                timer.cancel()
                daemon.kill()
        return _plain(recorder.entries, home)


def write() -> None:
    """Record, and keep it for docs/generate.py."""
    FILE.write_text(_lines(record()), "utf-8")


def _lines(entries: list[Entry]) -> str:
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def _start(home: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HOME": str(home), **{f"XDG_{name}_HOME": str(home / name) for name in _FOLDERS}}
    command = (sys.executable, "-m", "chatls")
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, env=environment)


def _converse(client: Recorder, folder: Path) -> None:
    uri = (folder / "greet.py").as_uri()
    _open(client, folder, uri)
    session = _ask_about_the_file(client, uri)
    _ask_for_an_edit(client, session, uri)
    _ask_and_cancel(client, session)
    client.note("The client leaves. The daemon ends with exit code 0.")
    client.ask(5, "shutdown")
    client.say(method="exit")


def _open(client: Recorder, folder: Path, uri: str) -> None:
    client.note(
        "The client says what it can do, which folders are open, and its settings: here a scripted model, which "
        "needs no key."
    )
    client.ask(
        1,
        "initialize",
        processId=os.getpid(),
        capabilities={
            "general": {"positionEncodings": ["utf-16"]},
            "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
            "experimental": {"chat": {"version": 1, "permission": True}},
        },
        workspaceFolders=[{"uri": folder.as_uri(), "name": "project"}],
        initializationOptions={
            "model": "demo/play",
            "providers": {"demo": {"kind": "scripted", "script": "script.json"}},
        },
    )
    client.say(method="initialized", params={})
    client.note("A document is open, with text that is not saved: this text is what the tools will see.")
    document = {"uri": uri, "languageId": "python", "version": 1, "text": _UNSAVED}
    client.say(method="textDocument/didOpen", params={"textDocument": document})


def _ask_about_the_file(client: Recorder, uri: str) -> str:
    client.note(
        "A prompt. Its events go to `partialResultToken`, a spinner for any LSP client to `workDoneToken`. Both tools "
        "start before the reply has ended (`startedEarly`). The answer to the request comes last."
    )
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    content = [
        {"type": "text", "text": "What does this do, and what is left to do?"},
        {"type": "resource_link", "uri": uri, "range": place},
    ]
    return client.ask(2, "chat/prompt", content=content, partialResultToken="t1", workDoneToken="w1")["sessionId"]


def _ask_for_an_edit(client: Recorder, session: str, uri: str) -> None:
    client.note(
        "The conversation goes on in the same session. The model wants to change the file, so the person is asked, and "
        "is shown the difference."
    )
    content = [
        {"type": "editor_context", "active": {"uri": uri}},
        {"type": "text", "text": "Then make it polite."},
    ]
    params = {"sessionId": session, "content": content, "partialResultToken": "t2"}
    client.say(id=3, method="chat/prompt", params=params)
    question = client.asked("chat/requestPermission")
    client.note(
        "The person says yes. The document is open, so it is the editor that changes it, and tells the new text."
    )
    client.reply(question, {"outcome": "selected", "optionId": "allow_once"})
    request = client.asked("workspace/applyEdit")
    (edit,) = request["params"]["edit"]["documentChanges"][0]["edits"]
    change = {"range": edit["range"], "text": edit["newText"]}
    document = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}
    client.say(method="textDocument/didChange", params=document)
    client.reply(request, {"applied": True})
    client.answer(3)


def _ask_and_cancel(client: Recorder, session: str) -> None:
    client.note("The person changes their mind: the turn ends with a result, not with an error.")
    params = {"sessionId": session, "content": "Write a poem about it.", "partialResultToken": "t3"}
    client.say(id=4, method="chat/prompt", params=params)
    client.hear(lambda message: message.get("params", {}).get("value", {}).get("text", "").endswith(": "))
    client.say(method="$/cancelRequest", params={"id": 4})
    client.answer(4)


def _read(source: IO[bytes]) -> Message:
    length = 0
    while (line := source.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    if not length:
        raise EOFError("the daemon has left")
    return json.loads(source.read(length))


def _plain(entries: list[Entry], home: Path) -> list[Entry]:
    """Replace what differs from one recording to the next."""
    text = json.dumps(entries).replace(str(home), "/home/me")
    text = re.sub(r'("processId": )\d+', r"\g<1>4242", text)
    text = re.sub(r'("(?:durationMs|timeToFirstChunkMs)": )\d+', r"\g<1>25", text)
    for name in ("session", "turn", "chatls"):
        text = _numbered(text, rf"{name}-[0-9a-f]{{12}}", f"{name}-{{}}")
    return json.loads(_numbered(text, r'(?<="toolCallId": ")[a-z0-9]{9}(?=")', "call0000{}"))


def _numbered(text: str, pattern: str, name: str) -> str:
    found = list(dict.fromkeys(re.findall(pattern, text)))
    return re.sub(pattern, lambda match: name.format(found.index(match[0]) + 1), text)


if __name__ == "__main__":
    sys.stdout.write(_lines(record()))
