"""What is used of a connection to SQLite, so that SQLite itself need not be loaded to say so."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement gives."""

    @property
    def lastrowid(self) -> int | None:
        """The number of the row that was put in."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """They one by one."""
        ...


class Tables(Protocol):
    """A connection to the tables of a store."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows:
        """Do one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Rows:
        """Do one statement for each of these."""
        ...
