"""One short prompt through a real daemon, as `chatls ask` puts it: a model that reads a file can use tools."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Timer

from chatls.content import JsonObject
from chatls.values import dataclass

KEY_VARIABLE = "CHATLS_SETUP_KEY"
"""Holds a key that was typed, for the trial's daemon alone."""
_LONGEST = 600.0
"""Seconds: a server on this machine may first load its model."""
_FILE = "word.txt"
_PROMPT = f"Read the file {_FILE} with your tool, and answer with nothing but the word that it holds."
_SHOWN = 300
_OURS = "chatls: "
_AGAIN = f"{_OURS}asking again"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    answers: bool
    uses_tools: bool
    """It told what stands in a file."""
    words: str
    """What the model answered, or what went wrong."""


def tried(settings: JsonObject, variables: Mapping[str, str], tell: Callable[[str], None]) -> Tried:
    """Ask, with these settings above the person's own, and these variables besides. Nothing is kept. It blocks; `tell`
    hears why it is asked again."""
    word = f"word-{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="chatls-setup-") as made:
        place, workspace = Path(made), Path(made) / "workspace"
        workspace.mkdir()
        (workspace / _FILE).write_text(f"{word}\n", "utf-8")
        own = place / "settings.json"
        own.write_text(json.dumps({**settings, "sessions": {"keep": False}}), "utf-8")
        command = (sys.executable, "-P", "-m", "chatls", "ask", "--settings", str(own), "--folder", str(workspace))
        said, answered = list[str](), place / "answer.txt"
        with (
            answered.open("wb") as answer_file,
            subprocess.Popen(
                (*command, _PROMPT),
                cwd=workspace,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=answer_file,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            limit = Timer(_LONGEST, process.kill)
            limit.start()
            for line in process.stderr or ():
                said.append(line)
                if line.startswith(_AGAIN):
                    tell(line.removeprefix(_OURS).strip())
            late = not limit.is_alive()
            limit.cancel()
        if late:
            return Tried(answers=False, uses_tools=False, words=f"no answer within {_LONGEST:.0f} s")
        answer = answered.read_text("utf-8", "replace").strip()
    answers = process.returncode == 0 and bool(answer)
    words = answer[-_SHOWN:] if answers else _complaint("".join(said))
    return Tried(answers, answers and word in answer, words)


def _complaint(stderr: str) -> str:
    """What `chatls ask` complained of last.

    >>> _complaint("chatls: asking again\\nchatls: network: no\\nAsking again may help.\\n")
    'network: no'
    """
    lines = stderr.strip().splitlines() or ["it said nothing"]
    own = [line.removeprefix(_OURS) for line in lines if line.startswith(_OURS)]
    return (own or lines)[-1].replace(f"the environment variable {KEY_VARIABLE}", "the key that you typed")
