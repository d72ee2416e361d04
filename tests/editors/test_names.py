"""What a prompt begins with and names: `/` and `@` in the prompt's buffer, and what is sent for them."""

from pathlib import Path
from time import monotonic

import pytest

from tests.editors.chat import Chat, chat
from tests.editors.conftest import Json, Open
from tests.workspace.test_picture import png

SENT = """
local daemon = require("chatls.daemon")
local prompt = daemon.prompt
daemon.prompt = function(params, ...)
  _G.sent = params.content
  return prompt(params, ...)
end
"""
ITEMS = 'return vim.fn.pumvisible() == 1 and vim.fn.complete_info({ "items" }).items or {}'


def offered(it: Chat, keys: str, word: str, most: int = 1000) -> list[Json]:
    """What the menu holds behind these keys, as soon as it holds a word, and no more than so many. A person types: keys
    that a test feeds to Neovim leave no menu open, so each look is a step of Neovim's own loop."""
    it.editor.lua("vim.api.nvim_input(...)", keys)
    deadline = monotonic() + 60
    while monotonic() < deadline:
        items: list[Json] = it.editor.lua(ITEMS)
        if len(items) <= most and word in [item["word"] for item in items]:
            return items
    raise AssertionError(f"{word} is not offered: {it.editor.lua(ITEMS)}")


def sent(it: Chat, text: str) -> list[Json]:
    """What goes along with these words."""
    it.editor.lua(SENT)
    it.ask(text)
    it.wait_for_end()
    blocks = it.editor.lua("return sent")
    return [block for block in blocks if block["type"] not in ("editor_context", "text")]


def test_a_slash_at_the_beginning_shows_the_commands_that_there_are(nvim: Open, project: Path) -> None:
    own = project / ".claude" / "commands" / "deploy.md"
    own.parent.mkdir(parents=True)
    own.write_text("---\ndescription: Put it there\nargument-hint: [where]\n---\nDeploy $1.")
    it = chat(nvim)
    it.editor.command("Chat")
    items = offered(it, "/", "/deploy")
    assert {item["word"] for item in items} >= {"/deploy", "/explain", "/fix", "/tests", "/commit", "/review"}
    deploy = next(item for item in items if item["word"] == "/deploy")
    assert (deploy["abbr"], deploy["menu"]) == ("/deploy [where]", "Put it there (workspace)")
    offered(it, "dep", "/deploy", most=1)
    it.editor.lua("vim.api.nvim_input(...)", "<C-n><C-y> prod<C-s>")
    text = it.wait_for("/deploy comes from this workspace: .claude/commands/deploy.md")
    assert "/deploy prod" in text
    it.wait_for_end()


def test_an_at_sign_shows_names_and_files(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.command("Chat")
    it.editor.lua('require("chatls.offered").ask()')
    it.editor.wait_until('#require("chatls.offered").told.mentions > 0')
    words = {item["word"] for item in offered(it, "see @", "@diff")}
    assert words >= {"@diff", "@diagnostics", "@selection", "@buffers", "@folder:", "@clipboard", "@notes.txt"}
    it.editor.lua("vim.api.nvim_input(...)", "<Esc>")


def test_each_name_goes_along_as_what_it_is(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "src" / "app.py",))
    uri = project.as_uri()
    assert sent(it, "see @src/app.py#L2, @src and @notes.txt. @diff:HEAD @buffers, @none me@home") == [
        {"type": "mention", "name": "file", "argument": f"{uri}/src/app.py#L2"},
        {"type": "mention", "name": "folder", "argument": f"{uri}/src"},
        {"type": "resource_link", "uri": f"{uri}/notes.txt"},
        {"type": "mention", "name": "diff", "argument": "HEAD"},
        {"type": "mention", "name": "buffers"},
    ]
    text = it.said()
    for shown in ("src/app.py 2", "notes.txt", "diff HEAD", "buffers"):
        assert shown in text


def test_what_was_selected_last_is_named(nvim: Open, project: Path) -> None:
    it = chat(nvim, files=(project / "src" / "app.py",))
    it.editor.keys("ggVj<Esc>")
    assert sent(it, "explain @selection") == [
        {"type": "mention", "name": "selection", "argument": f"{project.as_uri()}/src/app.py#L1-2"}
    ]


@pytest.mark.parametrize(("tool", "display"), [("wl-paste", "WAYLAND_DISPLAY"), ("xclip", "DISPLAY")])
def test_the_picture_in_the_clipboard_goes_along(nvim: Open, tmp_path: Path, tool: str, display: str) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(4, 4))
    programs = tmp_path / "programs"
    programs.mkdir()
    script = f'case "$*" in *list-types*|*TARGETS*) printf "text/plain\\nimage/png\\n";; *) cat {picture};; esac'
    (programs / tool).write_text(f"#!/bin/sh\n{script}\n")
    (programs / tool).chmod(0o755)
    it = chat(nvim)
    it.editor.lua(
        'vim.env.WAYLAND_DISPLAY, vim.env.DISPLAY = nil, nil; vim.env[...] = ":0"'
        f' vim.env.PATH = "{programs}:" .. vim.env.PATH',
        display,
    )
    (block,) = sent(it, "what is @clipboard?")
    assert block["type"] == "image"
    assert block["mimeType"] == "image/png"
    assert "a picture" in it.said()


def test_without_a_picture_it_says_so_and_the_words_go(nvim: Open) -> None:
    it = chat(nvim)
    it.editor.lua("vim.env.WAYLAND_DISPLAY, vim.env.DISPLAY = nil, nil")
    it.editor.lua("vim.notify = function(text) _G.told = text end")
    assert sent(it, "what is @clipboard?") == []
    assert "is needed to read pictures" in it.editor.lua("return told")
