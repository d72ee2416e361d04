"""The chat among other windows: closing, leaving, tabs, and buffers that somebody wipes out."""

import re
from pathlib import Path

import pytest

from tests.daemon.processes import wait_until_gone
from tests.daemon.raw import SOON
from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Open

LONG = [{"text": "One, two, three, "}, {"hang": True}]
WINDOWS = "return #vim.api.nvim_list_wins()"


def running(nvim: Open, *files: Path) -> Chat:
    it = chat(nvim, LONG, files=files)
    it.ask("count")
    it.wait_for("three,")
    return it


def test_the_chat_takes_two_windows_and_gives_them_back(nvim: Open) -> None:
    it = chat(nvim)
    assert it.editor.lua(WINDOWS) == 1
    it.editor.command("Chat")
    assert it.editor.lua(WINDOWS) == 3
    it.editor.command("ChatToggle")
    assert it.editor.lua(WINDOWS) == 1


@pytest.mark.parametrize("window", ["chatls", "chatls-prompt"])
def test_closing_one_of_its_windows_closes_both(nvim: Open, window: str) -> None:
    it = running(nvim)
    it.go_to(window)
    it.editor.command("close")
    it.editor.wait_until("#vim.api.nvim_list_wins() == 1")
    it.editor.command("Chat")
    assert "One, two, three," in it.said()
    it.editor.command("ChatCancel")
    it.wait_for_end()


def test_leaving_asks_nothing_while_a_turn_runs_and_a_prompt_is_half_written(nvim: Open) -> None:
    it = running(nvim)
    it.go_to("chatls-prompt")
    it.editor.keys("ihalf a thought<Esc>")
    started = it.editor.daemons()
    with pytest.raises(EOFError):
        it.editor.command("qall")
    assert it.editor.process.wait(SOON) == 0
    wait_until_gone(*started)


def test_a_file_does_not_open_in_the_windows_of_the_chat(nvim: Open, project: Path) -> None:
    it = running(nvim)
    it.go_to("chatls")
    assert it.editor.lua("return pcall(vim.cmd.edit, ...)", str(project / "notes.txt")) is not True
    assert "One, two, three," in it.said()
    it.editor.command("ChatCancel")
    it.wait_for_end()


@pytest.mark.parametrize(
    ("how", "what"), [("bwipeout", "chat"), ("bwipeout", "prompt"), ("bdelete", "prompt"), ("bunload", "chat")]
)
def test_a_buffer_that_is_wiped_out_breaks_nothing(nvim: Open, how: str, what: str) -> None:
    it = running(nvim)
    it.editor.lua('local how, name = ... vim.cmd(how .. "! " .. vim.fn.bufnr(name))', how, f"chatls://{what}/1")
    it.editor.command("ChatCancel")
    it.editor.wait_until('require("chatls.daemon").running() == 0')
    it.editor.command("ChatNew and now?")
    it.editor.wait_until('require("chatls.daemon").running() == 1')
    it.editor.lua('require("chatls.chat.panel").cancel()')
    it.editor.wait_until('require("chatls.daemon").running() == 0')


def test_another_tab_shows_the_same_chat(nvim: Open) -> None:
    it = running(nvim)
    it.editor.command("tabnew")
    it.editor.command("Chat")
    assert it.editor.lua(WINDOWS) == 6
    it.editor.command("ChatCancel")
    it.wait_for_end()
    it.editor.command("tabclose")
    assert "■ Cancelled" in it.said()


SIZES = """
local function size(filetype)
  local window = window_of(filetype)
  return { vim.api.nvim_win_get_width(window), vim.api.nvim_win_get_height(window) }
end
local transcript, prompt = size("chatls"), size("chatls-prompt")
return { transcript[1], prompt[1], prompt[2] }
"""


def test_the_chat_keeps_its_size_whatever_opens_and_closes_beside_it(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "notes.txt",))
    it.editor.command("set columns=120 lines=40")
    it.editor.lua("_G.code = vim.fn.win_getid()")
    it.editor.command("Chat")
    opened = it.editor.lua(SIZES)
    assert opened == [48, 48, 6]
    for line in ("copen 20", "cclose", "vsplit", "wincmd =", "split", "help", "only | Chat", "tabnew | tabclose"):
        it.editor.lua("vim.api.nvim_set_current_win(vim.api.nvim_win_is_valid(code) and code or 0)")
        it.editor.command(line)
        it.editor.lua("vim.wait(50)")
        assert it.editor.lua(SIZES) == opened, line


def test_the_chat_follows_the_screen_and_comes_back_to_its_size(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "notes.txt",))
    it.editor.command("set columns=120 lines=40")
    it.editor.command("Chat")
    for columns, lines, sizes in ((80, 24, [32, 32, 6]), (60, 9, [24, 24, 3]), (200, 60, [80, 80, 6])):
        it.editor.command(f"set columns={columns} lines={lines}")
        it.editor.lua("vim.wait(50)")
        assert it.editor.lua(SIZES) == sizes


def test_a_size_that_a_person_chose_stays(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "notes.txt",))
    it.editor.command("set columns=120 lines=40")
    it.editor.lua("_G.code = vim.fn.win_getid()")
    it.editor.command("Chat")
    it.go_to("chatls-prompt")
    it.editor.command("vertical resize 60 | resize 10")
    it.editor.lua("vim.wait(50)")
    it.editor.lua("vim.api.nvim_set_current_win(code)")
    it.editor.command("copen 25")
    it.editor.lua("vim.wait(50)")
    it.editor.command("cclose")
    it.editor.lua("vim.wait(50)")
    assert it.editor.lua(SIZES) == [60, 60, 10]
    it.editor.command("set columns=80")
    it.editor.lua("vim.wait(50)")
    assert it.editor.lua(SIZES) == [40, 40, 10]


def test_question_mark_shows_the_keys_as_they_are_set(nvim: Open) -> None:
    it = chat(nvim, setup='{ keys = { cancel = "<F5>", close = false } }')
    it.editor.command("Chat")
    for window, words in (("chatls", r" gy +yank the code block"), ("chatls-prompt", "send what is written")):
        it.go_to(window)
        it.editor.keys("?")
        buffer = it.editor.wait_until("vim.api.nvim_win_get_buf(window_of('chatls-keys'))")
        shown = it.editor.text(buffer)
        assert re.search(words, shown)
        assert "<F5> " in shown
        assert "hide the chat" not in shown
        it.editor.keys("?")
        it.editor.wait_until("not window_of('chatls-keys')")


def test_the_roots_begin_where_the_repository_does(nvim: Open, project: Path) -> None:
    it = chat(nvim, [call("list_files")], [{"text": "."}])
    it.editor.command(f"cd {project / 'src'}")
    it.ask("what is here?")
    assert "notes.txt" in it.wait_for_end()


def test_a_listed_file_outside_of_the_roots_is_not_told_of(nvim: Open, tmp_path: Path) -> None:
    outside = tmp_path / "private.txt"
    outside.write_text("mine\n")
    it = chat(nvim, files=(outside,))
    it.ask("go")
    it.wait_for_end()
    told = it.editor.lua("return vim.tbl_count(require('chatls.daemon').client().attached_buffers)")
    assert told == 0


def test_a_key_can_be_chosen_or_switched_off(nvim: Open) -> None:
    it = chat(nvim, LONG, setup='{ keys = { cancel = "<F5>", close = false } }')
    it.ask("count")
    it.wait_for("three,")
    it.go_to("chatls")
    assert it.editor.lua('return vim.fn.maparg("q", "n")') == ""
    it.editor.keys("<F5>")
    assert "■ Cancelled" in it.wait_for_end()


def test_earlier_prompts_come_back(nvim: Open) -> None:
    it = chat(nvim)
    it.ask("the first")
    it.wait_for_end()
    it.go_to("chatls-prompt")
    it.editor.keys("ithe second<Esc><CR>")
    it.editor.wait_until('says(1, "the second")')
    it.wait_for_end()
    it.editor.keys("<C-Up>")
    assert it.editor.lua("return vim.fn.getline(1)") == "the second"
