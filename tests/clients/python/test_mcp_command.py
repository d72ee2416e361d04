"""`chatls mcp`: servers are listed, tried, added, taken over; the settings stay as they were, no secret is copied."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.daemon.raw import CHATLS, environment

from chatls.errors import SettingsError
from chatls.mcp.written import taken_over
from chatls.seen.commands.ownfile import grown

SERVER = str(Path(__file__).parents[2] / "mcp" / "server.py")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
servers = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9-]{1,32}", fullmatch=True),
    st.fixed_dictionaries(
        {"command": texts.filter(bool), "args": st.lists(texts, max_size=3), "env": st.dictionaries(texts, texts)}
    ),
    min_size=1,
    max_size=3,
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*CHATLS, "mcp", *arguments]
    return subprocess.run(
        command,
        env=environment(folder),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def kept(folder: Path) -> Any:
    return tomllib.loads((folder / "home/.config/chatls/config.toml").read_text())["mcp"]


def test_a_server_is_added_listed_and_tried(tmp_path: Path) -> None:
    assert "no server is named" in run(tmp_path, "list").stderr
    assert (
        run(tmp_path, "add", "own", "--env", "A=b=c", sys.executable, SERVER, "good", "legacy", "--flag").returncode
        == 0
    )
    assert kept(tmp_path) == {
        "own": {"command": sys.executable, "args": [SERVER, "good", "legacy", "--flag"], "env": {"A": "b=c"}}
    }
    assert (tmp_path / "home/.config/chatls/config.toml").stat().st_mode & 0o777 == 0o600
    listed = run(tmp_path, "list")
    assert (listed.returncode, listed.stdout.partition("  (")[0]) == (0, "own  ready, 10 tools")
    tried = run(tmp_path, "test", "own")
    assert "scripted 1 speaks the protocol of 2025-11-25" in tried.stdout
    assert "  own__echo  echo things" in tried.stdout
    assert tried.returncode == 0
    assert run(tmp_path, "add", "own", "x").stderr == "chatls: there is one named own already ([mcp.own])\n"
    assert run(tmp_path, "add", "a__b", "x").returncode == 1
    assert run(tmp_path, "test", "other").returncode == 1
    run(tmp_path, "add", "broken", sys.executable, SERVER, "dies")
    broken = run(tmp_path, "test", "broken")
    assert (broken.returncode, "exit code 7: no licence" in broken.stdout) == (1, True)


def test_what_is_taken_over_is_shown_and_added_by_a_persons_word_alone(tmp_path: Path) -> None:
    entry = {"command": "npx", "args": ["x"], "env": {"API_KEY": "sk-canary", "LANG": "C"}}
    file = tmp_path / ".mcp.json"
    file.write_text(f'// mine\n{{"mcpServers": {{"my server": {json.dumps(entry)},}}}}')
    shown = run(tmp_path, "import", str(file))
    assert shown.returncode == 1
    assert '[mcp.my-server]\ncommand = "npx"' in shown.stdout
    assert not (tmp_path / "home/.config/chatls/config.toml").exists()
    assert run(tmp_path, "import", str(file), "--yes").returncode == 0
    env = {"API_KEY": "${API_KEY}", "LANG": "C"}
    assert kept(tmp_path) == {"my-server": {"command": "npx", "args": ["x"], "env": env}}


@given(servers)
def test_whatever_is_added_stands_there_as_it_was_meant(new: Any) -> None:
    before = '# mine\nmodel = "a/b"\n\n[mcp._]\ncommand = "x"'
    text = grown(before, "mcp", new)
    assert text.startswith(before)
    assert tomllib.loads(text) == {"model": "a/b", "mcp": {"_": {"command": "x"}, **new}}


@pytest.mark.parametrize("text", ["mcp = {}\n", "x = = 1"])
def test_what_nothing_can_be_added_to_stays_as_it_is(text: str) -> None:
    with pytest.raises(SettingsError):
        grown(text, "mcp", {"a": {"command": "x"}})


def test_what_no_settings_could_hold_is_not_written_and_the_others_stay_as_they_were(tmp_path: Path) -> None:
    assert run(tmp_path, "add", "good", "cat").returncode == 0
    was = (tmp_path / "home/.config/chatls/config.toml").read_text()
    refused = run(tmp_path, "add", "bad", "--url", "example.org")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "'mcp.bad.url' in what would be added" in refused.stderr
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"half": {"command": "x", "args": ["\\ud800"]}}}')
    assert "half of a character" in run(tmp_path, "import", "mcp.json", "--yes").stderr
    (file,) = (tmp_path / "home/.config/chatls").iterdir()
    assert file.read_text() == was


def test_files_of_other_programs_are_read_and_what_means_nothing_here_is_left_out() -> None:
    text = """{ "servers": {
        "web": {"type": "http", "url": "https://x/mcp", "headers": {"Authorization": "Bearer ${env:TOKEN}", "X": "y"}},
        "old": {"type": "sse", "url": "https://x/sse"},
        "here": {"command": "${workspaceFolder}/run"},
        "off": {"command": "a", "disabled": true, /* why */ },
        "none": {}
    } }"""
    found, words = taken_over(text)
    web = {"url": "https://x/mcp", "headers": {"X": "y"}, "key_env": "TOKEN"}
    assert found == {"web": web, "off": {"command": "a", "disabled": True}}
    assert [word.partition(":")[0] for word in words] == ["old", "old", "here", "here", "none", "none"]
    with pytest.raises(SettingsError):
        taken_over("[]")
