"""Questions to a person at a terminal. Where nobody is there, what has no default is a fault that names the option."""

import getpass
import sys

from chatls.errors import SettingsError
from chatls.seen.commands.paper import Paper


class Person:
    """Whoever sits there, if anybody does."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.there = bool(sys.stdin) and sys.stdin.isatty() and paper.terminal
        """Somebody can answer."""

    def told(self, question: str, default: str = "", *, option: str = "") -> str:
        """A line; the default where it is empty. Raises `SettingsError` where nobody is there, and `EOFError`."""
        if not self.there:
            if option:
                raise SettingsError(f"there is no terminal to ask in: say it with {option}")
            return default
        self._paper.ask(f"{question}{f' [{default}]' if default else ''}: ")
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip() or default

    def secret(self, question: str) -> str:
        """A line that is not shown. Only where somebody is there. Raises `EOFError`."""
        return getpass.getpass(f"{question}: ").strip()

    def agrees(self, question: str) -> bool:
        """A plain yes; anything else is none."""
        return self.there and self.told(f"{question} [y/N]").lower() in ("y", "yes")
