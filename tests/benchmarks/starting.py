"""From nothing to the first answers and the first HTTP request, beside what bare imports cost."""

import os
import subprocess
import sys
from time import monotonic_ns

from driver import ENVIRONMENT, Daemon
from report import Bench, House, medians
from streaming import KINDS

BARE = "import httpx, anyio, pydantic"


def start(bench: Bench) -> None:
    """A prompt that is sent as soon as `initialize` is answered: until it leaves as an HTTP request."""
    rounds = 3 if bench.quick else 5
    bench.each(lambda house: _first(bench, house, fast=True), 1)  # so that all is compiled
    bare, _ = medians([_python("import asyncio") for _ in range(rounds)])
    for name, fast in KINDS:

        def measure(house: House, *, fast: bool = fast) -> tuple[float, ...]:
            return _first(bench, house, fast=fast)

        answered, wall, cpu, memory, floor_wall, floor_cpu = bench.each(measure, rounds)
        if not fast:
            bench.report.row(f"start to initialize answered; {BARE}", answered, "ms", floor_wall)
            bench.report.row("  beside import asyncio", answered, "ms", bare)
        bench.report.row(f"start to a first prompt's HTTP request, CPU, {name}; the same", cpu, "ms", floor_cpu, "3x")
        bench.report.row("  wall", wall, "ms", floor_wall)
        bench.report.row("  memory after that prompt", memory, "MB", bar="" if fast else "50 MB")


def _first(bench: Bench, house: House, *, fast: bool) -> tuple[float, ...]:
    with Daemon(bench.server, house.python, fast=fast) as daemon:
        bench.server.watch(daemon.process.pid)
        bench.server.notes()
        answered = daemon.initialize() / 1e6
        daemon.answer(daemon.prompt("paced 1 1000", token=1))
        request = bench.server.note("request")
        found = answered, (request.at - daemon.started) / 1e6, request.cpu / 1000, daemon.memory()
    return *found, *_python(BARE)


def _python(code: str) -> tuple[float, float]:
    """Milliseconds that a fresh interpreter needs for some code: wall, processor."""
    begin = monotonic_ns()
    process = subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert not process.returncode
    return (monotonic_ns() - begin) / 1e6, (usage.ru_utime + usage.ru_stime) * 1000
