"""People in a hurry, and daemons that die at the worst moment: nothing raises an error in the editor or freezes it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Json, Open

TURNS = 500
READ = call("read_file", path="notes.txt")
EDIT = call("edit_file", path="notes.txt", edits=[{"old_text": "Buy bread.", "new_text": "Buy bread and cheese."}])
FREEZES = """
local before = vim.uv.hrtime()
_G.longest, _G.timer = 0, vim.uv.new_timer()
timer:start(1, 1, function()
  local now = vim.uv.hrtime()
  longest, before = math.max(longest, (now - before) / 1e6), now
end)
"""
LONG_CHAT = """
local daemon, turns = require("chatls.daemon"), ...
local session
local function ask(number)
  if number > turns then
    _G.had = session
    return
  end
  daemon.prompt({ content = "question " .. number, sessionId = session }, function() end, function(result, err)
    session = result and result.sessionId or error(err.message)
    ask(number + 1)
  end)
end
ask(1)
"""
TIMERS = """
_G.pending = 0
local defer = vim.defer_fn
function vim.defer_fn(fn, ms)
  pending = pending + 1
  return defer(function()
    pending = pending - 1
    fn()
  end, ms)
end
"""
ANSWER = "Some **words** and `code`:\n\n```python\nprint(1)\n```\n\n- a point\n- another\n"


def long_chat(nvim: Open, turns: int) -> Chat:
    """An editor whose daemon keeps a chat of so many turns, which nobody shows."""
    replies: list[list[Json]] = []
    for number in range(turns):
        replies += [[{"thinking": "Hm."}, READ], [{"text": f"Answer {number}. {ANSWER}"}]]
    it = chat(nvim, *replies, chars=100)
    it.editor.lua(LONG_CHAT, turns)
    it.editor.wait_until("had", seconds=120)
    return it


def test_a_chat_of_five_hundred_turns_is_shown_without_freezing_the_editor(
    nvim: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    it = long_chat(nvim, TURNS)
    it.editor.lua(FREEZES)
    it.editor.lua("_G.began = vim.uv.hrtime() require('chatls.chat.panel').open_session(had, true)")
    it.editor.wait_until("says(1, 'Answer 499.') and not require('chatls.chat.panel').shown().loading", seconds=120)
    longest, whole = it.editor.lua("timer:stop() return { longest, (vim.uv.hrtime() - began) / 1e6 }")
    with capsys.disabled():
        print(f"\n{TURNS} turns: shown after {whole:.0f} ms, the main loop was blocked for {longest:.0f} ms at most")
    assert it.said().count("question ") == TURNS
    it.ask("and now?")
    it.wait_for_end()


def kill(it: Chat) -> None:
    (pid,) = it.editor.daemons()
    os.kill(pid, signal.SIGKILL)


MEANWHILE: dict[str, Callable[[Chat], object]] = {
    "window closed": lambda it: it.editor.command("close"),
    "buffer gone": lambda it: it.editor.command("bwipeout! chatls://chat/1"),
    "prompt gone": lambda it: it.editor.command("bwipeout! chatls://prompt/1"),
    "daemon dead": kill,
    "asked meanwhile": lambda it: it.ask("in a hurry"),
    "cancelled": lambda it: it.editor.command("ChatCancel"),
    "another chat": lambda it: it.editor.command("ChatNew"),
    "loaded twice": lambda it: it.editor.lua("require('chatls.chat.panel').open_session(had, true)"),
    "screen changes": lambda it: it.editor.command("set columns=60 lines=12"),
    "tabs": lambda it: [it.editor.command(word) for word in ("tabnew", "Chat", "tabclose")],
}
"""What happens in the middle of a load."""


@pytest.mark.parametrize("when", ["at once", "while it is drawn"])
@pytest.mark.parametrize("what", MEANWHILE)
def test_whatever_happens_in_the_middle_of_a_load(nvim: Open, what: str, when: str) -> None:
    it = long_chat(nvim, 40)
    it.editor.lua(TIMERS)
    it.editor.lua("require('chatls.chat.panel').open_session(had, true)")
    if when != "at once":
        it.editor.wait_until("says(1, 'question 1')")
    MEANWHILE[what](it)
    loading = "return vim.iter(require('chatls.chat.chats').all):any(function(chat) return chat.loading end)"
    it.editor.wait_until(f"not (function() {loading} end)()")
    shown = "return #require('chatls.chat.chats').of_session(had).transcript:turns()"
    if what in ("loaded twice", "tabs", "screen changes"):
        assert it.editor.lua(shown) == 40
    it.editor.lua("require('chatls.chat.panel').open_session(had, true)")
    it.editor.wait_until(f"not (function() {loading} end)() and require('chatls.daemon').state() == 'ready'")
    assert it.editor.lua(shown) in ((40, 41) if what == "asked meanwhile" else (40,))  # the load may have been quicker
    it.editor.command("ChatNew and then?")
    it.editor.wait_until("require('chatls.daemon').running() == 0")
    it.editor.wait_until("pending == 0")


def test_the_history_is_opened_and_closed_in_haste(nvim: Open) -> None:
    it = long_chat(nvim, 3)
    it.editor.command("set columns=120")
    for keys in ("q", "j", "<Esc>", "jjkkq", "a", "aq", "<CR>", "d", "x", "f"):
        it.editor.lua("vim.ui.select = function(_, _, done) done(nil) end")
        it.editor.command("stopinsert | ChatHistory")
        it.editor.keys(keys)
    it.editor.command("ChatHistory | ChatHistory words | ChatHistory! | only!")
    it.editor.wait_until("window_of('chatls-history') == nil")
    it.editor.wait_until("require('chatls.daemon').running() == 0")


WAITING = {
    "history": "ChatHistory",
    "rewind": "ChatRewind",
    "fork": "ChatFork",
    "rename": "ChatRename otherwise",
    "export": "ChatExport",
    "compact": "ChatCompact",
    "delete": "ChatDelete",
    "inline edit": "%ChatEdit be polite",
    "chat": "Chat and?",
    "models": "ChatModel",
}


@pytest.mark.parametrize("what", WAITING)
def test_a_daemon_dies_before_it_answers(nvim: Open, project: Path, what: str) -> None:
    it = chat(nvim, [{"text": "Hello."}], files=(project / "notes.txt",))
    it.editor.lua("""
        vim.ui.select = function(items, _, done) done(items[2] or items[1], 2) end
        require("chatls").setup({ cmd = require("chatls.config").options.cmd, picker = "own" })
    """)
    it.ask("hi")
    it.wait_for_end()
    (pid,) = it.editor.daemons()
    os.kill(pid, signal.SIGSTOP)
    it.editor.command(WAITING[what])
    it.editor.keys("<Esc>")
    os.kill(pid, signal.SIGKILL)
    it.editor.wait_until("require('chatls.daemon').state() == 'ready' and require('chatls.daemon').running() == 0")
    it.editor.command("stopinsert | Chat still there?")
    it.editor.wait_until("require('chatls.daemon').running() == 0")


def test_what_was_said_to_a_turn_whose_daemon_dies_comes_back_into_the_prompt(nvim: Open) -> None:
    it = chat(nvim, [{"text": "One, two, three, "}, {"hang": True}])
    it.ask("count")
    it.wait_for("three,")
    it.ask("and backwards")
    it.editor.wait_until("#require('chatls.chat.panel').shown().steering == 1")
    kill(it)
    it.wait_for_end()
    it.editor.wait_until("require('chatls.daemon').state() == 'ready'")
    assert it.written() == "and backwards"


def test_a_daemon_dies_while_its_question_is_being_answered_in_writing(nvim: Open, project: Path) -> None:
    it = chat(nvim, [READ], [EDIT], [{"text": "I see."}])
    it.ask("go")
    it.answer("e")
    it.editor.wait_until("vim.bo.buftype == 'acwrite'")
    (pid,) = it.editor.daemons()
    os.kill(pid, signal.SIGKILL)
    it.editor.wait_until("require('chatls.daemon').state() == 'ready' and #vim.api.nvim_list_tabpages() == 1")
    assert "cheese" not in (project / "notes.txt").read_text()


def test_a_daemon_dies_behind_a_preview_of_a_change_which_can_still_be_taken(nvim: Open, project: Path) -> None:
    it = chat(nvim, [{"text": "```\nBuy wine.\n```"}], files=(project / "notes.txt",))
    it.editor.command("1ChatEdit be festive")
    it.editor.wait_until("vim.fn.maparg('do', 'n') ~= ''")
    (pid,) = it.editor.daemons()
    os.kill(pid, signal.SIGKILL)
    it.editor.wait_until("require('chatls.daemon').state() == 'ready'")
    it.editor.keys("do")
    assert it.editor.lines()[0] == "Buy wine."
    it.editor.command("edit!")
