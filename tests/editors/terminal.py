"""A program in a terminal of its own, as a person sits before it: keys go in, and the screen is looked at (tmux)."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.daemon.raw import SOON


class Terminal:
    """One program. Raises `FileNotFoundError` where there is no tmux."""

    def __init__(self, command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
        program = shutil.which("tmux")
        if program is None:
            raise FileNotFoundError("tmux")
        self._tmux = [program, "-L", f"chatls-{uuid4().hex[:8]}", "-f", "/dev/null"]
        given = [f"{name}={value}" for name, value in env.items()]
        line = shlex.join(["env", *given, *command])
        self._run("new-session", "-d", "-x", "110", "-y", "34", "-c", str(folder), line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=SOON, check=False)

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names for them; all else is typed."""
        self._run("send-keys", *keys)

    @property
    def shown(self) -> str:
        """What is on the screen."""
        return self._run("capture-pane", "-p")

    def wait_for(self, *words: str, gone: str = "\0") -> str:
        """Wait until all of these are on the screen, and that is not; gives the screen."""
        end = time.monotonic() + SOON
        while True:
            shown = self.shown
            if all(word in shown for word in words) and gone not in shown:
                return shown
            assert time.monotonic() < end, f"not on the screen: {words}, or still there: {gone}\n{shown}"
            time.sleep(0.05)

    def _run(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._tmux, *arguments], capture_output=True, text=True, timeout=SOON, check=True
        ).stdout
