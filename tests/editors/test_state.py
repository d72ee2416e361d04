"""The plugin's fold gives the views of tests/transcripts, as all clients' folds do."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chatls_client.protocol import event_from_wire
from chatls_client.view import View, fold
from tests.editors.fetch import Found
from tests.editors.neovim import PLUGIN

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.jsonl"))
AT_MOST = 60
"""Seconds for all of them."""


def folded(program: Found, folder: Path, *names: str) -> dict[str, Any]:
    """Transcripts, folded by one Neovim that loads nothing else of the plugin."""
    command = [program.program, "--clean", "-l", Path(__file__).with_name("fold.lua"), PLUGIN, folder, *names]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=AT_MOST, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def views(program: Found) -> dict[str, Any]:
    return folded(program, TRANSCRIPTS, *NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_folds_to_its_view(views: dict[str, Any], name: str) -> None:
    assert views[name] == json.loads((TRANSCRIPTS / f"{name}.view.json").read_text("utf-8"))


@pytest.mark.parametrize("length", range(6))
def test_the_beginning_of_a_text_becomes_thinking_by_code_points(program: Found, tmp_path: Path, length: int) -> None:
    call = {"kind": "toolCallStart", "toolCallId": "a", "name": "search", "toolKind": "search"}
    thought = {"kind": "reclassified", "from": "text", "to": "thinking", "length": length}
    texts = [{"kind": "textChunk", "text": text} for text in ("a\U0001f600", "\u00e9", "b", "c")]
    events = [texts[0], texts[1], call, texts[2], thought, texts[3]]
    (tmp_path / "played.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")
    view = View()
    for event in map(event_from_wire, events):
        assert event is not None
        view = fold(view, event)
    assert folded(program, tmp_path, "played")["played"]["blocks"] == view.to_wire()["blocks"]
