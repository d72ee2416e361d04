"""The chats that are kept, in the pickers that people have: lines and a preview, and what is chosen is opened.

The plugins themselves are stood in for by pickers.lua.
"""

from pathlib import Path

import pytest

from tests.editors.chat import Chat, chat
from tests.editors.conftest import Open

STAND_IN = f"""
package.path = {str(Path(__file__).parent)!r} .. "/?.lua;" .. package.path
_G.pickers = require("pickers")
pickers[...]()
"""
PICKERS = ["telescope", "fzf", "snacks"]
LINES = "pickers.shown.lines and table.concat(pickers.shown.lines, '|')"
PREVIEW = "pickers.previews(...)"


def picked(nvim: Open, picker: str) -> Chat:
    """An editor with that picker, and two chats that it shows."""
    it = chat(nvim, [{"text": "There are two."}], [{"text": "Sunny."}])
    it.editor.lua(STAND_IN, picker)
    it.ask("count the todos")
    it.wait_for_end()
    it.editor.command("ChatNew and the weather?")
    it.editor.wait_until("runs(2) == false")
    it.editor.command("ChatHistory")
    it.editor.wait_until(LINES)
    return it


@pytest.mark.parametrize("picker", PICKERS)
def test_a_picker_that_is_there_shows_chats_and_opens_one(nvim: Open, picker: str) -> None:
    it = picked(nvim, picker)
    assert it.editor.lua(f"return {LINES}").split("|") == [
        "and the weather?  just now · 1 turn",
        "count the todos  just now · 1 turn",
    ]
    it.editor.lua("pickers.shown.look(2)")
    it.editor.wait_until(PREVIEW, "There are two.")
    it.editor.lua("pickers.shown.press('<CR>', 2)")
    it.editor.wait_until("require('chatls.chat.panel').shown().number == 1")
    assert it.editor.lua("return pickers.shown.closed") is True


@pytest.mark.parametrize("picker", PICKERS)
def test_a_chat_is_deleted_in_it_and_the_list_is_drawn_anew(nvim: Open, picker: str) -> None:
    it = picked(nvim, picker)
    it.editor.lua("vim.ui.select = function(items, _, done) done(items[2], 2) end")
    it.editor.lua("pickers.shown.press('<M-d>', 2)")
    it.editor.wait_until(f"not ({LINES}):find('todos')")
    assert it.editor.lua("return #require('chatls.chat.panel').list()") == 1


@pytest.mark.parametrize("picker", ["telescope", "snacks"])
def test_a_list_that_is_shown_follows_what_becomes_of_chats(nvim: Open, picker: str) -> None:
    it = picked(nvim, picker)
    it.editor.lua("""
        local session = require("chatls.chat.panel").shown().session
        require("chatls.daemon").session("rename", { sessionId = session, title = "otherwise" }, function() end)
    """)
    it.editor.wait_until(f"({LINES}):find('otherwise')")


def test_snacks_looks_for_what_is_written_in_what_was_said(nvim: Open) -> None:
    it = picked(nvim, "snacks")
    it.editor.lua("pickers.shown.search = 'sunny'")
    it.editor.command("ChatHistory")
    it.editor.wait_until(f"not ({LINES}):find('todos')")


def test_a_list_that_somebody_made_their_own_is_used_and_a_picker_can_be_named(nvim: Open) -> None:
    it = picked(nvim, "telescope")
    it.editor.lua("""
        vim.ui.select = function(items, opts, done)
          _G.offered = { opts.kind, opts.format_item(items[2]) }
          done(items[2])
        end
        require("chatls").setup({ cmd = require("chatls.config").options.cmd, picker = "select" })
    """)
    it.editor.command("ChatHistory")
    offered = it.editor.wait_until("offered")
    assert offered == ["chatls.session", "count the todos  just now · 1 turn"]
    assert it.editor.lua("return require('chatls.chat.panel').shown().number") == 1


def test_a_picker_that_fails_is_told_of_and_our_own_shows_the_chats(nvim: Open) -> None:
    it = picked(nvim, "telescope")
    it.editor.lua("package.loaded['telescope.pickers'].new = function() error('too old') end")
    it.editor.command("ChatHistory")
    it.editor.wait_until("window_of('chatls-history') and says_in('chatls-history', 'count the todos')")
    assert "the picker telescope failed" in it.editor.messages()
    it.editor.keys("q")
