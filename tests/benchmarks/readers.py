"""Four lines of a reader that takes a second, called in one reply: they run together."""

import json
import tempfile
from pathlib import Path
from time import monotonic_ns

from driver import ENVIRONMENT, Daemon
from report import Bench, House, median

_SLOW = "#!/bin/sh\nsleep 1\n"
_LINES = ("wc a", "wc -l a", "wc -c a", "wc -w a")


def readers(bench: Bench) -> None:
    """Beside the second that one of them takes. Of the last house alone: one from before asked about each."""
    spent = median(lambda: _four(bench, bench.houses[-1]), 1 if bench.quick else 3)
    bench.report.row(f"{len(_LINES)} lines of a reader that takes 1 s, in one reply", spent, "ms", 1000.0, "1500 ms")


def _four(bench: Bench, house: House) -> float:
    with tempfile.TemporaryDirectory() as base:
        programs, root = Path(base, "bin"), Path(base, "root")
        programs.mkdir()
        root.mkdir()
        (programs / "wc").write_text(_SLOW)
        (programs / "wc").chmod(0o755)
        (root / "a").write_text("a\n")
        calls = [{"toolCall": {"name": "run_command", "arguments": {"command": line}}} for line in _LINES]
        script = Path(base, "script.json")
        script.write_text(json.dumps({"replies": [[{"text": "warm"}], calls, [{"text": "done"}]]}))
        before = ENVIRONMENT["PATH"]
        ENVIRONMENT["PATH"] = f"{programs}:{before}"
        try:
            with Daemon(bench.server, house.python, root=root) as daemon:
                daemon.ask_of(str(script))
                daemon.initialize()
                warm = daemon.answer(daemon.prompt("warm up"))
                session = warm.message["result"]["sessionId"]
                begin = monotonic_ns()
                daemon.answer(daemon.prompt("go", sessionId=session))
                return (monotonic_ns() - begin) / 1e6
        finally:
            ENVIRONMENT["PATH"] = before
