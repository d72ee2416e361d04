"""Which texts a session's model has seen: what it has not read, or what changed since, it may not edit. No disk."""

from hashlib import sha256
from pathlib import Path


class Seen:
    """Of one session. Safe to use in any thread: each method is one step on a dictionary."""

    def __init__(self) -> None:
        self._marks: dict[Path, str] = {}

    def note(self, path: Path, text: str) -> None:
        """The model was shown this file, or wrote it; `text` is all of it. `path` is resolved."""
        self._marks[path] = _mark(text)

    def ever(self, path: Path) -> bool:
        """Whether it was shown at any time."""
        return path in self._marks

    def still(self, path: Path, text: str) -> bool:
        """Whether this is the text that the model knows."""
        return self._marks.get(path) == _mark(text)


def _mark(text: str) -> str:
    """The same for a file and for its text in an editor, which may end lines otherwise and leaves out the mark at the
    start.

    >>> _mark("\\ufeffa\\r\\nb") == _mark("a\\nb")
    True
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
