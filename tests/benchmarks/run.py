"""Prints one table: every figure of the daemon beside its floor, measured in the same run. Linux only.

`python tests/benchmarks/run.py [--quick] [--rounds N]`. The machine may be noisy: read ratios, not absolute times.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from time import monotonic_ns
from typing import Any

from decoders import decoders
from driver import HERE, Daemon, ModelServer, Read, cpu, cpu_of
from inline import ADVERSE, KINDS, OPEN, TEXTS, growth, reading
from own_share import own_share
from rich.console import Console
from rich.table import Table

STREAMS = 16
RATE = 125


class Report:
    """The table as it grows."""

    def __init__(self) -> None:
        self._table = Table(title="chatls, measured", title_justify="left")
        for name in ("figure", "daemon", "floor", "ratio", "bar"):
            self._table.add_column(name, justify="left" if name == "figure" else "right")
        self._console = Console(width=120)

    def row(self, figure: str, daemon: str, floor: str = "", ratio: float | None = None, bar: str = "") -> None:
        """Add a figure."""
        self._table.add_row(figure, daemon, floor, "" if ratio is None else f"{ratio:.2f}x", bar)

    def show(self) -> None:
        """Print it."""
        self._console.print(self._table)


def chunks(reads: Iterable[Read]) -> list[tuple[object, int, int]]:
    """Every text chunk: its token, when it was sent, when it was read. A merged event holds several."""
    found: list[tuple[object, int, int]] = []
    for at, message in reads:
        params = message.get("params", {})
        value = params.get("value", {})
        if value.get("kind") == "textChunk":
            found += [(params["token"], int(sent), at) for sent in value["text"].split()]
    return found


def wrong(found: list[tuple[object, int, int]], expected: int) -> int:
    """Chunks that are lost or out of order."""
    by_token: dict[object, list[int]] = {}
    for token, sent, _ in found:
        by_token.setdefault(token, []).append(sent)
    disorder = sum(a > b for stream in by_token.values() for a, b in pairwise(stream))
    return abs(expected - len(found)) + disorder


def quantiles(found: list[tuple[object, int, int]]) -> tuple[float, float]:
    """Latency p50 and p99 in milliseconds."""
    delays = sorted((read - sent) / 1e6 for _, sent, read in found)
    return delays[len(delays) // 2], delays[len(delays) * 99 // 100]


def streamed(daemon: Daemon, words: str, streams: int) -> tuple[float, list[Read]]:
    """Play something on several sessions at once; processor microseconds, and what was read."""
    daemon.answer(daemon.prompt("paced 20 1000", token="warm"))
    begin = cpu(daemon.process.pid)
    reads = daemon.until(*(daemon.prompt(words, token=number) for number in range(streams)))
    return cpu(daemon.process.pid) - begin, reads


def paced(server: ModelServer, report: Report, seconds: int) -> float:
    """Paced streams: processor time and latency. Gives the stock daemon's microseconds per chunk."""
    count, words = STREAMS * RATE * seconds, f"paced {RATE * seconds} {RATE}"
    floor_argv = [sys.executable, str(HERE / "floor.py"), str(server.port), str(STREAMS), *words.split()]
    used, reads = cpu_of(floor_argv)
    floor, (floor50, floor99) = used / count, quantiles(chunks(reads))
    stock = 0.0
    for name, fast, bar in (("stock httpx", False, "6x"), ("extra fast", True, "3x")):
        with Daemon(server, fast=fast) as daemon:
            daemon.initialize()
            used, reads = streamed(daemon, words, STREAMS)
        found = chunks(reads)
        each, (p50, p99) = used / count, quantiles(found)
        stock = stock or each
        report.row(
            f"CPU per chunk, {STREAMS} streams x {RATE}/s, {name}",
            f"{each:.1f} us",
            f"{floor:.1f} us",
            each / floor,
            bar,
        )
        report.row("  latency p50", f"{p50:.2f} ms", f"{floor50:.2f} ms", p50 / floor50)
        report.row("  latency p99", f"{p99:.2f} ms", f"{floor99:.2f} ms", p99 / floor99)
        report.row("  chunks lost or out of order", str(wrong(found, count)), "", None, "0")
    return stock


def burst(server: ModelServer, report: Report) -> None:
    """As fast as it goes: 20,000 chunks in one stream; and what memory is left of it."""
    count = 20_000
    used, _ = cpu_of([sys.executable, str(HERE / "floor.py"), str(server.port), "1", "burst", str(count)])
    floor = used / count
    for name, fast in (("stock httpx", False), ("extra fast", True)):
        with Daemon(server, fast=fast) as daemon:
            daemon.initialize()
            daemon.answer(daemon.prompt("burst 100", token="warm"))
            before, begin, start = daemon.memory(), cpu(daemon.process.pid), monotonic_ns()
            reads = daemon.until(daemon.prompt(f"burst {count}", token=1))
            each, rate = (cpu(daemon.process.pid) - begin) / count, count / (monotonic_ns() - start) * 1e9
            after = daemon.memory()
        report.row(f"CPU per chunk, burst of {count:,}, {name}", f"{each:.1f} us", f"{floor:.1f} us", each / floor)
        report.row("  chunks per second", f"{rate:,.0f}")
        report.row("  chunks lost or out of order", str(wrong(chunks(reads), count)), "", None, "0")
        report.row("  memory after warm-up, after burst", f"{before:.1f}, {after:.1f} MB", "", None, "+5 MB")


def median(measure: Callable[[], Any], rounds: int) -> Any:
    """The median of a figure, or of each of several."""
    found = [measure() for _ in range(rounds)]
    if isinstance(found[0], tuple):
        return tuple(statistics.median(column) for column in zip(*found, strict=True))
    return statistics.median(found)


def latencies(server: ModelServer, report: Report, rounds: int) -> None:
    """The waits that a person feels."""
    with Daemon(server) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("tool", token="warm"))
        request, first = median(lambda: _prompt(server, daemon), rounds)
        report.row("prompt to HTTP request", f"{request:.2f} ms")
        report.row("first chunk sent to read", f"{first:.2f} ms")
        report.row("reply end to next request, quick tool", f"{median(lambda: _step(server, daemon), rounds):.2f} ms")
        report.row(
            "arguments closed to tool running (eager)",
            f"{median(lambda: _eager(server, daemon), max(2, rounds // 4)):.2f} ms",
        )
        closed, answered = median(lambda: _cancel(server, daemon), rounds)
        report.row("cancel to upstream closed, to answer (idle)", f"{closed:.2f}, {answered:.2f} ms")
        others = [daemon.prompt(f"paced 100000 {RATE}", token=number) for number in range(STREAMS)]
        closed, answered = median(lambda: _cancel(server, daemon), rounds)
        report.row(f"  under {STREAMS} streams", f"{closed:.2f}, {answered:.2f} ms", "", None, "100 ms")
        daemon.request("workspace/executeCommand", {"command": "chatls.cancelAll"})
        daemon.until(*others)


def _ms(start: int, end: int) -> float:
    return (end - start) / 1e6


def _note(server: ModelServer, what: str, after: int = 0) -> int:
    """When something was noted; waits until it was."""
    while True:
        for name, at in server.notes():
            if name == what and at > after:
                return at


def _prompt(server: ModelServer, daemon: Daemon) -> tuple[float, float]:
    server.notes()
    sent = monotonic_ns()
    reads = daemon.until(daemon.prompt("paced 1 1000", token=1))
    (_, chunk_sent, chunk_read), *_ = chunks(reads)
    return _ms(sent, _note(server, "request")), _ms(chunk_sent, chunk_read)


def _step(server: ModelServer, daemon: Daemon) -> float:
    server.notes()
    daemon.until(daemon.prompt("tool", token=1))
    noted = server.notes()
    first_end = next(at for what, at in noted if what == "end")
    return _ms(first_end, next(at for what, at in noted if what == "request" and at > first_end))


def _eager(server: ModelServer, daemon: Daemon) -> float:
    server.notes()
    prompt = daemon.prompt("early", token=1)
    running = daemon.event("toolRunStart")
    assert running.message["params"]["value"]["startedEarly"]
    daemon.until(prompt)
    return _ms(_note(server, "arguments"), running.at)


def _cancel(server: ModelServer, daemon: Daemon) -> tuple[float, float]:
    prompt = daemon.prompt("wait", token="wait")
    while daemon.event("textChunk").message["params"]["token"] != "wait":
        pass
    server.notes()
    sent = monotonic_ns()
    daemon.send({"method": "$/cancelRequest", "params": {"id": prompt}})
    answered = daemon.answer(prompt).at
    return _ms(sent, _note(server, "closed", sent)), _ms(sent, answered)


def start(server: ModelServer, report: Report, rounds: int) -> None:
    """From nothing to the first answers, beside what the imports alone cost."""
    imports, everything, bare = list[float](), list[float](), list[float]()
    answered, prompted = list[float](), list[float]()
    for _ in range(rounds):
        imports.append(_python("import pygls.lsp.server, httpx, pydantic"))
        everything.append(_python("import chatls.app; from chatls.providers import preload; preload('openai_chat')"))
        bare.append(_python("import asyncio"))
        with Daemon(server) as daemon:
            answered.append(daemon.initialize() / 1e6)
            server.notes()
            prompt = daemon.prompt("paced 1 1000", token=1)
            daemon.until(prompt)
            prompted.append(_ms(daemon.started, _note(server, "request")))
    floor, ready = statistics.median(imports), statistics.median(answered)
    first = statistics.median(prompted)
    report.row(
        "start to initialize answered; importing pygls, httpx, pydantic",
        f"{ready:.0f} ms",
        f"{floor:.0f} ms",
        ready / floor,
        "0.4x",
    )
    report.row(
        "  beside python -c 'import asyncio'",
        f"{ready:.0f} ms",
        f"{statistics.median(bare):.0f} ms",
        ready / statistics.median(bare),
    )
    loaded = statistics.median(everything)
    figure = "start to HTTP request of a prompt sent at once; all imports alone"
    report.row(figure, f"{first:.0f} ms", f"{loaded:.0f} ms", first / loaded)


def _python(code: str) -> float:
    begin = monotonic_ns()
    subprocess.run([sys.executable, "-c", code], check=True)
    return _ms(begin, monotonic_ns())


def decoding(report: Report) -> None:
    """Each decoder beside plain `json.loads`."""
    for kind, (each, floor) in decoders().items():
        report.row(f"decoding an event, {kind}; json.loads", f"{each:.2f} us", f"{floor:.2f} us", each / floor, "3x")


def reading_between_the_lines(report: Report, *, quick: bool) -> None:
    """What looking for calls in the text costs, and that it grows no faster than the text. The worst of each."""
    found = reading()
    for kind in KINDS:
        on, off = found[kind, "prose"]
        figure = f"a chunk with calls looked for, {kind}, prose; decoded only"
        report.row(figure, f"{on:.2f} us", f"{off:.2f} us", on / off, "1.3x")
        name = max(TEXTS, key=lambda name: found[kind, name][0] / found[kind, name][1])
        on, off = found[kind, name]
        report.row(f"  the worst of {len(TEXTS)} texts: {name}", f"{on:.2f} us", f"{off:.2f} us", on / off, "1.3x")
    grows = (("no call", TEXTS, 512), ("made to be costly", ADVERSE, 32), ("a call without end", OPEN, 128))
    for what, texts, size in grows:
        grown = growth(texts, size * 1024, 1 if quick else 3)
        name, (spent, ratio) = max(grown.items(), key=lambda item: item[1][1])
        figure = f"{2 * size} KB beside {size} KB, {what}, the worst of {len(texts)}: {name}"
        report.row(figure, f"{spent * ratio:.0f} ms", f"{spent:.0f} ms", ratio, "2.6x")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the daemon.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, for a look")
    parser.add_argument("--rounds", type=int, default=21, help="rounds of each latency")
    options = parser.parse_args()
    rounds = 5 if options.quick else options.rounds
    report = Report()
    with ModelServer() as server:
        each = paced(server, report, 2 if options.quick else 10)
        share = own_share()
        report.row(
            "  our own share of it: framing, decoding, step, outbox", f"{share:.1f} us", "", share / each, "0.2x"
        )
        burst(server, report)
        latencies(server, report, rounds)
        start(server, report, min(rounds, 11))
    decoding(report)
    reading_between_the_lines(report, quick=options.quick)
    report.show()


if __name__ == "__main__":
    main()
