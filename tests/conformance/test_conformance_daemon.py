"""Our daemon keeps every rule, as the kit's own command line says."""

import json
import subprocess
import sys
from pathlib import Path

KIT = [sys.executable, "-m", "chatls_conformance"]
FOLDER = Path(__file__).parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KIT, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)


def test_our_daemon_keeps_all_rules() -> None:
    said = run("daemon", "--json", "--pace", "5", "--patience", "60", "--", sys.executable, "-m", "chatls")
    rows = json.loads(said.stdout)["rules"]
    assert [row for row in rows if row["came"] != "passed"] == []
    assert len(rows) > 200
    assert said.returncode == 0


def test_a_daemon_that_says_nothing_fails_what_it_is_held_to() -> None:
    silent = "import sys; sys.stdin.read()"
    said = run("daemon", "--only", "init.chat", "--patience", "0.5", "--", sys.executable, "-c", silent)
    assert said.returncode == 1
    assert "failed         init.chat" in said.stdout


def test_a_command_line_that_makes_no_sense_says_why() -> None:
    assert "no rule begins with nothing" in run("daemon", "--only", "nothing", "--", sys.executable).stderr
    assert "behind --" in run("daemon").stderr
    assert "no program" in run("daemon", "--", "no-such-program-anywhere").stderr
