"""Helix as it is, in a terminal, set up as docs/guides/editors-without-a-plugin.md says."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemon.raw import CHATLS, environment
from tests.editors import others
from tests.editors.conftest import Json, play
from tests.editors.fetch import NoEditorError
from tests.editors.terminal import Terminal
from tests.editors.test_bare import EDIT, GUIDE, READ

LINT = Path(__file__).with_name("lint_server.py")
Helix = Callable[..., Terminal]


@pytest.fixture(scope="session")
def program() -> Path:
    if os.environ.get("CHATLS_SKIP_EDITORS") == "1":
        pytest.skip("CHATLS_SKIP_EDITORS is set: Helix is NOT tested")
    try:
        return others.helix()
    except NoEditorError as error:
        pytest.skip(f"Helix is NOT tested: there is none, and none can be had ({error})")


@pytest.fixture
def helix(tmp_path: Path, project: Path, program: Path) -> Iterator[Helix]:
    terminals: list[Terminal] = []

    def opened(*replies: list[Json]) -> Terminal:
        play(tmp_path, *replies)
        (settings,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
        chatls, lint = (
            f"command = {json.dumps(sys.executable)}\nargs = {json.dumps(it)}" for it in (CHATLS[1:], [str(LINT)])
        )
        written = tmp_path / "home/.config/helix/languages.toml"
        written.parent.mkdir(parents=True)
        written.write_text(settings.replace('command = "chatls"', chatls) + f"\n[language-server.pylsp]\n{lint}\n")
        env = environment(tmp_path, COLORTERM="truecolor", LANG="C.UTF-8")
        try:
            terminals.append(Terminal([str(program), "src/app.py"], project, env))
        except FileNotFoundError:
            pytest.skip("Helix is NOT tested: tmux is not installed")
        terminals[-1].wait_for("print(", "●")  # the other server has looked: both run
        return terminals[-1]

    yield opened
    for terminal in terminals:
        terminal.__exit__()


def test_select_act_see_the_answer_and_cancel(helix: Helix, project: Path) -> None:
    terminal = helix([{"text": "It greets."}], [{"text": "A long poem"}, {"hang": True}])
    terminal.keys("x", "Space", "a")
    terminal.wait_for("Explain", "Write a test", "Ask about this")
    terminal.keys("Enter")
    terminal.wait_for("# Explain [app.py, line 1]", "It greets.", "_Write below")
    terminal.keys("g", "e", "o", "Go on.", "Escape")
    terminal.wait_for(" NOR ")
    terminal.keys("Space", "a")
    terminal.wait_for("  Send")
    terminal.keys("Enter")
    terminal.wait_for("## You", "Go on.", "A long poem", gone="_Write below")
    terminal.keys(":lsp-workspace-command chatls.cancel", "Enter")
    terminal.wait_for("A long poem", "> (cancelled)", "_Write below")


def test_fix_a_problem_of_another_server(helix: Helix, project: Path) -> None:
    terminal = helix([READ], [EDIT], [{"text": "Mended."}])
    terminal.keys("]", "d", "Space", "a")
    terminal.wait_for("Fix: nobody is greeted")
    terminal.keys("Enter")
    terminal.wait_for("chatls: edit_file src/app.py", "Allow once", '+    print("hello, you")')
    terminal.keys("Down", "Enter")
    terminal.wait_for("# Fix [app.py", "> edit_file src/app.py: completed", "Mended.", "_Write below")
    terminal.keys(":wa", "Enter")
    while '"hello, you"' not in (project / "src/app.py").read_text():
        terminal.wait_for()
