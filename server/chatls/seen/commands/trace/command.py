"""The command itself: stands between an editor and the program that it would start, and writes down what passes."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic

from chatls.seen.commands.paper import Paper
from chatls.seen.commands.trace import recording, timeline
from chatls.seen.commands.trace.page import page
from chatls.seen.commands.trace.recording import Cutter, PassedMessage, Side, TraceFile

USAGE = """\
usage: chatls trace FILE -- COMMAND...   run COMMAND for an editor, and record in FILE (a new one) what is said
       chatls trace show FILE            the messages as a timeline
       chatls trace show FILE --html [PAGE]    the same as a page of HTML with a picture of each turn; a new file,
                                         beside FILE where it is not named

In an editor, put `chatls trace /tmp/trace.jsonl --` before the command that starts the daemon. FILE and PAGE can be
read by you alone. Keys are blotted out; what was said and read stands there: look before you send it to anybody.
"""
_PIECE = 2**16


def main(argv: Sequence[str] | None = None) -> int:
    """Run `chatls trace` and return its exit code: that of COMMAND; 2 for a wrong command line."""
    given = list(sys.argv[2:] if argv is None else argv)
    parser = argparse.ArgumentParser("chatls trace", usage=USAGE.removeprefix("usage: "), allow_abbrev=False)
    if "--" in given[:2] and given[2:] and given[0] != "--":
        return _record(Path(given[0]), given[2:])
    parser.add_argument("word", choices=["show"], metavar="show")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--html", type=Path, metavar="PAGE", nargs="?", const=Path())
    options = parser.parse_args(given)
    beside = options.html == Path()
    return _show(options.file, options.file.with_suffix(".html") if beside else options.html)


def _show(path: Path, into: Path | None) -> int:
    paper = Paper()
    try:
        trace = recording.read(path)
        if into is not None:
            pieces = "".join(page(trace, path.name))
            descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(pieces)
            paper.say(f"{into} shows it in a browser")
            return 0
        for row in timeline.rows(trace):
            paper.say(row)
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"chatls: {path} cannot be shown: {error}\n")
        return 1
    return 0


def _record(path: Path, command: Sequence[str]) -> int:
    try:
        file = TraceFile(path)
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    except OSError as error:
        sys.stderr.write(f"chatls: the trace cannot begin: {error}\n")
        return 1
    assert child.stdin
    assert child.stdout
    start, into, out_of = monotonic(), child.stdin, child.stdout

    def pass_on(source: int, sink: int, side: Side) -> None:
        cutter = Cutter()
        while data := os.read(source, _PIECE):
            now = (monotonic() - start) * 1000
            for message in cutter.feed(data):  # before it is passed on: no answer may stand before its request
                file.note(PassedMessage(now, side, message))
            _write_all(sink, data)

    def from_editor() -> None:
        with suppress(OSError):
            pass_on(0, into.fileno(), "client")
        into.close()

    Thread(target=from_editor, daemon=True).start()
    try:
        pass_on(out_of.fileno(), 1, "server")
    except OSError:  # the editor reads no more
        into.close()
    return child.wait()


def _write_all(sink: int, data: bytes) -> None:
    while data:
        data = data[os.write(sink, data) :]
