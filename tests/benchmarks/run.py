"""Prints one table: every figure of the daemon beside its floor, measured in the same run. Linux only.

`python tests/benchmarks/run.py [NAME...] [--quick] [--rounds N]`: all rows, or those of some names. The machine may be
noisy: read ratios, not absolute times. With CHATLS_BENCH_BEFORE, the interpreter of another checkout, its daemon is
measured in the same run, in a column of its own.
"""

import argparse
import logging
import os
import sys
from time import monotonic

from decoders import decoders
from driver import ModelServer
from history import written
from inline import ADVERSE, KINDS, OPEN, TEXTS, growth, reading
from keeping import keeping
from keystrokes import keys
from latencies import latencies
from listing import models
from prompts import history, prompts
from readers import readers
from report import Bench, House, Report
from sandbox import sandbox
from searching import searching
from starting import start
from streaming import burst, one_stream, paced
from telemetry import telemetry

log = logging.getLogger(__name__)


def decoding(bench: Bench) -> None:
    """Each decoder beside plain `json.loads`."""
    for kind, (each, floor) in decoders().items():
        bench.report.row(f"decoding an event, {kind}; json.loads", each, "us", floor, "3x")


def written_anew(bench: Bench) -> None:
    """What it takes to write the request of a long session, for the dearest of the protocols. Nothing is sent."""
    name, cost = max(written().items(), key=lambda item: item[1].late - item[1].early)
    figure = f"a request of {cost.size / 1e6:.1f} MB is written, turn 500; turn 5 ({name})"
    bench.report.row(figure, cost.late, "ms", cost.early)
    bench.report.row("  more than at turn 5", cost.late - cost.early, "ms", bar="2 ms")


def inline(bench: Bench) -> None:
    """What looking for calls in the text costs, and that it grows no faster than the text. The worst of each."""
    found = reading()
    for kind in KINDS:
        on, off = found[kind, "prose"]
        bench.report.row(f"a chunk with calls looked for, {kind}, prose; decoded only", on, "us", off, "1.3x")
        name = max(TEXTS, key=lambda name: found[kind, name][0] / found[kind, name][1])
        on, off = found[kind, name]
        bench.report.row(f"  the worst of {len(TEXTS)} texts: {name}", on, "us", off, "1.3x")
    grows = (("no call", TEXTS, 512), ("made to be costly", ADVERSE, 32), ("a call without end", OPEN, 128))
    for what, texts, size in grows:
        grown = growth(texts, size * 1024, 1 if bench.quick else 3)
        name, (spent, ratio) = max(grown.items(), key=lambda item: item[1][1])
        figure = f"{2 * size} KB beside {size} KB, {what}, the worst of {len(texts)}: {name}"
        bench.report.row(figure, spent * ratio, "ms", spent, "2.6x")


ROWS = {
    "start": start,
    "keys": keys,
    "search": searching,
    "prompts": prompts,
    "history": history,
    "written": written_anew,
    "keeping": keeping,
    "models": models,
    "readers": readers,
    "sandbox": sandbox,
    "stream": one_stream,
    "paced": paced,
    "burst": burst,
    "latencies": latencies,
    "telemetry": telemetry,
    "decoding": decoding,
    "inline": inline,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the daemon.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some rows alone: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, for a look")
    parser.add_argument("--rounds", type=int, default=21, help="rounds of each latency")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in ROWS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(ROWS)}")
    before = os.environ.get("CHATLS_BENCH_BEFORE")
    houses = [House("before", before), House("after", sys.executable)] if before else [House("daemon", sys.executable)]
    report = Report(houses)
    with ModelServer() as server:
        bench = Bench(server, report, houses, 5 if options.quick else options.rounds, options.quick)
        failed = [name for name in options.names or ROWS if not _measured(name, bench)]
    report.show()
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def _measured(name: str, bench: Bench) -> bool:
    """Measure some rows. What fails costs these alone, not what was measured before."""
    begin = monotonic()
    try:
        ROWS[name](bench)
    except Exception:
        log.exception("%s cannot be measured", name)
        return False
    print(f"{name}: {monotonic() - begin:.0f} s", file=sys.stderr)
    return True


if __name__ == "__main__":
    main()
