"""Child processes: each in a session and process group of its own, and gone when it is closed, grandchildren too.

With `wire/stdio.py` the only file of POSIX calls. asyncio's own subprocesses are not used: their `wait` also waits
for the pipes' end, which a grandchild can hold open for ever.
"""

import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import anyio
from anyio import lowlevel, to_thread

from chatls.children.pipes import PipeReader, PipeWriter
from chatls.children.procfs import carries, group_members, pids, title

_POLL = 0.02
"""Seconds between two looks at a child where the system cannot tell when it ends."""
_LAST_WAIT = 1.0
"""Seconds for a killed child to be gone; one that sleeps in the kernel is left to itself."""

_MARK = "CHATLS_COMMAND"
"""A variable in the environment of a watched child, by which those are found who left its process group."""
_MOMENT = 0.05
"""Seconds for those who are about to end as well."""
_ROUNDS = 20
"""Looks for such ones: who forks while we look is found the next time."""
_GUARD = 'read -r _ || kill -s KILL -- "-$1"'
"""For a shell that reads a pipe whose other end is ours alone: it reads the end when we are gone, even by SIGKILL."""

_children: "set[Child]" = set()
"""All that run, so that none outlives the daemon, however it ends."""


def kill_all() -> None:
    """Kill every child and its process group, now. For a daemon that leaves."""
    children = list(_children)
    for child in children:
        child.kill()
    if marks := [child.mark for child in children if child.mark]:
        _kill_marked(*marks)


async def gone(pid: int) -> None:
    """Wait until some process, not a child of ours, has ended."""
    watch = _watch(pid)
    if watch is not None:
        await _readable(watch)
        return
    while _exists(pid):
        await anyio.sleep(1)


if sys.platform == "linux":
    from os import pidfd_open
else:

    def pidfd_open(pid: int, flags: int = 0) -> int:
        """Only Linux tells of a process's end in this way."""
        raise NotImplementedError(pid, flags)


class Child:
    """A running program. Close it, or use it as an asynchronous context manager; any task may do either."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str | None = None) -> None:
        self._process = process
        self.mark = mark
        """By which those are found who left its process group; None unless it is watched."""
        self.left: list[str] = []
        """The command lines of what it had left running when it ended, and what was ended then (if it is watched)."""
        self._guard: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._wrapped = False
        self.pid = process.pid
        """Also the name of its process group."""
        self.stdin = PipeWriter(_opened(process.stdin)) if process.stdin else None
        """None unless it was asked for: the child then reads from the null device."""
        self.stdout = PipeReader(_opened(process.stdout))
        self.stderr = PipeReader(_opened(process.stderr)) if process.stderr else self.stdout
        _children.add(self)

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bool | IO[bytes] = False,
        joined: bool = False,
        guarded: bool = False,
        watched: bool = False,
        wrapped: bool = False,
    ) -> Self:
        """Start a program, never by way of a shell. It inherits no file descriptors but its own three.

        `env` is the whole environment; without it the child gets ours, but for RIPGREP_CONFIG_PATH. `stdin`: it reads
        what is written to it (`True`), or a file that is open. `joined`: both
        streams come at `stdout`, in the order in which they are written. `guarded`: its process group ends with us even
        if we are killed. `watched`, for what strangers write: the same, and (on Linux) `end` also finds those who left
        the group, as long as they keep the environment. `wrapped`: it stands around another program, in the same group,
        and ends with it: that one is told to end. Raises `OSError` where the program cannot be started.
        """
        await lowlevel.checkpoint()
        if env is None:
            env = {name: value for name, value in os.environ.items() if name != "RIPGREP_CONFIG_PATH"}
        mark = secrets.token_hex(8) if watched else None
        if mark:
            env = {**env, _MARK: mark}
        child = cls(_spawn(argv, cwd, env, stdin=stdin, joined=joined), mark)
        if guarded or watched:
            child._guard = _guarded(child.pid)
        child._wrapped = wrapped
        return child

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def ended(self) -> bool:
        """Whether the program has ended. Looks, and does not wait."""
        return self.code is not None

    @property
    def code(self) -> int | None:
        """What `wait` would return; None while the program runs. Looks, and does not wait."""
        return self._reap()

    async def wait(self) -> int:
        """Wait for the program itself, not for what it left behind, and not for its pipes.

        Returns its exit code, or minus the signal that killed it. What is left of its process group is killed.
        """
        await lowlevel.checkpoint()
        if self._process.returncode is None:
            await _ended(self.pid)
            if self.mark and not self._ending:  # it was not reaped, so its group still has its name
                self.left += await to_thread.run_sync(_left_in, self.pid)
        while (code := self._reap()) is None:
            await _ended(self.pid)
        return code

    async def end(self, grace: float = 2.0) -> None:
        """End the program and all of its process group: TERM, at most `grace` seconds, then KILL. Reaps it.

        What it wrote can still be read. Not cut short by cancellation; does nothing the second time.
        """
        try:
            self._ending = True
            with anyio.CancelScope(shield=True):
                if self._wrapped:
                    await to_thread.run_sync(_end_members, self.pid)
                else:
                    self._signal(signal.SIGTERM)
                with anyio.move_on_after(grace):
                    await self.wait()
                self._signal(signal.SIGKILL)
                with anyio.move_on_after(_LAST_WAIT):
                    await self.wait()
                if self.mark:
                    self.left += await to_thread.run_sync(_kill_marked, self.mark)
        finally:  # reached without waiting where a native `task.cancel()` pierces the shield
            self.kill()
            self.mark = None

    async def aclose(self, grace: float = 2.0) -> None:
        """As `end`, and close the pipes."""
        try:
            await self.end(grace)
        finally:
            for stream in (self.stdin, self.stdout, self.stderr):
                if stream:
                    stream.close()

    def kill(self) -> None:
        """Kill the program and its process group, now, without waiting for its end."""
        self._signal(signal.SIGKILL)
        self._dismiss()
        self._reap()

    def _reap(self) -> int | None:
        """The exit code if there is one. The group is killed at once, before its number can belong to others."""
        if self._process.returncode is None and self._process.poll() is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
                if sys.platform != "linux" and not self._ending:
                    self.left.append("")  # something was there; this system does not tell what
            _children.discard(self)
            self._dismiss()
        return self._process.returncode

    def _dismiss(self) -> None:
        """The guard has nothing more to guard, and the number of the group may soon belong to others."""
        if self._guard:
            self._guard.kill()
            self._guard.wait()  # no more than a moment: it was killed
            _opened(self._guard.stdin).close()
            self._guard = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def locked(path: Path) -> int | None:
    """Take a lock file, which is made if need be: the descriptor that holds it until it is closed; None where another
    holds it. The system lets go of it when its process ends, however that ends. Raises `OSError`.
    """
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except OSError:
        pass  # a file system that knows no locks: better alone than never
    return held


def _spawn(
    argv: Sequence[str], cwd: str | Path | None, env: Mapping[str, str], *, stdin: bool | IO[bytes], joined: bool
) -> subprocess.Popen[bytes]:
    """Start it on the event loop: it takes about a millisecond, and in a thread a cancel could lose the child."""
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=(subprocess.PIPE if stdin else subprocess.DEVNULL) if isinstance(stdin, bool) else stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if joined else subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )


def _guarded(group: int) -> subprocess.Popen[bytes] | None:
    """A process that kills the group when ours is gone. None where the system has none to spare."""
    try:
        return subprocess.Popen(
            ("/bin/sh", "-c", _GUARD, "chatls-guard", str(group)),
            env={},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
    except OSError:
        return None


def _kill_marked(*marks: str) -> list[str]:
    """Kill all that carry one of the marks in their environment, until there is none. Gives their command lines.
    Blocks for some milliseconds."""
    entries, killed = {f"{_MARK}={mark}".encode() for mark in marks}, dict[int, str]()
    for _ in range(_ROUNDS):
        found = [pid for pid in pids() if carries(pid, entries)]
        for pid in found:
            killed.setdefault(pid, title(pid))
            _kill_one(pid, entries)
        if not found:
            break
    return list(killed.values())


def _end_members(group: int) -> None:
    """Tell all of a process group to end, but for its leader."""
    for pid in group_members(group):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)


def _left_in(group: int) -> list[str]:
    """The command lines of those who are still there when the leader of a group has ended, and a moment later."""
    deadline = time.monotonic() + _MOMENT
    while (left := group_members(group)) and time.monotonic() < deadline:
        time.sleep(_MOMENT / 10)
    return [title(pid) for pid in left]


def _kill_one(pid: int, entries: set[bytes]) -> None:
    watch = _watch(pid)  # from here on the number cannot come to mean another process
    with suppress(ProcessLookupError, PermissionError):
        if not carries(pid, entries):
            pass
        elif watch is None:
            os.kill(pid, signal.SIGKILL)
        else:
            signal.pidfd_send_signal(watch, signal.SIGKILL)
    if watch is not None:
        os.close(watch)


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    os.set_blocking(pipe.fileno(), False)
    return pipe


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has so great a number
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True


async def _ended(pid: int) -> None:
    """Wait until a child that was not reaped yet may have ended."""
    watch = _watch(pid)
    if watch is None:
        await anyio.sleep(_POLL)
    else:
        await _readable(watch)


async def _readable(watch: int) -> None:
    try:
        await anyio.wait_readable(watch)
    finally:
        os.close(watch)


def _watch(pid: int) -> int | None:
    """A file descriptor that is readable when the child has ended; one for each who waits."""
    try:
        return pidfd_open(pid)
    except (OSError, OverflowError, NotImplementedError):  # an old kernel, a sandbox that forbids it, another system
        return None
