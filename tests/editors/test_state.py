"""The plugin's fold gives the views of tests/transcripts, as all clients' folds do."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.editors.fetch import Found
from tests.editors.neovim import PLUGIN

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.jsonl"))
AT_MOST = 60
"""Seconds for all of them."""


@pytest.fixture(scope="module")
def views(program: Found) -> dict[str, Any]:
    """All transcripts, folded by one Neovim that loads nothing else of the plugin."""
    command = [program.program, "--clean", "-l", Path(__file__).with_name("fold.lua"), PLUGIN, TRANSCRIPTS, *NAMES]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=AT_MOST, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_folds_to_its_view(views: dict[str, Any], name: str) -> None:
    assert views[name] == json.loads((TRANSCRIPTS / f"{name}.view.json").read_text("utf-8"))
