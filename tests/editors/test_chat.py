"""The chat, as people use it: asking, watching, cancelling, several at once, and after a crash."""

import os
import signal
from pathlib import Path

import pytest

from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Open, play

LONG = [{"text": "One, two, three, "}, {"hang": True}]
SEARCH = call("search", pattern="TODO")


def test_a_question_as_a_command_opens_the_chat_and_is_answered(nvim: Open) -> None:
    it = chat(nvim, [{"text": "It begins in **main**."}])
    it.ask("how does this start?")
    text = it.wait_for_end()
    assert text.index("how does this start?") < text.index("It begins in **main**.") < text.index("─ ")
    assert it.editor.lua('return vim.wo[window_of("chatls")].winbar:find("scripted/demo", 1, true) ~= nil')


def test_a_prompt_is_written_and_sent_with_a_key(nvim: Open) -> None:
    it = chat(nvim, [{"text": "Yes."}])
    it.editor.command("Chat")
    it.editor.keys("ifirst line<CR>second line<Esc><CR>")
    text = it.wait_for_end()
    assert "first line" in text
    assert "second line" in text
    assert "Yes." in text


def test_text_is_shown_as_it_arrives(nvim: Open) -> None:
    it = chat(nvim, LONG)
    it.ask("count")
    it.wait_for("One, two, three,")
    assert it.editor.lua("return runs(1)") is True
    assert it.editor.lua('return require("chatls").status()') == "chat: running"
    it.editor.command("ChatCancel")
    assert "■ Cancelled" in it.wait_for_end()
    assert it.editor.lua('return require("chatls").status()') == ""


def test_a_cursor_that_reads_stays_and_one_at_the_end_follows(nvim: Open) -> None:
    it = chat(nvim, [{"text": "\n".join(f"line {number}" for number in range(200))}], chars=4, delay=0.001)
    it.ask("count")
    it.wait_for("line 20")
    window = it.editor.lua('return window_of("chatls")')
    it.editor.lua("vim.api.nvim_win_set_cursor(..., { 3, 0 })", window)
    it.wait_for("line 80")
    assert it.editor.lua("return vim.api.nvim_win_get_cursor(...)[1]", window) == 3
    it.editor.lua('vim.api.nvim_win_call(..., function() vim.cmd("normal! G") end)', window)
    it.wait_for_end()
    last = it.editor.lua("return vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(...))", window)
    assert it.editor.lua("return vim.api.nvim_win_get_cursor(...)[1]", window) == last


def test_a_call_grows_in_one_line_while_its_arguments_are_written(nvim: Open) -> None:
    it = chat(nvim, [call("search", pattern="x" * 2000)], chars=4, delay=0.005)
    it.ask("search")
    it.wait_for("… search")
    first = it.line("… search")
    it.editor.wait_until("not says(1, ...)", first)
    assert "writing" in it.line("… search")
    it.go_to("chatls")
    it.editor.keys("<C-c>")
    text = it.wait_for_end()
    assert "■ search" in text
    assert "… search" not in text


def test_calls_show_how_they_ended_and_fold_what_they_said(nvim: Open) -> None:
    it = chat(nvim, [{"thinking": "Let me look."}, SEARCH, call("read_file", path="../no.txt")], [{"text": "Found."}])
    it.ask("look")
    text = it.wait_for_end()
    assert '✓ search "TODO"' in text
    assert "✗ read_file" in text
    it.go_to("chatls")
    closed = it.editor.lua("""
        local found = {}
        for line = 1, vim.fn.line("$") do
          if vim.fn.foldclosed(line) == line then table.insert(found, vim.fn.getline(line)) end
        end
        return found
    """)
    assert [line.split()[1] for line in closed] == ["thought", "search", "read_file"]


def highlighted(it: Chat, words: str) -> list[str]:
    """What treesitter takes the third column of the line with these words for."""
    return it.editor.lua(
        """
        local words = ...
        local buffer = vim.fn.bufnr("chatls://chat/1")
        vim.cmd("redraw!")
        vim.treesitter.get_parser(buffer, "markdown"):parse(true)
        for row, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
          if line:find(words, 1, true) then
            local captures = vim.treesitter.get_captures_at_pos(buffer, row - 1, 3)
            return vim.tbl_map(function(it) return it.capture end, captures)
          end
        end
        """,
        words,
    )


def test_answers_are_highlighted_as_markdown(nvim: Open) -> None:
    it = chat(nvim, [{"text": "# Heading\n\nSome `code` here."}])
    it.ask("show")
    it.wait_for_end()
    assert any(name.startswith("markup.heading") for name in highlighted(it, "# Heading"))


@pytest.mark.parametrize("how", ["cancelled", "cut", "failed", "daemon dead"])
def test_code_that_an_answer_leaves_open_ends_with_it(nvim: Open, how: str) -> None:
    after = [{"text": "# Heading\n\n```lua\nlocal that = 1\n```"}]
    ends = {"cut": {"finish": "max_tokens"}, "failed": {"error": {"kind": "unauthorized", "text": "no key"}}}
    it = chat(nvim, [{"text": "```lua\nlocal this = 1\n-- more"}, ends.get(how, {"hang": True})], after)
    it.ask("show")
    it.wait_for("-- more")
    if how == "cancelled":
        it.editor.command("ChatCancel")
    elif how == "daemon dead":
        (pid,) = it.editor.daemons()
        play(it.editor.folder, after)
        os.kill(pid, signal.SIGKILL)
    it.wait_for_end()
    assert "markup.raw.block" in highlighted(it, "local this")
    it.ask("# and now?")
    it.wait_for("that")
    it.wait_for_end()
    assert "markup.raw.block" in highlighted(it, "local that")
    assert any(name.startswith("markup.heading") for name in highlighted(it, "# Heading"))
    assert highlighted(it, "# and now?") == []


@pytest.mark.parametrize("how", ["command", "key in the transcript", "key in the prompt", "key while typing"])
def test_a_turn_is_cancelled(nvim: Open, how: str) -> None:
    it = chat(nvim, LONG, [{"text": "Still here."}])
    it.ask("count")
    it.wait_for("three,")
    match how:
        case "command":
            it.editor.command("ChatCancel")
        case "key in the transcript":
            it.go_to("chatls")
            it.editor.keys("<C-c>")
        case "key in the prompt":
            it.go_to("chatls-prompt")
            it.editor.keys("<C-c>")
        case _:
            it.go_to("chatls-prompt")
            it.editor.keys("ihalf a thought<C-c>")
    assert "■ Cancelled" in it.wait_for_end()
    it.ask("and now?")
    it.wait_for("Still here.")
    it.wait_for_end()


def test_two_chats_run_at_once_and_do_not_mix(nvim: Open) -> None:
    it = chat(nvim, [{"text": "a" * 300}], [{"text": "b" * 300}], chars=2, delay=0.002)
    it.ask("one")
    it.editor.command("ChatNew two")
    assert it.editor.lua("return runs(1) and runs(2)") is True
    texts = [it.wait_for_end(1), it.wait_for_end(2)]
    assert [("a" * 300 in text, "b" * 300 in text) for text in texts] in (
        [(True, False), (False, True)],
        [(False, True), (True, False)],
    )
    assert "one" in texts[0]
    assert "two" in texts[1]


def written(it: Chat) -> str:
    """What stands in the first chat's prompt."""
    return it.editor.text(it.editor.lua('return vim.fn.bufnr("chatls://prompt/1")'))


def test_a_prompt_while_a_turn_runs_steers_it_and_the_transcript_says_when(nvim: Open) -> None:
    it = chat(nvim, [{"text": "One, two, " * 30}], [{"text": "Backwards then."}], delay=0.02)
    it.ask("count")
    it.wait_for("One, two,")
    it.go_to("chatls-prompt")
    it.editor.keys("ithe other way<Esc><CR>")
    it.editor.wait_until("""vim.wo[window_of("chatls-prompt")].winbar:find("1 to be told", 1, true) ~= nil""")
    assert written(it) == ""
    text = it.wait_for_end()
    assert text.index("One, two") < text.index("▸ the other way") < text.index("Backwards then.")
    assert written(it) == ""


def test_what_the_model_was_not_told_comes_back_into_the_prompt(nvim: Open) -> None:
    it = chat(nvim, LONG)
    it.ask("count")
    it.wait_for("three,")
    it.ask("and another thing")
    it.ask("and one more")
    it.editor.lua('vim.api.nvim_buf_set_lines(vim.fn.bufnr("chatls://prompt/1"), 0, -1, false, { "half" })')
    it.editor.command("ChatCancel")
    assert "another thing" not in it.wait_for_end()
    it.editor.wait_until("#vim.api.nvim_buf_get_lines(vim.fn.bufnr('chatls://prompt/1'), 0, -1, false) > 1")
    assert written(it) == "and another thing\n\nand one more\n\nhalf"


def test_a_failed_turn_says_what_to_do(nvim: Open) -> None:
    it = chat(nvim, [{"text": "So far"}, {"error": {"kind": "unauthorized", "text": "There is no key: set ANY_KEY."}}])
    it.ask("go")
    assert "✗ Failed: There is no key: set ANY_KEY." in it.wait_for_end()


def test_a_daemon_that_dies_fails_the_turn_and_the_chat_goes_on(nvim: Open) -> None:
    it = chat(nvim, LONG)
    it.ask("count")
    it.wait_for("three,")
    (pid,) = it.editor.daemons()
    play(it.editor.folder, [{"text": "Here again."}])
    os.kill(pid, signal.SIGKILL)
    assert "✗ Failed: the daemon ended by signal 9" in it.wait_for_end()
    it.ask("and now?")
    it.wait_for("Here again.")
    assert "does not know what was said above" not in it.wait_for_end()


def test_a_program_that_is_not_there_is_told_of(nvim: Open) -> None:
    it = chat(nvim, setup='{ cmd = "/no/such/chatls" }')
    it.ask("go")
    assert "/no/such/chatls" in it.wait_for_end()
    assert it.editor.daemons() == set()


def test_the_chat_is_hidden_and_shown_and_goes_on_meanwhile(nvim: Open) -> None:
    it = chat(nvim, [{"text": "a" * 300}], chars=3, delay=0.002)
    it.ask("go")
    it.wait_for("aaa")
    it.editor.command("ChatToggle")
    assert it.editor.lua('return window_of("chatls") == nil and window_of("chatls-prompt") == nil') is True
    assert "a" * 300 in it.wait_for_end()
    it.editor.command("ChatToggle")
    assert it.editor.lua('return window_of("chatls") ~= nil') is True


@pytest.mark.parametrize("layout", ["right", "left", "top", "bottom", "tab"])
def test_the_chat_opens_where_it_should(nvim: Open, layout: str) -> None:
    it = chat(nvim, setup=f'{{ layout = "{layout}" }}')
    it.editor.command("Chat")
    place = it.editor.lua('return vim.api.nvim_win_get_position(window_of("chatls"))')
    tabs = it.editor.lua("return #vim.api.nvim_list_tabpages()")
    assert {
        "right": place[1] > 0 and tabs == 1,
        "left": place[1] == 0 and tabs == 1,
        "top": place[0] <= 1 and tabs == 1,
        "bottom": place[0] > 1 and tabs == 1,
        "tab": tabs == 2,
    }[layout]


def test_a_model_is_chosen_from_those_there_are(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.lua("""
        vim.ui.select = function(items, opts, done)
          _G.offered = vim.tbl_map(opts.format_item, items)
          done(items[1])
        end
    """)
    it.editor.command("ChatModel")
    offered = it.editor.wait_until("offered")
    assert any("scripted/" in line for line in offered)
    it.ask("go")
    it.wait_for("Hello.")
    it.wait_for_end()


def test_where_no_model_will_do_one_is_set_up_in_a_terminal(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.lua("vim.ui.select = function(items, _, done) done(items[#items]) end")
    it.editor.command("ChatModel")
    it.editor.wait_until("vim.bo.buftype == 'terminal'")
    it.editor.wait_until(
        "table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), ' '):find('Its number', 1, true) ~= nil"
    )


def test_the_selection_goes_along_with_its_file_and_lines(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "src" / "app.py",))
    it.editor.lua("""
        local daemon = require("chatls.daemon")
        local prompt = daemon.prompt
        daemon.prompt = function(params, ...)
          _G.sent = params.content
          return prompt(params, ...)
        end
    """)
    it.editor.keys("ggVj<Esc>")
    it.editor.command("'<,'>Chat explain this")
    text = it.wait_for_end()
    assert "src/app.py 1-2" in text
    sent = it.editor.lua("return sent")
    active = next(block for block in sent if block["type"] == "editor_context")["active"]
    assert active["uri"] == (project / "src" / "app.py").as_uri()
    assert active["selection"]["start"] == {"line": 0, "character": 0}
    assert active["selection"]["end"]["line"] in (1, 2)
    assert sent[-1] == {"type": "text", "text": "explain this"}


def test_a_file_is_named_with_an_at_sign(nvim: Open, project: Path) -> None:
    it = chat(nvim)
    it.editor.command("Chat")
    items = it.editor.lua("""
        vim.api.nvim_buf_set_lines(0, 0, -1, false, { "look at @app" })
        vim.api.nvim_win_set_cursor(0, { 1, 12 })
        return require("chatls.mentions").complete(0, "@app")
    """)
    assert next(item["word"] for item in items) == "@src/app.py"
    it.ask("look at @src/app.py")
    assert "@ src/app.py" in it.wait_for_end()


def test_a_burst_of_twenty_thousand_chunks_does_not_freeze_the_editor(
    nvim: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    text = " ".join(f"word{number}" + ("\n\n" if number % 40 == 0 else "") for number in range(13_000))[:100_000]
    it = chat(nvim, [{"text": text}], chars=5)
    it.editor.lua("""
        local before = vim.uv.hrtime()
        _G.longest, _G.timer = 0, vim.uv.new_timer()
        timer:start(1, 1, function()
          local now = vim.uv.hrtime()
          longest, before = math.max(longest, (now - before) / 1e6), now
        end)
    """)
    it.ask("write much")
    it.editor.wait_until("runs(1) == false", seconds=60)
    longest = it.editor.lua("timer:stop() return longest")
    with capsys.disabled():
        print(f"\n20,000 chunks: the main loop was blocked for {longest:.0f} ms at most")
    shown = it.said()
    assert text.rstrip().split("\n")[-1].strip() in shown
    assert len(shown) > 99_000
    assert longest < 2_000
