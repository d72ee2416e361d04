"""The waits that a person feels."""

from time import monotonic_ns

from driver import Daemon, ModelServer
from report import Bench, House, median, medians
from streaming import RATE, STREAMS, chunks


def latencies(bench: Bench) -> None:
    """On one daemon, one after the other."""
    server, rounds = bench.server, bench.rounds

    def measure(house: House) -> tuple[float, ...]:
        with Daemon(server, house.python) as daemon:
            daemon.initialize()
            daemon.answer(daemon.prompt("tool", token="warm"))
            first = median(lambda: _first(daemon), rounds)
            step = median(lambda: _step(server, daemon), rounds)
            early = median(lambda: _eager(server, daemon), max(2, rounds // 4))
            idle = medians([_cancel(server, daemon) for _ in range(rounds)])
            others = [daemon.prompt(f"paced 100000 {RATE}", token=number) for number in range(STREAMS)]
            busy = medians([_cancel(server, daemon) for _ in range(rounds)])
            daemon.request("workspace/executeCommand", {"command": "chatls.cancelAll"})
            daemon.until(*others)
            return first, step, early, *idle, *busy

    first, step, early, closed, answered, busy_closed, busy_answered = bench.each(measure, 1)
    bench.report.row("first chunk sent to read", first, "ms")
    bench.report.row("reply end to next request, quick tool", step, "ms")
    bench.report.row("arguments closed to tool running (eager)", early, "ms")
    bench.report.row("cancel to upstream closed (idle)", closed, "ms")
    bench.report.row("  to answer", answered, "ms")
    bench.report.row(f"  to upstream closed, under {STREAMS} streams", busy_closed, "ms", bar="100 ms")
    bench.report.row("  to answer", busy_answered, "ms", bar="100 ms")


def _ms(start: int, end: int) -> float:
    return (end - start) / 1e6


def _first(daemon: Daemon) -> float:
    (_, sent, read), *_ = chunks(daemon.until(daemon.prompt("paced 1 1000", token=1)))
    return _ms(sent, read)


def _step(server: ModelServer, daemon: Daemon) -> float:
    server.notes()
    daemon.until(daemon.prompt("tool", token=1))
    noted = server.notes()
    first_end = next(note.at for note in noted if note.what == "end")
    return _ms(first_end, next(note.at for note in noted if note.what == "request" and note.at > first_end))


def _eager(server: ModelServer, daemon: Daemon) -> float:
    server.notes()
    prompt = daemon.prompt("early", token=1)
    running = daemon.event("toolRunStart")
    assert running.message["params"]["value"]["startedEarly"]
    daemon.until(prompt)
    return _ms(server.note("arguments").at, running.at)


def _cancel(server: ModelServer, daemon: Daemon) -> tuple[float, float]:
    prompt = daemon.prompt("wait", token="wait")
    while daemon.event("textChunk").message["params"]["token"] != "wait":
        pass
    server.notes()
    sent = monotonic_ns()
    daemon.send({"method": "$/cancelRequest", "params": {"id": prompt}})
    answered = daemon.answer(prompt).at
    return _ms(sent, server.note("closed", sent).at), _ms(sent, answered)
