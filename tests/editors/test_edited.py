"""Answers that a person writes: a proposal is changed before it is accepted, by hunks or by hand; so is a command."""

from pathlib import Path

import pytest

from tests.editors.chat import Chat, call, chat, edit
from tests.editors.conftest import NOTES, Json, Open

READ = call("read_file", path="notes.txt")
BOTH = call(
    "edit_file",
    path="notes.txt",
    edits=[
        {"old_text": "Buy bread.", "new_text": "Buy bread and cheese."},
        {"old_text": "Call home.", "new_text": "Call home today."},
    ],
)
ONE = edit("notes.txt", "Buy bread.", "Buy bread and cheese.")
RUN = call("run_command", command="rm notes.txt")
LEFT = "Buy bread.\nTODO: write the tests.\nCall home today.\n"
TABS = "return #vim.api.nvim_list_tabpages()"


def asked(nvim: Open, *calls: Json, files: tuple[Path, ...] = ()) -> Chat:
    """An editor with a question about these calls, which is being changed."""
    it = chat(nvim, [READ], [*calls], [{"text": "I see."}], files=files)
    it.ask("go")
    it.answer("e")
    it.editor.wait_until("vim.bo.buftype == 'acwrite'")
    return it


def test_one_hunk_is_taken_and_the_other_left(nvim: Open, project: Path) -> None:
    it = asked(nvim, BOTH)
    assert it.editor.lua("return vim.wo.diff") is True
    assert "cheese" in it.editor.text()
    it.editor.keys("ggdx")
    assert it.editor.text() + "\n" == LEFT
    it.editor.command("write")
    text = it.wait_for_end()
    assert (project / "notes.txt").read_text() == LEFT
    assert "✓ edit_file" in text
    assert it.editor.lua(TABS) == 1


def test_the_model_is_told_what_was_changed(nvim: Open) -> None:
    it = asked(nvim, ONE)
    it.editor.keys("ggccBuy wine.<Esc>:w<CR>")
    it.wait_for_end()
    kept = it.editor.folder / "kept.json"
    it.editor.command(f"ChatExport {kept}")
    it.editor.wait_until("vim.uv.fs_stat(...)", str(kept))
    assert "+Buy wine." in kept.read_text()
    assert "The user changed this call" in kept.read_text()


def test_an_edited_text_goes_into_the_buffer_that_is_open(nvim: Open, project: Path) -> None:
    it = asked(nvim, ONE, files=(project / "notes.txt",))
    it.editor.keys("ggABut not much.<Esc>")
    it.editor.command("write")
    it.wait_for_end()
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    assert it.editor.lines(buffer)[0] == "Buy bread and cheese.But not much."


def test_a_new_file_is_changed_before_it_is_written(nvim: Open, project: Path) -> None:
    it = asked(nvim, call("write_file", path="new.py", content="print(1)\n"))
    it.editor.keys("ggccprint(2)<Esc>")
    it.editor.command("write")
    it.wait_for_end()
    assert (project / "new.py").read_text() == "print(2)\n"


def test_a_command_is_changed_before_it_runs(nvim: Open, project: Path) -> None:
    it = asked(nvim, RUN)
    assert it.editor.text() == "rm notes.txt"
    it.editor.keys("ggccecho not so fast<Esc>")
    it.editor.command("write")
    text = it.wait_for_end()
    assert "not so fast" in text
    assert (project / "notes.txt").read_text() == NOTES


@pytest.mark.parametrize(("keys", "words"), [("ggdxGdx", "leaves the file as it is"), ("ggdG", "no command left")])
def test_what_is_no_change_any_more_is_not_accepted(nvim: Open, project: Path, keys: str, words: str) -> None:
    it = asked(nvim, BOTH if "dx" in keys else RUN)
    it.editor.keys(keys)
    it.editor.command("write")
    assert words in it.editor.messages()
    it.editor.command("quit!")
    it.editor.wait_until("window_of('chatls-permission')")
    assert it.editor.lua(TABS) == 1
    it.answer("n")
    it.wait_for_end()
    assert (project / "notes.txt").read_text() == NOTES


def test_leaving_answers_nothing_and_the_question_stays(nvim: Open, project: Path) -> None:
    it = asked(nvim, ONE)
    it.editor.command("tabclose!")
    assert it.editor.lua("return runs(1)") is True
    it.answer("y")
    it.wait_for_end()
    assert "cheese" in (project / "notes.txt").read_text()


def test_a_question_that_is_taken_away_takes_its_windows_along(nvim: Open, project: Path) -> None:
    it = asked(nvim, ONE)
    it.editor.command("ChatCancel")
    it.editor.wait_until("#vim.api.nvim_list_tabpages() == 1")
    assert "■ Cancelled" in it.wait_for_end()
    assert (project / "notes.txt").read_text() == NOTES


def test_what_was_typed_for_a_question_that_is_taken_away_is_not_lost(nvim: Open, project: Path) -> None:
    it = asked(nvim, ONE)
    it.editor.keys("ggccBuy wine.<Esc>")
    it.editor.command("ChatCancel")
    it.wait_for_end()
    assert "Buy wine." in it.editor.text()
    it.editor.command("write")
    assert "was taken away" in it.editor.messages()
    it.editor.command("quit!")
    assert (project / "notes.txt").read_text() == NOTES


def test_it_all_works_where_no_new_buffer_can_be_changed(nvim: Open, project: Path) -> None:
    it = chat(nvim, [READ], [ONE], [{"text": "I see."}])
    it.editor.command("set nomodifiable")
    it.editor.command("Chat")
    it.go_to("chatls-prompt")
    it.editor.keys("ibuy cheese<Esc><CR>")
    it.answer("e")
    it.editor.wait_until("vim.bo.buftype == 'acwrite'")
    it.editor.command("write")
    it.wait_for_end()
    assert "cheese" in (project / "notes.txt").read_text()


def test_what_cannot_be_changed_is_not_offered_for_it(nvim: Open) -> None:
    it = chat(nvim, [READ], [call("delete_file", path="notes.txt")], [{"text": "No."}])
    it.ask("go")
    assert "Change it first" not in it.question()
    it.answer("n")
    it.wait_for_end()
