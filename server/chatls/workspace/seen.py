"""Which texts a session's model has seen: what it has not read it may not edit, and what changed it is told. No disk.

A method is one step on a dictionary, so all is safe to use in any thread.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from chatls.workspace.textfile import plain

MOST = 32 * 1024 * 1024
"""Characters of all texts that are kept; of what was seen longest ago only a mark is left."""


class _File(NamedTuple):
    mark: str
    text: str | None
    """None where there was too much."""


class Seen:
    """Of one session."""

    def __init__(self) -> None:
        self._files: dict[Path, _File] = {}
        self._lines: dict[Path, frozenset[str]] = {}

    def note(self, path: Path, text: str) -> None:
        """The model was shown this file, or wrote it; `text` is all of it. `path` is resolved."""
        text = plain(text.removeprefix("\ufeff"))
        self._files.pop(path, None)
        self._files[path] = _File(_mark(text), text)
        room = MOST
        for other, file in reversed(list(self._files.items())):
            room -= len(file.text or "")
            if room < 0 and file.text is not None:
                self._files[other] = file._replace(text=None)

    def note_lines(self, path: Path, lines: Iterable[str]) -> None:
        """The model was shown these lines of a file, without their line ends."""
        self._lines[path] = self._lines.get(path, frozenset()) | frozenset(lines)

    def forget(self, path: Path) -> None:
        """There is no such file any more."""
        self._files.pop(path, None)
        self._lines.pop(path, None)

    def ever(self, path: Path) -> bool:
        """Whether the file itself was shown at any time."""
        return path in self._files

    def still(self, path: Path, text: str) -> bool:
        """Whether this is the text that the model knows. Line ends and the mark at the start do not count: a file and
        its text in an editor may differ in them."""
        file = self._files.get(path)
        return file is not None and file.mark == _mark(plain(text.removeprefix("\ufeff")))

    def text(self, path: Path) -> str | None:
        """The text that the model knows, with `\\n` at the end of each line; None where it is not kept."""
        file = self._files.get(path)
        return file.text if file else None

    def files(self) -> dict[Path, tuple[str, str | None]]:
        """All that is known of whole files: the mark of each text, and the text if it is kept."""
        return {path: (file.mark, file.text) for path, file in self._files.items()}

    def all_lines(self) -> dict[Path, frozenset[str]]:
        """The lines that were shown alone, of all files."""
        return dict(self._lines)

    def restore(self, files: Mapping[Path, tuple[str, str | None]], lines: Mapping[Path, frozenset[str]]) -> None:
        """Know just this."""
        self._files = {path: _File(*known) for path, known in files.items()}
        self._lines = dict(lines)

    def lines(self, path: Path) -> frozenset[str]:
        """The lines that were shown alone."""
        return self._lines.get(path, frozenset())


def _mark(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
