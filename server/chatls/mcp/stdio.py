"""An MCP server that is a program: one message a line over its pipes, its stderr for the log.

It ends when it is closed: the end of its input, then TERM, then KILL, to its whole process group; and it ends with us,
even if we are killed (`children/process.py`).
"""

import logging
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import anyio
import anyio.lowlevel
from anyio import to_thread

from chatls.children.pipes import PipeReader
from chatls.children.process import Child
from chatls.content import JsonObject
from chatls.jsontext import dumps, loads_leniently
from chatls.mcp.link import LONGEST_LINE, Hear, LinkError, cancelled
from chatls.shapes import as_object, member
from chatls.signals import Signal
from chatls.visible import harmless, visible_line

log = logging.getLogger(__name__)

FAREWELL = 0.5
"""Seconds for a program to end by itself once its input has ended."""
GRACE = 1.0
"""Seconds more behind TERM."""
_LAST_READ = 0.2
"""Seconds to read what a program left in its pipes when it ended."""
_MOST_WAITING = 32 * 2**20
"""Bytes that wait for a server that does not read."""
_LONGEST_COMPLAINT = 500
_LONGEST_WORDS = 1000
_BIG = 256 * 1024
"""Bytes from which on a message is read in a worker thread."""
_UNASKED = 4 * 2**20
"""Bytes that a server may say while nobody asks it anything; from then on it is read slowly."""
_PACE = 0.02
_ID = re.compile(rb'"id"\s*:\s*(\d{1,15})\b')


class _Awaited:
    """A request that waits for its answer."""

    def __init__(self) -> None:
        self.over = anyio.Event()
        self.answer: JsonObject | LinkError = LinkError("ended")

    def settle(self, answer: JsonObject | LinkError) -> None:
        if not self.over.is_set():
            self.answer = answer
            self.over.set()


class StdioLink:
    """A program (`ServerLink`)."""

    def __init__(self, name: str, child: Child, hear: Hear, clean: Callable[[str], str]) -> None:
        """`clean` takes secrets out of what it says."""
        self.transport: Literal["pipe", "tcp"] = "pipe"
        self.version: str | None = None
        self.modern = False
        self._name = name
        self._child = child
        self._hear = hear
        self._clean = clean
        self._waiting: dict[int, _Awaited] = {}
        self._lines = deque[bytes]()
        self._size = 0
        self._more = Signal()
        self._over: LinkError | None = None
        self._words = ""
        self._unasked = 0
        self._garbage = 0

    @classmethod
    async def start(
        cls,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        hear: Hear,
        clean: Callable[[str], str],
    ) -> "StdioLink":
        """Start the program. Raises `LinkError` where that cannot be."""
        try:
            child = await Child.start(argv, cwd=folder, env=environment, stdin=True, watched=True)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise LinkError(f"{argv[0]} cannot be started: {reason}", final=True) from error
        return cls(name, child, hear, clean)

    async def serve(self) -> None:
        """`ServerLink.serve`."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._write)
                tasks.start_soon(self._listen)
                tasks.start_soon(self._end_with_child, tasks.cancel_scope)
                await self._read()
                with anyio.move_on_after(_LAST_READ):
                    await self._child.wait()
                tasks.cancel_scope.cancel()
        finally:
            ended = LinkError(self._how_it_ended())
            self._fail(ended)
        raise ended

    async def ask(
        self, message: JsonObject, *, headers: Mapping[str, str] | None = None, quiet: bool = False
    ) -> JsonObject:
        """`ServerLink.ask`."""
        del headers
        if self._over is not None:
            raise LinkError(str(self._over))
        identifier, waiting = int(message["id"]), _Awaited()
        self._waiting[identifier] = waiting
        self._unasked = 0
        self.tell(message)
        try:
            await waiting.over.wait()
        except anyio.get_cancelled_exc_class():
            if not quiet and not waiting.over.is_set():
                self.tell(cancelled(message))
            raise
        finally:
            del self._waiting[identifier]
        if isinstance(waiting.answer, LinkError):
            raise LinkError(str(waiting.answer))
        return waiting.answer

    def tell(self, message: JsonObject) -> None:
        """`ServerLink.tell`."""
        line = dumps(message) + b"\n"
        if self._over is None and self._size + len(line) <= _MOST_WAITING:
            self._lines.append(line)
            self._size += len(line)
            self._more.fire()

    def last_words(self) -> str:
        """`ServerLink.last_words`."""
        return self._words

    async def aclose(self) -> None:
        """`ServerLink.aclose`."""
        with anyio.CancelScope(shield=True):
            if self._child.stdin:
                self._child.stdin.close()
            with anyio.move_on_after(FAREWELL):
                await self._child.wait()
            await self._child.aclose(GRACE)

    def let_go(self) -> None:
        """Close its input, now, so that it may end by itself; for a daemon that leaves."""
        if self._child.stdin:
            self._child.stdin.close()

    async def _end_with_child(self, scope: anyio.CancelScope) -> None:
        """Something that it started may hold its pipes open for ever."""
        await self._child.wait()
        await anyio.sleep(_LAST_READ)
        scope.cancel()

    def _how_it_ended(self) -> str:
        code = self._child.code
        how = "it closed its output" if code is None else f"it ended with exit code {code}"
        how = f"it was killed by signal {-code}" if code is not None and code < 0 else how
        return f"{how}: {self._words}" if self._words else how

    def _fail(self, error: LinkError) -> None:
        self._over = self._over or error
        for waiting in self._waiting.values():
            waiting.settle(error)

    async def _write(self) -> None:
        """Hand lines over, whole ones: who asked may not wait any more."""
        stdin = self._child.stdin
        assert stdin is not None
        while True:
            while self._lines:
                line = self._lines.popleft()
                self._size -= len(line)
                try:
                    await stdin.send(line)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                    return  # the end of its output tells why
            await self._more.wait()

    async def _read(self) -> None:
        held, size, lost = list[bytes](), 0, False
        while (data := await _received(self._child.stdout)) is not None:
            await self._paced(len(data))
            *lines, rest = data.split(b"\n")
            for line in lines:
                if lost:
                    self._too_long(b"".join(held) + line[-1000:])
                else:
                    await self._take(b"".join((*held, line)))
                held, size, lost = [], 0, False
            size += len(rest)
            held.append(rest)
            if size > LONGEST_LINE and not lost:
                lost = True
                held = [b"".join(held)[:1000]]
            elif lost:
                held = [held[0], b"".join(held[1:])[-1000:]]

    async def _paced(self, size: int) -> None:
        """Who talks and talks unasked must not keep the daemon busy."""
        self._unasked = 0 if self._waiting else self._unasked + size
        if self._unasked > _UNASKED:
            await anyio.sleep(_PACE)

    def _too_long(self, ends: bytes) -> None:
        """An answer that is too long fails its call; where it is not clear whose answer it was, all of them."""
        error = LinkError(f"its answer is longer than {LONGEST_LINE >> 20} MiB")
        found = _ID.search(ends[:200]) or _ID.search(ends[-200:])
        named = self._waiting.get(int(found[1])) if found else None
        for waiting in [named] if named else list(self._waiting.values()):
            waiting.settle(error)

    async def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            if len(line) > _BIG:
                value = await to_thread.run_sync(loads_leniently, line, abandon_on_cancel=True)
            else:
                value = loads_leniently(line)
        except ValueError:
            self._complain(line)
            return
        message = as_object(value) if isinstance(value, dict) else {}
        if "method" in message:
            self._hear(message, None)
        elif ("result" in message or "error" in message) and isinstance(identifier := member(message, "id"), int):
            if waiting := self._waiting.get(identifier):
                waiting.settle(message)
        elif "error" not in message:
            self._complain(line)

    def _complain(self, line: bytes) -> None:
        """What it prints there is not for us. The first few are told in the log."""
        self._garbage += 1
        if self._garbage <= 3:
            text = self._clean(line[:_LONGEST_COMPLAINT].decode("utf-8", "replace"))
            log.info("the MCP server %s printed what is no message: %s", self._name, visible_line(text))

    async def _listen(self) -> None:
        """Its stderr, line by line."""
        held = b""
        while (data := await _received(self._child.stderr)) is not None:
            await anyio.lowlevel.checkpoint()
            *lines, held = (held + data).split(b"\n")
            held = held[:_LONGEST_WORDS]
            for line in lines:
                self._said(line[:_LONGEST_WORDS])
            if len(data) > _BIG // 8:
                await anyio.sleep(_PACE)
        self._said(held)

    def _said(self, line: bytes) -> None:
        if text := self._clean(harmless(line.decode("utf-8", "replace")).strip()):
            self._words = visible_line(text, 300)
            log.info("%s: %s", self._name, text)


async def _received(pipe: PipeReader) -> bytes | None:
    try:
        return await pipe.receive()
    except (anyio.EndOfStream, anyio.ClosedResourceError, OSError):
        return None
