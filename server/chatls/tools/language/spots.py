"""A symbol by its name and its line: models cannot count columns. Pure.

What is written may be more than the name (`self.name`, `name(`): the last name in it is the one that is meant.
"""

import difflib
import re
from collections.abc import Sequence
from itertools import islice

from chatls.content import Position
from chatls.errors import ToolError
from chatls.values import dataclass
from chatls.workspace.pathtext import quoted
from chatls.workspace.positions import units

_NAME = re.compile(r"[\w$]+")
_WORDY = "[\\w$]"
_LONGEST = 200
_AROUND = 60
"""Characters on each side of a name that may tell it from others on its line, which may be as long as a file."""
_LONGEST_LINE = 200
_MOST_NEAR = 3
_MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class SymbolSpot:
    """Where a symbol stands on a line."""

    symbol: str
    """Its name alone."""
    line: str
    """All of the line."""
    number: int
    """From 1."""
    columns: tuple[int, ...]
    """Where its name begins, each time; at least one."""

    def position(self, column: int, encoding: str) -> Position:
        """In the units of an editor."""
        return Position(self.number - 1, units(self.line[:column], encoding))


def spot(name: str, lines: Sequence[str], symbol: str, number: int) -> SymbolSpot:
    """Where a symbol stands on a line of a file, whose lines these are. `name` is the file's.

    Raises `ToolError` where it does not, and names the nearest line where it does.
    """
    wanted = symbol.strip()
    names = _NAME.findall(wanted)
    if not names or "\n" in wanted or len(wanted) > _LONGEST:
        raise ToolError(f"symbol: {quoted(symbol[:_LONGEST])} is no name; write it as it stands on the line")
    if number > len(lines):
        raise ToolError(f"{quoted(name)} has {len(lines)} lines; there is no line {number}")
    line, own = lines[number - 1], names[-1]
    if found := _columns(line, wanted, own):
        return SymbolSpot(own, line, number, found)
    near = sorted((abs(at - number), at) for at, text in enumerate(lines, 1) if _columns(text, wanted, own))
    where = f"{quoted(own)} does not stand on line {number} of {quoted(name)}"
    if near:
        told = "\n".join(f"{at}: {lines[at - 1].strip()[:_LONGEST_LINE]}" for _, at in near[:_MOST_NEAR])
        raise ToolError(f"{where}; the nearest that has it:\n{told}")
    known = dict.fromkeys(found for text in lines for found in _NAME.findall(text))
    like = difflib.get_close_matches(own, list(known)[:_MOST_NAMES], n=3)
    raise ToolError(f"{where}, nor on any other{f'; did you mean {_either(like)}?' if like else ''}")


def telling(found: SymbolSpot, most: int) -> list[str]:
    """For each of the first times that the symbol stands on the line, `most` of them: a short text that means this one
    alone, where there is one. Takes a moment: call it in a worker thread."""
    return [text for column in found.columns[:most] if (text := _telling(found, column))]


def _telling(found: SymbolSpot, column: int) -> str | None:
    end, first = column + len(found.symbol), max(0, column - _AROUND)
    around = re.compile(rf"[^\w$]{{0,{_AROUND}}}").match(found.line, end)
    last = around.end() if around else end
    for start, stop in ((start, stop) for stop in (end, last) for start in range(column, first - 1, -1)):
        text = found.line[start:stop].strip()
        if _stands_once(found.line, text, found.symbol, column):
            return text
    return None


def _stands_once(line: str, text: str, own: str, column: int) -> bool:
    """Whether a text stands on a line once, with the name in it at this column."""
    within = text.rindex(own)
    places = (match.start() + within for match in _pattern(text).finditer(line))
    return tuple(islice(places, 2)) == (column,)


def _columns(line: str, wanted: str, own: str) -> tuple[int, ...]:
    """Where the name begins: in what was written or, where that does not stand there, by itself."""
    if own not in line:
        return ()
    within = wanted.rindex(own)
    found = tuple(match.start() + within for match in _pattern(wanted).finditer(line))
    return found or tuple(match.start() for match in _pattern(own).finditer(line))


def _pattern(text: str) -> re.Pattern[str]:
    before = f"(?<!{_WORDY})" if _NAME.match(text[0]) else ""
    behind = f"(?!{_WORDY})" if _NAME.match(text[-1]) else ""
    return re.compile(f"{before}{re.escape(text)}{behind}")


def _either(names: Sequence[str]) -> str:
    return " or ".join(map(quoted, names))
