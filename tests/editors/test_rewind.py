"""Turns taken back: what would happen is shown first, files come back if wanted, and the prompt is there to edit."""

from pathlib import Path

from tests.editors.chat import Chat, call, chat, edit
from tests.editors.conftest import NOTES, Json, Open

READ = call("read_file", path="notes.txt")
BREAD = edit("notes.txt", "Buy bread.", "Buy bread and cheese.")
HOME = edit("notes.txt", "Call home.", "Call home today.")
RULES = '{ settings = { permissions = { { tool = "*", action = "allow" } } } }'
WINDOW = "chatls-rewind"
CHANGED = NOTES.replace("Buy bread.", "Buy bread and cheese.").replace("Call home.", "Call home today.")


def changed(nvim: Open, *files: Path, more: tuple[list[Json], ...] = ()) -> Chat:
    """An editor with three turns, of which the last two changed a file."""
    replies = [{"text": "Hello."}], [READ], [BREAD], [{"text": "Bought."}], [HOME], [{"text": "Called."}], *more
    it = chat(nvim, *replies, files=files, setup=RULES)
    for words in ("hi", "buy cheese", "and call today"):
        it.ask(words)
        it.wait_for_end()
    return it


def point_at(it: Chat, words: str) -> None:
    it.go_to("chatls")
    it.editor.lua("vim.fn.search('\\\\V' .. ..., 'cw')", words)


def test_a_turn_and_all_behind_it_go_with_what_they_changed(nvim: Open, project: Path) -> None:
    it = changed(nvim, more=([{"text": "Otherwise."}],))
    notes = project / "notes.txt"
    assert notes.read_text() == CHANGED
    point_at(it, "Bought.")
    it.editor.command("ChatRewind")
    shown = it.shown_in(WINDOW)
    assert "Take back 2 turns" in shown
    assert "-Buy bread and cheese." in shown
    assert "+Buy bread." in shown
    assert notes.read_text() == CHANGED
    it.editor.keys("y")
    it.editor.wait_until("not says(1, 'buy cheese')")
    assert notes.read_text() == NOTES
    assert "Hello." in it.said()
    assert it.written() == "buy cheese"
    assert it.editor.lua("return vim.bo.filetype") == "chatls-prompt"
    it.editor.keys("<Esc><CR>")
    text = it.wait_for("Otherwise.")
    assert text.index("Hello.") < text.index("buy cheese") < text.index("Otherwise.")
    it.wait_for_end()


def test_an_open_document_is_put_back_in_its_buffer_and_u_takes_that_back(nvim: Open, project: Path) -> None:
    it = changed(nvim, project / "notes.txt")
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    point_at(it, "buy cheese")
    it.editor.command("ChatRewind")
    it.shown_in(WINDOW)
    it.editor.keys("y")
    it.editor.wait_until("not says(1, 'buy cheese')")
    assert it.editor.text(buffer) + "\n" == NOTES == (project / "notes.txt").read_text()
    it.editor.command("stopinsert")
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid(...))", buffer)
    it.editor.keys("u")
    assert it.editor.text(buffer) + "\n" == CHANGED
    it.editor.command("write!")


def test_the_files_can_be_kept(nvim: Open, project: Path) -> None:
    it = changed(nvim)
    point_at(it, "Called.")
    it.editor.command("ChatRewind")
    it.shown_in(WINDOW)
    it.editor.keys("k")
    it.editor.wait_until("not says(1, 'and call today')")
    assert (project / "notes.txt").read_text() == CHANGED


def test_what_somebody_changed_since_stays_and_is_said_to(nvim: Open, project: Path) -> None:
    it = changed(nvim)
    (project / "notes.txt").write_text("of git\n")
    point_at(it, "Called.")
    it.editor.command("ChatRewind")
    assert "! notes.txt stays: somebody else changed it since" in it.shown_in(WINDOW)
    it.editor.keys("q")
    it.editor.wait_until(f"not window_of('{WINDOW}')")
    assert "and call today" in it.said()


def test_elsewhere_the_turn_is_chosen_the_last_one_first(nvim: Open) -> None:
    it = changed(nvim)
    it.editor.lua("""
        vim.ui.select = function(items, opts, done)
          _G.offered = vim.tbl_map(opts.format_item, items)
          done(items[1])
        end
    """)
    it.editor.command("wincmd t | ChatRewind")
    assert it.editor.wait_until("offered") == ["and call today  (1 file)", "buy cheese  (1 file)", "hi"]
    assert "Take back 1 turn" in it.shown_in(WINDOW)
    it.editor.keys("<Esc>")
    it.editor.wait_until(f"not window_of('{WINDOW}')")


def test_what_was_taken_back_is_in_the_history_of_all(nvim: Open) -> None:
    it = changed(nvim)
    point_at(it, "Called.")
    it.editor.command("ChatRewind")
    it.shown_in(WINDOW)
    it.editor.keys("y")
    it.editor.wait_until("not says(1, 'and call today')")
    it.editor.command("stopinsert | ChatHistory!")
    it.editor.wait_until("window_of('chatls-history') and #require('chatls.chat.panel').list() == 1")
    it.editor.wait_until("vim.api.nvim_buf_line_count(vim.api.nvim_win_get_buf(window_of('chatls-history'))) == 2")
    it.editor.keys("q")


def test_a_turn_that_runs_is_not_taken_back(nvim: Open) -> None:
    it = chat(nvim, [{"text": "One, two, three, "}, {"hang": True}])
    it.ask("count")
    it.wait_for("three,")
    it.editor.command("ChatRewind")
    assert "can be taken back when that has ended" in it.editor.messages()
    it.editor.command("ChatCancel")
    it.wait_for_end()
