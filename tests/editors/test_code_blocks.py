"""Code blocks in an answer: their edge, their language, and taking them into a file or a register."""

import json
from pathlib import Path
from typing import Any

from tests.editors.chat import Chat, chat
from tests.editors.conftest import NOTES, Json, Open
from tests.editors.neovim import Neovim
from tests.editors.test_view import SET_UP

ANSWER = """\
First this:

```python
def greet():
    print("hi")
```

Then, in a list:

1. like so

   ~~~sh
   echo '```'
   ~~~

and the last one has no name:

```
plain
```
"""
MARKS = """
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(vim.fn.bufnr("chatls://chat/1"), -1, 0, -1, { details = true })) do
  local details = mark[4]
  local drawn = details.virt_text or details.virt_lines and details.virt_lines[1]
  if drawn and drawn[1][2] == "ChatlsCodeEdge" then
    table.insert(found, drawn[1][1])
  end
end
return found
"""


def answered(nvim: Open, text: str = ANSWER, files: tuple[Path, ...] = ()) -> Chat:
    it = chat(nvim, [{"text": text}], files=files)
    it.ask("show me")
    it.wait_for_end()
    return it


def go_to_line(it: Chat, words: str) -> None:
    it.go_to("chatls")
    it.editor.lua("vim.fn.search(..., 'w')", words)


EDGES = [
    *("┌─ python ", "│ ", "│ ", "└─"),
    *("   ┌─ sh ", "│ ", "   └─"),
    *("┌─ code ", "│ ", "└─"),
]


def test_every_block_has_an_edge_and_its_language(nvim: Open) -> None:
    assert sorted(answered(nvim).editor.lua(MARKS)) == sorted(EDGES)


def test_edges_are_the_same_however_an_answer_comes(nvim: Open, tmp_path: Path) -> None:
    editor = nvim()
    text = ANSWER + "\n````md\n```\nnot closed\n```` x\n``"
    start: Json = {"seq": 1, "turnId": "t", "kind": "turnStart", "sessionId": "s", "model": "m"}
    chunks = [{**start, "kind": "textChunk", "text": letter} for letter in text]
    counts: Json = {"stopReason": "end_turn", "steps": 1, "chunks": 1, "tools": {}, "durationMs": 1, "usage": None}
    entries: list[Json] = [start, *chunks, {"result": {"sessionId": "s", "turnId": "t", **counts}}]
    path = tmp_path / "letters.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)), "utf-8")
    editor.lua(SET_UP)
    at_once = played(editor, path, 1_000_000)
    assert [mark.rpartition("│")[1] for mark in at_once["marks"]].count("│") == 8
    assert played(editor, path, 1) == at_once
    assert played(editor, path, 5) == at_once


def played(editor: Neovim, path: Path, every: int) -> Json:
    return editor.lua("return drawing.content((drawing.play(drawing.read(...), select(2, ...))))", str(path), every)


def test_a_person_sees_edge_language_and_code_and_no_fence(nvim: Open) -> None:
    it = answered(nvim)
    it.go_to("chatls")
    rows: Any = it.editor.lua("""
        vim.cmd("set columns=120 lines=40")
        vim.wait(50)
        vim.api.nvim_win_set_cursor(0, { 1, 0 })
        vim.cmd("normal! zt")
        vim.cmd("redraw!")
        local from = vim.fn.win_screenpos(0)[2]
        local rows = {}
        for row = 1, 38 do
          local text = ""
          for column = from, 119 do
            text = text .. vim.fn.screenstring(row, column)
          end
          table.insert(rows, vim.trim(text))
        end
        return rows
    """)
    start = next(at for at, row in enumerate(rows) if row.startswith("┌─ python"))
    assert rows[start + 1 : start + 4] == ["│ def greet():", '│     print("hi")', "└─"]
    assert not [row for row in rows if row.startswith("```")]


def test_the_block_under_the_cursor_is_yanked(nvim: Open) -> None:
    it = answered(nvim)
    go_to_line(it, "print")
    it.editor.keys("gy")
    assert it.editor.lua("return { vim.fn.getreg(), vim.fn.getregtype() }") == ['def greet():\n    print("hi")\n', "V"]
    assert "yanked 2 python lines" in it.editor.messages()
    go_to_line(it, "echo")
    it.editor.keys('"agy')
    assert it.editor.lua("return vim.fn.getreg('a')") == "echo '```'\n"


def test_from_elsewhere_the_last_block_is_meant(nvim: Open, project: Path) -> None:
    it = answered(nvim, files=(project / "notes.txt",))
    it.editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('notes.txt'))")
    it.editor.command("ChatYank b")
    assert it.editor.lua("return vim.fn.getreg('b')") == "plain\n"


def test_a_block_is_put_into_the_file_below_the_cursor_and_undone_at_once(nvim: Open, project: Path) -> None:
    it = answered(nvim, files=(project / "notes.txt",))
    it.editor.lua("vim.api.nvim_win_set_cursor(vim.fn.bufwinid('notes.txt'), { 1, 0 })")
    go_to_line(it, "def greet")
    it.editor.keys("gp")
    assert it.editor.lua("return vim.fn.expand('%:t')") == "notes.txt"
    assert it.editor.lines()[:4] == ["Buy bread.", "def greet():", '    print("hi")', "TODO: write the tests."]
    it.editor.keys("u")
    assert it.editor.text() == NOTES.rstrip("\n")


def test_without_a_block_it_is_said(nvim: Open) -> None:
    it = answered(nvim, "No code at all.")
    it.editor.command("ChatYank")
    it.editor.command("ChatInsert")
    assert it.editor.messages().count("there is no code block here, nor above") == 2


def test_a_block_that_cannot_be_put_anywhere_changes_nothing(nvim: Open, project: Path) -> None:
    it = answered(nvim, files=(project / "notes.txt",))
    it.editor.command("call setbufvar('notes.txt', '&modifiable', 0)")
    go_to_line(it, "def greet")
    it.editor.keys("gp")
    assert "cannot be changed" in it.editor.messages()
    it.editor.command("ChatYank %")
    assert "no register" in it.editor.messages()
