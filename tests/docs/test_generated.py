"""What is generated is not stale, and `make docs` would notice if it were."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPESCRIPT = "clients/vscode/src/protocol.ts"
COPIED = (
    "README.md",
    "clients/python/example.py",
    "clients/python/chatls_client/protocol.py",
    TYPESCRIPT,
    "clients/vscode/src/view.ts",
    "clients/vscode/src/letters.ts",
    "clients/vscode/package.json",
    "clients/nvim/lua/chatls/protocol.lua",
    "clients/nvim/lua/chatls/letters.lua",
)


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "docs/generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of what is generated and of what it is made of outside of the daemon, to be spoilt."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_nothing_generated_is_stale() -> None:
    found = generate(ROOT, "--check")
    assert found.returncode == 0, f"run `make docs`; stale: {found.stdout}{found.stderr}"


def test_what_is_stale_is_named_and_then_mended(elsewhere: Path) -> None:
    spoilt, document = elsewhere / TYPESCRIPT, elsewhere / "docs/protocol.md"
    spoilt.write_text("// nothing")
    by_hand = document.read_text("utf-8").replace("# The protocol\n", "# The protocol\n\nWritten by hand.\n")
    document.write_text(by_hand.replace("| `chat/prompt` | PromptParams ", "| wrong "), "utf-8")
    found = generate(elsewhere, "--check")
    assert (found.returncode, found.stdout.split()) == (1, ["docs/protocol.md", TYPESCRIPT])
    assert spoilt.read_text() == "// nothing"
    assert generate(elsewhere).returncode == 0
    assert spoilt.read_text("utf-8") == (ROOT / TYPESCRIPT).read_text("utf-8")
    assert document.read_text("utf-8") == by_hand


def test_a_part_without_a_place_is_an_error(elsewhere: Path) -> None:
    document = elsewhere / "docs/protocol.md"
    document.write_text(document.read_text("utf-8").replace("<!-- generated: events -->", ""), "utf-8")
    found = generate(elsewhere, "--check")
    assert found.returncode == 1
    assert "events" in found.stderr
