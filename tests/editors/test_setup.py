"""What `setup` takes: options are checked, and what cannot be used is told and keeps its default."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.editors.fetch import Found
from tests.editors.neovim import Neovim


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory, program: Found) -> Iterator[Neovim]:
    with Neovim(tmp_path_factory.mktemp("setup"), program.program, setup=None) as editor:
        yield editor
        editor.check()
        editor.leave()


def told(editor: Neovim, options: str) -> Any:
    """What a person is told of these options, and what counts then."""
    editor.command("messages clear")
    editor.lua(f'require("chatls").setup({options})')
    return editor.messages(), editor.lua("""
        local options = vim.deepcopy(require("chatls.config").options)
        options.roots = nil
        return options
    """)


def test_without_options_the_defaults_count(editor: Neovim) -> None:
    words, options = told(editor, "")
    assert words.strip() == ""
    assert (options["layout"], options["context"], options["keys"]["cancel"]) == ("right", True, "<C-c>")


def test_options_are_taken(editor: Neovim) -> None:
    words, options = told(editor, '{ layout = "left", keys = { cancel = "<F2>" } }')
    assert words.strip() == ""
    assert (options["layout"], options["keys"]["cancel"], options["keys"]["send"]) == ("left", "<F2>", "<CR>")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('{ layuot = "left" }', "did you mean `layout`?"),
        ('{ layout = "middle" }', "must be one of right, left"),
        ('{ size = "wide" }', "`size` must be a number, not a string"),
        ('{ keys = { cancle = "x" } }', "did you mean `keys.cancel`?"),
    ],
)
def test_what_cannot_be_used_is_told(editor: Neovim, given: str, words: str) -> None:
    said, options = told(editor, given)
    assert words in said
    assert (options["layout"], options["size"]) == ("right", 0.4)
