"""Drives the daemon, the floor and the model server for a measurement: processes, frames with their reading times."""

import os
import queue
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from time import clock_gettime_ns, monotonic_ns, sleep
from typing import IO, Any, NamedTuple, Self
from urllib.request import urlopen

import orjson

HERE = Path(__file__).parent
WITHOUT_FAST = "import sys; sys.modules['httpx_aiohttp'] = None; from chatls.__main__ import main; main()"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With it, what a checkout holds would be compiled at each start, and what is installed would not."""
VSCODE: dict[str, Any] = orjson.loads((HERE / "vscode_capabilities.json").read_bytes())


class Read(NamedTuple):
    """A message, and when it was read."""

    at: int
    """Nanoseconds of the monotonic clock."""
    message: dict[str, Any]


class Frames:
    """Reads frames in a thread, so that reading is never what is waited for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.queue: queue.SimpleQueue[Read | None] = queue.SimpleQueue()
        self._stream = stream
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        buffer = b""
        while data := os.read(self._stream.fileno(), 2**18):
            at = monotonic_ns()
            buffer += data
            while (end := buffer.find(b"\r\n\r\n")) >= 0:
                size = int(buffer[16:end])
                if len(buffer) < end + 4 + size:
                    break
                self.queue.put(Read(at, orjson.loads(buffer[end + 4 : end + 4 + size])))
                buffer = buffer[end + 4 + size :]
        self.queue.put(None)


class Note(NamedTuple):
    """What happened at the model server."""

    what: str
    at: int
    """Nanoseconds of the monotonic clock."""
    cpu: float
    """Processor time of the watched process at that moment, in microseconds."""


class ModelServer:
    """The model server, as a process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, str(HERE / "model_server.py")], stdout=subprocess.PIPE)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def notes(self) -> list[Note]:
        """What happened since the last call."""
        return [Note(*note) for note in orjson.loads(self.get("log"))]

    def note(self, what: str, after: int = 0) -> Note:
        """Wait until something was noted."""
        while True:
            for note in self.notes():
                if note.what == what and note.at > after:
                    return note

    def watch(self, pid: int) -> None:
        """Note a process's processor time with everything from now on."""
        self.get(f"watch/{pid}")

    def get(self, path: str) -> bytes:
        """Ask it something."""
        with urlopen(f"http://127.0.0.1:{self.port}/{path}") as answer:
            return answer.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


class Daemon:
    """The daemon as an editor starts it; `fast` False: one that had an extra of that name runs without it."""

    def __init__(
        self,
        server: ModelServer,
        python: str = sys.executable,
        *,
        fast: bool = True,
        root: Path = HERE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        home = mkdtemp(prefix="chatls-bench-")
        self.home = Path(home)
        self.started = monotonic_ns()
        self.process = subprocess.Popen(
            [python, *(["-m", "chatls"] if fast else ["-c", WITHOUT_FAST])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**ENVIRONMENT, "HOME": home, "XDG_CONFIG_HOME": home, **(environment or {})},
        )
        assert self.process.stdout
        assert self.process.stdin
        self._stdin = self.process.stdin
        self._frames = Frames(self.process.stdout)
        self._count = 0
        provider = {"kind": "openai_chat", "baseUrl": f"http://127.0.0.1:{server.port}/v1"}
        silent = {"kind": "openai_chat", "baseUrl": f"http://127.0.0.1:{server.port}/silent"}
        self._initialize = {
            "processId": os.getpid(),
            "rootUri": root.as_uri(),
            "capabilities": VSCODE,
            "initializationOptions": {"model": "bench/model", "providers": {"bench": provider, "silent": silent}},
        }

    def ask_of(self, script: str) -> None:
        """Have a script for a model, and a client that asks people. Before `initialize`."""
        provider = {"kind": "scripted", "script": script}
        self._initialize["initializationOptions"] = {
            "model": "play/it",
            "providers": {"play": provider},
            "commands": {"sandbox": "off"},
        }
        chat = {"chat": {"version": 1, "permission": True}}
        self._initialize["capabilities"] = {**VSCODE, "experimental": chat}

    def initialize(self) -> int:
        """Shake hands. Gives the nanoseconds from the start of the process to the answer."""
        identifier = self.request("initialize", self._initialize)
        answer = self.answer(identifier)
        self.send({"method": "initialized", "params": {}})
        return answer.at - self.started

    def prompt(self, words: str, token: object = None, **more: Any) -> int:
        """Send a prompt; gives its id."""
        params = {"content": words, "partialResultToken": token, **more}
        return self.request("chat/prompt", params)

    def request(self, method: str, params: Any) -> int:
        """Send a request; gives its id."""
        self._count += 1
        self.send({"id": self._count, "method": method, "params": params})
        return self._count

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        body = orjson.dumps({"jsonrpc": "2.0", **message})
        self._stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._stdin.flush()

    def read(self) -> Read:
        """The next message."""
        item = self._frames.queue.get(timeout=120)
        assert item is not None, "the daemon ended"
        return item

    def answer(self, identifier: int) -> Read:
        """The answer to a request; what comes before it is passed over."""
        return self.until(identifier)[-1]

    def until(self, *identifiers: int) -> list[Read]:
        """All messages up to the last of these answers."""
        open_ids, found = set(identifiers), list[Read]()
        while open_ids:
            found.append(self.read())
            message = found[-1].message
            if "method" not in message:
                assert "error" not in message, message
                open_ids.discard(message["id"])
        return found

    def event(self, kind: str) -> Read:
        """The next event of a kind."""
        while True:
            item = self.read()
            if item.message.get("method") == "$/progress" and item.message["params"]["value"].get("kind") == kind:
                return item

    def cpu(self) -> float:
        """Processor time so far, in microseconds."""
        return cpu(self.process.pid)

    def settled(self) -> float:
        """Processor time so far, as soon as no more is used, in microseconds."""
        return settled(self.process.pid)

    def memory(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.process.kill()
            return
        self.answer(self.request("shutdown", None))
        self.send({"method": "exit"})
        self.process.wait(5)


def settled(pid: int) -> float:
    """Processor time of a process so far, as soon as no more is used, in microseconds."""
    before, now = -1.0, cpu(pid)
    while now - before > 200:
        sleep(0.03)
        before, now = now, cpu(pid)
    return now


def waiting(pid: int) -> float:
    """Processor time of a process so far, as soon as all its threads wait, in microseconds: the clock of one that runs
    is behind."""
    while any(path.read_text().rpartition(") ")[2][0] in "RD" for path in Path(f"/proc/{pid}/task").glob("*/stat")):
        sleep(0.0003)
    return cpu(pid)


def cpu(pid: int) -> float:
    """Processor time of a process so far, all threads, also those that ended, in microseconds."""
    return clock_gettime_ns(~pid << 3 | 2) / 1000


def cpu_of(argv: list[str]) -> tuple[float, list[Read]]:
    """Run a program to its end; its processor time in microseconds, and the frames that it wrote."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert process.stdout
    frames, found = Frames(process.stdout), list[Read]()
    first, last = 0.0, 0.0
    while (item := frames.queue.get(timeout=120)) is not None:
        if not found:
            first = cpu(process.pid)
        found.append(item)
        if len(found) % 100 == 0:
            last = cpu(process.pid)
    process.wait()
    return last - first, found
