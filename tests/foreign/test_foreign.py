"""A client that nobody here wrote: VS Code's JSON-RPC library drives the daemon, in a test of Node's own runner."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.daemon.raw import CHATLS, environment

HERE = Path(__file__).parent
AT_MOST = 120
"""Seconds for the whole of it."""


def program(name: str) -> str:
    """Where a program of Node's is. Fails loudly where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(
            f"{name} was not found. Install Node.js 18 or later (with npm), or set CHATLS_SKIP_NODE=1 to go without "
            "the test against VS Code's own JSON-RPC library",
            pytrace=False,
        )
    return found


def install() -> None:
    """Fetch the library, once for each version that is asked for."""
    mark = HERE / "node_modules" / ".package-lock.json"
    if mark.exists() and mark.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime:
        return
    command = [program("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=AT_MOST)
    assert done.returncode == 0, f"npm ci failed:\n{done.stdout}{done.stderr}"


@pytest.mark.skipif(os.environ.get("CHATLS_SKIP_NODE") == "1", reason="CHATLS_SKIP_NODE is set")
def test_the_library_of_vs_code_holds_a_conversation(tmp_path: Path) -> None:
    node = program("node")
    install()
    variables = environment(tmp_path, CHATLS_COMMAND=json.dumps(CHATLS))
    command = [node, "--test", str(HERE / "client.test.mjs")]
    done = subprocess.run(command, cwd=HERE, env=variables, capture_output=True, text=True, timeout=AT_MOST)
    assert done.returncode == 0, done.stdout + done.stderr
