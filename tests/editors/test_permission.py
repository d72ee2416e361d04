"""Questions and edits: what is shown before it is done, how it is answered, and how it is taken back."""

import json
from pathlib import Path

import pytest

from tests.editors.chat import Chat, call, chat, edit
from tests.editors.conftest import NOTES, Json, Open

READ = call("read_file", path="notes.txt")
BUY = edit("notes.txt", "Buy bread.", "Buy bread and cheese.")
EDITED = NOTES.replace("Buy bread.", "Buy bread and cheese.")
SCRIPT = ([READ], [BUY], [{"text": "Changed."}])


def asked(nvim: Open, *replies: list[Json], files: tuple[Path, ...] = ()) -> Chat:
    it = chat(nvim, *replies, files=files)
    it.ask("buy cheese")
    it.question()
    return it


def test_an_edit_is_shown_as_a_diff_and_done_when_it_is_allowed(nvim: Open, project: Path) -> None:
    it = asked(nvim, *SCRIPT)
    question = it.question()
    assert "-Buy bread." in question
    assert "+Buy bread and cheese." in question
    assert (project / "notes.txt").read_text() == NOTES
    assert it.editor.lua("return vim.wo[window_of('chatls-permission')].linebreak"), "no word is cut"
    it.wait_for("? edit_file notes.txt  waits")
    assert it.editor.lua('return require("chatls").status()') == "chat: asks you"
    it.answer("y")
    text = it.wait_for_end()
    assert "✓ edit_file" in text
    assert "+Buy bread and cheese." in text
    assert (project / "notes.txt").read_text() == EDITED


def test_an_edit_of_an_open_buffer_is_saved_and_is_taken_back_with_u(nvim: Open, project: Path) -> None:
    it = asked(nvim, *SCRIPT, files=(project / "notes.txt",))
    it.answer("y")
    it.wait_for_end()
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    assert it.editor.text(buffer) + "\n" == EDITED
    assert it.editor.lua("return vim.bo[...].modified", buffer) is False
    assert (project / "notes.txt").read_text() == EDITED
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid(...))", buffer)
    it.editor.keys("u")
    assert it.editor.text(buffer) + "\n" == NOTES
    it.editor.keys("<C-r>")
    assert it.editor.text(buffer) + "\n" == EDITED


def test_a_buffer_that_was_not_saved_before_an_edit_is_not_saved_behind_it(nvim: Open, project: Path) -> None:
    it = chat(nvim, *SCRIPT, files=(project / "notes.txt",))
    it.editor.keys("Gotyped<Esc>")
    it.ask("buy cheese")
    it.question()
    it.answer("y")
    it.wait_for_end()
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    assert it.editor.text(buffer) + "\n" == EDITED + "typed\n"
    assert it.editor.lua("return vim.bo[...].modified", buffer) is True
    assert (project / "notes.txt").read_text() == NOTES


def test_a_file_that_somebody_else_writes_meanwhile_is_not_saved_over(nvim: Open, project: Path) -> None:
    it = chat(nvim, *SCRIPT, files=(project / "notes.txt",))
    write = "vim.fn.writefile({'of git'}, 'notes.txt')"
    apply = "local b = require('chatls.edits'); local apply = b.apply; b.apply = function(...) "
    it.editor.lua(f"{apply} local answer = apply(...); {write}; return answer end")
    it.ask("buy cheese")
    it.question()
    it.answer("y")
    it.wait_for_end()
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    assert it.editor.text(buffer) + "\n" == EDITED
    assert (project / "notes.txt").read_text() == "of git\n"


def test_a_person_edits_tests_and_mends_without_saving_once(nvim: Open, project: Path) -> None:
    """What saving formats is formatted, by the person's own autocommand, and the agent goes on with it."""
    calc, check = project / "calc.py", project / "check.py"
    calc.write_text("def add(a, b):\n    return a - b\n")
    check.write_text("from calc import add\nassert add(1, 2) == 3\nprint('all well')\n")
    test = call("run_command", command="python3 -B check.py")
    mends = [edit("calc.py", "a - b", "a * b")], [edit("calc.py", "a * b", "a + b")]
    replies = ([call("read_file", path="calc.py")], mends[0], [test], mends[1], [test], [{"text": "Mended."}])
    it = chat(nvim, *replies, files=(calc,))
    it.editor.command("autocmd BufWritePre calc.py call append('$', '# formatted')")
    it.ask("mend it")
    for _ in range(4):
        it.question()
        it.answer("y")
    text = it.wait_for_end()
    assert "AssertionError" in text
    assert "all well" in text
    assert calc.read_text() == "def add(a, b):\n    return a + b\n# formatted\n# formatted\n"
    it.editor.command("autocmd! BufWritePre calc.py")


def test_two_edits_of_a_turn_are_taken_back_one_by_one(nvim: Open, project: Path) -> None:
    later = edit("notes.txt", "Call home.", "Call home today.")
    it = chat(nvim, [READ], [BUY], [later], [{"text": "Both."}], files=(project / "notes.txt",))
    it.editor.keys("Gotyped<Esc>")
    it.ask("buy cheese, and call")
    it.answer("s")
    it.wait_for_end()
    buffer = it.editor.lua("return vim.fn.bufnr('notes.txt')")
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid(...))", buffer)
    typed = [
        (EDITED + "typed\n").replace("Call home.", "Call home today."),
        EDITED + "typed\n",
        NOTES + "typed\n",
        NOTES,
    ]
    assert it.editor.text(buffer) + "\n" == typed[0]
    for text in typed[1:]:
        it.editor.keys("u")
        assert it.editor.text(buffer) + "\n" == text


def test_a_command_is_refused_with_words_for_the_model(nvim: Open, project: Path) -> None:
    it = asked(nvim, [call("run_command", command="rm -r src")], [{"text": "Then I leave it."}])
    assert "rm -r src" in it.question()
    it.editor.lua('vim.ui.input = function(_, done) done("Keep src.") end')
    it.answer("r")
    text = it.wait_for_end()
    assert "⊘ run_command" in text
    assert "Keep src." in text
    assert (project / "src" / "app.py").exists()


def test_a_question_that_is_closed_stays_open_and_can_be_shown_again(nvim: Open, project: Path) -> None:
    it = asked(nvim, *SCRIPT)
    it.editor.command("ChatPermission")
    it.editor.keys("q")
    it.editor.wait_until('not window_of("chatls-permission")')
    assert it.editor.lua("return runs(1)") is True
    it.wait_for("? edit_file notes.txt  waits")
    it.editor.command("ChatPermission")
    it.editor.keys("y")
    it.wait_for_end()
    assert (project / "notes.txt").read_text() == EDITED


def test_the_editor_is_usable_while_a_question_waits(nvim: Open, project: Path) -> None:
    it = asked(nvim, *SCRIPT, files=(project / "src" / "app.py",))
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('app.py'))")
    it.editor.keys("Go# written meanwhile<Esc>")
    it.editor.command("silent write")
    assert "written meanwhile" in (project / "src" / "app.py").read_text()
    it.answer("y")
    it.wait_for_end()


def test_a_question_is_answered_from_the_code_window_where_it_can_be_seen(nvim: Open, project: Path) -> None:
    it = chat(nvim, *SCRIPT, files=(project / "src" / "app.py",))
    it.editor.lua("_G.code = vim.fn.win_getid()")
    it.ask("buy cheese")
    it.question()
    it.editor.lua("vim.api.nvim_set_current_win(code) vim.cmd.stopinsert()")
    footer = "vim.api.nvim_win_get_config(window_of('chatls-permission')).footer"
    it.editor.wait_until(f'{footer}[1][1]:find(":ChatPermission y/e/s/w/n/r/d", 1, true)')
    it.editor.command("ChatPermission x")
    assert '"x" is no answer' in it.editor.messages()
    it.editor.lua("vim.api.nvim_win_close(window_of('chatls-permission'), true)")
    it.editor.command("ChatPermission y")
    assert "look at the question first" in it.editor.messages()
    assert it.editor.lua("return runs(1)") is True
    it.editor.command("ChatPermission y")
    assert "only just appeared" in it.editor.messages()
    it.editor.lua("vim.wait(350)")
    it.editor.command("ChatPermission y")
    it.wait_for_end()
    assert (project / "notes.txt").read_text() == EDITED
    assert it.editor.lua("return vim.fn.win_getid() == code")


def test_the_line_of_a_waiting_call_keeps_the_name_of_its_file(nvim: Open, project: Path) -> None:
    deep = project / "a_folder_with_a_name" / "another_folder" / "the_file.py"
    deep.parent.mkdir(parents=True)
    deep.write_text("x = 1\n")
    it = asked(nvim, [call("read_file", path=str(deep))], [edit(str(deep), "x = 1", "x = 2")], [{"text": "."}])
    it.wait_for("file.py  waits")
    it.editor.wait_until("vim.wo[window_of('chatls-prompt')].winbar:find('the_file.py waits', 1, true)")
    it.answer("n")
    it.wait_for_end()


def test_the_keys_of_a_question_are_shown(nvim: Open) -> None:
    it = asked(nvim, *SCRIPT)
    it.editor.command("ChatPermission")
    it.editor.lua("vim.wait(350)")
    it.editor.keys("?")
    shown = it.editor.wait_until("window_of('chatls-keys')")
    text = it.editor.text(it.editor.lua("return vim.api.nvim_win_get_buf(...)", shown))
    assert " r        No, and say what to do instead" in text
    it.answer("n")
    it.wait_for_end()


KEYS = json.loads((Path(__file__).parents[1] / "answers" / "keys.json").read_text("utf-8"))


def test_the_letters_are_those_of_all_clients(nvim: Open) -> None:
    editor = nvim()
    for case in KEYS:
        found = editor.lua('return require("chatls.asking.question").letters(...)', case["options"])
        assert list(found) == case["keys"], case["what"]


def test_keys_that_were_typed_before_the_question_appeared_answer_nothing(nvim: Open, project: Path) -> None:
    it = chat(nvim, *SCRIPT, files=(project / "src" / "app.py",))
    it.ask("buy cheese")
    it.question()
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('app.py'))")
    it.editor.keys("yy")
    assert (project / "notes.txt").read_text() == NOTES
    assert it.editor.lua("return runs(1)") is True
    it.answer("n")
    it.wait_for_end()


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_a_question_goes_with_its_turn(nvim: Open, how: str) -> None:
    it = asked(nvim, *SCRIPT)
    if how == "cancel":
        it.editor.command("ChatCancel")
    else:
        it.editor.lua('require("chatls.daemon").stop()')
    text = it.wait_for_end()
    it.editor.wait_until('not window_of("chatls-permission")')
    assert "  waits" not in text
    assert it.editor.lua('return require("chatls.questions").count()') == 0


def test_an_answer_for_the_session_settles_the_next_question_as_well(nvim: Open, project: Path) -> None:
    later = edit("notes.txt", "Call home.", "Call home today.")
    it = asked(nvim, [READ], [BUY], [later], [{"text": "Both are changed."}])
    it.answer("s")
    it.wait_for_end()
    assert (project / "notes.txt").read_text() == EDITED.replace("Call home.", "Call home today.")


def test_an_answer_that_settles_an_open_question_takes_it_away(nvim: Open, project: Path) -> None:
    greet = edit("src/app.py", "hello", "Hello")
    it = asked(nvim, [READ, call("read_file", path="src/app.py")], [BUY, greet], [{"text": "Both."}, {"hang": True}])
    it.editor.wait_until('require("chatls.questions").count() == 2')
    it.answer("s")
    it.editor.wait_until('require("chatls.questions").count() == 0 and not window_of("chatls-permission")')
    it.wait_for("Both.")
    assert it.said().count("✓ edit_file") == 2
    it.editor.command("ChatCancel")
    it.wait_for_end()
    assert (project / "notes.txt").read_text() == EDITED


def test_two_questions_are_asked_one_after_the_other(nvim: Open) -> None:
    greet = edit("src/app.py", "hello", "Hello")
    it = asked(nvim, [READ, call("read_file", path="src/app.py")], [BUY, greet], [{"text": "Both are changed."}])
    it.editor.wait_until('require("chatls.questions").count() == 2')
    it.answer("y")
    it.editor.wait_until('require("chatls.questions").count() == 1')
    it.answer("n")
    text = it.wait_for_end()
    assert (text.count("✓ edit_file"), text.count("⊘ edit_file")) == (1, 1)


def test_what_a_turn_changed_is_a_quickfix_list(nvim: Open, project: Path) -> None:
    it = asked(nvim, *SCRIPT, files=(project / "notes.txt",))
    it.answer("y")
    it.wait_for_end()
    it.editor.command("ChatChanges")
    found = it.editor.lua("""
        return vim.tbl_map(function(it) return { vim.api.nvim_buf_get_name(it.bufnr), it.lnum } end, vim.fn.getqflist())
    """)
    assert found == [[str(project / "notes.txt"), 1]]


def test_problems_of_the_editor_reach_the_model(nvim: Open, project: Path) -> None:
    it = chat(nvim, [call("diagnostics")], [{"text": "I see."}], files=(project / "src" / "app.py",))
    it.editor.lua("""
        local namespace = vim.api.nvim_create_namespace("test")
        local problem = { lnum = 1, col = 4, message = "greet is not defined", severity = 1, source = "checker" }
        vim.diagnostic.set(namespace, vim.fn.bufnr("app.py"), { problem })
    """)
    it.ask("what is wrong?")
    text = it.wait_for_end()
    assert "greet is not defined" in text
