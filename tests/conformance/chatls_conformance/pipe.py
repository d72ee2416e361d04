"""A daemon as a child process: messages go in and come out, and nothing else is known of it."""

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from chatls_conformance.framing import Cutter, FramingError, Json, packed

KEY_VARIABLE, KEY = "CHATLS_CONFORMANCE_KEY", "canary-0815"
"""A key that the daemon is given, and that it must not show."""

Tap = Callable[[str, Json], list[tuple[str, Json | bytes]]]
"""Sees each message between the two ends, told who says it ("client", "daemon"), and gives what comes of it: messages,
or bytes as they are, each with whom it goes to."""


@dataclass(frozen=True)
class Said:
    """One message, who said it ("client", "daemon"), and when."""

    by: str
    message: Json
    at: float


class GoneError(Exception):
    """The daemon closed its output."""


class Pipe:
    """A daemon that was started, and a thread that reads what it says."""

    def __init__(self, command: Sequence[str], folder: Path, tap: Tap | None = None) -> None:
        self.folder = folder
        self._tap = tap
        self._incoming: queue.Queue[Said | Exception] = queue.Queue()
        self._reading = threading.Event()
        self._reading.set()
        self._closed = False
        self._second = Cutter()
        """Cuts what the tap lets through."""
        home = folder / "home"
        places = {"CONFIG": ".config", "CACHE": ".cache", "STATE": ".local/state", "DATA": ".local/share"}
        homes = {"HOME": str(home), **{f"XDG_{name}_HOME": str(home / place) for name, place in places.items()}}
        home.mkdir(exist_ok=True)
        with (folder / "stderr").open("ab") as words:
            self.process = subprocess.Popen(
                list(command),
                cwd=folder,
                env={**os.environ, **homes, KEY_VARIABLE: KEY},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                bufsize=0,
            )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def send(self, message: Json) -> None:
        """Send a message. A daemon that has left is not told."""
        whole = {"jsonrpc": "2.0", **message}
        if self._tap:
            self._pass("client", whole)
        else:
            self.write(packed(whole))

    def write(self, data: bytes) -> None:
        """Send bytes."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            view = memoryview(data)
            while view:
                view = view[self._stdin.write(view) or 0 :]

    def close_input(self) -> None:
        """End the daemon's input."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def next(self, seconds: float) -> Said:
        """The next message. Raises `TimeoutError`, `GoneError`, `FramingError`."""
        try:
            found = self._incoming.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, Exception):
            self._incoming.put(found)
            raise found
        return found

    def pause(self) -> None:
        """Read nothing until `resume`: what the pipe does not hold waits at the daemon."""
        self._reading.clear()

    def resume(self) -> None:
        """Read again."""
        self._reading.set()

    def end(self) -> None:
        """Kill it, if it has not left."""
        self._closed = True
        self._reading.set()
        self.process.kill()
        self.process.wait()
        self._thread.join(5)
        self.close_input()
        assert self.process.stdout
        self.process.stdout.close()

    @property
    def stderr(self) -> str:
        """The last words of its log."""
        return (self.folder / "stderr").read_text("utf-8", "replace")[-2000:]

    @property
    def _stdin(self) -> Any:
        assert self.process.stdin
        return self.process.stdin

    def _read(self) -> None:
        assert self.process.stdout
        number = self.process.stdout.fileno()
        cutter = Cutter()
        try:
            while data := os.read(number, 2**16):
                for body in cutter.feed(data):
                    self._heard(body)
                self._reading.wait()
            rest = cutter.rest or self._second.rest
            self._incoming.put(FramingError(f"half a frame at the end: {rest[:80]!r}") if rest else GoneError())
        except (FramingError, OSError) as error:
            self._incoming.put(error if not self._closed else GoneError())

    def _heard(self, body: bytes) -> None:
        if self._tap is None:
            self._say(body)
        else:
            self._pass("daemon", json.loads(body))

    def _pass(self, by: str, message: Json) -> None:
        """Give a message to the tap, and what comes of it to the two ends."""
        assert self._tap
        for to, item in self._tap(by, message):
            data = item if isinstance(item, bytes) else packed(item)
            if to == "daemon":
                self.write(data)
                continue
            for whole in self._second.feed(data):
                self._say(whole)

    def _say(self, body: bytes) -> None:
        try:
            message = json.loads(body)
        except ValueError:
            raise FramingError(f"a frame without JSON: {body[:80]!r}") from None
        if not isinstance(message, dict):
            raise FramingError(f"a frame without an object: {body[:80]!r}")
        self._incoming.put(Said("daemon", cast("Json", message), time.monotonic()))
