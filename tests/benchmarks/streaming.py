"""What a streamed chunk costs and how late it comes: paced streams, one stream at 500 a second, a burst."""

import sys
from collections.abc import Iterable
from itertools import pairwise
from time import monotonic_ns

from driver import HERE, Daemon, Read, cpu_of
from own_share import own_share
from report import Bench, House

STREAMS = 16
RATE = 125
KINDS = (("no extras", False), ("all extras", True))
"""A checkout may have had an extra for one stream (`fast`); where there is none, both are the same."""

Chunk = tuple[object, int, int]
"""A text chunk: its token, when it was sent, when it was read."""


def paced(bench: Bench) -> None:
    """Paced streams: processor time and latency."""
    seconds = 2 if bench.quick else 6
    count, words = STREAMS * RATE * seconds, f"paced {RATE * seconds} {RATE}"
    used, reads = cpu_of(_raw(bench, STREAMS, words))
    floor, (floor50, floor99) = used / count, quantiles(chunks(reads))

    def measure(house: House) -> tuple[float, ...]:
        with Daemon(bench.server, house.python) as daemon:
            daemon.initialize()
            used, reads = streamed(daemon, words, STREAMS)
        found = chunks(reads)
        return (used / count, *quantiles(found), wrong(found, count))

    each, p50, p99, bad = bench.each(measure, 1)
    bench.report.row(f"CPU per chunk, {STREAMS} streams x {RATE}/s; raw reader", each, "us", floor, "3x")
    bench.report.row("  latency p50", p50, "ms", floor50)
    bench.report.row("  latency p99", p99, "ms", floor99)
    bench.report.row("  chunks lost or out of order", bad, bar="0")
    share = own_share()
    bench.report.row("  our own share of it: framing, decoding, step, outbox", share, "us", each[-1], "0.2x")


def one_stream(bench: Bench) -> None:
    """One stream of 500 chunks a second, beside the same program without a daemon around it."""
    rate, seconds, rounds = 500, 3, 1 if bench.quick else 3
    count, words = rate * seconds, f"paced {rate * seconds} {rate}"
    httpx = [sys.executable, str(HERE / "floor_httpx.py"), "read", str(bench.server.port), "1", *words.split()]
    floors = {False: ("bare httpx reader", httpx, "1.1x"), True: ("raw reader", _raw(bench, 1, words), "1.25x")}
    for name, fast in KINDS:
        floor_name, argv, bar = floors[fast]
        floor: list[float] = []

        def measure(
            house: House, *, fast: bool = fast, argv: list[str] = argv, floor: list[float] = floor
        ) -> tuple[float]:
            floor.append(cpu_of(argv)[0] / count)
            with Daemon(bench.server, house.python, fast=fast) as daemon:
                daemon.initialize()
                daemon.answer(daemon.prompt("paced 20 1000", token="warm"))
                daemon.settled()  # the faster transport is loaded behind the first answer
                return (_between(daemon, words, count) / count,)

        (each,) = bench.each(measure, rounds)
        middle = sorted(floor)[len(floor) // 2]
        bench.report.row(f"CPU per chunk, one stream at {rate}/s, {name}; {floor_name}", each, "us", middle, bar)


def burst(bench: Bench) -> None:
    """As fast as it goes: 20,000 chunks in one stream; and what memory is left of it."""
    count = 20_000
    floor = cpu_of(_raw(bench, 1, f"burst {count}"))[0] / count

    def measure(house: House) -> tuple[float, ...]:
        with Daemon(bench.server, house.python) as daemon:
            daemon.initialize()
            daemon.answer(daemon.prompt("burst 100", token="warm"))
            daemon.settled()
            before, begin, start = daemon.memory(), daemon.cpu(), monotonic_ns()
            reads = daemon.until(daemon.prompt(f"burst {count}", token=1))
            each, rate = (daemon.cpu() - begin) / count, count / (monotonic_ns() - start) * 1e9
            return each, rate, wrong(chunks(reads), count), daemon.memory() - before

    each, rate, bad, more = bench.each(measure, 1)
    bench.report.row(f"CPU per chunk, burst of {count:,}; raw reader", each, "us", floor)
    bench.report.row("  chunks per second", rate)
    bench.report.row("  chunks lost or out of order", bad, bar="0")
    bench.report.row("  memory more than after warm-up", more, "MB", bar="+5 MB")


def chunks(reads: Iterable[Read]) -> list[Chunk]:
    """Every text chunk. A merged event holds several."""
    found: list[Chunk] = []
    for at, message in reads:
        params = message.get("params", {})
        value = params.get("value", {})
        if value.get("kind") == "textChunk":
            found += [(params["token"], int(sent), at) for sent in value["text"].split()]
    return found


def wrong(found: list[Chunk], expected: int) -> int:
    """Chunks that are lost or out of order."""
    by_token: dict[object, list[int]] = {}
    for token, sent, _ in found:
        by_token.setdefault(token, []).append(sent)
    disorder = sum(a > b for stream in by_token.values() for a, b in pairwise(stream))
    return abs(expected - len(found)) + disorder


def quantiles(found: list[Chunk]) -> tuple[float, float]:
    """Latency p50 and p99 in milliseconds."""
    delays = sorted((read - sent) / 1e6 for _, sent, read in found)
    return delays[len(delays) // 2], delays[len(delays) * 99 // 100]


def streamed(daemon: Daemon, words: str, streams: int) -> tuple[float, list[Read]]:
    """Play something on several sessions at once; processor microseconds, and what was read."""
    daemon.answer(daemon.prompt("paced 20 1000", token="warm"))
    begin = daemon.settled()
    reads = daemon.until(*(daemon.prompt(words, token=number) for number in range(streams)))
    return daemon.cpu() - begin, reads


def _between(daemon: Daemon, words: str, count: int) -> float:
    """Processor microseconds between the first chunk and the last, as `cpu_of` counts them for the floors."""
    prompt, seen, first, last = daemon.prompt(words, token=1), 0, 0.0, 0.0
    while seen < count:
        found = len(chunks([daemon.read()]))
        first = first or (daemon.cpu() if found else 0.0)
        seen += found
        if found and seen % 100 == 0:
            last = daemon.cpu()
    daemon.answer(prompt)
    return last - first


def _raw(bench: Bench, streams: int, words: str) -> list[str]:
    return [sys.executable, str(HERE / "floor.py"), str(bench.server.port), str(streams), *words.split()]
