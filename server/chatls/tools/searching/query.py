"""A pattern as ripgrep is told it; pure."""

import re
from typing import Literal

from chatls.errors import ToolError
from chatls.tools.searching.matches import PRINTED
from chatls.values import dataclass

OutputForm = Literal["lines", "files", "counts"]
"""What a search answers with."""

_LONGEST_PATTERN = 10_000
_TOKEN = re.compile(r"\\r\\n|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\n", re.DOTALL)
"""Of an expression: an escaped character, a set, a line end."""
_LINE_END = r"(?:\r?\n)"


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for."""

    pattern: str
    literal: bool = False
    case_sensitive: bool = False
    dot_matches_all: bool = False
    """Asked for: the pattern may reach across lines, and `.` matches their ends."""
    context: int = 0
    form: OutputForm = "lines"

    @property
    def crosses_lines(self) -> bool:
        """Whether a match may reach across lines. A line end in the pattern asks for that."""
        if self.dot_matches_all:
            return True
        return "\n" in self.pattern or (not self.literal and self._expression != self.pattern)

    def flags(self) -> tuple[str, ...]:
        """For ripgrep. Raises `ToolError` for a pattern that nothing can match."""
        if len(self.pattern) > _LONGEST_PATTERN:
            raise ToolError(f"the pattern is too long ({len(self.pattern)} characters)")
        if set("\r\0") & set(self.pattern.replace("\r\n", "\n")):
            raise ToolError("a pattern holds no NUL and no CR: search for the text beside it")
        across = ["--multiline", *(["--multiline-dotall"] if self.dot_matches_all else [])]
        return (
            "--crlf",
            "--case-sensitive" if self.case_sensitive else "--ignore-case",
            *(across if self.crosses_lines else []),
            *(["--fixed-strings"] if self.literal and not self.crosses_lines else []),
            f"--regexp={self._expression if self.crosses_lines else self.pattern}",
        )

    def shown(self, room: int) -> tuple[str, ...]:
        """Flags for what is printed, where `room` more findings are wanted."""
        if self.form == "lines":
            return (*PRINTED, f"--context={self.context}", f"--max-count={room + 1}")
        return ("--count", "--null", "--with-filename", *(["--max-count=1"] if self.form == "files" else []))

    @property
    def _expression(self) -> str:
        """The pattern as an expression whose line ends are those of any file."""
        text = self.pattern.replace("\r\n", "\n")
        if self.literal:
            return _LINE_END.join(map(re.escape, text.split("\n")))
        if text.startswith("(?") and "x" in text.partition(")")[0]:  # there line ends are blanks
            return text
        return _TOKEN.sub(lambda token: _LINE_END if token[0] in ("\n", r"\n", r"\r\n") else token[0], text)
