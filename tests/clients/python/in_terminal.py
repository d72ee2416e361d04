"""A program in a terminal of its own: keys in, what a person would see out."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tiny_terminal import TinyTerminal

CTRL_C = b"\x03"
DEADLINE = 30

# A session leader has no terminal before it takes one; then Ctrl-C is a signal, as it is for a person.
_TAKE_TERMINAL = (
    "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class InTerminal:
    """One running program."""

    def __init__(self, master: int, process: subprocess.Popen[bytes], width: int) -> None:
        self._master = master
        self._process = process
        self._width = width
        self._output = b""
        self.pid = process.pid

    def wait_for(self, words: str) -> str:
        """Read until the words were written; everything that was written so far."""
        return self.wait_for_nth(words, 1)

    def wait_for_nth(self, words: str, count: int) -> str:
        """Read until they were written so often."""
        limit = time.monotonic() + DEADLINE
        while self.written.count(words) < count:
            assert time.monotonic() < limit, f"{words!r} was not written, but {self.written[-500:]!r}"
            assert self._read(), f"ended without {words!r}: {self.written[-500:]!r}"
        return self.written

    @property
    def written(self) -> str:
        return self._output.decode("utf-8", "replace")

    @property
    def screen(self) -> list[str]:
        """What stands on the screen."""
        terminal = TinyTerminal(self._width)
        terminal.write(self.written)
        return terminal.text

    @property
    def mode(self) -> int:
        """The terminal's local modes, as termios has them."""
        return termios.tcgetattr(self._master)[3]

    def wait_for_screen(self, check: Callable[[list[str]], bool]) -> None:
        """Read until the screen is as it should be."""
        limit = time.monotonic() + DEADLINE
        while not check(self.screen):
            assert time.monotonic() < limit, f"the screen is {self.screen}"
            assert self._read(), f"ended with {self.screen}"

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def resize(self, width: int) -> None:
        self._width = width
        _set_size(self._master, width)

    def children(self) -> list[int]:
        """Processes that it has started and that still run."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def end(self) -> int:
        """Read to the end; the exit code."""
        limit = time.monotonic() + DEADLINE
        while self._read():
            assert time.monotonic() < limit, f"does not end: {self.written[-500:]!r}"
        return self._process.wait(DEADLINE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 0.5)
        if not ready:
            return self._process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            return False
        self._output += data
        return bool(data)


@contextmanager
def in_terminal(
    *arguments: str, width: int = 80, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Generator[InTerminal]:
    """Run Python with these arguments in a terminal; it and its group are gone afterwards."""
    master, slave = pty.openpty()
    _set_size(master, width)
    command = [sys.executable, "-c", _TAKE_TERMINAL, sys.executable, *arguments]
    ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = {**ours, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=cwd, env=environment
    )
    os.close(slave)
    try:
        yield InTerminal(master, process, width)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)


def _set_size(descriptor: int, width: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has, too, but its parent has not noticed)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
