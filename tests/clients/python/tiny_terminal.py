"""As much of a terminal as `Screen` needs: a test looks at what a person would see."""

import io
import re

_PART = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\n|\r|[^\x1b\n\r]+", re.DOTALL)


class TinyTerminal(io.StringIO):
    """Rows of text and a cursor. It never scrolls, and wraps where a row is full."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.rows = [""]
        self.row = self.column = 0

    def write(self, data: str, /) -> int:
        position = 0
        while position < len(data):
            part = _PART.match(data, position)
            assert part, f"an escape that no terminal should get: {data[position : position + 10]!r}"
            position = part.end()
            match part.group(2), part.group(0):
                case None, "\n":
                    self._to(self.row + 1, 0)
                case None, "\r":
                    self.column = 0
                case None, text:
                    self._put(text)
                case "A", _:
                    self.row -= int(part.group(1))
                    assert self.row >= 0, "above the first row"
                case "J", _:
                    self.rows[self.row :] = [self.rows[self.row][: self.column]]
                case "m" | "h" | "l", _:
                    pass
                case other, _:
                    raise AssertionError(f"an escape that no terminal should get: {other}")
        return len(data)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> list[str]:
        return [row.rstrip() for row in self.rows]

    def _to(self, row: int, column: int) -> None:
        self.row, self.column = row, column
        while len(self.rows) <= row:
            self.rows.append("")

    def _put(self, text: str) -> None:
        for character in text:
            assert character.isprintable(), f"not printable: {character!r}"
            if self.column == self.width:
                self._to(self.row + 1, 0)
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + character + row[self.column + 1 :]
            self.column += 1
