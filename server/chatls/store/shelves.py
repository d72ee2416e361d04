"""Where sessions are: on the disk, and in memory where that cannot be used. Blocks: for worker threads.

What the disk does not take goes into memory, with all that belongs to its session; a person is told once. A damaged
store is moved aside, and what can be read of it is put into a new one.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from functools import partial
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import TypeVar

from chatls.store import copying, database, returning
from chatls.store.connection import Tables
from chatls.store.database import DamagedStoreError, Database, NewerStoreError
from chatls.store.ports import Read, Stroke, UnreadableStoreError
from chatls.store.reading import revision
from chatls.store.searching import WordIndex
from chatls.store.writing import delete
from chatls.values import dataclass

log = logging.getLogger(__name__)

_RETRY = 0.05
"""Seconds until a store that another daemon writes is tried again."""

_STUCK = 20.0
"""Seconds after which one that another program holds is like a full one."""

T = TypeVar("T")


@dataclass(slots=True)
class Shelves:
    """All stores of a daemon."""

    folder: Path
    lost: Callable[[], None]
    """What was written may not be there any more: whoever keeps something in mind begins anew."""
    troubles: list[str] = field(default_factory=list[str])
    """Words for a person."""
    _disk: Database | None = None
    _memory: Database | None = None
    _moved: dict[str, int | None] = field(default_factory=dict[str, "int | None"])
    """Sessions whose place is in memory, with how often the disk's was changed before; None: the disk had none."""
    _private: set[str] = field(default_factory=set[str])
    """Those of them that nobody wants on the disk."""
    _opened: bool = False
    _told: bool = False
    _version: int = 0
    _busy_since: float | None = None
    _lock: RLock = field(default_factory=RLock)

    @property
    def disk(self) -> Database | None:
        """The store on the disk, if it is open."""
        return self._disk

    @property
    def fallen(self) -> bool:
        """Whether something goes into memory because the disk does not take it."""
        return self._told

    def open(self) -> None:
        """Open what there is; the first time takes a moment."""
        with self._lock:
            if self._opened:
                return
            self._opened = True
            try:
                self._disk = self._opened_disk()
            except NewerStoreError as error:
                self._tell(f"{error}. It is left alone")
            except (OSError, sqlite3.Error, DamagedStoreError) as error:
                self._tell(f"{self.folder / database.NAME}: {_reason(error)}")
                with suppress(sqlite3.Error):
                    self._disk = Database.for_reading(self.folder)
            self._version = self._others_version()

    def move_in(self, session: str, *, private: bool) -> None:
        """From now on a session's place is in memory, with all that the disk has of it. `private`: it stays there."""
        with self._lock:
            if private:
                self._private.add(session)
            if session in self._moved:
                return
            memory, was = self._in_memory(), None
            if self._disk is not None:
                with suppress(sqlite3.Error), self._disk.read_lock, memory.write_lock:
                    words = WordIndex(memory.writing, indexed=memory.indexed)
                    copying.copy_session(self._disk.reading, memory.writing, words, session)
                    was = revision(self._disk.reading, session)
            self._moved[session] = was

    def come_back(self, busy: Callable[[str], bool]) -> bool:
        """Put onto the disk what fell into memory, if the disk takes it again. Whether all is there; what is `busy`
        comes later."""
        with self._lock:
            if not (self._disk and self._disk.writable) and not self._reopened():
                return False
            names = [name for name in self._names() if name not in self._private]
            back = [busy(name) or self._returned(name) for name in names]
            if not all(back) or any(map(busy, names)) or not self._takes():
                return False
            self._told = False
            self.troubles.append("sessions are kept again, with what was said meanwhile")
            return True

    def read(self, session: str, work: Read[T]) -> T:
        """Read of a session, wherever it is. Raises `UnreadableStoreError`."""
        self.open()
        return self._read(self._place(session), work)

    def read_all(self, work: Read[T]) -> list[T]:
        """Read of all stores: of the one in memory, and of the one on the disk."""
        self.open()
        found, places = list[T](), [place for place in (self._memory, self._disk) if place is not None]
        for place in places:
            try:
                found.append(self._read(place, work))
            except UnreadableStoreError:
                if not (found and self._told):
                    raise
        return found

    def write(self, jobs: Sequence[Stroke]) -> None:
        """Do all of these, in this order, in as few transactions as can be. Never raises."""
        self.open()
        for job in jobs:
            if job.before is not None:
                job.before(self)
        while jobs:
            home = self._place(jobs[0].session)
            count = next((at for at, job in enumerate(jobs) if self._place(job.session) is not home), len(jobs))
            if self._written(home, jobs[:count]):
                for job in jobs[:count]:
                    if job.after is not None:
                        job.after()
                jobs = jobs[count:]

    def remove(self, sessions: Sequence[str]) -> None:
        """Delete sessions wherever there is something of them. Raises `UnreadableStoreError`."""
        self.open()
        for place in (self._memory, self._disk):
            if place is not None:
                job = Stroke("", partial(_removed, sessions))
                try:
                    with place.write_lock:
                        transact(place, [job])
                except sqlite3.Error as error:
                    raise UnreadableStoreError(_reason(error)) from error
                if job.error is not None:
                    raise UnreadableStoreError(_reason(job.error)) from job.error
        for session in sessions:
            self._moved.pop(session, None)

    def tend(self, *, forget: bool, always: bool) -> bool:
        """Work in what was written, and let what was deleted be gone (`forget`). `always`: also if little was written.
        Whether all is done. Waits for the disk."""
        place = self._disk
        if place is None or not (forget or always or place.log_bytes > database.LOG_LIMIT):
            return True
        try:
            if forget:
                with place.write_lock:
                    WordIndex(place.writing, indexed=place.indexed).merge()
            return place.checkpoint(truncate=forget)
        except sqlite3.Error:
            log.debug("the log could not be worked in", exc_info=True)
            return False

    def others_wrote(self) -> bool:
        """Whether another daemon has changed something since this was asked last, or since it was opened."""
        before, self._version = self._version, self._others_version()
        return self._version != before

    def close(self) -> None:
        """Let go of all."""
        for place in (self._memory, self._disk):
            if place is not None:
                place.close()

    def _others_version(self) -> int:
        """Another number whenever another connection than ours has written."""
        if self._disk is not None:
            with suppress(sqlite3.Error), self._disk.write_lock:
                return self._disk.writing.execute("PRAGMA data_version").fetchone()[0]
        return 0

    def _place(self, session: str) -> Database:
        if self._disk is None or session in self._moved:
            return self._in_memory()
        return self._memory if self._memory is not None and session in self._names() else self._disk

    def _in_memory(self) -> Database:
        self._memory = self._memory or Database.in_memory()
        return self._memory

    def _names(self) -> list[str]:
        """All sessions in memory. A fork of one that nobody wants on the disk is like it."""
        if self._memory is None:
            return []
        with self._memory.read_lock:
            rows = self._memory.reading.execute("SELECT name, parent FROM sessions ORDER BY number").fetchall()
        for name, parent in rows:
            if parent in self._private and name not in self._moved:
                self._private.add(name)
        return [name for name, _ in rows]

    def _reopened(self) -> bool:
        if self.folder.exists() and not os.access(self.folder, os.W_OK):
            return False
        if self._disk is not None:  # what it shares with the new one would be read-only there, too
            with self._disk.read_lock:
                self._disk.close()
        try:
            self._disk = self._opened_disk()
        except (OSError, sqlite3.Error, DamagedStoreError, NewerStoreError):
            self._disk = None
            with suppress(sqlite3.Error):
                self._disk = Database.for_reading(self.folder)
        return self._disk is not None and self._disk.writable

    def _takes(self) -> bool:
        """Whether the disk takes something."""
        job = Stroke("", _marked)
        try:
            assert self._disk is not None
            with self._disk.write_lock:
                transact(self._disk, [job])
        except sqlite3.Error:
            return False
        return job.error is None

    def _returned(self, name: str) -> bool:
        """Whether a session is on the disk now, and nothing of it in memory."""
        disk, memory = self._disk, self._memory
        assert disk is not None
        assert memory is not None
        with memory.read_lock:
            job = Stroke(name, partial(_put_back, memory, name, self._moved.get(name)))
            try:
                with disk.write_lock:
                    transact(disk, [job])
            except sqlite3.Error:
                return False
            if job.error is not None:
                log.error("a bug in the store", exc_info=job.error)
                return False
            transact(memory, [Stroke(name, partial(_removed, [name]))])
        self._moved.pop(name, None)
        return True

    def _read(self, place: Database, work: Read[T]) -> T:
        try:
            with place.read_lock:
                return work(place.reading, place.indexed)
        except sqlite3.DatabaseError as error:
            if place is not self._disk or not database.is_damage(error):
                raise UnreadableStoreError(_reason(error)) from error
        self._renew()
        place = self._disk or self._place("")
        try:
            with place.read_lock:
                return work(place.reading, place.indexed)
        except sqlite3.DatabaseError as error:
            raise UnreadableStoreError(_reason(error)) from error

    def _written(self, place: Database, jobs: Sequence[Stroke]) -> bool:
        """Whether it is done; False: it has to be tried again, elsewhere perhaps."""
        try:
            with place.write_lock:
                transact(place, jobs)
        except sqlite3.Error as error:
            if database.is_busy(error) and place is self._disk and self._waits():
                return False
            if place is self._memory:
                log.exception("a bug in the store")
                return True
            if place is self._disk and database.is_damage(error):
                self._renew()
            elif place is self._disk:
                self._fall(error, jobs)
            return False
        self._busy_since = None
        return True

    def _waits(self) -> bool:
        """Wait for whoever else writes; False where that takes too long."""
        self._busy_since = self._busy_since or monotonic()
        sleep(_RETRY)
        return monotonic() - self._busy_since < _STUCK

    def _fall(self, error: sqlite3.Error, jobs: Sequence[Stroke]) -> None:
        """The disk takes nothing: these sessions go on in memory. What is on the disk can still be read."""
        with self._lock:
            self._tell(f"{self.folder / database.NAME}: {_reason(error)}")
            self.lost()
            for job in jobs:
                self.move_in(job.session, private=False)

    def _renew(self) -> None:
        """The store is damaged: begin another one, with what can be read of it."""
        with self._lock:
            if self._disk is not None:
                with self._disk.write_lock:
                    self._disk.close()
            self._disk = None
            try:
                self._disk = self._renewed()
            except (OSError, sqlite3.Error, DamagedStoreError, NewerStoreError) as error:
                self._tell(f"{self.folder / database.NAME}: {_reason(error)}")
            self.lost()

    def _opened_disk(self) -> Database:
        try:
            return Database.on_disk(self.folder)
        except DamagedStoreError:
            return self._renewed()

    def _renewed(self) -> Database:
        aside = database.move_aside(self.folder)
        if aside is None:
            raise DamagedStoreError("it is damaged, and cannot be moved")
        new = Database.on_disk(self.folder)
        with suppress(sqlite3.Error):
            source = database.read_only(aside)
            try:
                copying.salvage(source, new.writing)
            finally:
                source.close()
        with suppress(sqlite3.Error):
            new.writing.execute("ROLLBACK")
        kept = new.writing.execute("SELECT count(*) FROM sessions").fetchone()[0]
        self.troubles.append(
            f"the store of sessions was damaged. It was moved to {aside}; {kept} sessions could be read and were kept"
        )
        return new

    def _tell(self, reason: str) -> None:
        if not self._told:
            self._told = True
            self.troubles.append(
                f"sessions are not kept: {reason}. What is said from now on ends with this editor, unless that passes"
            )


def transact(place: Database, jobs: Iterable[Stroke]) -> None:
    """One transaction; a job that cannot be done costs the others nothing. Raises `sqlite3.Error` where nothing can."""
    connection = place.writing
    words = WordIndex(connection, indexed=place.indexed)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for job in jobs:
            job.error = None
            connection.execute("SAVEPOINT job")
            try:
                job.work(connection, words)
            except Exception as error:  # told to whoever waits for it
                if database.is_outage(error):
                    raise
                connection.execute("ROLLBACK TO job")
                job.error = error
            connection.execute("RELEASE job")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _removed(sessions: Sequence[str], connection: Tables, words: WordIndex) -> None:
    delete(connection, words, sessions)


def _put_back(memory: Database, name: str, was: int | None, connection: Tables, words: WordIndex) -> None:
    returning.put_back(memory.reading, connection, words, name, was)


def _marked(connection: Tables, _words: WordIndex) -> None:
    connection.execute("UPDATE facts SET value = value + 1 WHERE name = 'written'")


def _reason(error: BaseException) -> str:
    match error:
        case OSError(strerror=str(words)):
            return words
        case _:
            return str(error) or type(error).__name__
