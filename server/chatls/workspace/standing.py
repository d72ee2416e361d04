"""How an open document and its file stand to each other, by what they were when they last were the same."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal

from chatls.workspace.openfile import open_beneath
from chatls.workspace.textfile import holds

Standing = Literal["same", "unsaved", "outdated", "both", "gone"]
"""The same; the document alone was changed, or was never saved; the file alone was; each was; the file is no more, and
the document was not changed since it was there."""

MOST = 64 * 1024 * 1024
"""Bytes of a file that are looked at."""


class Base:
    """What one open document and its file were when they last were the same. Safe to use in any thread."""

    def __init__(self) -> None:
        self._marks: tuple[bytes, bytes] | None = None
        self._looks = 0

    def begin_look(self) -> int:
        """The document was just opened or saved: the number of the look at the disk that is now due."""
        self._looks += 1
        return self._looks

    def look(self, number: int, path: Path, text: str, *, saved: bool) -> None:
        """Look what the file is, right after the document was opened or saved as `text`.

        `saved`: the client says that they are the same. A look that comes too late, or at what cannot be read, is
        none. For a worker thread.
        """
        with suppress(OSError):
            data = content_of(path)
            if number == self._looks and (saved or holds(data, text)):
                self._note(text, data)

    def stands(self, path: Path, text: str) -> Standing:
        """How they stand now. For a worker thread."""
        known, mark = self._marks, _mark(text.encode("utf-8", "surrogatepass"))
        try:
            data = content_of(path)
        except (FileNotFoundError, NotADirectoryError):
            return "gone" if known and known[0] == mark else "unsaved"
        except OSError:
            return "unsaved"
        if holds(data, text):
            self._note(text, data)
            return "same"
        if known is None:
            return "unsaved"
        match known[0] == mark, known[1] == _mark(data):
            case True, True:
                return "same"
            case True, False:
                return "outdated"
            case False, True:
                return "unsaved"
            case _:
                return "both"

    def _note(self, text: str, data: bytes) -> None:
        self._marks = _mark(text.encode("utf-8", "surrogatepass")), _mark(data)


def content_of(path: Path) -> bytes:
    """What a file holds, up to `MOST` bytes. Raises `OSError`."""
    with open_beneath(path.parent, path) as file:
        pieces, size = list[bytes](), 0
        while size < MOST and (piece := file.read(MOST - size)):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)


def _mark(data: bytes) -> bytes:
    return sha256(data).digest()
