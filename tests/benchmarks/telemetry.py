"""What telemetry costs, sent to a collector on this machine: beside the same daemon without, in the same run."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from driver import Daemon
from report import Bench, House
from streaming import chunks


class Collector:
    """Takes what is exported, and looks at none of it."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object, **__: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def telemetry(bench: Bench) -> None:
    """Processor time for a chunk and for a turn, with it and without."""
    collector = Collector()
    count, turns, rounds = 20_000, 20 if bench.quick else 100, 1 if bench.quick else 5

    def measure(house: House) -> tuple[float, ...]:
        found = [_costs(bench, house, environment, count, turns) for environment in ({}, collector.environment)]
        return (found[1][0], found[0][0], found[1][1] - found[0][1])

    chunk, without, turn = bench.each(measure, rounds)
    collector.close()
    bench.report.row("CPU per chunk with telemetry; without", chunk, "us", without, "1.05x")
    bench.report.row("  CPU per turn more than without", turn, "ms", bar="1 ms")


def _costs(bench: Bench, house: House, environment: dict[str, str], count: int, turns: int) -> tuple[float, float]:
    """Microseconds of a chunk, milliseconds of a turn."""
    with Daemon(bench.server, house.python, environment=environment) as daemon:
        daemon.initialize()
        daemon.answer(daemon.prompt("burst 100", token="warm"))
        daemon.settled()
        begin = daemon.cpu()
        assert len(chunks(daemon.until(daemon.prompt(f"burst {count}", token=1)))) == count
        each = (daemon.cpu() - begin) / count
        begin = daemon.cpu()
        for _ in range(turns):
            daemon.answer(daemon.prompt("burst 1", token="short"))
        return each, (daemon.cpu() - begin) / turns / 1000
