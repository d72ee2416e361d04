"""What people see of an output while it comes: a piece from time to time, never a flood. Knows no program."""

from collections.abc import Callable

_MOST = 16384
"""Characters of one piece."""
_HELD = 4 * _MOST
_OFTEN, _SELDOM = 0.05, 1.0
"""Seconds from one piece to the next, and once there were many."""
_MANY = 2**18
"""Characters."""


class LiveOutput:
    """Shows one output."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._waiting = ""
        self._left_out = 0
        self._line = ""
        """What was shown of the line that is not finished."""
        self._size = 0

    @property
    def interval(self) -> float:
        """Seconds to wait until the next piece. Who writes much is read by nobody."""
        return _OFTEN if self._size < _MANY else _SELDOM

    def add(self, text: str) -> None:
        """Take what is finished."""
        self._waiting += text
        if len(self._waiting) > _HELD:
            self._left_out += len(self._waiting) - _MOST
            self._waiting = self._waiting[-_MOST:]

    def piece(self, line: str) -> None:
        """Show what is new; `line` is the state of the line that is not finished."""
        text = self._waiting + line
        if self._left_out:
            text = f"{self._word(self._left_out)}{text}"
        elif text.startswith(self._line):
            text = text[len(self._line) :]
        else:  # the line was written anew
            text = f"\n{text}"
        self._waiting, self._left_out, self._line = "", 0, line
        if len(text) > _MOST:
            text = self._word(len(text) - _MOST) + text[-_MOST:]
        if text:
            self._size += len(text)
            self._show(text)

    @staticmethod
    def _word(count: int) -> str:
        return f"\n[... {count} characters are not shown here ...]\n"
