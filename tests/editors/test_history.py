"""Chats that last: found again, gone on with, renamed, forked, exported, deleted; also when editor or daemon died."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.daemon.processes import wait_until_gone
from tests.daemon.raw import SOON
from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Json, Open, play

SEARCH = call("search", pattern="TODO")
FIRST = ([{"thinking": "Hm."}, SEARCH], [{"text": "There are **two**."}])
HANG = [{"text": "One, two, three, "}, {"hang": True}]
OWN = "chatls-history"


def had(nvim: Open, *replies: list[Json], words: str = "count the todos") -> Chat:
    """An editor in which a chat was had, and ended."""
    it = chat(nvim, *(replies or FIRST))
    it.ask(words)
    it.wait_for_end()
    return it


def reopened(nvim: Open, it: Chat, *replies: list[Json], setup: str = "") -> Chat:
    """The editor was left, and is opened again."""
    it.editor.leave()
    return chat(nvim, *replies, home=it.editor.folder, setup=setup)


def pick(it: Chat, words: str = "", key: str = "<CR>") -> None:
    """In the list of chats, press a key on the one with these words."""
    it.editor.wait_until(f"window_of('{OWN}') and says_in('{OWN}', ...)", words)
    it.editor.lua("""
        local window = window_of("chatls-history")
        vim.api.nvim_set_current_win(window)
        vim.fn.search("\\\\V" .. ..., "cw")
    """, words)  # fmt: skip
    it.editor.keys(key)


def test_a_chat_is_found_again_and_reads_as_it_did(nvim: Open) -> None:
    it = had(nvim)
    before = it.said()
    it = reopened(nvim, it, [{"text": "Both are old."}])
    it.editor.command("ChatHistory")
    pick(it, "count the todos")
    after = it.wait_for("There are **two**.")
    assert [line for line in after.split("\n") if not line.startswith("─")] == [
        line for line in before.split("\n") if not line.startswith("─")
    ]
    folds = """
        local found = {}
        for line = 1, vim.fn.line("$") do
          if vim.fn.foldclosed(line) == line then table.insert(found, vim.fn.getline(line)) end
        end
        return found
    """
    it.go_to("chatls")
    it.editor.wait_until("not require('chatls.chat.panel').shown().loading")
    assert [line.split()[1] for line in it.editor.lua(folds)] == ["thought", "search"]
    it.ask("how old?")
    it.wait_for("Both are old.")
    it.wait_for_end()
    sent = it.editor.folder / "session.json"
    it.editor.command(f"ChatExport {sent}")
    it.editor.wait_until("vim.uv.fs_stat(...)", str(sent))
    kept = json.loads(sent.read_text())
    assert [turn["prompt"] for turn in kept["turns"]] == ["count the todos", "how old?"]


def test_the_last_chat_is_offered_and_one_key_goes_on_with_it(nvim: Open) -> None:
    it = reopened(nvim, had(nvim))
    it.editor.command("Chat")
    it.editor.wait_until("require('chatls.chat.panel').shown().offered")
    assert it.said() == ""
    it.go_to("chatls-prompt")
    it.editor.keys("<CR>")
    assert "There are **two**." in it.wait_for("There are")


def test_who_asks_something_else_begins_a_new_chat(nvim: Open) -> None:
    it = reopened(nvim, had(nvim), [{"text": "Fine."}])
    it.editor.command("Chat")
    it.editor.wait_until("require('chatls.chat.panel').shown().offered")
    it.ask("how are you?")
    it.wait_for("Fine.")
    it.wait_for_end()
    marks = "return vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('chatls.offer'), 0, -1, {})"
    assert it.editor.lua(f"vim.api.nvim_set_current_win(window_of('chatls')) {marks}") == []
    it.editor.command("ChatHistory")
    it.editor.wait_until(f"says_in('{OWN}', 'how are you?') and says_in('{OWN}', 'count the todos')")
    it.editor.keys("q")


@pytest.mark.parametrize(("option", "shown"), [("show", True), ("no", False)])
def test_what_becomes_of_the_last_chat_is_an_option(nvim: Open, option: str, shown: bool) -> None:
    it = reopened(nvim, had(nvim), setup=f'{{ last_chat = "{option}" }}')
    it.editor.command("Chat")
    if shown:
        it.wait_for("There are **two**.")
    else:
        it.editor.command("ChatHistory")
        it.editor.wait_until(f"window_of('{OWN}') and says_in('{OWN}', 'count')")
        assert (it.said(), it.editor.lua("return require('chatls.chat.panel').shown().offered")) == ("", None)
        it.editor.keys("q")


def test_a_chat_goes_on_when_the_daemon_died(nvim: Open) -> None:
    it = chat(nvim, HANG)
    it.ask("count")
    it.wait_for("three,")
    (pid,) = it.editor.daemons()
    play(it.editor.folder, [{"text": "Four."}])
    os.kill(pid, signal.SIGKILL)
    it.wait_for("✗ Failed: the daemon ended by signal 9")
    it.wait_for_end()
    it.ask("go on")
    it.wait_for("Four.")
    assert "does not keep this chat" not in it.wait_for_end()
    kept = it.editor.folder / "kept.md"
    it.editor.command(f"ChatExport {kept}")
    it.editor.wait_until("vim.uv.fs_stat(...)", str(kept))
    text = kept.read_text()
    assert text.index("count") < text.index("go on") < text.index("Four.")


def test_a_turn_that_was_cut_off_with_the_editor_is_shown_as_far_as_it_came(nvim: Open) -> None:
    it = chat(nvim, HANG)
    it.ask("count")
    it.wait_for("three,")
    it.editor.lua("""
        local daemon, session = require("chatls.daemon"), require("chatls.chat.panel").shown().session
        local function look()
          daemon.session("export", { sessionId = session }, function(result)
            _G.exported = result and result.text or ""
            if not exported:find("three,", 1, true) then look() end
          end)
        end
        look()
    """)
    it.editor.wait_until("exported and exported:find('three,', 1, true)")
    started = it.editor.daemons()
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    it.editor.process.kill()
    it.editor.process.wait()
    wait_until_gone(*started)
    it = chat(nvim, [{"text": "Four."}], home=it.editor.folder)
    it.editor.command("ChatHistory")
    pick(it, "count")
    text = it.wait_for("■ Interrupted")
    assert "One, two, three," in text
    it.ask("go on")
    assert "Four." in it.wait_for_end()


def test_chats_are_searched_by_what_was_said(nvim: Open) -> None:
    it = had(nvim, *FIRST, [{"text": "Sunny."}])
    it.editor.command("ChatNew and the weather?")
    it.editor.wait_until("runs(2) == false")
    it.editor.command("ChatHistory two")
    it.editor.wait_until(f"window_of('{OWN}') and says_in('{OWN}', 'count the todos')")
    assert "weather" not in it.shown_in(OWN)
    it.editor.keys("q")
    it.editor.command("ChatHistory nonsense")
    it.editor.wait_until(f"window_of('{OWN}') and says_in('{OWN}', 'no chat has the words')")
    it.editor.keys("q")
    assert it.editor.lua(f"return window_of('{OWN}')") is None


def test_the_preview_shows_what_was_asked_and_answered(nvim: Open) -> None:
    it = had(nvim)
    it.editor.command("set columns=120 lines=40 | ChatHistory")
    it.editor.wait_until("window_of('markdown') and says_in('markdown', 'There are **two**.')")
    assert "## count the todos" in it.shown_in("markdown")
    it.editor.keys("q")
    assert it.editor.lua("return window_of('markdown')") is None


def test_a_chat_is_renamed_and_deleted_in_the_list_which_follows(nvim: Open) -> None:
    it = had(nvim)
    it.editor.command("set columns=160 lines=40")
    it.editor.lua("""
        vim.ui.input = function(_, done) done("the todo list") end
        vim.ui.select = function(items, _, done) done(items[2], 2) end
        require("chatls").setup({ cmd = require("chatls.config").options.cmd, picker = "own" })
    """)
    it.editor.command("ChatHistory")
    pick(it, "count the todos", "r")
    it.editor.wait_until(f"says_in('{OWN}', 'the todo list')")
    assert "the todo list" in it.editor.lua("return vim.wo[window_of('chatls')].winbar")
    it.editor.keys("d")
    it.editor.wait_until(f"says_in('{OWN}', 'there is no chat yet')")
    it.editor.keys("q")
    assert "deleted" in it.editor.messages()
    assert it.editor.lua("return vim.fn.bufexists('chatls://chat/1')") == 0
    it.ask("anybody there?")
    it.editor.wait_until("runs(2) == false")


def test_the_list_is_drawn_anew_when_chats_change(nvim: Open) -> None:
    it = had(nvim)
    it.editor.command("ChatHistory")
    it.editor.wait_until(f"window_of('{OWN}') and says_in('{OWN}', 'count the todos')")
    it.editor.lua("""
        local session = require("chatls.chat.panel").shown().session
        require("chatls.daemon").session("rename", { sessionId = session, title = "otherwise" }, function() end)
    """)
    it.editor.wait_until(f"says_in('{OWN}', 'otherwise')")
    it.editor.keys("q")


def test_commands_are_about_the_chat_that_is_shown(nvim: Open) -> None:
    it = chat(nvim, [{"text": "First."}], [{"text": "Second."}])
    for command in ("ChatRename x", "ChatExport", "ChatDelete", "ChatRewind", "ChatFork"):
        it.editor.command(command)
    assert it.editor.messages().count("nothing was said yet in this chat") == 5
    it.editor.command("set columns=160 lines=40")
    it.ask("one")
    it.wait_for_end()
    it.editor.command("ChatRename about nothing")
    it.editor.wait_until("vim.wo[window_of('chatls')].winbar:find('about nothing', 1, true)")
    it.editor.command("ChatExport")
    it.editor.wait_until("vim.bo.filetype == 'markdown'")
    assert "First." in it.editor.text()
    it.editor.command("bwipeout")
    path = it.editor.root / "there.md"
    path.write_text("mine\n")
    it.editor.command("ChatExport there.md")
    assert "is there already" in it.editor.messages()
    assert path.read_text() == "mine\n"
    it.editor.command("ChatExport! there.md")
    it.editor.wait_until("vim.fn.readfile(...)[1] ~= 'mine'", str(path))


def test_a_fork_begins_with_what_was_said_up_to_the_cursor(nvim: Open) -> None:
    it = chat(nvim, [{"text": "First."}], [{"text": "Second."}], [{"text": "Third."}])
    for words in ("one", "two"):
        it.ask(words)
        it.wait_for_end()
    it.go_to("chatls")
    it.editor.lua("vim.fn.search('First')")
    it.editor.command("ChatFork")
    text = it.wait_for("First.", 2)
    it.editor.wait_until("not require('chatls.chat.panel').shown().loading")
    assert "Second." not in text
    it.ask("three")
    it.wait_for("Third.", 2)
    assert "Third." not in it.said(1)
    it.wait_for_end(2)


def test_earlier_turns_of_a_long_chat_come_when_they_are_asked_for(nvim: Open) -> None:
    turns = 103
    it = chat(nvim, *([{"text": f"Answer {number}."}] for number in range(turns)))
    for number in range(turns):
        it.ask(f"question {number}")
        it.wait_for_end()
    it = reopened(nvim, it)
    it.editor.command("ChatHistory")
    pick(it, "question 0")
    it.wait_for("Answer 102.")
    it.editor.wait_until("not require('chatls.chat.panel').shown().loading")
    assert "Answer 2." not in it.said().split("\n")
    assert it.said().startswith("⋯ earlier turns: <CR> here shows them")
    it.go_to("chatls")
    it.editor.keys("gg<CR>")
    it.wait_for("Answer 0.")
    it.editor.wait_until("not require('chatls.chat.panel').shown().loading")
    assert it.said().startswith("question 0\n")


def test_a_chat_that_is_shown_already_is_gone_to(nvim: Open) -> None:
    it = had(nvim)
    it.editor.command("ChatNew")
    it.editor.command("ChatHistory")
    pick(it, "count the todos")
    assert it.editor.lua("return require('chatls.chat.panel').shown().number") == 1
    assert it.editor.lua("return #require('chatls.chat.panel').list()") == 2


def test_a_store_that_answers_late_or_never_freezes_nothing(nvim: Open) -> None:
    it = had(nvim)
    (pid,) = it.editor.daemons()
    os.kill(pid, signal.SIGSTOP)
    it.editor.command("ChatHistory")
    it.shown_in(OWN)
    it.editor.keys("jk")
    os.kill(pid, signal.SIGKILL)
    it.editor.wait_until("require('chatls.daemon').state() == 'ready'")
    it.editor.keys("q")
    assert it.editor.process.poll() is None
    assert it.editor.lua(f"return window_of('{OWN}')") is None


def test_leaving_in_the_middle_of_a_load_asks_nothing(nvim: Open) -> None:
    it = reopened(nvim, had(nvim))
    it.editor.command("ChatHistory")
    pick(it, "count the todos")
    with pytest.raises(EOFError):
        it.editor.command("qall")
    assert it.editor.process.wait(SOON) == 0


def test_a_write_that_fails_is_told(nvim: Open, tmp_path: Path) -> None:
    it = had(nvim)
    it.editor.command(f"ChatExport {tmp_path}/no/such/place.md")
    it.editor.wait_until("vim.fn.execute('messages'):find('cannot be written', 1, true)")
