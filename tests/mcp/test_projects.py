"""Servers that a project names in files of its own are told of, once for each content, and never started."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chatls.mcp.projects import told_of
from tests.daemon.conftest import Start, start
from tests.daemon.processes import descendants
from tests.daemon.raw import Daemon, Json
from tests.mcp.test_servers import DONE, SERVER

__all__ = ["start"]


def named(**servers: Json) -> str:
    return json.dumps({"mcpServers": servers})


def notices(daemon: Daemon) -> list[str]:
    """What the first turn of a new session says."""
    turn = daemon.prompt(DONE)
    turn.result()
    return [event["text"] for event in turn.events if event["kind"] == "notice"]


def test_it_is_told_once_for_each_content_by_whichever_daemon_and_nothing_is_started(
    start: Start, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / ".vscode").mkdir(parents=True)
    (root / ".mcp.json").write_text(named(db={"command": "python3", "args": [SERVER, "\u202egood"]}))
    (root / ".vscode" / "mcp.json").write_text('{"servers": {"web": {"url": "https://example.org/mcp"}}} // ours')
    daemon = start()
    daemon.initialize({}, roots=[root])
    first, second = notices(daemon)
    assert first.startswith("This project names MCP servers, and none of them was started: db (python3 ")
    assert "\\u{202E}" in first or len(SERVER) > 60
    assert f"`chatls mcp import {root}/.mcp.json`" in first
    assert "web (https://example.org/mcp)" in second
    assert notices(daemon) == []
    assert not descendants(daemon.pid)
    other = start()
    other.initialize({}, roots=[root])
    assert notices(other) == []
    (root / ".mcp.json").write_text(named(evil={"command": "sh", "args": ["-c", "true", "--token=hunter2"]}))
    (told,) = notices(other)
    assert "evil (sh -c true --token=[removed])" in told


def test_nothing_is_said_of_servers_that_a_person_has_and_of_files_that_name_none(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / ".mcp.json").write_text(named(own={"command": "nowhere"}))
    (root / ".vscode").symlink_to("/etc")
    daemon = start()
    daemon.initialize({"mcp": {"own": {"command": "nowhere", "disabled": True}}}, roots=[root])
    assert notices(daemon) == []


NAMES = st.sampled_from(["mcpServers", "servers", "command", "url", "args", "x"])
VALUES = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(st.text(alphabet='{}[]":,mcpServers \n\\u\x00é') | VALUES.map(json.dumps))
def test_whatever_stands_in_the_file_it_is_words_or_nothing(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".mcp.json").write_text(text, "utf-8", "surrogatepass")
        for words in told_of(Path(folder) / "told", [Path(folder)], {}):
            assert words.isprintable()
