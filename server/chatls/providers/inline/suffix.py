"""Marks to whose names a checkpoint gives a suffix of its own (`<tool_call:6124c78e>`): it is taken off where text
comes in, so that the table has them, and put back where text goes out. Pure; knows no reader.
"""

import re

from chatls.providers.inline.dialect import OWN_SUFFIX

_NAMES = "think|tool_calls|tool_call|tool_sep|arg_key|arg_value"
_LONGEST = 64
_MARK = re.compile(rf"(?P<tag></?(?:{_NAMES}))(?P<suffix>:[^\s<>]{{1,{_LONGEST}}})>")
_PIECE = re.compile(rf"</?(?:{_NAMES}):[^\s<>]{{0,{_LONGEST}}}\Z")


class Suffix:
    """The suffix of one reply's marks. The first that comes is the one."""

    __slots__ = ("_found", "held")

    def __init__(self) -> None:
        self.held: str = ""
        """What may become such a mark: it is shown to nobody yet."""
        self._found: str = ""

    def take(self, unread: str, piece: str) -> str:
        """Text that was not read yet and what came now: without the suffix, and without what is held."""
        text = unread + self.held + piece
        self.held = ""
        if ":" not in text:
            return text
        text = _MARK.sub(self._bare, text)
        found = _PIECE.search(text)
        if found is None:
            return text
        self.held = found.group()
        return text[: found.start()]

    def shown(self, text: str) -> str:
        """The same as it was written."""
        return text.replace(OWN_SUFFIX, self._found) if self._found and OWN_SUFFIX in text else text

    def bare(self, text: str) -> str:
        """Text that was read in pieces, as the table has it."""
        return _MARK.sub(self._bare, text) if self._found else text

    def _bare(self, mark: re.Match[str]) -> str:
        self._found = self._found or mark["suffix"]
        return f"{mark['tag']}{OWN_SUFFIX}>" if mark["suffix"] == self._found else mark.group()
