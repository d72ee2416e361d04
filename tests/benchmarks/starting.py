"""From nothing to the first answers and the first HTTP request, beside what bare imports cost."""

import os
import subprocess
import sys
from time import monotonic_ns

from driver import ENVIRONMENT, Daemon
from report import Bench, House, medians

BARE = "import httpx, anyio, pydantic"


def start(bench: Bench) -> None:
    """A prompt that is sent as soon as `initialize` is answered: until it leaves as an HTTP request."""
    rounds = 3 if bench.quick else 5
    bench.each(lambda house: _first(bench, house), 1)  # so that all is compiled
    bare, _ = medians([_python("import asyncio") for _ in range(rounds)])
    answered, wall, cpu, memory, floor_wall, floor_cpu = bench.each(lambda house: _first(bench, house), rounds)
    bench.report.row(f"start to initialize answered; {BARE}", answered, "ms", floor_wall)
    bench.report.row("  beside import asyncio", answered, "ms", bare)
    bench.report.row("start to a first prompt's HTTP request, CPU; the same", cpu, "ms", floor_cpu, "3x")
    bench.report.row("  wall", wall, "ms", floor_wall)
    bench.report.row("  memory after that prompt", memory, "MB", bar="50 MB")


def _first(bench: Bench, house: House) -> tuple[float, ...]:
    with Daemon(bench.server, house.python, fast=False) as daemon:
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
