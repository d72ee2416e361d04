"""A change of a file as people and models see it; pure."""

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby

from chatls.content import Diff, FileChangeKind
from chatls.jsontext import printable
from chatls.values import dataclass
from chatls.workspace.linediff import Stretch, differences
from chatls.workspace.textfile import plain

_AROUND = 3
"""Lines shown before and after each block."""
_MOST_WHOLE = 256 * 1024
"""Bytes of a text that goes along whole."""
_NO_END = "\\ No newline at end of file"


@dataclass(frozen=True)
class FileChange:
    """A file's text before and after."""

    name: str
    """What the file is called."""
    uri: str
    old: str
    new: str
    kind: FileChangeKind = "changed"
    was: str = ""
    """Of a moved file: what it was called."""
    from_uri: str | None = None

    @cached_property
    def content(self) -> Diff | None:
        """Both texts, where they are not too long."""
        old, new = printable(self.old), printable(self.new)
        if max(len(old.encode()), len(new.encode())) > _MOST_WHOLE:
            return None
        return Diff(self.uri, old, new, self.kind, self.from_uri)

    @cached_property
    def counts(self) -> str:
        """How many lines came and went: "+3 -1 lines"."""
        added = sum(stop - start for _, _, start, stop in self._blocks)
        removed = sum(last - first for first, last, _, _ in self._blocks)
        return f"+{added} -{removed} lines"

    @cached_property
    def hunks(self) -> list[tuple[list[str], list[str]]]:
        """What goes and what comes, block by block, wherever in the file that is."""
        old, new = self._lines
        return [(old[a:b], new[c:d]) for a, b, c, d in self._blocks]

    @property
    def shown_lines(self) -> Iterator[str]:
        """The lines of the new text that the diff shows, without their line ends."""
        _, new = self._lines
        for _, _, start, stop in self._blocks:
            yield from (line.removesuffix("\n") for line in new[max(0, start - _AROUND) : stop + _AROUND])

    def unified(self, most: int, *, longest: int | None = None) -> tuple[str, bool]:
        """A unified diff of not much more than `most` bytes, with lines of `longest` characters at most; and whether
        something is left out, which is said where it is."""
        kept, room, cut = list[str](), most, False
        for line in self._unified():
            text = line.removesuffix("\n")
            if longest is not None and len(text) > longest:
                text, cut = f"{text[:longest]} [line cut]", True
            room -= len(text.encode("utf-8", "replace")) + 1
            if room < 0:
                kept.append(f"[the rest of the diff is left out; all of it is {self.counts}]")
                return printable("\n".join(kept)), True
            kept += (text,) if line.endswith("\n") else (text, _NO_END)
        return printable("\n".join(kept)), cut

    @cached_property
    def _lines(self) -> tuple[list[str], list[str]]:
        return _lines(plain(self.old)), _lines(plain(self.new))

    @cached_property
    def _blocks(self) -> list[Stretch]:
        return list(differences(*self._lines))

    def _unified(self) -> Iterator[str]:
        """Its lines, each with its sign; all end with a line feed but a last line of the file that has none."""
        yield f"--- {'/dev/null' if self.kind == 'new' else self.was or self.name}\n"
        yield f"+++ {'/dev/null' if self.kind == 'deleted' else self.name}\n"
        for blocks in _hunks(self._blocks):
            yield from self._hunk(blocks)

    def _hunk(self, blocks: list[Stretch]) -> Iterator[str]:
        old, new = self._lines
        first, start = max(0, blocks[0][0] - _AROUND), max(0, blocks[0][2] - _AROUND)
        last, stop = min(len(old), blocks[-1][1] + _AROUND), min(len(new), blocks[-1][3] + _AROUND)
        yield f"@@ -{_span(first, last)} +{_span(start, stop)} @@\n"
        at = first
        for before, after, began, ended in blocks:
            yield from (f" {line}" for line in old[at:before])
            yield from (f"-{line}" for line in old[before:after])
            yield from (f"+{line}" for line in new[began:ended])
            at = after
        yield from (f" {line}" for line in old[at:last])


def _lines(text: str) -> list[str]:
    r"""
    >>> _lines("a\nb")
    ['a\n', 'b']
    """
    *lines, last = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([last] if last else [])]


def _hunks(blocks: list[Stretch]) -> Iterator[list[Stretch]]:
    """Blocks whose surroundings meet, together."""
    numbers, number = list[int](), 0
    for index, block in enumerate(blocks):
        number += index > 0 and block[0] - blocks[index - 1][1] > 2 * _AROUND
        numbers.append(number)
    for _, group in groupby(zip(numbers, blocks, strict=True), key=lambda pair: pair[0]):
        yield [block for _, block in group]


def _span(first: int, last: int) -> str:
    """Lines as a unified diff counts them."""
    if last - first == 1:
        return f"{last}"
    return f"{first + (last > first)},{last - first}"
