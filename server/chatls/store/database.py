"""The file of the store: opened, for its owner alone, and what is damaged moved aside. Blocks; knows no table.

Nothing here waits for a disk to have written (`fsync`) but `checkpoint`: in WAL mode a commit is safe from the end of
the process, and a power cut costs the last of them, never the file.
"""

import os
import secrets
import sqlite3
import stat
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock

from chatls.errors import ChatlsError
from chatls.store import schema
from chatls.workspace.ownfolder import make_private

NAME = "sessions.db"
PATIENCE = 10.0
"""Seconds to wait for another daemon that writes."""
LOG_LIMIT = 64 * 2**20
"""Bytes of the write-ahead log from which on it is worked in while turns run."""
_PARTS = ("", "-wal", "-shm")
_NEW = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class NewerStoreError(ChatlsError):
    """The store was written by a newer chatls."""


class DamagedStoreError(ChatlsError):
    """The store cannot be read. Its text says why."""


class Database:
    """Two connections to one store: one that writes, and one that reads. In memory they are the same."""

    def __init__(self, writing: sqlite3.Connection, reading: sqlite3.Connection, path: Path | None) -> None:
        self.writing = writing
        self.reading = reading
        self.path = path
        """None: it is in memory."""
        self.writable = True
        self.write_lock = Lock()
        self.read_lock = self.write_lock if writing is reading else Lock()
        self.indexed = _indexed(writing)
        """Whether words are found by an index."""

    @classmethod
    def in_memory(cls) -> "Database":
        """An empty one that ends with the process."""
        connection = _tuned(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
        _migrate(connection)
        connection.execute("UPDATE facts SET value = ? WHERE name = 'floor'", (schema.HIGH,))
        return cls(connection, connection, None)

    @classmethod
    def on_disk(cls, folder: Path) -> "Database":
        """The one in a folder, which is made if need be.

        Raises `OSError` and `sqlite3.Error` where it cannot be used, `DamagedStoreError`, `NewerStoreError`.
        """
        path = folder / NAME
        _make_own(folder, path)
        try:
            return _opened(cls, path)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise DamagedStoreError(str(error)) from error
            raise

    @classmethod
    def for_reading(cls, folder: Path) -> "Database":
        """The one in a folder that cannot be written: a write fails. Where there is no room for what SQLite shares with
        other processes, it is read as it lies there, without what is only in the log.

        Raises `sqlite3.Error`.
        """
        path = folder / NAME
        try:
            found = cls(read_only(path), read_only(path), path)
            _require_today(found.reading)
        except sqlite3.Error:
            found = cls(read_only(path, "&immutable=1"), read_only(path, "&immutable=1"), path)
            _require_today(found.reading)
        found.writable = False
        return found

    @property
    def log_bytes(self) -> int:
        """Of the write-ahead log."""
        if self.path is None:
            return 0
        try:
            return self.path.with_name(f"{NAME}-wal").stat().st_size
        except OSError:
            return 0

    def checkpoint(self, *, truncate: bool = False) -> bool:
        """Work the log into the file. Whether all of it is in. Waits for the disk, and keeps nobody from writing but
        where it is to truncate the log."""
        if self.path is None:
            return True
        with closing(sqlite3.connect(self.path, timeout=1, isolation_level=None)) as connection:
            _tuned(connection)
            mode = "TRUNCATE" if truncate else "PASSIVE"
            busy, total, done = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        if not busy and total == done:
            with suppress(sqlite3.Error), self.write_lock:
                # The log begins anew: who does it waits for the disk, and that should not be a prompt.
                self.writing.execute("UPDATE facts SET value = value + 1 WHERE name = 'written'")
            return True
        return False

    def close(self) -> None:
        """Let go of it."""
        for connection in {self.writing, self.reading}:
            with suppress(sqlite3.Error):
                connection.close()


def move_aside(folder: Path) -> Path | None:
    """Give what is damaged another name. None where there is nothing, or where it cannot be moved."""
    mark = f"damaged-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    moved = None
    for part in _PARTS:
        old, new = folder / f"{NAME}{part}", folder / f"{mark}.db{part}"
        with suppress(OSError):
            old.rename(new)
            moved = moved or new
    return moved


def is_damage(error: BaseException) -> bool:
    """Whether an error of SQLite's says that the file itself is no good."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(error: BaseException) -> bool:
    """Whether another daemon was in the way."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_outage(error: BaseException) -> bool:
    """Whether the disk, or the file, cannot be used: nothing that one statement could be blamed for."""
    blamed = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, blamed) and code != sqlite3.SQLITE_ERROR


def read_only(path: Path, options: str = "") -> sqlite3.Connection:
    """A connection that reads. Raises `sqlite3.Error`."""
    uri = f"{path.absolute().as_uri()}?mode=ro{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    return _tuned(connection)


def _opened(kind: type[Database], path: Path) -> Database:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        _tuned(connection)
        _require_usable(connection, path)
        _migrate(connection)
        connection.execute("SELECT count(*) FROM (SELECT 1 FROM sessions ORDER BY updated DESC LIMIT 50)")
        return kind(connection, read_only(path), path)
    except BaseException:
        connection.close()
        raise


def _require_usable(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > schema.VERSION:
        raise NewerStoreError(f"{path} was written by a newer chatls")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError("this file system has no shared memory")


def _require_today(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.Error` unless it can be read as it is."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != schema.VERSION:
        raise sqlite3.OperationalError("it is of another version")
    connection.execute("SELECT count(*) FROM sessions")


def _tuned(connection: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in ("synchronous = NORMAL", "secure_delete = ON", "temp_store = MEMORY", "wal_autocheckpoint = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.text_factory = _text
    return connection


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _make_own(folder: Path, path: Path) -> None:
    """The folder and the file, for their owner alone: SQLite gives what it puts beside the file the same mode."""
    make_private(folder)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    descriptor = os.open(path, _NEW, 0o600)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _migrate(connection: sqlite3.Connection) -> None:
    """Make the tables those of today, in a transaction of their own. Raises `sqlite3.Error`."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < schema.VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            for step in schema.STEPS[version:]:
                for statement in step.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _indexed(connection: sqlite3.Connection) -> bool:
    """Whether words are found by an index, which is made if it can be: not every SQLite has FTS5."""
    try:
        connection.execute("SELECT 1 FROM search LIMIT 0")
    except sqlite3.OperationalError:
        with suppress(sqlite3.OperationalError):
            connection.execute(schema.INDEX)
            connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
            return True
        return False
    return True
