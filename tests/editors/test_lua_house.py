"""The plugin's house: what a file may be, and which words stand nowhere in it (docs/architecture.md)."""

import re
from pathlib import Path

import pytest

from chatls.providers.known.catalog import KNOWN
from tests.editors.neovim import PLUGIN

FILES = sorted(path for path in PLUGIN.rglob("*.lua") if path.name != "protocol.lua")
LONGEST = 300
PURE = {
    "chat/state.lua": r"vim\.",
    "chat/text.lua": r"vim\.",
    "config.lua": r"vim\.(api|fn|lsp|cmd)",
}
"""What these must not know."""

FOREIGN = re.compile(r"\b(abort|interrupt(?!ed\b)|reasoning|assistant)", re.IGNORECASE)
"""`interrupted` is how a turn ended that a kill cut off; a turn that somebody ends is cancelled."""


def name(path: Path) -> str:
    return str(path.relative_to(PLUGIN))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_short_and_begins_with_what_it_is(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) < LONGEST
    assert re.match(r"-- \S.{20,}", lines[0])


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_words_are_those_of_the_project(path: Path) -> None:
    assert FOREIGN.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("name", PURE)
def test_what_is_pure_stays_so(name: str) -> None:
    text = re.sub(r"--.*", "", (PLUGIN / "lua" / "chatls" / name).read_text("utf-8"))
    assert re.findall(PURE[name], text) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_other_plugin_is_needed(path: Path) -> None:
    wanted = re.findall(r"""require\(["']([^"']+)""", path.read_text("utf-8"))
    assert [module for module in wanted if not module.startswith(("chatls", "vim.lsp"))] == []


def test_the_health_check_looks_for_the_keys_that_the_daemon_takes() -> None:
    """But for GITHUB_TOKEN, which most people have for another purpose."""
    text = (PLUGIN / "lua" / "chatls" / "health.lua").read_text("utf-8")
    variables = [variable for entry in KNOWN for variable in entry.key_variables]
    assert re.findall(r'"([A-Z_]+_API_KEY)"', text) == [name for name in variables if name != "GITHUB_TOKEN"]
