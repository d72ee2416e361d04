"""The daemon as the plugin keeps it: started on first use, started again, gone with the editor; what it may not do."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.processes import wait_until_gone
from tests.editors.conftest import Open, play
from tests.editors.neovim import Neovim

TURNS = """
local daemon = require("chatls.daemon")
_G.turns = {}
function _G.prompt(content, more)
  local turn = { events = {} }
  turns[#turns + 1] = turn
  turn.handle = daemon.prompt(vim.tbl_extend("force", { content = content }, more or {}), function(value)
    table.insert(turn.events, value)
  end, function(result, err)
    turn.result, turn.error, turn.ends = result, err, (turn.ends or 0) + 1
  end)
  return #turns
end
function _G.kinds(turn)
  return vim.tbl_map(function(value) return value.kind end, turns[turn].events)
end
function _G.text(turn)
  return vim.iter(turns[turn].events):fold("", function(text, value)
    return text .. (value.kind == "textChunk" and value.text or "")
  end)
end
"""
LONG = [{"text": "One, two, three, "}, {"hang": True}]


def begin(editor: Neovim, *prompts: str) -> None:
    editor.lua(TURNS)
    for content in prompts:
        editor.lua("prompt(...)", content)


def ended(editor: Neovim, turn: int = 1) -> Any:
    """How a turn ended: its result, or why there was none."""
    editor.wait_until("turns[...].ends", turn)
    return editor.lua("local turn = turns[...] return { turn.result, turn.error, turn.ends }", turn)


def test_nothing_is_started_before_it_is_needed(nvim: Open) -> None:
    editor = nvim()
    assert editor.lua('return vim.fn.exists(":Chat")') == 2
    assert editor.lua('return require("chatls").status()') == ""
    assert editor.daemons() == set()


def test_a_turn_streams_and_ends_with_its_result(nvim: Open) -> None:
    editor = nvim([{"text": "Hello, äöü 漢字 👋🏽."}], chars=1)
    begin(editor, "Hi")
    result = ended(editor)[0]
    assert (result["stopReason"], result["chunks"]) == ("end_turn", 17)
    assert editor.lua("return text(1)") == "Hello, äöü 漢字 👋🏽."
    kinds = editor.lua("return kinds(1)")
    assert (kinds[0], kinds[-1]) == ("turnStart", "stepEnd")


def test_no_event_of_ours_reaches_the_handler_of_all(nvim: Open) -> None:
    editor = nvim(
        [{"thinking": "Hm."}, {"toolCall": {"name": "search", "arguments": {"pattern": "TODO"}}}], [{"text": "x" * 600}]
    )
    editor.lua("""
        _G.seen = {}
        vim.api.nvim_create_autocmd("LspProgress", { callback = function(it) table.insert(seen, it.file) end })
    """)
    begin(editor, "Hi")
    assert ended(editor)[0]["stopReason"] == "end_turn"
    assert editor.lua("return seen") == []
    assert editor.lua("return vim.lsp.status()") == ""


def test_the_progress_of_others_still_arrives(nvim: Open) -> None:
    editor = nvim()
    begin(editor, "Hi")
    ended(editor)
    told = editor.lua("""
        local client = require("chatls.daemon").client()
        local value = { kind = "begin", title = "Indexing" }
        local context = { client_id = client.id, method = "$/progress" }
        client.handlers["$/progress"](nil, { token = "other", value = value }, context)
        return vim.lsp.status()
    """)
    assert "Indexing" in told


def test_a_turn_is_cancelled_in_the_middle_and_still_ends(nvim: Open) -> None:
    editor = nvim(LONG)
    begin(editor, "Hi")
    editor.wait_until('text(1) == "One, two, three, "')
    editor.lua("turns[1].handle:cancel() turns[1].handle:cancel()")
    result, error, ends = ended(editor)
    assert (result["stopReason"], error, ends) == ("cancelled", None, 1)


def test_a_turn_is_cancelled_before_the_daemon_is_there(nvim: Open) -> None:
    editor = nvim(LONG)
    begin(editor, "Hi")
    editor.lua("turns[1].handle:cancel()")
    _, error, ends = ended(editor)
    assert (error["kind"], ends) == ("cancelled", 1)


def test_two_turns_at_once_do_not_mix(nvim: Open) -> None:
    editor = nvim([{"text": "a" * 400}], [{"text": "b" * 400}], chars=2, delay=0.001)
    begin(editor, "one", "two")
    ended(editor, 1)
    ended(editor, 2)
    texts = {editor.lua("return text(...)", turn) for turn in (1, 2)}
    assert texts == {"a" * 400, "b" * 400}


def test_a_daemon_that_was_killed_is_started_again_and_says_so(nvim: Open) -> None:
    editor = nvim(LONG)
    begin(editor, "Hi")
    editor.wait_until('text(1) ~= ""')
    (pid,) = editor.daemons()
    play(editor.folder, [{"text": "Here again."}])
    os.kill(pid, signal.SIGKILL)
    result, error, ends = ended(editor)
    assert (result, ends) == (None, 1)
    assert "signal 9" in error["message"]
    assert "signal 9" in editor.messages()
    editor.wait_until('require("chatls.daemon").state() == "ready"')
    assert editor.daemons() not in (set(), {pid})
    editor.lua('prompt("Again")')
    assert ended(editor, 2)[0]["stopReason"] == "end_turn"


def test_a_daemon_that_keeps_dying_is_not_started_for_ever(nvim: Open) -> None:
    editor = nvim()
    begin(editor)
    editor.lua("""
        _G.times = { ready = 0, crashed = 0 }
        local daemon = require("chatls.daemon")
        daemon.on_state(function(state) times[state] = (times[state] or 0) + 1 end)
        daemon.start()
    """)
    for time in range(1, 5):
        editor.wait_until("times.ready == ...", time)
        (pid,) = editor.daemons()
        os.kill(pid, signal.SIGKILL)
        editor.wait_until("times.crashed == ...", time)
    assert "is not started again" in editor.messages()
    assert editor.lua("return times.ready") == 4
    assert editor.daemons() == set()
    editor.lua('prompt("Now")')
    assert ended(editor)[0]["stopReason"] == "end_turn"


@pytest.mark.parametrize("how", ["quit", "kill"])
def test_the_daemon_and_its_commands_are_gone_with_the_editor(nvim: Open, how: str) -> None:
    run = {"toolCall": {"name": "run_command", "arguments": {"command": "echo begun; sleep 600"}}}
    editor = nvim([run])
    begin(editor)
    editor.lua('require("chatls.daemon").on_question(function(_, answer) answer("allow_once") end)')
    editor.lua('prompt("Run it")')
    editor.wait_until('vim.tbl_contains(kinds(1), "toolRunOutput")')
    started = editor.daemons()
    assert len(started) > 1
    if how == "kill":
        editor.process.kill()
        editor.process.wait()
    else:
        editor.leave()
    wait_until_gone(*started)


def test_an_unsaved_buffer_is_what_is_read_and_searched(nvim: Open, project: Path) -> None:
    calls = [
        {"toolCall": {"name": "read_file", "arguments": {"path": "notes.txt"}}},
        {"toolCall": {"name": "search", "arguments": {"pattern": "never saved"}}},
    ]
    done = [{"text": "I see."}]
    editor = nvim(calls, done, calls, done, files=(project / "notes.txt",))
    editor.keys("ggOnever saved, never shall be<Esc>")
    begin(editor, "Read")
    ended(editor)
    editor.keys("ggdd")
    editor.lua('prompt("Read again")')
    ended(editor, 2)
    found = """
        local function text_of(it)
          return it.kind == "toolRunEnd" and it.content[1].text or nil
        end
        return vim.iter(turns[...].events):map(text_of):totable()
    """
    assert ["never shall be" in text for text in editor.lua(found, 1)] == [True, True]
    assert ["never shall be" in text for text in editor.lua(found, 2)] == [False, False]
    assert "never saved" not in (project / "notes.txt").read_text()
    editor.command("edit!")


def test_mended_settings_are_read_again_without_a_restart(nvim: Open) -> None:
    editor = nvim()
    settings = editor.folder / "home" / ".config" / "chatls" / "config.toml"
    good = settings.read_text()
    settings.write_text(f"{good}\n[limits]\nmax_stepz = 3\n")
    begin(editor, "Hi")
    assert "max_stepz" in ended(editor)[1]["message"]
    before = editor.daemons()
    settings.write_text(good)
    editor.lua('prompt("And now?")')
    assert ended(editor, 2)[0]["stopReason"] == "end_turn"
    assert editor.daemons() == before
    play(editor.folder, [{"text": "Another model."}])
    settings.write_text(settings.read_text().replace("scripted/", "played/").replace(".scripted", ".played"))
    editor.lua('prompt("Who answers?")')
    ended(editor, 3)
    assert editor.lua("return turns[3].events[1].model") == "played/demo"


def test_a_workspace_cannot_say_which_program_runs(nvim: Open, project: Path, tmp_path: Path) -> None:
    trap = project / "bin" / "chatls"
    trap.parent.mkdir()
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    editor = nvim(setup='{ cmd = "chatls" }')
    editor.lua("vim.env.PATH = ... .. ':bin:' .. vim.env.PATH", str(trap.parent))
    begin(editor, "Hi")
    error = ended(editor)[1]
    assert error is None or "no program here" in error["message"]
    assert not (tmp_path / "sprung").exists()


def test_the_health_check_tells_what_there_is(nvim: Open) -> None:
    editor = nvim()
    editor.command("checkhealth chatls")
    text = editor.text()
    assert "the daemon's choice of model: scripted/demo" in text
    assert "sandbox for commands" in text
    assert "ERROR" not in text


def test_a_clean_buffer_is_read_anew_and_a_changed_one_is_not_touched(nvim: Open, project: Path) -> None:
    path, other = project / "notes.txt", project / "typed.txt"
    path.write_text("as it was\n")
    other.write_text("as it was\n")
    reads = [{"toolCall": {"name": "read_file", "arguments": {"path": name}}} for name in (path.name, other.name)]
    done = [{"text": "I see."}]
    editor = nvim(reads, done, reads, done, files=(path, other))
    editor.command("set noautoread")
    editor.command(f"buffer {other}")
    begin(editor, "Read")
    ended(editor)
    editor.keys("ggOtyped<Esc>")
    editor.command(f"buffer {path}")
    for file in (path, other):
        file.write_text("as git has it now\n")
    editor.lua('prompt("Read again")')
    ended(editor, 2)
    texts = """
        local function text_of(it)
          return it.kind == "toolRunEnd" and it.content[1].text or nil
        end
        return vim.iter(turns[2].events):map(text_of):totable()
    """
    first, second = sorted(editor.lua(texts))
    assert "as git has it now" in first
    assert "as git has it now" not in second
    assert "the file was changed on the disk as well" in second
    lines = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr(...), 0, -1, true)"
    assert editor.lua(lines, str(path)) == ["as git has it now"]
    assert editor.lua(lines, str(other)) == ["typed", "as it was"]
    assert editor.lua("return vim.bo[vim.fn.bufnr(...)].autoread == nil", str(path)) is True
    editor.command("set autoread&")
    editor.command(f"edit! {other}")


def test_a_buffer_follows_its_file_that_is_moved_and_goes_with_one_that_is_deleted(nvim: Open, project: Path) -> None:
    path, new, gone = project / "old.txt", project / "sub" / "new.txt", project / "gone.txt"
    path.write_text("one\n")
    gone.write_text("two\n")
    calls = [
        {"toolCall": {"name": "move_file", "arguments": {"path": path.name, "to": "sub/new.txt"}}},
        {"toolCall": {"name": "delete_file", "arguments": {"path": gone.name}}},
    ]
    again = [{"toolCall": {"name": "read_file", "arguments": {"path": "sub/new.txt"}}}]
    rules = '{ settings = { permissions = { { tool = "*", action = "allow" } } } }'
    editor = nvim(calls, again, [{"text": "Done."}], files=(gone, path), setup=rules)
    editor.command(f"buffer {path}")
    begin(editor, "Move")
    ended(editor)
    states = """
        local function status(it)
          return it.kind == "toolRunEnd" and it.status or nil
        end
        return vim.iter(turns[1].events):map(status):totable()
    """
    assert editor.lua(states) == ["completed"] * 3
    assert (path.exists(), gone.exists(), new.read_text()) == (False, False, "one\n")
    assert editor.lua("return vim.api.nvim_buf_get_name(0)") == str(new)
    assert editor.lua("return vim.bo.modified") is False
    assert editor.lua("return vim.fn.bufloaded(...)", str(gone)) == 0
