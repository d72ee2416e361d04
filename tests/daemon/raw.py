"""The daemon as a real process, driven over raw pipes by a client that does only what a test tells it to.

It reads when the test waits for something, and not before. What it reads must be frames and nothing else. `check` holds
the daemon to what must be true after every conversation: each request has exactly one answer, no event follows it,
events are numbered without gaps and begin with `turnStart`, and nothing was complained of on stderr.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import IO, Any, Self

SOON = 120.0
"""Seconds after which a test has failed rather than is waited for."""

CHATLS = [sys.executable, "-m", "chatls"]
WITH_TOOLS = [sys.executable, str(Path(__file__).with_name("toolbox.py"))]
"""The same with the tools of toolbox.py."""

KEY_VARIABLE, KEY = "SCRIPTED_KEY", "canary-4711"
"""A key that every daemon has and none may show."""

Id = int | str
Json = dict[str, Any]


class GoneError(Exception):
    """The daemon closed its output."""


class RefusedError(Exception):
    """A request was answered with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error)
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Json = error.get("data", {})


def frame(body: bytes) -> bytes:
    """One message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def packed(message: Json) -> bytes:
    """The same of an object."""
    return frame(json.dumps(message).encode())


def key(value: object) -> str:
    """Tells 1, "1", True and 1.0 apart."""
    return json.dumps(value)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """One without the user's settings and keys."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR", "PYTHONPATH")}
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    places = {"CONFIG": ".config", "CACHE": ".cache", "STATE": ".local/state", "DATA": ".local/share"}
    homes = {"HOME": str(home), **{f"XDG_{name}_HOME": str(home / place) for name, place in places.items()}}
    return {**kept, **measured, **homes, KEY_VARIABLE: KEY, **more}


class Daemon:
    """A daemon and its client."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str] = CHATLS,
        *,
        variables: dict[str, str] | None = None,
        stdin: int | IO[bytes] = subprocess.PIPE,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | None = None,
    ) -> None:
        self.folder = folder
        self.log: list[Json] = []
        """All that was read, in order."""
        self.read_size = 2**16
        """Bytes that are read at once."""
        self._pardoned = ""
        self._stderr = folder / f"stderr-{time.monotonic_ns()}"
        self._ids = count(1)
        self._files = count(1)
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()
        self._askers: dict[str, str] = {}
        self._late: list[Json] = []
        self._answers: dict[str, Json] = {}
        self._values: dict[str, list[Json]] = {}
        self.settings: Json = {}
        self.settles = False
        """What was said stands in the store behind each result: an answer itself waits for that a moment only."""
        self.rules: list[Json] = []
        """Rules of permission that all settings have which name none."""
        self.sandbox = ""
        """The same of `commands.sandbox`."""
        self._data = b""
        self._collected: bytearray | None = None
        with self._stderr.open("wb") as words:
            env = environment(folder, **(variables or {}))
            self.process = subprocess.Popen(
                list(command), env=env, stdin=stdin, stdout=stdout, stderr=stderr or words, bufsize=0
            )
        self.input = self.process.stdin.fileno() if self.process.stdin else -1
        self.output = self.process.stdout.fileno() if self.process.stdout else -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    # Writing

    @contextmanager
    def one_write(self) -> Generator[None, None, None]:
        """Collect what is sent meanwhile, and write it as one."""
        self._collected = bytearray()
        yield
        data, self._collected = self._collected, None
        self.write(bytes(data))

    def write(self, data: bytes) -> None:
        """Write, reading nothing meanwhile; fails if the daemon does not read."""
        if self._collected is not None:
            self._collected += data
            return
        view, deadline = memoryview(data), time.monotonic() + SOON
        os.set_blocking(self.input, False)
        while view:
            if not select.select([], [self.input], [], max(0, deadline - time.monotonic()))[1]:
                raise TimeoutError(f"the daemon does not read: {len(view)} bytes are left")
            view = view[os.write(self.input, view) :]

    def send(self, message: Json) -> None:
        """Send any message."""
        if "id" in message and "method" in message:
            self.owe(message["id"])
        self.write(packed(message))

    def owe(self, identifier: Id) -> None:
        """Say that one more answer with this id is due: a request was written by hand."""
        self._sent[key(identifier)] += 1

    def begin_anew(self) -> None:
        """Forget all that was said, so that tokens and ids can be used again."""
        self.log.clear()
        for collected in (self._sent, self._received, self._askers, self._answers, self._values):
            collected.clear()

    def forget(self, identifier: Id) -> None:
        """Say that a turn's id was used again for something else."""
        self._answers.pop(key(identifier), None)

    def close_input(self) -> None:
        """End the daemon's input."""
        assert self.process.stdin
        self.process.stdin.close()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Any = None, identifier: Id | None = None) -> Id:
        """Send a request; gives its id."""
        identifier = next(self._ids) if identifier is None else identifier
        self.send({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})
        return identifier

    def respond(self, request: Json, **outcome: Any) -> None:
        """Answer a request of the daemon's."""
        self.send({"jsonrpc": "2.0", "id": request["id"], **outcome})

    def reply(self, request: Json, result: Any) -> None:
        """The same with a result."""
        self.respond(request, result=result)

    def choose(self, question: Json, option: str, feedback: str | None = None) -> None:
        """Answer a question with an option, by its id or, if there is only one such, by its kind."""
        options = question["params"]["options"]
        found = [item["id"] for item in options if option in (item["id"], item["kind"])]
        assert len(found) == 1, f"{option} is not one of {options}"
        words = {} if feedback is None else {"feedback": feedback}
        self.reply(question, {"outcome": "selected", "optionId": found[0], **words})

    def withdrawn(self, request: Json) -> Json:
        """Wait until the daemon takes back a request of its own."""
        return self.until(
            lambda message: message.get("method") == "$/cancelRequest" and message["params"] == {"id": request["id"]}
        )

    # Reading

    def read(self, deadline: float = SOON) -> Json:
        """The next message. Raises `GoneError` at the end, `TimeoutError` if there is none."""
        end = time.monotonic() + deadline
        while (body := self._framed()) is None:
            if not select.select([self.output], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"no message; stderr: {self.stderr}")
            data = os.read(self.output, self.read_size)
            if not data:
                assert not self._data, f"half a frame at the end: {self._data[:200]!r}"
                raise GoneError(self.stderr)
            self._data += data
        message = json.loads(body)
        assert message["jsonrpc"] == "2.0"
        self.log.append(message)
        if "method" not in message:
            self._answers.setdefault(key(message["id"]), message)
            self._received[key(message["id"])] += 1
        elif message["method"] == "$/progress":
            self._progress(key(message["params"]["token"]), message["params"]["value"])
        return message

    def _progress(self, token: str, value: Json) -> None:
        self._values.setdefault(token, []).append(value)
        if self._askers.get(token) in self._answers:
            self._late.append(value)

    def _framed(self) -> bytes | None:
        head, blank, rest = self._data.partition(b"\r\n\r\n")
        if not blank:
            assert b"Content-Length: ".startswith(head[:16]) or head.startswith(b"Content-Length: "), head[:200]
            return None
        name, _, length = head.partition(b": ")
        assert name == b"Content-Length", f"not a frame: {self._data[:200]!r}"
        if len(rest) < int(length):
            return None
        self._data = rest[int(length) :]
        return rest[: int(length)]

    def messages(self) -> Iterator[Json]:
        """All messages: those that were read, then those to come."""
        at = 0
        while True:
            yield self.log[at] if at < len(self.log) else self.read()
            at += 1

    def until(self, wanted: Callable[[Json], bool]) -> Json:
        """The first message of that kind, read already or to come."""
        return next(message for message in self.messages() if wanted(message))

    def answer(self, identifier: Id | None) -> Json:
        """The answer to a request."""
        while key(identifier) not in self._answers:
            self.read()
        return self._answers[key(identifier)]

    def notification(self, method: str) -> Json:
        """The params of the first notification of that name."""
        return self.until(lambda message: message.get("method") == method and "id" not in message)["params"]

    def asked(self, method: str, number: int = 1) -> Json:
        """The first request of the daemon's of that name, or a later one."""
        found = (message for message in self.messages() if message.get("method") == method and "id" in message)
        return next(islice(found, number - 1, None))

    def call(self, method: str, params: Any = None) -> Any:
        """Ask and wait. Raises `RefusedError`."""
        answer = self.answer(self.request(method, params))
        if "error" in answer:
            raise RefusedError(answer["error"])
        return answer["result"]

    def refusal(self, method: str, params: Any = None) -> RefusedError:
        """Ask, and expect an error."""
        try:
            result = self.call(method, params)
        except RefusedError as error:
            return error
        raise AssertionError(f"{method} was not refused: {result}")

    def values(self, token: Id) -> list[Json]:
        """What was reported to a token so far."""
        return self._values.get(key(token), [])

    def pardon(self, last: str = "") -> None:
        """What stands on stderr is as it should be. Waits until it ends with these words: it has its own thread."""
        deadline = time.monotonic() + SOON
        while last not in self.stderr[len(self._pardoned) :].rpartition("\n")[0].rpartition("\n")[2]:
            assert time.monotonic() < deadline, f"{last!r} is not on stderr: {self.stderr}"
            time.sleep(0.005)
        self._pardoned = self.stderr

    @property
    def stderr(self) -> str:
        return self._stderr.read_text("utf-8", "replace")

    # Conversation

    def initialize(
        self,
        settings: Json | None = None,
        *,
        permission: bool = False,
        diagnostics: bool = False,
        edits: bool = False,
        reload: bool = False,
        save: bool = False,
        cells: bool = False,
        language: bool = False,
        roots: Sequence[Path] = (),
        **params: Any,
    ) -> Json:
        """Say hello, and what the client can do: ask for permission, tell problems, apply edits, also to the cells of
        notebooks, read anew, save, ask language servers."""
        chat = {"version": 1, "permission": permission, "diagnostics": diagnostics, "reload": reload, "save": save}
        chat |= {"editCells": cells, "language": language}
        workspace = {"applyEdit": edits, "workspaceEdit": {"documentChanges": edits}}
        capabilities = {"experimental": {"chat": chat}, "workspace": workspace, **params.pop("capabilities", {})}
        given: Json = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities}
        if roots:
            given["workspaceFolders"] = [{"uri": root.as_uri(), "name": root.name} for root in roots]
        self.settings = settings or {}
        options = None if settings is None else self._ruled(settings)
        result = self.call("initialize", {**given, "initializationOptions": options, **params})
        self.notify("initialized", {})
        return result

    def configure(self, settings: Json) -> None:
        self.settings = settings
        self.notify("workspace/didChangeConfiguration", {"settings": {"chatls": self._ruled(settings)}})

    def _ruled(self, settings: Json) -> Json:
        ruled: dict[str, Any] = {"permissions": self.rules, **settings} if self.rules else settings
        if not self.sandbox:
            return ruled
        own: Json = ruled.get("commands", {})
        return {**ruled, "commands": {"sandbox": self.sandbox, **own}}

    def script(self, *replies: Sequence[Json], chars: int = 4, delay: float = 0) -> str:
        """Make the daemon know a model that plays these replies. Gives its name."""
        name = f"s{next(self._files)}"
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({"replies": replies, "chunkChars": chars, "chunkDelay": delay}))
        providers = {**self.settings.get("providers", {}), name: {"kind": "scripted", "script": str(path)}}
        self.configure({**self.settings, "providers": providers})
        return f"{name}/demo"

    def prompt(
        self, *replies: Sequence[Json], content: Any = "hello", token: Id | None = None, **params: Any
    ) -> "Turn":
        """Begin a turn, if there are replies with a model that plays them."""
        identifier = params.pop("identifier", None)
        token = f"events-{next(self._files)}" if token is None else token
        if replies:
            params["model"] = self.script(*replies, chars=params.pop("chars", 4), delay=params.pop("delay", 0))
        identifier = self.request(
            "chat/prompt", {"content": content, "partialResultToken": token, **params}, identifier
        )
        self._askers[key(token)] = key(identifier)
        return Turn(self, identifier, token, params.get("model", ""))

    # The end

    def settle(self) -> None:
        """Read all that is on its way, and check."""
        while any(self._received[name] < count for name, count in self._sent.items()):
            self.read()
        self.refusal("$/settled")
        self.check()

    def leave(self, *, shutdown: bool = True) -> int:
        """Say goodbye; gives the exit code."""
        if shutdown:
            self.call("shutdown")
        self.notify("exit")
        return self.wait()

    def wait(self, deadline: float = SOON) -> int:
        """Read until the end; gives the exit code."""
        try:
            while True:
                self.read(deadline)
        except GoneError:
            return self.process.wait(deadline)

    def check(self) -> None:
        """Whether all that must be true of every conversation is true of this one."""
        answers = Counter({name: count for name, count in self._received.items() if name != "null"})
        assert answers == self._sent, f"asked {self._sent - answers}, answered {answers - self._sent}"
        assert not self._late, "events followed their answer"
        for token in self._askers:
            _check_events(self._values.get(token, []))
        assert self.stderr == self._pardoned, self.stderr
        assert KEY not in self.stderr
        assert KEY not in repr(self.log)

    def kill(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def _check_events(values: list[Json]) -> None:
    """Numbered from one, of one turn, and begun as they should."""
    assert [value["seq"] for value in values] == list(range(1, len(values) + 1))
    assert len({value["turnId"] for value in values}) <= 1
    assert [at for at, value in enumerate(values) if value["kind"] == "turnStart"] == [0][: len(values)]
    _check_calls(values)


def _check_calls(values: list[Json]) -> None:
    """Every call that began has its one last word, and nothing follows it."""
    began = [value["toolCallId"] for value in values if value["kind"] == "toolCallStart"]
    for call_id in began:
        kinds = [value["kind"] for value in values if value.get("toolCallId") == call_id]
        assert kinds[0] == "toolCallStart"
        assert kinds[-1] == "toolRunEnd", kinds
        assert "toolCallEnd" in kinds


@dataclass
class Turn:
    """A prompt that was sent."""

    daemon: Daemon
    id: Id
    token: Id
    model: str
    seen_questions: set[Id] = field(default_factory=set[Id])

    @property
    def events(self) -> list[Json]:
        """Those that were read."""
        return self.daemon.values(self.token)

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    @property
    def text(self) -> str:
        return "".join(event["text"] for event in self.events if event["kind"] == "textChunk")

    def event(self, kind: str, **members: Any) -> Json:
        """The first event of that kind, read already or to come."""
        at = 0
        while True:
            for event in self.events[at:]:
                if {**event, "kind": kind, **members} == event:
                    return event
            at = len(self.events)
            self.daemon.read()

    def answer(self) -> Json:
        return self.daemon.answer(self.id)

    def result(self) -> Json:
        """How it ended. Raises `RefusedError` if it never began."""
        answer = self.answer()
        if "error" in answer:
            raise RefusedError(answer["error"])
        result = answer["result"]
        if self.daemon.settles:
            self.daemon.call("chat/session/load", {"sessionId": result["sessionId"], "last": 1})
        return result

    def error(self) -> RefusedError:
        """Why it never began."""
        try:
            result = self.result()
        except RefusedError as error:
            return error
        raise AssertionError(f"the prompt was not refused: {result}")

    @property
    def session_id(self) -> str:
        return self.event("turnStart")["sessionId"]

    @property
    def turn_id(self) -> str:
        return self.event("turnStart")["turnId"]

    def question(self) -> Json:
        """The next question of this turn that no test looked at: the whole request."""
        while True:
            for message in self.questions():
                if message["id"] not in self.seen_questions:
                    self.seen_questions.add(message["id"])
                    return message
            self.daemon.read()

    def questions(self) -> list[Json]:
        """All questions of this turn that were read."""
        asked = (item for item in self.daemon.log if item.get("method") == "chat/requestPermission")
        return [item for item in asked if item["params"]["turnId"] == self.turn_id]

    def call_id(self, call: int = 0) -> str:
        """The id of a call, counted in the order in which the model began them."""
        while len(begun := [event for event in self.events if event["kind"] == "toolCallStart"]) <= call:
            self.daemon.read()
        return begun[call]["toolCallId"]

    def ended(self, call: int = 0) -> Json:
        """The last event of a call."""
        return self.event("toolRunEnd", toolCallId=self.call_id(call))

    def said(self, call: int = 0) -> str:
        """The text that a call ended with."""
        return "\n".join(item["text"] for item in self.ended(call)["content"] if item["type"] == "text")

    def cancel(self) -> None:
        self.daemon.notify("$/cancelRequest", {"id": self.id})
