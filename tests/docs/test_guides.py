"""The code in the guides runs, and says what the guides say that it does."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/guides"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / guide).read_text("utf-8")
    return [match[2] for match in _BLOCK.finditer(text) if match[1] == language]


def run(folder: Path, *arguments: str) -> str:
    """What a program prints, for a person whose own settings lie in this folder."""
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, *arguments]
    found = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_the_client_of_the_guide_says_what_the_guide_says(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(blocks("write-a-client.md", "json")[0])
    (tmp_path / "client.py").write_text("\n".join(blocks("write-a-client.md", "python")))
    said = run(tmp_path, "client.py").replace(str(tmp_path), "/home/you/project")
    assert said == "".join(blocks("write-a-client.md", "text"))


def test_the_example_of_the_readme_prints_the_answer(tmp_path: Path) -> None:
    (tmp_path / "chatls").mkdir()
    (tmp_path / "script.json").write_text('{"replies": [[{"text": "Nothing but "}, {"text": "this."}]]}')
    settings = 'model = "demo/any"\n[providers.demo]\nkind = "scripted"\nscript = "script.json"\n'
    (tmp_path / "chatls/config.toml").write_text(settings)
    example = str(ROOT / "clients/python/example.py")
    assert run(tmp_path, example, "What is here?") == "Nothing but this.\n(end_turn)\n"


def test_the_tool_of_the_guide_passes_the_test_of_the_guide(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    for block in blocks("add-a-tool.md", "python"):
        exec(compile(block, "add-a-tool.md", "exec"), names)
    names["test_words_are_counted"](tmp_path)
    names["test_only_what_was_planned_is_done"](tmp_path)
    tool = names["count_words"]
    assert tool.spec.description == "Count the words of a text file."
    assert tool.spec.input_schema["required"] == ["path"]


def test_the_provider_of_the_guide_passes_the_test_of_the_guide() -> None:
    provider, test = blocks("add-a-provider.md", "python")
    names: dict[str, Any] = {}
    exec(compile(provider, "add-a-provider.md", "exec"), names)
    exec(compile(test, "add-a-provider.md", "exec"), names)
    names["test_parrot_answers"]()
    assert len(provider.splitlines()) < 80
