"""Writes down, in one thread and in the order in which it happened, many things in one transaction; and tends the store
while no turn runs. SQLite is loaded when it is first needed.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

import anyio
from anyio import CancelScope, CapacityLimiter, create_task_group, move_on_after, to_thread
from anyio import Event as Happened

from chatls.errors import INVALID_STATE, RequestError
from chatls.signals import Signal
from chatls.store.connection import Tables
from chatls.store.ports import Read, Shelving, Stroke, UnreadableStoreError
from chatls.store.searching import WordIndex

log = logging.getLogger(__name__)

OFTEN = 0.25
"""Seconds that a stream is behind on the disk, at most."""
QUIET = 1.0
"""Seconds without anything to write after which the store is tended."""
SOON = 20.0
"""Seconds after which what was deleted goes also while turns run."""
AGAIN = 5.0
"""Seconds until a disk that took nothing is tried again."""
OTHERS = 1.0
"""Seconds until it is looked again whether another daemon has changed something."""
LEAVING = 1.0
"""Seconds that the daemon waits for what is written when it leaves: on a busy machine that takes a while."""
TIDYING = 0.3
"""Seconds for what else there is to do then."""

T = TypeVar("T")


class Pen:
    """Of one daemon."""

    def __init__(
        self,
        folder: Path,
        fresh: Callable[[], list[Stroke]],
        say: Callable[[str], None],
        busy: Callable[[str], bool],
    ) -> None:
        """`fresh`: what the turns that run have to write by now; `say`: words for a person; `busy`: something of a
        session is being written."""
        self.epoch = 0
        """Counts how often what was written may have been lost."""
        self.running = 0
        """Turns that run."""
        self._folder = folder
        self._fresh = fresh
        self._say = say
        self._busy = busy
        self._shelves: Shelving | None = None
        self._loading = Lock()
        self._jobs: list[Stroke] = []
        self._urgent = False
        self.growing = False
        """Something is to be written in a while."""
        self._wake = Signal()
        """There is something to write."""
        self._untidy = Signal()
        """There is something to tend."""
        self._fell = Signal()
        """The disk takes nothing."""
        self._writing = CapacityLimiter(1)
        self._reading = CapacityLimiter(4)
        self._untended = False
        self._deleted: float | None = None
        """When something was deleted that is not gone yet."""

    # Used in worker threads

    def shelves(self) -> Shelving:
        """Where sessions are. Blocks when it is first asked for."""
        with self._loading:
            if self._shelves is None:
                from chatls.store.shelves import Shelves

                self._shelves = Shelves(self._folder, self._lost)
            return self._shelves

    # Used on the loop

    @property
    def used(self) -> bool:
        """Whether anybody needed the store yet."""
        return self._shelves is not None

    def hurry(self) -> None:
        """There is something new that is to be written at once."""
        self._urgent = True
        self._wake.fire()

    def grow(self) -> None:
        """There is something new that is to be written in a while."""
        self.growing = True
        self._wake.fire()

    def put(self, job: Stroke) -> None:
        """Write this, behind all that came before."""
        self._jobs.append(job)
        self.hurry()

    async def do(self, session: str, work: Callable[[Tables, WordIndex], None]) -> None:
        """Write something, and wait until it is. Raises what the work raised."""
        written = Happened()
        job = Stroke(session, work, done=written.set)
        self.put(job)
        await written.wait()
        if job.error is not None:
            raise job.error

    async def settled(self, session: str) -> None:
        """Wait until all that happened so far is written, for a while at most."""
        with move_on_after(SOON):
            await self.do(session, _nothing)

    async def ask(self, work: Callable[[Shelving], T]) -> T:
        """Read. Raises `RequestError` where the store cannot be read."""
        try:
            return await to_thread.run_sync(lambda: work(self.shelves()), limiter=self._reading)
        except (UnreadableStoreError, OSError) as error:
            raise RequestError(INVALID_STATE, f"the store of sessions cannot be read: {error}") from error
        finally:
            self._complain()

    async def read(self, session: str, work: Read[T]) -> T:
        """Read of one session. Raises `RequestError` where it cannot be read."""
        return await self.ask(lambda shelves: shelves.read(session, work))

    async def watch(self, heard: Callable[[], None]) -> None:
        """Say when another daemon has changed something, until it is cancelled. What nobody has looked at yet is not
        looked for."""
        while True:
            await anyio.sleep(OTHERS)
            if self.used and await to_thread.run_sync(lambda: self.shelves().others_wrote(), limiter=self._reading):
                heard()

    def deleted(self) -> None:
        """Something was deleted: nothing of it may be left in the files, soon."""
        self._deleted = anyio.current_time()
        self._untidy.fire()

    async def run(self) -> None:
        """Write, and tend, until it is cancelled."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._tend)
            tasks.start_soon(self._return)
            while True:
                while not (self._urgent or self.growing):
                    await self._wake.wait()
                if not self._urgent:
                    with move_on_after(OFTEN):
                        while not self._urgent:
                            await self._wake.wait()
                await self._write()

    async def close(self) -> None:
        """Write what is left, and wait for it a moment."""
        with move_on_after(LEAVING, shield=True):
            while self._jobs or self._urgent or self.growing or self._writing.borrowed_tokens:
                await self._write()
                async with self._writing:
                    pass  # who was writing has written
        if self._fallen:
            with move_on_after(TIDYING, shield=True):
                await self._come_back()
        if self.used:
            with move_on_after(TIDYING, shield=True):
                await self._tended(always=False)

    async def _write(self) -> None:
        self._urgent = self.growing = False
        jobs, self._jobs = [*self._jobs, *self._fresh()], []
        if jobs:
            self._untended = True
            self._untidy.fire()
            with CancelScope(shield=True):
                await to_thread.run_sync(
                    lambda: self.shelves().write(jobs), abandon_on_cancel=True, limiter=self._writing
                )
            self._complain()
            if self._fallen:
                self._fell.fire()
            for job in jobs:
                if job.done is not None:
                    job.done()
                elif job.error is not None:
                    log.error("a bug in the store", exc_info=job.error)

    @property
    def _fallen(self) -> bool:
        return self._shelves is not None and self._shelves.fallen

    async def _return(self) -> None:
        """While the disk takes nothing, look now and again whether it does."""
        while True:
            while not self._fallen:
                await self._fell.wait()
            await anyio.sleep(AGAIN)
            await self._come_back()

    async def _come_back(self) -> None:
        await to_thread.run_sync(
            lambda: self.shelves().come_back(self._busy), abandon_on_cancel=True, limiter=self._writing
        )
        self._complain()

    async def _tend(self) -> None:
        """Have the log worked in while no turn runs, or when much of it has come together."""
        while True:
            while not self._untended and self._deleted is None:
                await self._untidy.wait()
            await anyio.sleep(QUIET)
            late = self._deleted is not None and anyio.current_time() - self._deleted > SOON
            if self.running and not late:
                await self._tended(always=False)
            elif not self._urgent or late:
                self._untended = not await self._tended(always=True)

    async def _tended(self, *, always: bool) -> bool:
        since = self._deleted
        forget = since is not None and always
        work = partial(self.shelves().tend, forget=forget, always=always)
        done = await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._reading)
        if done and forget and self._deleted == since:
            self._deleted = None
        return done

    def _lost(self) -> None:
        self.epoch += 1

    def _complain(self) -> None:
        if self._shelves is not None:
            while self._shelves.troubles:
                self._say(self._shelves.troubles.pop(0))


def _nothing(_connection: Tables, _words: WordIndex) -> None:
    """Only to be behind all else."""
