"""An ACP client over raw pipes, that has the official models look at every message of the daemon's."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Self

from pydantic import BaseModel

from acp import schema

Json = dict[str, Any]
DEADLINE = 120.0
RESULTS: dict[str, type[BaseModel]] = {
    "initialize": schema.InitializeResponse,
    "session/new": schema.NewSessionResponse,
    "session/load": schema.LoadSessionResponse,
    "session/resume": schema.ResumeSessionResponse,
    "session/list": schema.ListSessionsResponse,
    "session/prompt": schema.PromptResponse,
    "session/set_config_option": schema.SetSessionConfigOptionResponse,
}
SAID: dict[str, type[BaseModel]] = {
    "session/update": schema.SessionNotification,
    "session/request_permission": schema.RequestPermissionRequest,
    "fs/read_text_file": schema.ReadTextFileRequest,
    "$/cancel_request": schema.CancelRequestNotification,
}


class RefusedError(Exception):
    """The daemon answered with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]


class Client:
    """Starts the daemon as an editor does. `answers`: what to say to its requests, by method."""

    def __init__(
        self,
        home: Path,
        *replies: list[Json],
        capabilities: Json | None = None,
        delay: float = 0,
        settings: str = "",
        info: Json | None = None,
    ) -> None:
        """`settings`: more of config.toml; `info`: who the client is."""
        self.folder = home / "ws"
        self.folder.mkdir(exist_ok=True)
        self.heard: list[Json] = []
        """Updates, in order."""
        self.asked: list[Json] = []
        """Requests of the daemon's, in order."""
        self.answers: dict[str, Callable[[Json], Json]] = {}
        config = home / "config" / "chatls"
        config.mkdir(parents=True, exist_ok=True)
        script = home / "script.json"
        script.write_text(json.dumps({"replies": replies, "chunkDelay": delay}))
        (config / "config.toml").write_text(
            f'model = "play/script"\n[providers.play]\nkind = "scripted"\nscript = "{script}"\n{settings}'
        )
        kinds = ("config", "data", "state", "cache")
        places = {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in kinds}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chatls", "acp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in {**os.environ, **places}.items() if not name.endswith("_API_KEY")},
        )
        self._read: Queue[Json | None] = Queue()
        Thread(target=self._reading, daemon=True).start()
        self._last = 0
        self._methods: dict[int, str] = {}
        self.hello = self.ask(
            "initialize", protocolVersion=1, clientCapabilities=capabilities or {}, clientInfo=info or {}
        )

    @property
    def pid(self) -> int:
        """The daemon's."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.leave() == 0

    def leave(self) -> int:
        """End its input; its exit code."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        code = self._process.wait(DEADLINE)
        self._process.stdout.close()
        return code

    def begin(self) -> str:
        """A new session."""
        return self.ask("session/new", cwd=str(self.folder), mcpServers=[])["sessionId"]

    def prompt(self, session: str, text: str) -> Json:
        """Ask, and wait for the answer."""
        return self.ask("session/prompt", sessionId=session, prompt=[{"type": "text", "text": text}])

    def ask(self, method: str, **params: Any) -> Json:
        """Ask and wait for the answer. Raises `RefusedError`."""
        return self.answer(self.send(method, **params))

    def send(self, method: str, **params: Any) -> int:
        """Ask; its id."""
        self._last += 1
        self._methods[self._last] = method
        self.write({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        return self._last

    def notify(self, method: str, **params: Any) -> None:
        """Tell."""
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message: Any) -> None:
        """Write a line."""
        assert self._process.stdin
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def answer(self, number: int) -> Json:
        """The answer to a request. Raises `RefusedError`."""
        while True:
            message = self.next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RefusedError(message["error"])
                method = self._methods[number]
                if method in RESULTS:
                    RESULTS[method].model_validate(message["result"])
                return message["result"]

    def until(self, wanted: Callable[[Json], bool]) -> Json:
        """The next update of which this is true."""
        while True:
            message = self.next()
            if message.get("method") == "session/update" and wanted(message["params"]["update"]):
                return message["params"]["update"]

    def next(self) -> Json:
        """The next message; requests of the daemon's are answered."""
        message = self._read.get(timeout=DEADLINE)
        assert message is not None, "the daemon has left"
        method = message.get("method")
        if method is not None:
            SAID[method].model_validate(message["params"])
            if method == "session/update":
                self.heard.append(message["params"]["update"])
            elif "id" in message:
                self.asked.append(message)
                if method in self.answers:
                    reply = self.answers[method](message["params"])
                    self.write({"jsonrpc": "2.0", "id": message["id"], **reply})
        return message

    def of(self, kind: str) -> list[Json]:
        """The updates of one kind so far."""
        return [update for update in self.heard if update["sessionUpdate"] == kind]

    def words(self, kind: str = "agent_message_chunk") -> str:
        """What was said so far."""
        return "".join(update["content"]["text"] for update in self.of(kind))

    def _reading(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._read.put(json.loads(line))
        self._read.put(None)


def call(name: str, **arguments: Any) -> Json:
    """A call of the scripted model's."""
    return {"toolCall": {"name": name, "arguments": arguments}}


def choose(option: str) -> Callable[[Json], Json]:
    """Answers a question."""
    return answer(result={"outcome": {"outcome": "selected", "optionId": option}})


def answer(**members: Any) -> Callable[[Json], Json]:
    """Answers a request of the daemon's, whatever it asks."""

    def answered(_: Json) -> Json:
        return members

    return answered
