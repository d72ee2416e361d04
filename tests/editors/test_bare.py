"""Neovim with nothing but `vim.lsp.start`, set up as docs/guides/editors-without-a-plugin.md says."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.raw import CHATLS
from tests.editors.conftest import Json, play
from tests.editors.fetch import Found
from tests.editors.neovim import Neovim

GUIDE = Path(__file__).parents[2] / "docs/guides/editors-without-a-plugin.md"
READ = {"toolCall": {"name": "read_file", "arguments": {"path": "src/app.py"}}}
HELLO = [{"old_text": '"hello"', "new_text": '"hello, you"'}]
EDIT = {"toolCall": {"name": "edit_file", "arguments": {"path": "src/app.py", "edits": HELLO}}}
HELPERS = """
_G.asked = {}
local function first(items, opts, chosen)
  table.insert(asked, opts.prompt)
  for _, item in ipairs(items) do
    local title = item.title or item.action.title
    if title == wanted or title == "Allow once" then
      return chosen(item)
    end
  end
  chosen(nil)
end
vim.ui.select = first
vim.fn.inputlist = function(lines)
  table.insert(asked, lines[1])
  for number, line in ipairs(lines) do
    if line:match("Allow once") then
      return tonumber(line:match("^%d+"))
    end
  end
  return 0
end
function _G.choose(title)
  _G.wanted = title
  vim.api.nvim_feedkeys("gra", "mx", false)
end
function _G.shown(pattern)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    if vim.api.nvim_buf_get_name(buffer):match(pattern) then
      return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\\n")
    end
  end
end
"""
Bare = Callable[..., Neovim]


def configured(language: str = "lua") -> str:
    """What the guide says, with the daemon under test."""
    blocks = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return "\n".join(blocks).replace('{ "chatls" }', "{ " + ", ".join(map(json.dumps, CHATLS)) + " }")


@pytest.fixture
def bare(tmp_path: Path, project: Path, program: Found) -> Iterator[Bare]:
    editors: list[Neovim] = []

    def opened(*replies: list[Json]) -> Neovim:
        play(tmp_path, *replies)
        written = tmp_path / "home/.config/nvim/init.lua"
        written.parent.mkdir(parents=True)
        written.write_text(configured())
        file = project / "src/app.py"
        editors.append(Neovim(tmp_path, program.program, setup=None, plugin=False, files=(file,), root=project))
        editors[-1].lua(HELPERS)
        editors[-1].wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")
        return editors[-1]

    yield opened
    for editor in editors:
        try:
            editor.check()
            editor.leave()
        finally:
            editor.kill()


def test_select_act_and_see_the_answer_beside_the_code(bare: Bare) -> None:
    editor = bare([{"text": "It greets."}])
    editor.keys("ggVj")
    editor.lua("choose(...)", "Explain")
    text: Any = editor.wait_until('(shown("explain%-app.py.*md$") or ""):match(".*Write below.*")')
    assert "## chatls\n\nIt greets.\n\n" in text
    assert editor.lua("return vim.api.nvim_buf_get_name(0)").endswith("app.py")


def test_fix_a_problem_of_another_server_is_asked_and_changes_the_buffer_with_one_undo(bare: Bare) -> None:
    editor = bare([READ], [EDIT], [{"text": "Mended."}])
    editor.lua("""
        local where = { lnum = 1, col = 10, message = "nobody is greeted", severity = 1, source = "lint" }
        vim.diagnostic.set(vim.api.nvim_create_namespace("lint"), 0, { where })
    """)
    editor.keys("2G")
    before = editor.text()
    editor.lua("choose(...)", "Fix: nobody is greeted")
    editor.wait_until('(shown("fix%-app.py.*md$") or ""):match("Mended.*Write below")')
    assert editor.text() == before.replace('"hello"', '"hello, you"')
    assert any("edit_file src/app.py" in question for question in editor.lua("return asked"))
    assert '+    print("hello, you")' in editor.lua('return shown("diff$")')
    editor.keys("u")
    assert editor.text() == before


def test_write_send_and_cancel(bare: Bare) -> None:
    editor = bare([{"text": "A long poem"}, {"hang": True}])
    editor.lua("choose(...)", "Ask about this ...")
    editor.wait_until('vim.api.nvim_buf_get_name(0):match("about%-app.py")')
    editor.keys("GoWrite a poem.<Esc>")
    editor.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) == 1")
    editor.lua("choose(...)", "Send")
    editor.wait_until('shown("about%-app.py"):match("Write a poem.*A long poem")')
    editor.lua('vim.api.nvim_feedkeys(vim.keycode("<leader>x"), "mx", false)')
    editor.wait_until('shown("about%-app.py"):match("A long poem.*cancelled.*Write below")')
