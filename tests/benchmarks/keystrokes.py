"""What a key stroke in an open document costs the daemon, by the size and the shape of the document."""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

from driver import HERE, Daemon
from report import Bench, House

_BUDGET = 500_000
"""Microseconds for one row of one house: where a stroke is slow, there are fewer."""
_MOST = 500


class _Document(NamedTuple):
    """A document, and where in it a stroke falls; columns in units of UTF-16."""

    text: str
    line: int
    column: int


def _lines(size: int, line: str) -> _Document:
    count = size // len(line.encode())
    return _Document(line * count, count // 2, 8)


def _one_line(size: int, piece: str) -> _Document:
    count = size // len(piece.encode())
    return _Document(piece * count, 0, count // 2 * (len(piece.encode("utf-16-le")) // 2))


LATIN = "a line of some program, as long as they are: 50 b\n"
ASTRAL = "\U0001d11e\u00e9" * 10 + "\n"
LARGE = 10_000_000
SMALL = 100_000


DOCUMENTS: dict[str, Callable[[], _Document]] = {
    "a key stroke in the middle of a document of 100 KB, CPU": lambda: _lines(SMALL, LATIN),
    "  of 10 MB; 100 KB": lambda: _lines(LARGE, LATIN),
    "  one line of 10 MB; 10 MB": lambda: _one_line(LARGE, "word and "),
    "  10 MB of astral letters, UTF-16; 10 MB": lambda: _lines(LARGE, ASTRAL),
    "  one line of 10 MB of astral letters, UTF-16; 10 MB": lambda: _one_line(LARGE, "\U0001d11e\u00e9"),
}


def keys(bench: Bench) -> None:
    """The daemon's processor time for one `didChange`."""
    small, large, *others, many, count = bench.each(lambda house: _typed(bench, house), 1 if bench.quick else 3)
    first, second, *names = DOCUMENTS
    bench.report.row(first, small, "us")
    bench.report.row(second, large, "us", small, "2x, 1 ms")
    for name, found in zip(names, others, strict=True):
        bench.report.row(name, found, "us", large, "3x")
    told = " and ".join(f"{int(one):,}" for one in dict.fromkeys(count))
    bench.report.row(f"  each of {told} changes in one notification; 10 MB", many, "us", large, "3x")


def _typed(bench: Bench, house: House) -> tuple[float, ...]:
    found = list[float]()
    with Daemon(bench.server, house.python, fast=False) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("paced 1 1000", token=1))
        for make in DOCUMENTS.values():
            with _Pen(daemon, make()) as pen:
                first = pen.cost([[pen.stroke()] for _ in range(3)]) / 3
                count = int(max(5, min(_MOST, _BUDGET / first)))
                found.append(pen.cost([[pen.stroke()] for _ in range(count)]) / count)
        with _Pen(daemon, _lines(LARGE, LATIN)) as pen:
            first = pen.cost([[pen.stroke() for _ in range(5)]]) / 5
            count = 10_000 if first < 5000 else 10
            return *found, pen.cost([[pen.stroke() for _ in range(count)]]) / count, count


class _Pen:
    """Opens a document and types in it."""

    def __init__(self, daemon: Daemon, document: _Document) -> None:
        self._daemon = daemon
        self._uri = (HERE / "typed.txt").as_uri()
        self._line, self._column = document.line, document.column
        self._version = 1
        item = {"uri": self._uri, "languageId": "plaintext", "version": 1, "text": document.text}
        daemon.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        self.cost([[self.stroke()]])

    def stroke(self) -> dict[str, Any]:
        """The next letter of a word."""
        place = {"line": self._line, "character": self._column}
        self._column += 1
        return {"range": {"start": place, "end": place}, "text": "x"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.send({"method": "textDocument/didClose", "params": {"textDocument": {"uri": self._uri}}})

    def cost(self, notifications: list[list[dict[str, Any]]]) -> float:
        """The daemon's processor microseconds for these changes."""
        begin = self._daemon.settled()
        for changes in notifications:
            self._version += 1
            item = {"uri": self._uri, "version": self._version}
            params = {"textDocument": item, "contentChanges": changes}
            self._daemon.send({"method": "textDocument/didChange", "params": params})
        self._daemon.answer(self._daemon.request("chat/permissions", {}))
        return self._daemon.settled() - begin
