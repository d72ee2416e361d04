"""Where a command writes: a terminal with or without colour, or a pipe. Plain words, a mark before a line at most."""

import os
import shutil
import sys
import textwrap
from typing import Literal, TextIO

from chatls.visible import harmless

Bullet = Literal["good", "note", "warning", "bad", "none"]

_MARKS: dict[Bullet, tuple[str, str, str]] = {
    "good": ("✓", "ok", "32"),
    "note": ("·", "--", "2"),
    "warning": ("!", "!!", "33"),
    "bad": ("✗", "XX", "31"),
    "none": (" ", "  ", "0"),
}
"""A sign, a sign for who has only ASCII, and a colour."""
_WIDEST = 110
_PIPE = 100


class Paper:
    """Standard output, or another one."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self.terminal = self._out.isatty()
        """Whether a person looks at it."""
        dumb = os.environ.get("TERM", "") in ("", "dumb")
        self._color = self.terminal and not dumb and not os.environ.get("NO_COLOR")
        self._signs = "utf" in (getattr(self._out, "encoding", None) or "").lower()
        self.width = min(shutil.get_terminal_size().columns - 1, _WIDEST) if self.terminal else _PIPE

    def say(self, text: str = "") -> None:
        """Write lines; nothing in them is interpreted by a terminal."""
        self._write(harmless(text) + "\n")

    def ask(self, text: str) -> None:
        """A question, whose answer stands behind it."""
        self._write(harmless(text))

    def title(self, text: str) -> None:
        """A heading, with an empty line before it."""
        self._write("\n" + self.painted(text, "1") + "\n")

    def item(self, mark: Bullet, text: str, advice: str = "") -> None:
        """A line with a mark, wrapped; and what to do about it, below."""
        sign, plain, color = _MARKS[mark]
        sign = sign if self._signs else plain
        rows = self.wrapped(text, len(sign) + 3)
        self._write(f"  {self.painted(sign, color)} {rows[0]}\n")
        for row in rows[1:]:
            self._write(" " * (len(sign) + 3) + row + "\n")
        for number, row in enumerate(self.wrapped(advice, len(sign) + 6) if advice else ()):
            arrow = "   " if number else self.painted("-> ", "36")
            self._write(" " * (len(sign) + 3) + arrow + row + "\n")

    def wrapped(self, text: str, indent: int) -> list[str]:
        """The text in rows that leave so many columns free."""
        width = max(self.width - indent, 20)
        rows: list[str] = []
        for line in harmless(text).split("\n"):
            rows += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
        return rows

    def painted(self, text: str, color: str) -> str:
        """Harmless text in a colour, where there are colours."""
        text = harmless(text)
        return f"\x1b[{color}m{text}\x1b[0m" if self._color else text

    def row(self, text: str) -> None:
        """A line that is painted already."""
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding))
        self._out.flush()
