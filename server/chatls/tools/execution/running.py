"""A command that runs: its output is taken, shown and kept, and it is ended with all that it started. Knows no tool."""

import codecs
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from signal import Signals
from time import monotonic

import anyio
from anyio import CancelScope, create_task_group, to_thread

from chatls.children.outputs import OutputFile
from chatls.children.plaintext import Plain
from chatls.children.process import Child
from chatls.children.wall.traces import Aftermath
from chatls.tools.execution.kept import Kept
from chatls.tools.execution.live import LiveOutput

_CHUNK = 16384
_MOST_UNSAVED = 2**18
"""Bytes that wait to be written into the file, at most."""
_LOOK_AFTER = 3.0
"""Seconds between two looks at what a command in the background did to files that decide what runs."""
_LAST = 2**20
"""Bytes that are still read when the program has ended: more lies in no pipe."""


class Running:
    """One command."""

    def __init__(self, child: Child, folder: Path, room: int, show: Callable[[str], None]) -> None:
        """`folder` is for the file of a long output, `room` as for `Kept`."""
        self.child = child
        self.kept = Kept(room)
        self.file: OutputFile | None = None
        """The whole output, as soon as it is longer than what is kept."""
        self.trouble = ""
        """Why there is no such file."""
        self.adopted = False
        """It goes on in the background."""
        self.leave: Callable[[], Awaitable[Aftermath]] | None = None
        """Of a command in the sandbox: what is done when all of it has ended."""
        self.aftermath = Aftermath()
        """What came of that."""
        self._folder = folder
        self._live = LiveOutput(show)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._plain = Plain()
        self._unsaved = bytearray()
        self._news = anyio.Event()
        self._saving = anyio.Lock()
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return monotonic() - self._began

    @property
    def line(self) -> str:
        """The state of a line that is not finished."""
        return self._plain.line

    def end_word(self) -> str:
        """How it ended."""
        code = self.child.code
        how = "still running" if code is None else f"killed by {_signal(-code)}" if code < 0 else f"exit code {code}"
        return f"{how} after {self.seconds:.1f} s"

    def signal_word(self) -> str:
        """Of a command inside another program, which makes an exit code of a signal: which one that may have been."""
        code = self.child.code or 0
        return f" (as when killed by {_signal(code - 128)})" if code > 128 else ""

    async def until(self, ending: Callable[[], Awaitable[object]]) -> None:
        """Take the output while `ending` is awaited, which waits for the program or ends it."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._read)
            tasks.start_soon(self._tell)
            await ending()
            tasks.cancel_scope.cancel()  # what it left behind may hold the pipe open for ever

    async def go_on(self) -> None:
        """Stay with a command that was sent to the background, until it ends."""
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._look_after)
                await self.until(self.child.wait)
                tasks.cancel_scope.cancel()
        finally:
            await self.close()

    async def save(self) -> None:
        """Write into the file what is not in it yet. Makes the file."""
        with CancelScope(shield=True):
            async with self._saving:
                data = bytes(self._unsaved)
                self._unsaved.clear()
                await to_thread.run_sync(self._write, data)

    async def close(self) -> None:
        """End it and all that it started, if that is not over; take its last words. Not cut short by cancellation."""
        with CancelScope(shield=True):
            try:
                await self.child.end()
                await self._set_right()
                self._drain()
                self._take(self._decoder.decode(b"", final=True), last=True)
                if self.adopted:
                    self._take("".join(f"\n[{words}]" for words in (self.end_word(), *self.aftermath.words)) + "\n")
                self._live.piece("")
                if self.adopted or not self.kept.is_whole:
                    await self.save()
            finally:
                await self.child.aclose()
                if self.file:
                    self.file.close()

    async def _set_right(self) -> None:
        if self.leave:
            leave, self.leave = self.leave, None
            self.aftermath = self.aftermath.and_then(await leave())

    async def _look_after(self) -> None:
        """What a command in the sandbox makes is not left until its end, where that may be far."""
        while self.leave:
            await anyio.sleep(_LOOK_AFTER)
            self.aftermath = self.aftermath.and_then(await self.leave())

    def adopt(self) -> None:
        """From now on nobody watches."""
        self.adopted = True
        self._live = LiveOutput(lambda _: None)

    async def _read(self) -> None:
        with suppress(anyio.EndOfStream):
            while True:
                self._take(self._decoder.decode(await self.child.stdout.receive(_CHUNK)))
                if len(self._unsaved) > _MOST_UNSAVED and not self.kept.is_whole:
                    await self.save()

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            self._live.piece(self._plain.line)
            if self.adopted:
                await self.save()
            await anyio.sleep(self._live.interval)

    def _drain(self) -> None:
        """What lies in the pipe."""
        left = _LAST
        with suppress(anyio.WouldBlock, anyio.EndOfStream):
            while left > 0:
                data = self.child.stdout.receive_nowait(_CHUNK)
                self._take(self._decoder.decode(data))
                left -= len(data)

    def _take(self, text: str, *, last: bool = False) -> None:
        finished = self._plain.feed(text) + (self._plain.finish() if last else "")
        data = finished.encode("utf-8", "replace")
        self.kept.add(data)
        self._live.add(finished)
        self._unsaved += data
        self._news.set()

    def _write(self, data: bytes) -> None:
        """In a worker thread."""
        if self.trouble:
            return
        try:
            if self.file is None:
                self.file = OutputFile.create(self._folder)
            self.file.write(data)
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__


def _signal(number: int) -> str:
    """
    >>> _signal(11), _signal(250)
    ('SIGSEGV', 'signal 250')
    """
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
