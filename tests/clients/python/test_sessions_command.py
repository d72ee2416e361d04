"""`chatls sessions` and `chatls ask --continue`, as somebody types them, with the real daemon."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def chatls(tmp_path: Path) -> Run:
    """Runs a command line in a project, as a person without settings."""
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    home.mkdir()
    script = tmp_path / "play.json"
    script.write_text(json.dumps({"replies": [[{"text": "An answer about quinces."}]]}))
    settings = tmp_path / "settings.json"
    demo = {"kind": "scripted", "script": str(script)}
    settings.write_text(json.dumps({"model": "demo/play", "providers": {"demo": demo}}))
    places = {f"XDG_{name}_HOME": str(home / name) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    environment = {**os.environ, **places, "HOME": str(home)}

    def run(*words: str, folder: Path = project) -> "subprocess.CompletedProcess[str]":
        given = ["--settings", str(settings)] if words[0] == "ask" else []
        command = [sys.executable, "-m", "chatls", words[0], *given, *words[1:]]
        return subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    return run


def listed(answer: "subprocess.CompletedProcess[str]") -> list[tuple[str, str]]:
    """Names and titles."""
    assert answer.returncode == 0, answer.stderr
    rows = [line.split("  ") for line in answer.stdout.splitlines()]
    return [(row[0], row[3]) for row in rows]


def test_a_chat_is_found_gone_on_with_renamed_exported_and_deleted(chatls: Run, tmp_path: Path) -> None:
    assert chatls("ask", "What is a quince?").stdout == "An answer about quinces.\n"
    ((name, title),) = listed(chatls("sessions"))
    assert title == "What is a quince?"
    assert chatls("ask", "--continue", "And a pear?").returncode == 0
    assert chatls("ask", "--session", name, "And a plum?").returncode == 0
    assert "3 turns" in chatls("sessions", "list").stdout
    assert listed(chatls("sessions", "search", "plu")) == [(name, title)]
    assert listed(chatls("sessions", "search", "cherry")) == []
    assert chatls("sessions", "rename", name, "Fruit", "of", "all", "kinds").returncode == 0
    assert listed(chatls("sessions")) == [(name, "Fruit of all kinds")]
    text = chatls("sessions", "export", name).stdout
    assert [word in text for word in ("# Fruit of all kinds", "And a pear?", "An answer about quinces.")] == [True] * 3
    assert json.loads(chatls("sessions", "export", "--json", name).stdout)
    assert "And a plum?" in chatls("sessions", "show", name).stdout
    away = chatls("sessions", folder=tmp_path)
    assert (away.stdout, "--all" in away.stderr) == ("", True)
    assert listed(chatls("sessions", "--all", folder=tmp_path)) == [(name, "Fruit of all kinds")]
    assert chatls("sessions", "delete", name).returncode == 0
    assert listed(chatls("sessions", "--all")) == []


def test_what_is_not_there_is_said_so(chatls: Run) -> None:
    for words in (("sessions", "delete", "none"), ("sessions", "show", "none"), ("ask", "--session", "none", "x")):
        answer = chatls(*words)
        assert answer.returncode == 1
        assert "there is no session 'none'" in answer.stderr
    assert chatls("ask", "--continue", "hello").stdout == "An answer about quinces.\n", "without one it begins one"
    assert chatls("ask", "--continue", "--session", "x", "y").returncode == 2
