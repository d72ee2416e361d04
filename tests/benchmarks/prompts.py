"""From a prompt to its HTTP request: one, the 500th of a session, 64 at once; beside a bare httpx program.

For one, the server answers only when who asked waits, so that all is counted. And both have rested before, as while a
person writes: right behind another prompt, with warm caches, each costs half.
"""

import statistics
import subprocess
import sys
from time import monotonic_ns

from driver import HERE, Daemon, Frames, ModelServer, settled, waiting
from report import Bench, House, medians

_CALL = 'call read_file {"path": "floor.py"}'
_TURNS = 500
_MANY = 64


class Bare:
    """A bare httpx program that posts what the daemon posted last."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._body = server.get("last")
        argv = [sys.executable, str(HERE / "floor_httpx.py"), "send", str(server.port)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout
        self._frames = Frames(self.process.stdout)

    def post(self, count: int) -> None:
        """Post so many at once."""
        assert self.process.stdin
        self.process.stdin.write(b"%d %d\n%b" % (count, len(self._body), self._body))
        self.process.stdin.flush()

    def wait(self) -> None:
        """Until all answers were read."""
        assert self._frames.queue.get(timeout=60)

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def prompts(bench: Bench) -> None:
    """One prompt at a time, and 64 at once."""

    def measure(house: House) -> tuple[float, ...]:
        with Daemon(bench.server, house.python, fast=False) as daemon:
            daemon.initialize()
            for _ in range(5):
                daemon.answer(daemon.prompt("paced 1 1000", token=1))
            rounds = range(bench.rounds)
            kept, bare = (medians([_one(bench, daemon, keep=keep) for _ in rounds]) for keep in (True, False))
            return *kept, *bare, *_bare_one(bench)

    wall, used, bare_wall, bare_used, *floors = bench.each(measure, 1 if bench.quick else 3)
    bench.report.row("prompt to HTTP request, CPU; bare httpx, same body", used, "us", floors[1], "2x")
    bench.report.row("  wall", wall, "ms", floors[0], "2x")
    bench.report.row("  CPU, where it is not kept", bare_used, "us", floors[1], "2x")
    bench.report.row("  wall", bare_wall, "ms", floors[0], "2x")
    last, middle, *floors = bench.each(lambda house: _burst(bench, house), 1 if bench.quick else 3)
    bench.report.row(f"{_MANY} prompts at once, to the last HTTP request; bare httpx", last, "ms", floors[0], "600 ms")
    bench.report.row("  to the median one", middle, "ms", floors[1], "300 ms")


def _one(bench: Bench, daemon: Daemon, *, keep: bool) -> tuple[float, float]:
    bench.server.notes()
    begin, sent = daemon.settled(), monotonic_ns()
    prompt = daemon.prompt("hold", token=1, keep=keep)
    request = bench.server.note("request")
    used = waiting(daemon.process.pid) - begin
    bench.server.get("go")
    daemon.answer(prompt)
    return (request.at - sent) / 1e6, used


def _bare_one(bench: Bench) -> list[float]:
    bare, found = Bare(bench.server), list[tuple[float, float]]()
    for _ in range(5 + bench.rounds):
        bench.server.notes()
        begin, sent = settled(bare.process.pid), monotonic_ns()
        bare.post(1)
        request = bench.server.note("request")
        used = waiting(bare.process.pid) - begin
        bench.server.get("go")
        bare.wait()
        found.append(((request.at - sent) / 1e6, used))
    bare.end()
    return medians(found[5:])


def _burst(bench: Bench, house: House) -> tuple[float, ...]:
    words = "paced 1 0.5"
    with Daemon(bench.server, house.python, fast=False) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("paced 1 1000", token=1))
        daemon.settled()
        bench.server.notes()
        sent = monotonic_ns()
        daemon.until(*[daemon.prompt(words, token=number) for number in range(_MANY)])
        found = _arrivals(bench, sent)
    bare = Bare(bench.server)
    bare.post(1)
    bare.wait()
    bench.server.notes()
    sent = monotonic_ns()
    bare.post(_MANY)
    bare.wait()
    floor = _arrivals(bench, sent)
    bare.end()
    return *found, *floor


def _arrivals(bench: Bench, sent: int) -> tuple[float, float]:
    """Milliseconds to the last request, and to the median one."""
    found = [(note.at - sent) / 1e6 for note in bench.server.notes() if note.what == "request"]
    assert len(found) == _MANY
    return max(found), statistics.median(found)


def history(bench: Bench) -> None:
    """What a request costs early and late in a session of 500 turns, each with a file that is read: until it is sent,
    which for megabytes is most of it (`run.written_anew` is without)."""
    turns = _TURNS if not bench.quick else 100

    def measure(house: House) -> tuple[float, float, float]:
        with Daemon(bench.server, house.python, fast=False) as daemon:
            daemon.initialize()
            bench.server.watch(daemon.process.pid)
            early, late = list[float](), list[float]()
            session = _turn(bench, daemon, {}, None)
            for number in range(2, turns + 1):
                kept = early if 3 <= number <= 7 else late if number > turns - 5 else None
                _turn(bench, daemon, {"sessionId": session}, kept)
            first, last = statistics.median(early), statistics.median(late)
            return first, last, last - first

    first, last, more = bench.each(measure, 1)
    bench.report.row("prompt to HTTP request, CPU, turn 5 of a session", first, "ms")
    bench.report.row(f"  turn {turns}; turn 5", last, "ms", first)
    bench.report.row("  more than at turn 5, with the sending", more, "ms")


def _turn(bench: Bench, daemon: Daemon, which: dict[str, str], kept: list[float] | None) -> str:
    begin = 0.0
    if kept is not None:
        bench.server.notes()
        begin = daemon.settled()
    answer = daemon.answer(daemon.prompt(_CALL, token=1, **which))
    if kept is not None:
        kept.append((bench.server.note("request").cpu - begin) / 1000)
    return answer.message["result"]["sessionId"]
