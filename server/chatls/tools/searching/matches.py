"""Reads the lines that ripgrep prints, and keeps those that are wanted; pure.

Not its JSON: that writes out every match of a line, half a gigabyte for a common letter in a line of 9 MB.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from chatls.values import dataclass
from chatls.workspace.textfile import readable

LONGEST_LINE = 1_000_000
"""Bytes; of a longer line ripgrep prints the beginning and a remark, which together are longer still."""
PRINTED = (
    "--null",
    "--with-filename",
    "--line-number",
    "--byte-offset",
    "--no-heading",
    "--no-context-separator",
    f"--max-columns={LONGEST_LINE}",
    "--max-columns-preview",
)
"""Flags: each line is the file's name, NUL, the number, `:` (a match) or `-`, where it begins in bytes from 0 (behind a
mark at the file's start), that sign once more, the text."""
COLUMNS = ("--text", "--encoding=none", "--no-filename", "--line-number", "--column", "--max-columns=1")
"""Flags: each line is its number, `:`, the place of its first match in bytes from 1, `:`, and some words."""
_SHOWN = 400
"""Characters of a line."""
_READ = 4 * _SHOWN + 4
"""Bytes that hold as many, and one more."""
_BEFORE = 100
"""Characters before the match, where a line is longer."""
_MOST_TEXT = 60_000
"""Characters of all lines: no answer can hold more."""
_MOST_WHOLE = 8_000_000
"""Bytes of the lines in which the match is looked for again."""
_LONGEST_NAME = 16384
"""Bytes; what is longer is no file's name."""
_NUMBER = re.compile(rb"(\d+)([:-])(\d+)\2")
_COLUMN = re.compile(rb"(\d+):(\d+):")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

PlaceOf = Callable[[int], tuple[Path, int] | None]
"""Where a line of a file belongs that ripgrep found, by its number: path and number. None: nowhere."""

PlacesOf = Callable[[str], PlaceOf | None]
"""The places of a file's lines, by ripgrep's name for the file. None: it is not wanted."""


@dataclass(slots=True)
class Line:
    """A line that was found, or that stands beside one."""

    number: int
    """From 1."""
    text: str | None
    """As it is shown. None where the line is too long for that."""
    is_match: bool = True
    at: int = 0
    """Where it begins in its file, in bytes behind the mark."""
    size: int = 0
    mark: int = 0
    """By which its bytes are known again, all of them (`size`)."""

    def holds(self, raw: bytes) -> bool:
        """Whether these bytes are the line that was found."""
        return len(raw) == self.size and hash(raw) == self.mark


@dataclass(slots=True)
class Matches:
    """Takes ripgrep's output until there is enough of it."""

    open: PlacesOf
    limit: int
    """Matching lines that are kept."""
    context: int
    """Lines that are shown before and after each."""
    files: dict[Path, list[Line]] = field(default_factory=dict[Path, list[Line]])
    count: int = 0
    """Matching lines in `files`."""
    cut: bool = False
    """There were more."""
    whole: list[tuple[Line, bytes]] = field(default_factory=list[tuple[Line, bytes]])
    """Matching lines of which only a part can be shown, and all of their text."""
    _name: bytes = b""
    _rest: bytes = b""
    _place: PlaceOf | None = None
    _last: tuple[Path, int] | None = None
    _before: list[tuple[Path, Line]] = field(default_factory=list[tuple[Path, Line]])
    _size: int = 0
    _whole_size: int = 0

    def take(self, record: bytes) -> bool:
        """One line of ripgrep's output. False when there is enough."""
        name, end, printed = (self._rest + record).partition(b"\0")
        if not end:  # a name goes on in the next line, or this is a remark about the file before
            self._rest = name[-_LONGEST_NAME:] + b"\n"
            return True
        self._rest = b""
        name = _without_remark(name, self._name)
        if name != self._name:
            self._begin(name)
        found = _NUMBER.match(printed)
        where = self._place(int(found[1])) if found and self._place else None
        if not found or where is None:
            return True
        raw = printed[found.end() :].removesuffix(b"\r")
        text = _shown(raw, 0) if len(raw) <= LONGEST_LINE else None
        line = Line(where[1], text, found[2] == b":", int(found[3]), len(raw), hash(raw))
        return self._add(where[0], line, raw)

    def keep_only(self, path: Path, lines: list[Line]) -> None:
        """Of a file, only these of its lines count; nothing without a match among them."""
        self.count -= sum(line.is_match for line in self.files.pop(path))
        if any(line.is_match for line in lines):
            self.files[path] = lines
            self.count += sum(line.is_match for line in lines)

    def centre(self, columns: Mapping[int, int]) -> None:
        """Show the lines of `whole` around their matches, which begin at these bytes; by index, both from 0."""
        for index, (line, raw) in enumerate(self.whole):
            line.text = _shown(raw, columns.get(index, 0))
        self.whole.clear()

    def _begin(self, name: bytes) -> None:
        self._name = name
        self._place = self.open(os.fsdecode(name))
        self._last = None
        self._before.clear()

    def _add(self, path: Path, line: Line, raw: bytes) -> bool:
        if line.is_match:
            return self._match(path, line, raw)
        if self._last and self._last[0] == path and line.number <= self._last[1] + self.context:
            self._keep(path, line)
        else:
            self._before.append((path, line))
        return True

    def _match(self, path: Path, line: Line, raw: bytes) -> bool:
        if self.count == self.limit or self._size > _MOST_TEXT:
            self.cut = True
            return False
        for place, before in self._before:
            self._keep(place, before)
        self._before.clear()
        self._last = path, line.number
        self.count += 1
        self._keep(path, line)
        if line.text is not None and len(raw) > _SHOWN:
            self._look_again(line, raw)
        return True

    def _look_again(self, line: Line, raw: bytes) -> None:
        if self._whole_size + len(raw) > _MOST_WHOLE:
            line.text = None
            return
        self._whole_size += len(raw)
        self.whole.append((line, raw))

    def _keep(self, path: Path, line: Line) -> None:
        self.files.setdefault(path, []).append(line)
        self._size += len(line.text or "")


@dataclass(slots=True)
class Columns:
    """Takes ripgrep's output where it tells the place of the first match in each line."""

    first: dict[int, int] = field(default_factory=dict[int, int])
    """By the line's index: the byte at which its first match begins. Both from 0."""

    def take(self, record: bytes) -> bool:
        """One line of the output."""
        if found := _COLUMN.match(record):
            self.first[int(found[1]) - 1] = int(found[2]) - 1
        return True


def joined(documents: Mapping[Path, str], context: int) -> tuple[bytes, PlaceOf]:
    """Texts as one that ripgrep can read, and where its lines belong.

    `context` empty lines keep the texts apart, so that a match shows no line of its neighbour.
    """
    paths, starts, ends, pieces = list[Path](), list[int](), list[int](), list[str]()
    line = 1
    for path, raw in documents.items():
        text = raw.removeprefix("\ufeff")
        if text and not text.endswith("\n"):
            text += "\n"
        paths.append(path)
        starts.append(line)
        ends.append(line + text.count("\n"))
        pieces += (text, "\n" * context)
        line = ends[-1] + context

    def place(number: int) -> tuple[Path, int] | None:
        index = bisect_right(starts, number) - 1
        return (paths[index], number - starts[index] + 1) if index >= 0 and number < ends[index] else None

    return "".join(pieces).encode("utf-8", "replace"), place


def _without_remark(name: bytes, before: bytes) -> bytes:
    """A file in which a NUL follows the matches is binary; a remark on that stands before the next name."""
    remark = before + b": WARNING: stopped searching binary file after match ("
    return name[len(remark) :].partition(b"\n")[2] if before and name.startswith(remark) else name


def _shown(raw: bytes, at: int) -> str:
    """What stands around a byte of a line, without control characters. Decodes no more than that."""
    after = _beginning(raw[at : at + _READ], whole=len(raw) <= at + _READ)
    before = _end(raw[max(0, at - _READ) : at], whole=at <= _READ)
    if len(raw) > _SHOWN and len(before) + len(after) > _SHOWN:
        start = max(0, min(len(before) - _BEFORE, len(before) + len(after) - _SHOWN))
        end = start + _SHOWN
        is_cut = end < len(before) + len(after)
        text = f"{'...' if start else ''}{(before + after)[start:end]}{'...' if is_cut else ''}"
    else:
        text = before + after
    return _CONTROLS.sub("\ufffd", text)


def _beginning(raw: bytes, *, whole: bool) -> str:
    """The beginning of a line's end, to where a character may end."""
    cut = 0 if whole else next((n for n in range(1, 5) if raw[-n] & 0xC0 != 0x80), 1)
    return readable(raw[: len(raw) - cut])


def _end(raw: bytes, *, whole: bool) -> str:
    """The end of a line's beginning, from where a character begins."""
    cut = 0 if whole else next((n for n in range(4) if raw[n] & 0xC0 != 0x80), 0)
    return readable(raw[cut:])
