"""What is handed out, as far as it can be looked at without building it; `make dist` builds it and tries it."""

import subprocess
import sys
import tarfile
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.packages.make import HERE, ROOT, WrongError, notes, pack_plugin, version

CHANGELOG = """\
# Changelog

## 0.10.0 (not released yet)

Later.

## 0.1.0

- One.

### Small things

- Two.

## 0.0.9
"""


def test_release_notes_are_what_the_changelog_says_of_a_version() -> None:
    assert notes(CHANGELOG, "0.1.0") == "- One.\n\n### Small things\n\n- Two.\n"
    assert notes(CHANGELOG, "0.10.0") == "Later.\n"
    assert "Protocol version" in notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version())


@pytest.mark.parametrize("wanted", ["0.0.9", "0.1", "0x1x0"])
def test_a_version_of_which_nothing_is_said_is_not_released(wanted: str) -> None:
    with pytest.raises(WrongError, match="says nothing"):
        notes(CHANGELOG, wanted)


def test_the_plugin_is_one_folder_with_all_that_it_needs_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "b.tar.gz"):
        pack_plugin(tmp_path / name, "chatls")
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        names = set(archive.getnames())
    assert {
        "chatls/LICENSE",
        "chatls/plugin/chatls.lua",
        "chatls/lua/chatls/init.lua",
        "chatls/doc/chatls.txt",
    } <= names
    assert {name.split("/")[1] for name in names} == {"LICENSE", "plugin", "lua", "doc"}


def test_each_program_of_the_package_can_be_called() -> None:
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert set(programs) == {"chatls", "chatls-acp"}
    for place in programs.values():
        module, name = place.split(":")
        assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize(
    ("face", "program"), [("lsp", ["chatls", "serve"]), ("acp", ["chatls", "acp"]), ("acp", ["chatls-acp"])]
)
def test_a_program_answers_and_ends(face: str, program: list[str], tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name(program[0])), *program[1:]]
    greet = [sys.executable, str(HERE / "greet.py"), face]
    said = subprocess.run([*greet, *command], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    assert ("protocolVersion" if face == "acp" else "capabilities") in said.stdout


def test_a_program_that_does_not_answer_is_told(tmp_path: Path) -> None:
    greet = [sys.executable, str(HERE / "greet.py"), "lsp", sys.executable, "-c", "pass"]
    said = subprocess.run(greet, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 1
    assert said.stderr.strip()
