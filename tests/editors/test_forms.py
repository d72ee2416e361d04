"""Forms of MCP servers in Neovim: asked field by field in `vim.ui`, seen whole before they are sent, taken away."""

import json
import sys
from pathlib import Path

from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Open

SERVER = Path(__file__).parents[1] / "mcp" / "server.py"
ANSWERING = """
_G.asked, _G.replies = {}, {}
local function take(prompt)
  table.insert(asked, prompt)
  return table.remove(replies, 1)
end
vim.ui.input = function(opts, done)
  local words = take(opts.prompt .. (opts.default or ""))
  done(words ~= vim.NIL and words or nil)
end
vim.ui.select = function(items, opts, done)
  local wanted = take(opts.prompt)
  for at, item in ipairs(items) do
    if wanted and wanted ~= vim.NIL and vim.startswith(opts.format_item(item), wanted) then
      return done(item, at)
    end
  end
  done(nil)
end
"""
FIRST = r"own (an MCP server; tell it no secret) asks: Which\u{202E} one?"
LEAVE = None


def opened(nvim: Open, tmp_path: Path, more: str = "") -> Chat:
    """A chat whose daemon runs the server, allowed by a rule."""
    it = chat(nvim, [call("own__form")], [{"text": "Done."}])
    config = tmp_path / "editor0" / "home" / ".config" / "chatls" / "config.toml"
    arguments = json.dumps([str(SERVER), "good", "legacy"])
    server = f"[mcp.own]\ncommand = {json.dumps(sys.executable)}\nargs = {arguments}\n"
    rule = '[[permissions]]\ntool = "own__*"\naction = "allow"\n'
    config.write_text(f"{config.read_text()}\n{server}\n{more}\n{rule}")
    settle = 'require("chatls.daemon").request("chat/tools", { settled = true }, function() _G.settled = true end)'
    it.editor.lua(settle)
    it.editor.wait_until("settled")
    return it


def answering(it: Chat, *said: str | None) -> None:
    """The person says this to what is put to them, one after the other."""
    it.editor.lua(ANSWERING)
    it.editor.lua("for at = 1, select('#', ...) do table.insert(replies, (select(at, ...)) or vim.NIL) end", *said)


def sent(it: Chat) -> str:
    """What the server was answered: its tool gives it back."""
    text = it.wait_for_end()
    return next(line[line.index("{") :] for line in text.split("\n") if '{"action"' in line)


def test_a_form_is_asked_field_by_field_and_sent_when_it_was_seen(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path)
    answering(it, "Fill it in", "many", "5", "b", "Send it")
    it.ask("go")
    assert json.loads(sent(it)) == {"action": "accept", "content": {"size": 5, "kind": "b"}}
    assert it.editor.lua("return asked") == [
        FIRST,
        "Size (a whole number, may be left out): 3",
        "Size (a whole number, may be left out) (not a whole number): 3",
        "kind",
        "To own: Size: 5, kind: b",
    ]


def test_a_form_is_declined_or_closed_and_the_server_told_which(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path)
    answering(it, "Decline", "Close")
    it.ask("go")
    assert json.loads(sent(it)) == {"action": "decline"}


def test_leaving_a_form_answers_nothing_and_it_is_shown_again(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path)
    answering(it, "Fill it in", "7", LEAVE, LEAVE)
    it.ask("go")
    it.editor.wait_until("#asked == 4")
    assert it.editor.lua('return require("chatls").status()') == "chat: asks you"
    assert "the form of own waits: :ChatPermission shows it again" in it.editor.messages()
    answering(it, "Close")
    it.editor.command("ChatPermission")
    assert json.loads(sent(it)) == {"action": "cancel"}


def test_who_types_is_not_interrupted(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path)
    answering(it, "Decline")
    it.editor.lua("vim.api.nvim_get_mode = function() return { mode = 'i', blocking = false } end")
    it.ask("go")
    it.editor.wait_until("vim.fn.execute('messages'):find('own asks you something', 1, true)")
    assert it.editor.lua("return #asked") == 0
    it.editor.command("ChatPermission")
    assert json.loads(sent(it)) == {"action": "decline"}


def test_neovims_own_prompts_serve_and_go_away_with_their_turn(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path)
    it.editor.lua("""
        local input = vim.ui.input
        vim.ui.input = function(opts, done)
          _G.prompt = opts.prompt
          vim.defer_fn(function() vim.cmd("ChatCancel") end, 100)
          input(opts, function(...)
            _G.closed = true
            done(...)
          end)
        end""")
    it.ask("go")
    it.editor.wait_until("closed")
    it.wait_for_end()
    assert it.editor.lua("return prompt").split("\n")[1:3] == [
        "1: Fill it in",
        "2: Decline: own is told that you do not want to say it",
    ]
    assert "own does not ask any more" in it.editor.messages()
    it.editor.command("ChatPermission")
    assert "no question waits for you" in it.editor.messages()


def test_the_health_check_says_which_servers_run_and_why_one_does_not(nvim: Open, tmp_path: Path) -> None:
    it = opened(nvim, tmp_path, '[mcp.other]\ncommand = "/no/such/program"\n')
    it.editor.command("checkhealth chatls")
    health = it.editor.text()
    assert f"the MCP server own runs ({sys.executable} {SERVER} good legacy), with" in health
    assert "the MCP server other does not run (/no/such/program): " in health
    assert "chatls mcp test other" in health
