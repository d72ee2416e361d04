"""How soon `chat/models` is answered where one server never answers, at the start and under streams."""

from time import monotonic_ns

from driver import Daemon
from report import Bench, House
from streaming import RATE, STREAMS


def models(bench: Bench) -> None:
    """Two seconds are promised, from the moment that it is read."""
    rounds = 1 if bench.quick else 3
    (found,) = bench.each(lambda house: (_at_start(bench, house),), rounds)
    bench.report.row("chat/models with a silent server, sent with the first prompt", found, "s", bar="2 s")
    (found,) = bench.each(lambda house: (_under_streams(bench, house),), rounds)
    bench.report.row(f"  under {STREAMS} streams x {RATE}/s", found, "s", bar="2 s")


def _at_start(bench: Bench, house: House) -> float:
    with Daemon(bench.server, house.python, fast=False) as daemon:
        daemon.initialize()
        prompt, seconds = daemon.prompt("paced 1 1000", token=1), _asked(daemon)
        del prompt
        return seconds


def _under_streams(bench: Bench, house: House) -> float:
    with Daemon(bench.server, house.python, fast=False) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("paced 1 1000", token=1))
        others = [daemon.prompt(f"paced {4 * RATE} {RATE}", token=number) for number in range(STREAMS)]
        daemon.event("textChunk")
        seconds = _asked(daemon)
        daemon.request("workspace/executeCommand", {"command": "chatls.cancelAll"})
        daemon.until(*others)
        return seconds


def _asked(daemon: Daemon) -> float:
    sent = monotonic_ns()
    answer = daemon.answer(daemon.request("chat/models", None))
    assert "bench/model" in str(answer.message["result"]), answer.message
    return (answer.at - sent) / 1e9
