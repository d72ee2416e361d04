"""How long `search` takes for the most common letter in a line of 9 MB, on the disk and unsaved in the editor."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns

import orjson
from driver import Daemon
from report import Bench, House, median

LINE = "e" * 9_000_000


def searching(bench: Bench) -> None:
    """The time from the end of the reply with the call to the next request."""
    with TemporaryDirectory(prefix="chatls-bench-") as folder:
        file = Path(folder).resolve() / "line.txt"
        file.write_text(LINE)
        floor = median(lambda: _read(file), 5)
        rounds = 1 if bench.quick else 2
        (found,) = bench.each(lambda house: _search(bench, house, file, ""), rounds)
        bench.report.row("search for a letter in a line of 9 MB of it; reading the file", found, "ms", floor, "1 s")
        (found,) = bench.each(lambda house: _search(bench, house, file, LINE + "."), rounds)
        bench.report.row("  unsaved in the editor", found, "ms", floor, "1 s")


def _read(file: Path) -> float:
    begin = monotonic_ns()
    assert file.read_text()
    return (monotonic_ns() - begin) / 1e6


def _search(bench: Bench, house: House, file: Path, unsaved: str) -> tuple[float]:
    call = f"call search {orjson.dumps({'pattern': 'e'}).decode()}"
    with Daemon(bench.server, house.python, fast=False, root=file.parent) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("paced 1 1000", token=1))
        if unsaved:
            item = {"uri": file.as_uri(), "languageId": "plaintext", "version": 1, "text": unsaved}
            daemon.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        daemon.settled()
        bench.server.notes()
        daemon.answer(daemon.prompt(call, token=1))
        notes = bench.server.notes()
        end = next(note.at for note in notes if note.what == "end")
        return ((next(note.at for note in notes if note.what == "request" and note.at > end) - end) / 1e6,)
