"""The Neovim plugin, held to the protocol by the kit's fake daemon (tests/conformance)."""

import json
import sys
from pathlib import Path

from tests.editors.chat import Chat, chat
from tests.editors.conftest import Open

KIT = Path(__file__).parents[1] / "conformance" / "kit.py"
UNASKED = ("plain", "unheard", "ends", "slow", "burst", "late", "refused", "problems", "symbols", "edit")


def talking(nvim: Open, project: Path, report: Path) -> Chat:
    """A chat with the fake daemon; a file is open."""
    command = json.dumps([sys.executable, str(KIT), "client", "--report", str(report)])
    setup = f"{{ cmd = {{ {command[1:-1]} }} }}"
    return chat(nvim, files=(project / "notes.txt",), setup=setup)


def came(report: Path) -> dict[str, str]:
    rows = [line for line in report.read_text("utf-8").splitlines() if not line.startswith(" ")]
    return {line[14:].split()[0]: line[:14].strip() for line in rows}


def test_it_keeps_all_rules(nvim: Open, project: Path, tmp_path: Path) -> None:
    it = talking(nvim, project, tmp_path / "report")
    for word in UNASKED:
        it.ask(word)
        it.wait_for_end()
    it.ask("question")
    it.answer("y")
    it.wait_for_end()
    it.ask("questions")
    it.answer("y")
    it.answer("n")
    it.wait_for_end()
    it.ask("withdraw")
    it.editor.wait_until('says_in("chatls-permission", ...)', "two")
    it.answer("y")
    it.wait_for_end()
    for word in ("wait", "race"):
        it.ask(word)
        it.editor.wait_until("runs(1) == true")
        it.editor.command("ChatCancel")
        it.wait_for_end()
    it.editor.pardon("NO_RESULT_CALLBACK_FOUND")  # Neovim itself says so of an answer to nothing
    it.editor.leave()
    rows = came(tmp_path / "report")
    assert {name for name, row in rows.items() if row != "passed"} == {"garbage", "form"}, "those that were not played"
