"""Lines changed where they stand: the change is previewed in the buffer, taken or left by hunks, and kept nowhere."""

import os
import signal
from pathlib import Path

import pytest

from tests.editors.chat import Chat, chat
from tests.editors.conftest import CODE, Json, Open

GREET = '```python\ndef main() -> None:\n    print("good day")\n    print("and welcome")\n```\n'
BOTH = "```\nBuy bread and cheese.\nTODO: write the tests.\nCall home today.\n```"
MARKS = """
local found = {}
local space = vim.api.nvim_create_namespace("chatls.inline")
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  for _, line in ipairs(mark[4].virt_lines or {}) do
    table.insert(found, vim.trim(line[1][1]))
  end
end
return found
"""
PREVIEWED = f"(function() {MARKS} end)()[1]"
KEYS = "return vim.fn.maparg('do', 'n') ~= '' or vim.fn.maparg('dX', 'n') ~= ''"


def asked(nvim: Open, file: Path, *replies: list[Json], range_: str = "%", words: str = "be polite") -> Chat:
    it = chat(nvim, *replies, files=(file,))
    it.editor.command(f"{range_}ChatEdit {words}")
    return it


def test_a_change_is_previewed_and_made_when_it_is_taken(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "src" / "app.py", [{"text": GREET}])
    it.editor.wait_until(PREVIEWED)
    assert it.editor.lua(MARKS) == ['print("good day")', 'print("and welcome")']
    assert it.editor.text() + "\n" == CODE
    it.editor.keys("do")
    assert it.editor.lines() == ["def main() -> None:", '    print("good day")', '    print("and welcome")']
    assert it.editor.lua(MARKS) == []
    assert it.editor.lua(KEYS) is False
    it.editor.keys("u")
    assert it.editor.text() + "\n" == CODE
    it.editor.command("edit!")


def test_hunks_are_taken_and_left_one_by_one(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": BOTH}])
    it.editor.wait_until(PREVIEWED)
    it.editor.keys("gg]cdo")
    assert it.editor.lines() == ["Buy bread.", "TODO: write the tests.", "Call home today."]
    assert it.editor.lua(MARKS) == ["Buy bread and cheese."]
    it.editor.keys("dx")
    assert it.editor.lines() == ["Buy bread.", "TODO: write the tests.", "Call home today."]
    assert it.editor.lua(KEYS) is False
    it.editor.command("edit!")


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        ("dO", ["Buy bread and cheese.", "TODO: write the tests.", "Call home today."]),
        ("dX", ["Buy bread.", "TODO: write the tests.", "Call home."]),
    ],
)
def test_all_are_taken_or_left_at_once_and_one_u_takes_that_back(
    nvim: Open, project: Path, keys: str, lines: list[str]
) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": BOTH}])
    it.editor.wait_until(PREVIEWED)
    it.editor.keys(keys)
    assert it.editor.lines() == lines
    it.editor.keys("u")
    assert it.editor.lines() == ["Buy bread.", "TODO: write the tests.", "Call home."]
    it.editor.command("edit!")


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        ("```\nFirst.\nBuy bread.\n```", ["First.", "Buy bread."]),
        ("```\nBuy bread.\nLast.\n```", ["Buy bread.", "Last."]),
        ("Buy wine.\n", ["Buy wine."]),
        ("Here it is:\n\n```text\nBuy wine.\n```\nThat is all.", ["Buy wine."]),
        ("```\n```", []),
    ],
)
def test_whatever_form_it_comes_in(nvim: Open, project: Path, reply: str, lines: list[str]) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": reply}], range_="1")
    it.editor.wait_until("vim.fn.maparg('do', 'n') ~= ''")
    it.editor.keys("dO")
    assert it.editor.lines() == [*lines, "TODO: write the tests.", "Call home."]
    it.editor.command("edit!")


def test_what_begins_at_the_margin_is_indented_as_the_lines_were(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "src" / "app.py", [{"text": '```python\nprint("good day")\n```'}], range_="2")
    it.editor.wait_until(PREVIEWED)
    it.editor.keys("dO")
    assert it.editor.lines()[1] == '    print("good day")'
    it.editor.command("edit!")


def test_lines_above_may_come_and_go_meanwhile_but_not_the_lines_themselves(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": BOTH}])
    it.editor.wait_until(PREVIEWED)
    it.editor.keys("ggOabove<Esc>GAtyped<Esc>")
    it.editor.keys("dO")
    assert it.editor.lines() == ["above", "Buy bread and cheese.", "TODO: write the tests.", "Call home.typed"]
    assert "were changed meanwhile" in it.editor.messages()
    it.editor.command("edit!")


@pytest.mark.parametrize("how", ["key", "command", "daemon dead", "buffer gone"])
def test_it_can_end_before_the_model_has_answered(nvim: Open, project: Path, how: str) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": "```\nBuy"}, {"hang": True}])
    it.editor.wait_until("require('chatls.daemon').running() == 1 and #require('chatls.status').text() > 0")
    it.editor.wait_until("require('chatls.daemon').state() == 'ready'")
    match how:
        case "key":
            it.editor.keys("dX")
        case "command":
            it.editor.command("ChatCancel")
        case "daemon dead":
            (pid,) = it.editor.daemons()
            os.kill(pid, signal.SIGKILL)
        case _:
            it.editor.command("bwipeout!")
    it.editor.wait_until("require('chatls.daemon').running() == 0")
    if how != "buffer gone":
        assert it.editor.lines() == ["Buy bread.", "TODO: write the tests.", "Call home."]
    assert it.editor.lua(KEYS) is False


def test_nothing_of_it_is_kept_and_no_chat_shows_it(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": BOTH}])
    it.editor.wait_until(PREVIEWED)
    it.editor.keys("dX")
    it.editor.lua("""
        require("chatls.daemon").session("list", { everywhere = true }, function(result) _G.kept = #result.sessions end)
    """)
    assert it.editor.wait_until("kept") == 0
    assert it.editor.lua("return window_of('chatls') == nil") is True


def test_keys_that_a_buffer_had_come_back(nvim: Open, project: Path) -> None:
    it = chat(nvim, [{"text": BOTH}], files=(project / "notes.txt",))
    it.editor.command("nnoremap <buffer> do :let g:mine = 1<CR>")
    it.editor.command("%ChatEdit be polite")
    it.editor.wait_until(PREVIEWED)
    it.editor.keys("dOdo")
    assert it.editor.lua("return vim.g.mine") == 1
    it.editor.command("edit!")


def test_a_second_edit_waits_for_the_first(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "notes.txt", [{"text": BOTH}])
    it.editor.wait_until(PREVIEWED)
    it.editor.command("%ChatEdit again")
    assert "an edit is under way here" in it.editor.messages()
    it.editor.keys("dX")


def test_a_failure_is_told(nvim: Open, project: Path) -> None:
    it = asked(nvim, project / "notes.txt", [{"error": {"kind": "unauthorized", "text": "There is no key."}}])
    it.editor.wait_until("vim.fn.execute('messages'):find('There is no key.', 1, true)")
    assert it.editor.lua(KEYS) is False
