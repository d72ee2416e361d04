"""Long chats whose answers end inside code: Neovim outlives them, and no answer is read as part of another.

`CHATLS_LONG=1` plays long ones. The parser is C: a fault in it ends the editor, and every unsaved buffer with it.
"""

import os
from pathlib import Path

import pytest

from tests.editors.fetch import Found
from tests.editors.neovim import Neovim

TURNS = 150 if os.environ.get("CHATLS_LONG") == "1" else 30
AT_ONCE = 5
"""Turns that are played before the editor answers."""

SET_UP = f"""
package.path = {str(Path(__file__).parent)!r} .. "/?.lua;" .. package.path
_G.stress = require("stress")
_G.play, _G.transcript = stress.begin(...)
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_answers_that_end_inside_code_are_survived_and_each_is_read_for_itself(
    tmp_path: Path, program: Found, seed: int
) -> None:
    with Neovim(tmp_path, program.program, setup=None) as editor:
        editor.lua(SET_UP, seed)
        for _ in range(0, TURNS, AT_ONCE):
            editor.lua("play(...)", AT_ONCE)
        assert len(editor.lua("return transcript:turns()")) == TURNS
        assert editor.lua("return stress.misread(transcript)") == []
        editor.check()
        editor.leave()
