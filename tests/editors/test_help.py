"""`:help chatls` says what is true: its generated parts are fresh, its links lead somewhere."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.editors.fetch import ROOT, Found
from tests.editors.neovim import PLUGIN, Neovim

HELP = PLUGIN / "doc" / "chatls.txt"


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory, program: Found) -> Iterator[Neovim]:
    folder = tmp_path_factory.mktemp("help")
    with Neovim(folder, program.program, setup=None) as editor:
        doc = folder / "plugin" / "doc"
        doc.mkdir(parents=True)
        (doc / HELP.name).write_text(HELP.read_text("utf-8"), "utf-8")
        editor.command(f"helptags {doc}")
        editor.lua("vim.opt.rtp:append(...)", str(doc.parent))
        yield editor
        editor.check()
        editor.leave()


def test_what_is_generated_is_not_stale(program: Found) -> None:
    script = ROOT / "docs" / "generation" / "help.lua"
    command = [str(program.program), "--clean", "-l", str(script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"run `make docs`; stale: {done.stdout}{done.stderr}"


def test_every_command_and_option_has_a_place(editor: Neovim) -> None:
    names = editor.lua("""
        local config = require("chatls.config")
        local tags = vim.tbl_map(function(it) return ":" .. it.name end, config.COMMANDS)
        for _, option in ipairs(config.OPTIONS) do
          local name = vim.startswith(option.name, "keys.") and "chatls-keys" or "chatls-option-" .. option.name
          table.insert(tags, name)
        end
        return tags
    """)
    lost = editor.lua("return vim.tbl_filter(function(tag) return not pcall(vim.cmd.help, tag) end, ...)", names)
    assert lost == []


def test_every_link_leads_somewhere(editor: Neovim) -> None:
    lost = editor.lua(
        """
        local lost = {}
        for name in (...):gmatch("|(%S-)|") do
          if not pcall(vim.cmd.help, name) then table.insert(lost, name) end
        end
        return lost
        """,
        HELP.read_text("utf-8"),
    )
    assert lost == []


def test_no_line_is_wider_than_a_help_page() -> None:
    wide = [line for line in HELP.read_text("utf-8").splitlines() if len(line) > 80]
    assert wide == []
