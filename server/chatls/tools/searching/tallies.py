"""Reads what ripgrep prints where it counts instead of showing lines; pure."""

import os
from dataclasses import field
from pathlib import Path

from chatls.tools.searching.matches import PlacesOf
from chatls.values import dataclass


@dataclass(slots=True)
class Tallies:
    """Takes ripgrep's output, with `--count --null --with-filename`, until there is enough of it."""

    open: PlacesOf
    limit: int
    """Files that are kept."""
    files: dict[Path, int] = field(default_factory=dict[Path, int])
    """Matches, by file."""
    cut: bool = False
    """There were more."""
    _rest: bytes = b""

    def take(self, record: bytes) -> bool:
        """One line of the output. False when there is enough."""
        name, end, number = (self._rest + record).partition(b"\0")
        self._rest = b"" if end else name + b"\n"  # a name goes on in the next line
        number = number.removesuffix(b"\r")
        place = self.open(os.fsdecode(name)) if end and number.isdigit() else None
        where = place(1) if place else None
        if where is None:
            return True
        self.cut = len(self.files) == self.limit
        if not self.cut:
            self.files[where[0]] = int(number)
        return not self.cut
