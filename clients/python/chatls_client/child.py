"""The daemon as a child process: its pipes, its end, and nobody left behind. Knows no protocol. POSIX only.

The pipes are read and written here and not by `asyncio.subprocess`, which takes a child for running as long as one of
its own children holds a pipe open.
"""

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
from anyio import to_thread

from chatls_client.errors import DaemonError

READ_SIZE = 65536
KEPT_LINES = 12
"""The last lines of the error stream, kept to tell why a daemon died."""
LINE_LIMIT = 500
KILL_GRACE = 0.5
"""Seconds between asking a group to end and killing it."""


class Child:
    """One process in a session of its own, so that the terminal's Ctrl-C does not reach it."""

    def __init__(self, command: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None) -> None:
        """Start it. Raises `DaemonError` where that cannot be done."""
        pipe = subprocess.PIPE
        try:
            self._popen = subprocess.Popen(
                list(command), stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, cwd=cwd, env=env, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise DaemonError(f"cannot start {command[0]!r}: {error}") from error
        assert self._popen.stdin
        assert self._popen.stdout
        assert self._popen.stderr
        self._pipes = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        self._stdin, self._stdout, self._stderr = (pipe.fileno() for pipe in self._pipes)
        for descriptor in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(descriptor, False)
        self._lines = deque[bytes](maxlen=KEPT_LINES)
        self._limiter = anyio.CapacityLimiter(1)
        self.exited = anyio.Event()
        """Set once it was reaped."""

    @property
    def pid(self) -> int:
        """Also the name of its group."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal, None while it runs."""
        return self._popen.returncode

    @property
    def fate(self) -> str:
        """What became of it, in words."""
        match self.exit_code:
            case None:
                return "closed its output"
            case code if code < 0:
                return f"was ended by signal {-code} ({signal.strsignal(-code)})"
            case code:
                return f"ended with exit code {code}"

    async def reap(self) -> None:
        """Wait for its end, and end what it left in its group."""
        await to_thread.run_sync(self._popen.wait, abandon_on_cancel=True, limiter=self._limiter)
        self._signal(signal.SIGKILL)
        self.exited.set()

    async def read(self) -> bytes:
        """What it wrote to its output; empty at the end."""
        return await _read(self._stdout)

    async def write(self, data: bytes) -> None:
        """Write all of it. Raises `OSError` once nobody reads."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._stdin, rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._stdin)

    def close_input(self) -> None:
        """Let it read the end of its input."""
        self._pipes[0].close()

    async def read_errors(self, heard: Callable[[str], None]) -> None:
        """Pass on its error stream line by line, for as long as it is open."""
        rest = b""
        while data := await _read(self._stderr):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-READ_SIZE:]
            for line in lines:
                self._hear(line, heard)
        self._hear(rest, heard)

    def _hear(self, line: bytes, heard: Callable[[str], None]) -> None:
        if line.strip():
            self._lines.append(line)
            heard(_text(line))

    def last_words(self) -> tuple[str, ...]:
        """The last lines of its error stream."""
        return tuple(_text(line) for line in self._lines)

    async def end(self, grace: float) -> None:
        """Give it `grace` seconds to leave by itself, then end its whole group; return when it is gone."""
        for seconds, then in ((grace, signal.SIGTERM), (KILL_GRACE, signal.SIGKILL), (KILL_GRACE, signal.SIGKILL)):
            with anyio.move_on_after(seconds):
                await self.exited.wait()
            if not self.exited.is_set():
                self._signal(then)

    def release(self) -> None:
        """Close the pipes; kill and reap what a cancelled `end` left over (only then does it block, and shortly)."""
        for pipe in self._pipes:
            pipe.close()
        if not self.exited.is_set():
            self._signal(signal.SIGKILL)
            self._popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        # macOS says "not permitted" of a group that holds nothing but a zombie.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip()[:LINE_LIMIT]


async def _read(descriptor: int) -> bytes:
    while True:
        await anyio.wait_readable(descriptor)
        try:
            return os.read(descriptor, READ_SIZE)
        except BlockingIOError:
            continue
