"""The bottom of a terminal: rows that stay, and below them rows that are drawn again. Knows not what they say.

One write per update, so that nothing flickers. Nothing here has to be restored: the cursor stays visible and no mode is
left on, so that even a killed process leaves a usable terminal (unless a question was open: keys.py).
"""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output; terminals that do not know it ignore it."""


class Screen:
    """Where a turn is drawn."""

    def __init__(self, console: Console, *, live: bool) -> None:
        """`live`: whether rows can be drawn again; else only the rows that stay are written."""
        self._console = console
        self._live = live
        self._drawn: list[int] = []
        """The widths of the rows that will be drawn again."""

    @property
    def width(self) -> int:
        """How wide a row may be. The last column stays free: a full row would make some terminals wrap."""
        return max(self._console.width - 1, 8)

    def update(self, final: Sequence[Text], live: Sequence[Text]) -> None:
        """Write the rows that stay, and the others below them."""
        if not self._live:
            if final:
                self._write(self._render(final) + "\n")
            return
        shown = live[-max(self._console.height - 1, 1) :]
        text = self._render([*final, *shown]) + ("\n" if final and not shown else "")
        self._write(f"{_BEGIN}{self._erasure()}{text}{_END}")
        self._drawn = [row.cell_len for row in shown]

    def clear(self) -> None:
        """Take away what would be drawn again: somebody else writes here for a while."""
        if self._drawn:
            erasure, self._drawn = self._erasure(), []
            self._write(erasure)

    def leave(self) -> None:
        """Let whoever writes next begin on an empty row."""
        if self._drawn:
            self._drawn = []
            self._write("\n")

    def _erasure(self) -> str:
        """Back to where the drawn rows begin, in the terminal's present width: a narrower one has wrapped them."""
        width = max(self._console.width, 1)
        rows = sum(max(1, -(-cells // width)) for cells in self._drawn)
        return ("\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "") + "\x1b[J") if self._drawn else ""

    def _render(self, rows: Sequence[Text]) -> str:
        with self._console.capture() as capture:
            self._console.print(Text("\n").join(rows), end="", soft_wrap=True, highlight=False)
        return capture.get()

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()
