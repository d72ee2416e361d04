"""The chat among other windows: closing, leaving, tabs, and buffers that somebody wipes out."""

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
