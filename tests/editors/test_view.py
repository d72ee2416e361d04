"""How a turn is drawn: whatever is drawn piece by piece reads the same as if it had been drawn at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.fetch import Found
from tests.editors.neovim import Neovim
from tests.editors.test_state import NAMES, TRANSCRIPTS

SET_UP = f"""
package.path = {str(Path(__file__).parent)!r} .. "/?.lua;" .. package.path
_G.drawing = require("drawing")
"""
PLAYED = """
local buffer = drawing.play(drawing.read(...), select(2, ...))
local content = drawing.content(buffer)
content.folds = drawing.folds()
return content
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory, program: Found) -> Iterator[Neovim]:
    """One editor for all of them; no daemon is started."""
    folder = tmp_path_factory.mktemp("view")
    with Neovim(folder, program.program, setup=None) as editor:
        editor.lua(SET_UP)
        yield editor
        editor.check()
        assert editor.daemons() == set()
        editor.leave()


def played(editor: Neovim, name: str, every: int = 1) -> Any:
    return editor.lua(PLAYED, str(TRANSCRIPTS / f"{name}.jsonl"), every)


@pytest.mark.parametrize("name", NAMES)
def test_drawn_piece_by_piece_or_at_once_it_reads_the_same(editor: Neovim, name: str) -> None:
    at_once = played(editor, name, 1_000_000)
    assert played(editor, name, 1) == at_once
    assert played(editor, name, 3) == at_once


def test_a_transcript_cannot_be_undone(editor: Neovim) -> None:
    played(editor, "eager-parallel-tools")
    assert editor.lua("return { vim.fn.undotree().seq_last, vim.bo.modifiable, vim.bo.modified }") == [0, False, False]


def test_a_call_is_one_line_with_its_state_and_the_rest_is_folded(editor: Neovim) -> None:
    content = played(editor, "command-output")
    head = next(at for at, line in enumerate(content["lines"], 1) if "run_command" in line)
    assert content["lines"][head - 1].startswith("✓ run_command for n in 1 2 3;")
    assert any(fold.startswith(f"{head}-") for fold in content["folds"])


def test_thinking_is_folded_from_its_head_on(editor: Neovim) -> None:
    content = played(editor, "thinking")
    head = next(at for at, line in enumerate(content["lines"], 1) if "thought" in line)
    assert content["folds"] == [f"{head}-{head + 1}"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cancel-mid-text", "■ Cancelled"),
        ("cancel-mid-arguments", "■ Cancelled"),
        ("error-mid-stream", "✗ Failed: The connection broke."),
        ("refused", "✗ Failed: there is no session"),
        ("cut-by-max-tokens", "was cut"),
    ],
)
def test_a_turn_that_did_not_end_well_says_so(editor: Neovim, name: str, words: str) -> None:
    assert words in "\n".join(played(editor, name)["lines"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_turns_or_waits_when_the_turn_is_over(editor: Neovim, name: str) -> None:
    text = "\n".join(played(editor, name)["lines"])
    assert not [sign for sign in ("…\n", "▶", "thinking…", "running", "waits for") if sign in text]
