"""The demo that mends a failing test, with the real daemon: it does what the person at the terminal allows, no more."""

import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from in_terminal import InTerminal, in_terminal

from chatls_client import demo_fix

SCRATCH = "import sys, tempfile\ntempfile.tempdir = sys.argv.pop(1)\n"
DEMO = SCRATCH + "from chatls_client.demo import run\nsys.argv[1:] = ['fix']\nsys.exit(run())\n"


@contextmanager
def demo(folder: Path) -> Generator[InTerminal]:
    """The demo, in a terminal; `folder` is where its scratch project is, and nobody's own answers are touched."""
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    with in_terminal("-c", DEMO, str(folder), width=100, env=home) as terminal:
        yield terminal


def answer(terminal: InTerminal, *keys: bytes) -> None:
    """One key for each question, each once it is asked."""
    for count, key in enumerate(keys):

        def asked(rows: list[str], count: int = count) -> bool:
            answers = sum(row.startswith("→ ") for row in rows)
            return answers == count and any("No, and say what to do instead" in row for row in rows)

        terminal.wait_for_screen(asked)
        terminal.press(key)


def rows_with(terminal: InTerminal, sign: str) -> list[str]:
    return [row.partition(" · ")[0] for row in terminal.screen if row.startswith(sign)]


def test_with_three_times_yes_the_test_passes(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        answer(terminal, b"y", b"y", b"y")
        assert terminal.end() == 0
        text = "\n".join(terminal.screen)
        assert rows_with(terminal, "→ ") == ["→ Allow once"] * 3
        titles = [row[2:].split()[0] for row in rows_with(terminal, "✓ ")]
        assert titles == ["run_command", "read_file", "edit_file", "run_command"]
        assert "  │ -    return sum(prices) * discount\n  │ +    return sum(prices) * (1 - discount)\n" in text
        assert "basket.py was changed, and its test passes." in text
        assert list(tmp_path.glob("chatls-demo-*")) == []


def test_with_a_no_to_the_change_nothing_is_changed(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        answer(terminal, b"y", b"n", b"y")
        assert terminal.end() == 0
        assert rows_with(terminal, "■ ") == ["■ edit_file basket.py"]
        assert "basket.py is as it was, and its test fails." in terminal.screen


def test_with_no_alone_nothing_is_run_and_nothing_is_changed(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        answer(terminal, b"n", b"n", b"n")
        assert terminal.end() == 0
        assert len(rows_with(terminal, "■ ")) == 3
        assert "basket.py is as it was, and its test fails." in terminal.screen


def test_an_answer_for_the_session_is_not_asked_for_again_in_it(tmp_path: Path) -> None:
    with demo(tmp_path) as terminal:
        answer(terminal, b"n", b"s", b"n")
        assert terminal.end() == 0
        assert "→ Allow edits of files in this session · edit_file basket.py" in terminal.screen
        assert "basket.py was changed, and its test passes." in terminal.screen


def test_without_a_terminal_everything_is_denied_and_it_says_so() -> None:
    command = [sys.executable, "-m", "chatls_client.demo", "fix"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("there is no terminal to ask in, so edits and commands are denied") == 1
    assert "basket.py is as it was, and its test fails." in done.stdout


def test_the_project_is_mended_by_the_change_that_the_script_makes() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = demo_fix.make_project(Path(folder))
        assert demo_fix.state(project) == "basket.py is as it was, and its test fails."
        path = project / demo_fix.MODULE
        path.write_text(path.read_text().replace(demo_fix.BUG, demo_fix.MENDED))
        assert demo_fix.state(project) == "basket.py was changed, and its test passes."
