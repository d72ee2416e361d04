"""What a person sees of a chat and does in it, in words for tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.editors.conftest import Json, Open
from tests.editors.neovim import Neovim

LOOKING = """
function _G.said(chat)
  local buffer = vim.fn.bufnr("chatls://chat/" .. chat)
  return buffer < 0 and "" or table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\\n")
end
function _G.says(chat, words)
  return said(chat):find(words, 1, true) ~= nil
end
function _G.window_of(filetype)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.bo[vim.api.nvim_win_get_buf(window)].filetype == filetype then
      return window
    end
  end
end
function _G.says_in(filetype, words)
  local window = window_of(filetype)
  local lines = window and vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false) or {}
  return table.concat(lines, "\\n"):find(words, 1, true) ~= nil
end
function _G.runs(chat)
  for _, it in ipairs(require("chatls.chat.panel").list()) do
    if it.id == chat then
      return it.running
    end
  end
end
"""


class Chat:
    """An editor with a chat in it."""

    def __init__(self, editor: Neovim) -> None:
        self.editor = editor
        editor.lua(LOOKING)

    def ask(self, text: str) -> None:
        """As a command."""
        self.editor.command(f"Chat {text}")

    def said(self, chat: int = 1) -> str:
        """The whole transcript."""
        return self.editor.lua("return said(...)", chat)

    def wait_for(self, words: str, chat: int = 1) -> str:
        """Until the transcript holds these words; give all of it."""
        self.editor.wait_until("says(...)", chat, words)
        return self.said(chat)

    def wait_for_end(self, chat: int = 1) -> str:
        """Until the turn is over; give the transcript."""
        self.editor.wait_until("runs(...) == false", chat)
        return self.said(chat)

    def line(self, words: str) -> str:
        """The line of the first chat's transcript that holds these words."""
        return next(line for line in self.said().split("\n") if words in line)

    def question(self) -> str:
        """Until a question is shown, wherever the person is; give its text."""
        window = self.editor.wait_until('window_of("chatls-permission")')
        return self.editor.text(self.editor.lua("return vim.api.nvim_win_get_buf(...)", window))

    def answer(self, key: str) -> None:
        """Go to the question, and press a key."""
        self.question()
        self.editor.command("ChatPermission")
        self.editor.keys(key)

    def written(self, chat: int = 1) -> str:
        """What stands in the prompt."""
        return self.editor.text(self.editor.lua("return vim.fn.bufnr('chatls://prompt/' .. ...)", chat))

    def shown_in(self, filetype: str) -> str:
        """What the window of this filetype shows, as soon as there is one."""
        window = self.editor.wait_until("window_of(...)", filetype)
        return self.editor.text(self.editor.lua("return vim.api.nvim_win_get_buf(...)", window))

    def go_to(self, filetype: str) -> None:
        """Go to a window by what it shows: `chatls`, `chatls-prompt`."""
        self.editor.lua("vim.api.nvim_set_current_win(window_of(...)) vim.cmd.stopinsert()", filetype)


Begin = Callable[..., Chat]


def call(name: str, **arguments: Any) -> Json:
    """What a script says to call a tool."""
    return {"toolCall": {"name": name, "arguments": arguments}}


def edit(path: str, old: str, new: str) -> Json:
    return call("edit_file", path=path, edits=[{"old_text": old, "new_text": new}])


def chat(nvim: Open, *replies: list[Json], files: tuple[Path, ...] = (), setup: str = "", **more: Any) -> Chat:
    """An editor whose daemon plays these replies."""
    return Chat(nvim(*replies, files=files, setup=setup, **more))
