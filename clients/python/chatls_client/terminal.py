"""`chatls ask`: a question on the command line, its answer in the terminal or in a pipe."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import anyio
from rich.console import Console

from chatls_client.conversation import Conversation, Question
from chatls_client.faces import DrawnFace, Face, PipeFace, complain
from chatls_client.keys import Keys

USAGE_ERROR = 2
CANCELLED = 130

_MUCH = 400_000
"""Bytes of piped text from which on it is said how large it is: some 100,000 tokens."""
_MOST_UNREADABLE = 0.3
"""Of the characters of a text in another encoding that cannot be read; of a picture nearly all cannot."""

DESCRIPTION = """\
Ask a model about the files of a folder; it may list, search and read them. Before it changes a file or runs a \
command, you are asked; without a terminal that is denied. A prompt may begin with a slash command (/review), and name
files, folders and what has changed (@src/app.py, @src, @diff); chatls commands lists them.
"""
EPILOG = """\
Ctrl-C cancels; a second Ctrl-C leaves at once. In a pipe the answer's text alone goes to standard output, everything
else to standard error.

exit codes:
  0    the model ended its turn
  1    an error: of the model, its server, the settings or the daemon
  2    a wrong command line
  3    cut short: the most tokens or steps that are allowed, or the model refused
  130  cancelled (128 + the signal's number; 141: nobody reads the answer any more)
"""


def main(argv: Sequence[str] | None = None, *, command: Sequence[str] | None = None) -> int:
    """Run `chatls ask` and return its exit code. `command`: how the daemon is started, if not as usual."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        question = _question(options, None if command is None else tuple(command))
        return anyio.run(Conversation(question, choose_face(color=not options.no_color)).run)
    except _UsageError as error:
        parser.print_usage(sys.stderr)
        complain(str(error))
        return USAGE_ERROR
    except KeyboardInterrupt:  # before the conversation has begun to listen
        return CANCELLED


def choose_face(*, color: bool) -> Face:
    """Drawn on a terminal, bare in a pipe."""
    if not sys.stdout.isatty():
        return PipeFace(sys.stdout.fileno())
    return drawn_face(make_console(color=color))


def drawn_face(console: Console) -> DrawnFace:
    """Drawn as well as this terminal can; it asks if somebody can answer at a keyboard."""
    live = console.is_terminal and not console.is_dumb_terminal
    if not (console.is_terminal and sys.stdin and sys.stdin.isatty()):
        return DrawnFace(console, live=live)
    return DrawnFace(console, Keys(sys.stdin.fileno(), single=live), live=live)


def make_console(*, color: bool) -> Console:
    """Standard output, with nothing in text ever interpreted."""
    return Console(markup=False, emoji=False, highlight=False, no_color=None if color else True)


class _UsageError(Exception):
    """The command line asks for something that cannot be."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "chatls ask",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--model", metavar="PROVIDER/MODEL", help="which model to ask (default: from the settings)")
    parser.add_argument(
        "--folder",
        metavar="DIR",
        action="append",
        type=Path,
        help="a folder that the model may read; may be repeated (default: this one)",
    )
    parser.add_argument(
        "--settings", metavar="FILE", type=Path, help="settings as JSON, above those of the user's own file"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--continue", dest="latest", action="store_true", help="go on with the last chat of this folder")
    which.add_argument("--session", metavar="ID", help="go on with this chat (chatls sessions lists them)")
    parser.add_argument("--no-color", action="store_true", help="no colours (the variable NO_COLOR does the same)")
    parser.add_argument("prompt", metavar="PROMPT", nargs="*", help="the question; - stands for standard input")
    return parser


def _question(options: argparse.Namespace, command: tuple[str, ...] | None) -> Question:
    folders = tuple(_folder(path) for path in options.folder or [Path.cwd()])
    settings = {} if options.settings is None else _settings(options.settings)
    prompt = _prompt(options.prompt)
    return Question(prompt, options.model, folders, settings, command, options.session, options.latest)


def _prompt(words: list[str]) -> str:
    if not words and sys.stdin.isatty():
        raise _UsageError("ask what? Give a prompt, or - to read it from standard input")
    text = " ".join(word for word in words if word != "-")
    if not words or "-" in words:
        text = "\n\n".join(part for part in (text, _read_input()) if part.strip())
    text = os.fsencode(text).decode("utf-8", "replace")
    if not text.strip():
        raise _UsageError("the prompt is empty")
    return text


def _read_input() -> str:
    data = sys.stdin.buffer.read()
    text = data.decode("utf-8", "replace")
    if b"\0" in data or text.count("\ufffd") > len(text) * _MOST_UNREADABLE:
        raise _UsageError(f"standard input is no text: {amount(len(data))} of something else")
    if len(data) > _MUCH:
        complain(f"standard input is {amount(len(data))} of text; a model may not be able to read all of it")
    return text


def amount(size: int) -> str:
    """Bytes for people.

    >>> amount(0), amount(1), amount(48213), amount(5_200_000)
    ('0 bytes', '1 byte', '48.2 kB', '5.2 MB')
    """
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    return f"{size / 1000:.1f} kB" if size < 999_950 else f"{size / 1_000_000:.1f} MB"


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise _UsageError(f"{path} is not a folder")
    _warn_of_much(path.resolve())
    return path.absolute()


def _warn_of_much(path: Path) -> None:
    """Where nobody works, and much lies that is no project."""
    name = "the whole file system" if path == Path(path.anchor) else "your home folder" if path == _home() else ""
    if name:
        complain(f"{path} is {name}: the model may search and read all of it; --folder DIR names a smaller one")


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # a user without one
        return None


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _UsageError(f"cannot read the settings {path}: {error}") from error
    if not isinstance(settings, dict):
        raise _UsageError(f"the settings {path} are not a JSON object")
    return cast(dict[str, Any], settings)
