"""Symbols, by a real language server in a real Neovim: found with text that is not saved, renamed in files that are
open and in those that are not. What no real one does is said by a scripted one.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editors.chat import Chat, call, chat
from tests.editors.conftest import Json, Open
from tests.editors.neovim import Neovim

LIB = 'def greet(name: str) -> str:\n    """Say hello."""\n    return name\n'
MAIN = "from lib import greet\n\n\ndef main() -> None:\n    print(greet('\U0001f600'), greet('b'))\n"
USES = "from lib import greet\n\nTEXT = greet('greet')\n"
UNSAVED = "# greet, not saved\n"
GREET = {"path": "lib.py", "line": 1, "symbol": "greet"}
SERVERS = """\
local command = ...
local function start(buffer)
  vim.lsp.start({ name = "served", cmd = command, root_dir = vim.fn.getcwd() }, { bufnr = buffer })
end
vim.api.nvim_create_autocmd("FileType", { pattern = "python", callback = function(event) start(event.buf) end })
for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
  if vim.bo[buffer].filetype == "python" then
    start(buffer)
  end
end
"""
LOADED = "vim.api.nvim_buf_is_loaded(vim.fn.bufnr(...))"


def pyright() -> str:
    """The language server that the types of the project are checked with."""
    found = shutil.which("pyright-langserver", path=str(Path(sys.executable).parent))
    assert found
    return found


@pytest.fixture
def three(project: Path) -> Path:
    """A function that two other files use."""
    for name, text in (("lib.py", LIB), ("main.py", MAIN), ("uses.py", USES)):
        (project / name).write_text(text)
    return project


def served(it: Chat, *command: str) -> Chat:
    """The same with a language server that has come by now."""
    it.editor.lua(SERVERS, list(command) or [pyright(), "--stdio"])
    it.editor.wait_until("#vim.lsp.get_clients({ name = 'served', bufnr = vim.fn.bufnr('main.py') }) > 0")
    return it


def buffer(editor: Neovim, name: str) -> int:
    return editor.lua("return vim.fn.bufnr(...)", name)


def test_a_symbol_is_found_and_renamed_in_all_files_and_u_takes_it_back(nvim: Open, three: Path) -> None:
    calls = [
        [call("references", **GREET), call("definition", path="main.py", line=6, symbol="greet(")],
        [call("symbols", path="uses.py"), call("references", **GREET, what="callers")],
        [call("rename_symbol", **GREET, new_name="hail")],
        [{"text": "Renamed."}],
    ]
    it = served(chat(nvim, *calls, files=(three / "main.py",)))
    main = buffer(it.editor, "main.py")
    it.editor.lua("vim.api.nvim_buf_set_lines(..., 0, 0, false, { '# greet, not saved' })", main)
    it.ask("rename it")
    question = it.question()
    for words in ("-def greet(name: str)", "+def hail(name: str)", "+from lib import hail", "+TEXT = hail('greet')"):
        assert words in question
    said = it.said()
    for words in (
        '6 references of "greet", in 3 files of the workspace',
        "main.py:6:     print(greet('\U0001f600'), greet('b'))",
        "(function) def greet(name: str) -> str",
        "3\tconstant TEXT",
        "greet('b'))  [function main]",
    ):
        assert words in said
    assert it.editor.text(main) + "\n" == UNSAVED + MAIN, "nothing is changed before somebody says yes"
    assert it.editor.lua("return vim.bo[vim.fn.bufnr('lib.py')].buflisted") is False, "it was loaded to be asked about"
    it.answer("y")
    said = it.wait_for("Renamed.")
    assert "changed uses.py (+2 -2 lines; it is open in the editor, and saved)" in said
    renamed = {"lib.py": LIB.replace("greet", "hail"), "main.py": UNSAVED + MAIN.replace("greet", "hail")}
    renamed["uses.py"] = "from lib import hail\n\nTEXT = hail('greet')\n"
    for name, text in renamed.items():
        assert it.editor.text(buffer(it.editor, name)) + "\n" == text
    assert [(three / name).read_text() for name in ("lib.py", "main.py")] == [renamed["lib.py"], MAIN], (
        "as it was saved"
    )
    for name, before in (("lib.py", LIB), ("main.py", UNSAVED + MAIN), ("uses.py", USES)):
        it.editor.lua("vim.api.nvim_buf_call(..., function() vim.cmd.undo() end)", buffer(it.editor, name))
        assert it.editor.text(buffer(it.editor, name)) + "\n" == before, "one step"


# What no real server does


def scripted(
    nvim: Open, folder: Path, calls: list[Json], *provides: str, encoding: str = "utf-16", **answers: Any
) -> Chat:
    """An editor with `main.py` open, whose language server says just this."""
    script = folder / "served.json"
    told = {name.replace("_", "/"): answer for name, answer in answers.items()}
    script.write_text(json.dumps({"encoding": encoding, "provides": provides, "answers": told}))
    it = chat(nvim, calls, [{"text": "Done."}], files=(folder / "main.py",))
    server = Path(__file__).with_name("language_server.py")
    served(it, sys.executable, str(server), str(script))
    return it


def span(line: int, start: int, end: int) -> Json:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


@pytest.mark.parametrize(("encoding", "before"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_positions_are_told_in_the_units_of_each_server(nvim: Open, three: Path, encoding: str, before: int) -> None:
    (three / "main.py").write_text(line := "x = '\U0001f600', greet\n")
    at = len("x = '', ") + before
    uri = (three / "main.py").as_uri()
    edits = [{"range": span(0, at, at + 5), "newText": "hail"}]
    calls = [call("rename_symbol", path="main.py", line=1, symbol="greet", new_name="hail")]
    it = scripted(
        nvim, three, calls, "renameProvider", encoding=encoding, textDocument_rename={"changes": {uri: edits}}
    )
    it.ask("rename")
    it.answer("y")
    it.wait_for("Done.")
    assert it.editor.text(buffer(it.editor, "main.py")) + "\n" == line.replace("greet", "hail")
    assert (three / "main.py").read_text() == line.replace("greet", "hail")


REFERENCES = [call("references", path="main.py", line=1, symbol="greet")]
RENAME = [call("rename_symbol", path="main.py", line=1, symbol="greet", new_name="hail")]
MOVES = {"documentChanges": [{"kind": "rename", "oldUri": "file:///a", "newUri": "file:///b"}]}


@pytest.mark.parametrize(
    ("calls", "answers", "words"),
    [
        (REFERENCES, {"textDocument_references": [5]}, "makes no sense"),
        (
            REFERENCES,
            {"textDocument_references": {"error": "I am tired"}},
            "the language server says: served: I am tired",
        ),
        (REFERENCES, {"textDocument_references": []}, 'no references of "greet" are known'),
        (RENAME, {"textDocument_rename": MOVES}, "it would also move or make files"),
        (RENAME, {"textDocument_rename": {"error": "not this one"}}, "served: not this one"),
        ([call("symbols", path="main.py")], {}, "no language server of the editor can tell"),
    ],
    ids=["odd", "error", "nothing", "moves", "refused", "cannot"],
)
def test_what_a_server_says_instead_is_told(
    nvim: Open, three: Path, calls: list[Json], answers: Json, words: str
) -> None:
    it = scripted(nvim, three, calls, "referencesProvider", "renameProvider", **answers)
    it.ask("look")
    assert words in it.wait_for("Done.")


def test_a_call_that_is_cancelled_is_over_though_its_server_never_answers(nvim: Open, three: Path) -> None:
    it = scripted(nvim, three, REFERENCES, "referencesProvider")
    it.ask("look")
    it.wait_for("references greet")
    it.editor.command("ChatCancel")
    it.editor.wait_until("runs(1) == false")
    assert "Done." not in it.said()


def test_where_nobody_serves_a_language_that_is_said(nvim: Open, three: Path) -> None:
    it = chat(nvim, [call("definition", path="notes.txt", line=1, symbol="bread")], [{"text": "Done."}])
    it.ask("look")
    assert "no language server of the editor can tell" in it.wait_for("Done.")
    assert it.editor.lua("return vim.fn.bufwinid('notes.txt')") == -1
