"""`chatls log`: the daemon's log for people. Follows the newest one, or joins all of them by time."""

import argparse
import heapq
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from chatls.seen.commands.logrows import LogRows, parsed
from chatls.seen.commands.paper import Paper
from chatls.seen.logs.file import FOLDER, files
from chatls.seen.logs.lines import LogLine

DESCRIPTION = """\
Show what the newest daemon did: its turns, what the model was asked, how long everything took, what failed. On a
terminal it goes on as the log grows; Ctrl-C ends it.
"""
EPILOG = """\
The log holds no key, and above the level debug no prompt, text of a file or answer. The setting log.level says how much
is written.
"""
_PAUSE = 0.25
"""Seconds between two looks at a file that may have grown."""
_LAST = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Run `chatls log` and return its exit code: 1 if there is no log."""
    options = _parser().parse_args(argv)
    paper = Paper()
    folder = log_folder()
    found = files(folder)
    chosen = [Path(options.file)] if options.file else found if options.all else found[-1:]
    if not chosen:
        sys.stderr.write(f"chatls: there is no log in {folder}: no daemon has run yet\n")
        return 1
    follow = (paper.terminal or options.follow) and not (options.all or options.no_follow)
    try:
        growing = _LogTail(chosen[0])
        show(paper, joined(chosen) if options.all else growing.lines(), options)
        if follow:
            _follow(paper, growing, options)
    except OSError as error:
        sys.stderr.write(f"chatls: the log cannot be read: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def log_folder() -> Path:
    """Where the files lie."""
    return platformdirs.user_state_path("chatls", appauthor=False) / FOLDER


def joined(paths: Iterable[Path]) -> Iterator[LogLine]:
    """The lines of all files in the order of time; each knows its process."""

    def of(path: Path) -> Iterator[LogLine]:
        process = path.name.partition(".")[0].rpartition("-")[2]
        with suppress(OSError):
            for line in _LogTail(path).lines():
                yield {**line, "process": process}

    yield from heapq.merge(*map(of, paths), key=lambda line: str(line.get("at", "")))


def show(paper: Paper, lines: Iterable[LogLine], options: argparse.Namespace) -> None:
    """Draw the last lines that are wanted, or all of them."""
    wanted = [line for line in lines if _wanted(line, options)]
    count = options.lines if options.lines is not None else _LAST if paper.terminal else len(wanted)
    rows = LogRows(paper)
    for line in wanted[max(0, len(wanted) - count) :]:
        rows.draw(line, as_json=options.json)


def _wanted(line: LogLine, options: argparse.Namespace) -> bool:
    session, turn = str(line.get("session", "")), str(line.get("turn", ""))
    return (not options.session or options.session in session) and (not options.turn or options.turn in turn)


def _follow(paper: Paper, growing: "_LogTail", options: argparse.Namespace) -> None:
    """What is written from now on, also by a daemon that begins later."""
    rows = LogRows(paper)
    while True:
        lines = list(growing.lines())
        for line in lines:
            if _wanted(line, options):
                rows.draw(line, as_json=options.json)
        newest = files(growing.path.parent)[-1:]
        if not lines and newest and newest[0] != growing.path and not options.file:
            growing = _LogTail(newest[0])
        elif not lines:
            time.sleep(_PAUSE)


class _LogTail:
    """A file that is written while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0

    def lines(self) -> Iterator[LogLine]:
        """Those that are whole and new. Raises `OSError`."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            for data in file:
                if not data.endswith(b"\n"):
                    return
                self._read += len(data)
                if line := parsed(data):
                    yield line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "chatls log",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="another file of the log than the newest one")
    parser.add_argument("--all", action="store_true", help="all daemons of the last days, joined by time")
    parser.add_argument("--session", metavar="ID", help="only what is about this session; a part of its name will do")
    parser.add_argument("--turn", metavar="ID", help="only what is about this turn")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="the last N lines")
    parser.add_argument("--json", action="store_true", help="the lines as they stand in the file")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-f", "--follow", action="store_true", help="go on as it grows, also in a pipe")
    which.add_argument("--no-follow", action="store_true", help="end behind the last line, also on a terminal")
    return parser
