"""`python -m chatls_client.demo`: the daemon shown at work, with a real model and with a scripted one."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from rich.console import Console
from rich.text import Text

from chatls_client.conversation import Conversation, Question
from chatls_client.demo_fix import PROMPT, make_project, settings, state
from chatls_client.drawing.rows import paragraph
from chatls_client.protocol import Event
from chatls_client.terminal import CANCELLED, drawn_face, make_console
from chatls_client.timeline import Timeline

MODEL = "local/smollm2-135m"
SCRIPT = Path(__file__).with_name("demo_script.json")

REAL = """\
Part 1 of 2: a real model. The daemon is started as a child process, as an editor would start it, and is asked about \
this folder. Of all models this one was chosen because it runs on this machine and needs no key and no network. It is \
tiny (135 million parameters): it can find a word in files, and say in which ones it is. That is what it is asked."""
REAL_PROMPT = "Which files mention ripgrep?"
A_REAL_ONE = "For a real model, run `chatls setup`."

SCRIPTED = """\
Part 2 of 2: a scripted model, slow on purpose, so that the order of things can be seen. It asks for three tools in \
one reply. Each starts as soon as its arguments are complete, while the reply is still being written."""
SCRIPTED_PROMPT = "How does this project frame its messages?"

FIX = """\
A scripted model mends a failing test in a scratch project. It may read without asking; before it runs a command or \
changes a file, you are asked."""

PROOF = "What overlapped, as the client saw it:"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code: of the first part that failed, 130 after Ctrl-C."""
    options = _parser().parse_args(argv)
    console = make_console(color=not options.no_color)
    if options.what == "fix":
        return fix(console)
    parts: dict[int, Callable[[Console, Path], int]] = {1: real_model, 2: scripted_model}
    codes: list[int] = []
    for number in options.part or parts:
        codes.append(parts[number](console, options.folder.absolute()))
        if codes[-1] >= CANCELLED:
            break
    return next((code for code in reversed(codes) if code >= CANCELLED), max(codes))


def real_model(console: Console, folder: Path) -> int:
    """Part 1."""
    _explain(console, REAL)
    code = _ask(console, Question(REAL_PROMPT, None, (folder,), {"model": MODEL}))
    if code < CANCELLED:
        _explain(console, A_REAL_ONE)
    return code


def scripted_model(console: Console, folder: Path) -> int:
    """Part 2."""
    _explain(console, SCRIPTED)
    chosen = {"model": "scripted/demo", "providers": {"scripted": {"kind": "scripted", "script": str(SCRIPT)}}}
    timeline = Timeline()
    code = _ask(console, Question(SCRIPTED_PROMPT, None, (folder,), chosen), timeline.note)
    if code == 0:
        _explain(console, PROOF)
        console.print(Text("\n").join(timeline.rows(console.width - 1)), soft_wrap=True)
    return code


def fix(console: Console) -> int:
    """The demo that asks."""
    with TemporaryDirectory(prefix="chatls-demo-") as scratch:
        folder = Path(scratch).resolve()
        project = make_project(folder)
        _explain(console, FIX)
        code = _ask(console, Question(PROMPT, None, (project,), settings(folder)))
        _explain(console, state(project))
    return code


def _ask(console: Console, question: Question, heard: Callable[[Event], None] | None = None) -> int:
    console.print(Text("> " + question.prompt, "bold"))
    return anyio.run(Conversation(question, drawn_face(console), heard).run)


def _explain(console: Console, text: str) -> None:
    console.print()
    console.print(Text("\n").join(paragraph(text, "cyan", min(console.width - 1, 100))), soft_wrap=True)
    console.print()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m chatls_client.demo", description=__doc__)
    parser.add_argument(
        "what", choices=("tour", "fix"), default="tour", nargs="?", help="a tour in two parts, or a test that is mended"
    )
    parser.add_argument("--part", type=int, choices=(1, 2), action="append", help="only this part of the tour")
    parser.add_argument("--folder", metavar="DIR", type=Path, default=Path(), help="the folder that is asked about")
    parser.add_argument("--no-color", action="store_true", help="no colours")
    return parser


def run() -> int:
    """The program: quiet when it is interrupted, or when nobody reads what it says."""
    try:
        return main()
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:
        return 128 + 13


if __name__ == "__main__":
    sys.exit(run())
