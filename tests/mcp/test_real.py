"""The protocol's own servers, where this machine has them: programs in the search path, or in the folder that
CHATLS_MCP_SERVERS names (`npm install @modelcontextprotocol/server-everything @modelcontextprotocol/server-filesystem`,
`pip install mcp-server-git mcp-server-time`).
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.conftest import Start, start
from tests.daemon.raw import Daemon, Json

__all__ = ["start"]

PLACES = os.pathsep.join((os.environ.get("CHATLS_MCP_SERVERS", ""), os.environ["PATH"]))


def program(name: str) -> str:
    found = shutil.which(name, path=PLACES)
    if found is None:
        pytest.skip(f"THE REAL MCP SERVERS ARE NOT TRIED: there is no {name}; CHATLS_MCP_SERVERS names their folders")
    return found


def said(daemon: Daemon, name: str, **arguments: Any) -> tuple[str, list[Json]]:
    turn = daemon.prompt([{"toolCall": {"name": f"real__{name}", "arguments": arguments}}], [{"text": "done"}])
    assert turn.ended()["status"] == "completed", turn.ended()
    turn.result()
    return turn.said(), turn.events


def begun(start: Start, root: Path, name: str, *arguments: str) -> Daemon:
    root.mkdir(exist_ok=True)
    given = {"mcp": {"real": {"command": program(name), "args": list(arguments)}}}
    daemon = start()
    daemon.rules = [{"tool": "real__*", "action": "allow"}]
    daemon.initialize(given, roots=[root], permission=True)
    (server,) = daemon.call("chat/tools", {"settled": True})["servers"]
    assert server["state"] == "ready", server
    return daemon


def test_server_everything(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path / "root", "mcp-server-everything")
    assert said(daemon, "echo", message="hi")[0] == "Echo: hi"
    events = said(daemon, "get-tiny-image")[1]
    content = next(event for event in events if event["kind"] == "toolRunEnd")["content"]
    assert "image" in [item["type"] for item in content]
    progress = said(daemon, "trigger-long-running-operation", duration=1, steps=4)[1]
    assert "".join(event["text"] for event in progress if event["kind"] == "toolRunOutput").startswith("1/4\n2/4\n")
    assert str(tmp_path) in said(daemon, "get-roots-list")[0]


def test_server_filesystem(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    daemon = begun(start, root, "mcp-server-filesystem", str(root))
    said(daemon, "write_file", path=str(root / "a.txt"), content="written")
    assert (root / "a.txt").read_text() == "written"
    assert said(daemon, "read_text_file", path=str(root / "a.txt"))[0] == "written"


def test_server_git(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    daemon = begun(start, root, "mcp-server-git", "--repository", str(root))
    assert "No commits yet" in said(daemon, "git_status", repo_path=str(root))[0]


def test_server_time(start: Start, tmp_path: Path) -> None:
    daemon = begun(start, tmp_path / "root", "mcp-server-time", "--local-timezone", "UTC")
    assert '"timezone": "Europe/Berlin"' in said(daemon, "get_current_time", timezone="Europe/Berlin")[0]
