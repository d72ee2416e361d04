"""The small clients of docs/guides/clients: each shows text and tools, asks a person, and cancels, at the real daemon;
and keeps the rules that the kit's fake daemon holds it to."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "docs/guides/clients"
KIT = ROOT / "tests/conformance/kit.py"
AT_MOST = 60

WORDS = ("plain", "unheard", "ends", "slow", "burst", "late", "refused", "question", "questions", "withdraw")
TALK = """(dolist (words command-line-args-left)
  (chatls-ask words)
  (while chatls-running
    (accept-process-output nil 0.05)
    (when (and (string-match-p "cancel" words)
               (with-current-buffer "*chatls*" (string-match-p "Once upon" (buffer-string))))
      (chatls-cancel) (setq words ""))))
"""
SHOW = '(princ (with-current-buffer "*chatls*" (buffer-string)))'


def command(language: str) -> list[str]:
    """How a client is started; its arguments are questions."""
    if language == "python":
        return [sys.executable, str(CLIENTS / "client.py")]
    if language == "node":
        if os.environ.get("CHATLS_SKIP_NODE") == "1":
            pytest.skip("CHATLS_SKIP_NODE is set: docs/guides/clients/client.mjs is NOT tested")
        return [shutil.which("node") or pytest.fail("node was not found"), str(CLIENTS / "client.mjs")]
    emacs = os.environ.get("CHATLS_EMACS") or shutil.which("emacs")
    if emacs is None:
        pytest.skip("no Emacs: docs/guides/clients/client.el is NOT tested; `make test-editors` fetches one and does")
    evals = ("--eval", f"(progn {TALK} {SHOW} (setq command-line-args-left nil) (kill-emacs))")
    return [emacs, "-Q", "--batch", "-l", str(CLIENTS / "client.el"), *evals]


def started(language: str, folder: Path, daemon: list[str], *questions: str) -> subprocess.Popen[bytes]:
    own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "CHATLS_COMMAND": shlex.join(daemon)}
    return subprocess.Popen(
        [*command(language), *questions],
        cwd=folder,
        env={**os.environ, **own},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def until(source: IO[bytes], words: bytes) -> bytes:
    """What is said up to some words."""
    said = b""
    while words not in said:
        piece = os.read(source.fileno(), 4096)
        assert piece, said
        said += piece
    return said


@pytest.mark.parametrize("language", ["python", "node", "emacs"])
def test_a_small_client_shows_text_and_tools_asks_and_cancels(language: str, tmp_path: Path) -> None:
    write = {"toolCall": {"name": "write_file", "arguments": {"path": "note.txt", "content": "a note\n"}}}
    replies = [[{"text": "I write. "}, write], [{"text": "Written."}], [{"text": "Once upon a time"}, {"hang": True}]]
    (tmp_path / "script.json").write_text(json.dumps({"replies": replies}))
    (tmp_path / "chatls").mkdir()
    settings = 'model = "demo/any"\n[providers.demo]\nkind = "scripted"\nscript = "script.json"\n'
    (tmp_path / "chatls/config.toml").write_text(settings)
    client = started(language, tmp_path, [sys.executable, "-m", "chatls"], "write it down", "then cancel")
    assert client.stdin
    assert client.stdout
    client.stdin.write(b"y\n")
    client.stdin.flush()
    said = b""
    if language != "emacs":
        said = until(client.stdout, b"Once upon a time")
        client.send_signal(signal.SIGINT)
    rest, errors = client.communicate(timeout=AT_MOST)
    text = (said + rest).decode()
    assert client.returncode == 0, errors.decode()
    parts = (
        "I write. ",
        "- write_file note.txt",
        "a note",
        "- completed",
        "Written.",
        "(end_turn)",
        "Once upon a time",
    )
    places = [text.index(part) for part in (*parts, "(cancelled)")]
    assert places == sorted(places)
    assert (tmp_path / "note.txt").read_text() == "a note\n"


@pytest.mark.parametrize("language", ["python", "node", "emacs"])
def test_a_small_client_keeps_the_rules(language: str, tmp_path: Path) -> None:
    kit = [sys.executable, str(KIT), "client", "--report", str(tmp_path / "report")]
    client = started(language, tmp_path, kit, *WORDS)
    said, errors = client.communicate(b"y\n" * 5, timeout=AT_MOST)
    assert client.returncode == 0, errors.decode()
    assert "w\u00f6rld \u2713" in said.decode()
    rows = [line for line in (tmp_path / "report").read_text("utf-8").splitlines() if not line.startswith(" ")]
    left = {line[14:].split()[0] for line in rows if not line.startswith("passed")}
    assert left == {"cancel", "race", "form", "diagnostics", "language", "edit", "garbage"}, (
        "those that were not played"
    )


@pytest.mark.parametrize("name", ["client.py", "client.mjs", "client.el"])
def test_a_small_client_is_small(name: str) -> None:
    lines = [line for line in (CLIENTS / name).read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= 70
