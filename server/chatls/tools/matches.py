"""Reads what `rg --json` says, and keeps the lines that are wanted; pure."""

import base64
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatls import jsontext
from chatls.textfile import readable
from chatls.tools.ripgrep import LONGEST_RECORD

_SHOWN = 400
"""Characters of a line."""
_BEFORE = 100
"""Characters before the match, where a line is longer."""
_MOST_TEXT = 60_000
"""Characters of all lines: no answer can hold more."""
_KIND = re.compile(rb'\{"type":"(\w+)"')
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Place = Callable[[int], tuple[Path, int] | None]
"""Where a line of a file belongs that ripgrep found, by its number: path and number. None: nowhere."""

Open = Callable[[str], Place | None]
"""The places of a file's lines, by ripgrep's name for the file. None: it is not wanted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was found, or that stands beside one."""

    number: int | None
    """From 1; None where the line is too long to be shown."""
    text: str
    is_match: bool = True


@dataclass(slots=True)
class Matches:
    """Takes ripgrep's output until there is enough of it."""

    open: Open
    limit: int
    """Matching lines that are kept."""
    context: int
    """Lines that are shown before and after each."""
    files: dict[Path, list[Line]] = field(default_factory=dict[Path, list[Line]])
    count: int = 0
    """Matching lines in `files`."""
    cut: bool = False
    """There were more."""
    finished: bool = False
    """ripgrep came to its end: the pattern was one, and it looked at all that it could read."""
    _place: Place | None = None
    _last: tuple[Path, int] | None = None
    _before: list[tuple[Path, Line]] = field(default_factory=list[tuple[Path, Line]])
    _size: int = 0

    def take(self, record: bytes) -> bool:
        """One line of ripgrep's output. False when there is enough."""
        match _KIND.match(record):
            case None:  # the summary, which says its type last
                self.finished = record.endswith(b'"type":"summary"}')
            case kind if kind[1] == b"summary":
                self.finished = True
            case kind if kind[1] == b"begin":
                self._begin(jsontext.loads(record)["data"])
            case kind if self._place and kind[1] == b"match":
                return self._match(self._place, record)
            case kind if self._place and kind[1] == b"context" and len(record) < LONGEST_RECORD:
                self._context(self._place, jsontext.loads(record)["data"])
            case _:
                pass
        return True

    def _begin(self, data: Any) -> None:
        self._place = self.open(_text(data["path"], path=True))
        self._last = None
        self._before.clear()

    def _match(self, place: Place, record: bytes) -> bool:
        data: Any = jsontext.loads(record)["data"] if len(record) < LONGEST_RECORD else None
        where = place(data["line_number"] if data else 1)
        if where is None:
            return True
        if self.count == self.limit or self._size > _MOST_TEXT:
            self.cut = True
            return False
        for path, line in self._before:
            self._keep(path, line)
        self._before.clear()
        self._last = where
        self.count += 1
        self._keep(where[0], Line(where[1], _excerpt(data)) if data else Line(None, ""))
        return True

    def _context(self, place: Place, data: Any) -> None:
        where = place(data["line_number"])
        if where is None:
            return
        line = Line(where[1], _excerpt(data), is_match=False)
        if self._last and self._last[0] == where[0] and where[1] <= self._last[1] + self.context:
            self._keep(where[0], line)
        else:
            self._before.append((where[0], line))

    def _keep(self, path: Path, line: Line) -> None:
        self.files.setdefault(path, []).append(line)
        self._size += len(line.text)


def joined(documents: Mapping[Path, str], context: int) -> tuple[bytes, Place]:
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


def _text(value: dict[str, str], *, path: bool = False) -> str:
    """ripgrep's text, which is base64 where it is no UTF-8."""
    if "text" in value:
        return value["text"]
    data = base64.b64decode(value["bytes"])
    return os.fsdecode(data) if path else readable(data)


def _excerpt(data: Any) -> str:
    """The line as it is shown: what stands around the first match, without control characters."""
    text = _text(data["lines"]).removesuffix("\n").removesuffix("\r")
    if len(text) > _SHOWN:
        at = _characters_before(data)
        start = max(0, min(at - _BEFORE, len(text) - _SHOWN))
        end = start + _SHOWN
        text = f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
    return _CONTROLS.sub("\ufffd", text)


def _characters_before(data: Any) -> int:
    """Where the first match begins; ripgrep counts bytes."""
    if not data["submatches"]:
        return 0
    line = data["lines"]
    raw = line["text"].encode() if "text" in line else base64.b64decode(line["bytes"])
    return len(raw[: data["submatches"][0]["start"]].decode("utf-8", "replace"))
