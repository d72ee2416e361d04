"""What `chatls ask` sends of a prompt's words, and the list of what they may be."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.daemon.raw import environment
from tests.workspace.test_picture import png

from chatls_client.mentions import content
from chatls_client.protocol import Image, Mention, TextContent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text("x")
    (tmp_path / "b c.txt").write_text("x")
    (tmp_path / "diff").write_text("x")
    (tmp_path / "logo.png").write_bytes(png(4, 4))
    return tmp_path


def named(text: str, folder: Path) -> list[object]:
    found = content(text, [folder])
    if isinstance(found, str):
        return []
    assert found[0] == TextContent(text)
    return list(found[1:])


def test_files_folders_and_what_the_daemon_looks_up(folder: Path) -> None:
    uri = folder.as_uri()
    assert named('see @src/a.py, @src/a.py#L2-3 and @"b c.txt" (@src) @diff @diff:main @diagnostics:src.', folder) == [
        Mention("file", f"{uri}/src/a.py"),
        Mention("file", f"{uri}/src/a.py#L2-3"),
        Mention("file", f"{uri}/b%20c.txt"),
        Mention("folder", f"{uri}/src"),
        Mention("diff"),
        Mention("diff", "main"),
        Mention("diagnostics", "src"),
    ]


def test_what_names_nothing_stays_a_word(folder: Path) -> None:
    for text in ("me@home.example", "@none.py", "@file", "@folder:", "a @ b", "@\0", "@" + "x" * 5000):
        assert content(text, [folder]) == text


def test_a_picture_goes_along_as_one(folder: Path) -> None:
    (picture,) = named("what is @logo.png?", folder)
    assert isinstance(picture, Image)
    assert picture.mime_type == "image/png"


def test_the_list_tells_how_each_is_written(tmp_path: Path) -> None:
    commands = tmp_path / "root" / ".claude" / "commands"
    commands.mkdir(parents=True)
    (commands / "go.md").write_text("---\ndescription: Go there\nargument-hint: <where>\n---\nGo.")
    child = subprocess.run(
        [sys.executable, "-m", "chatls", "commands"],
        cwd=tmp_path / "root",
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    rows = [" ".join(line.split()) for line in child.stdout.splitlines()]
    assert "/go <where> Go there (of this folder)" in rows
    assert "@diff[:staged, or a commit] what has changed since the last commit" in rows
    assert any(row.startswith("/review [commit, branch or files] Review") for row in rows)
