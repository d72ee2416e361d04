"""What ripgrep found, once more by our own reader: it walks through folders by their names, and a link that is put in
the place of one meanwhile would lead it out of the workspace. Reads files."""

from io import BytesIO, FileIO
from pathlib import Path

from chatls.errors import ToolError
from chatls.tools.searching.matches import Line, Matches
from chatls.tools.searching.tallies import Tallies
from chatls.workspace.openfile import encoding_of
from chatls.workspace.workspace import Workspace

_MARK = b"\xef\xbb\xbf"


def confirm(workspace: Workspace, found: Matches | Tallies) -> list[Path]:
    """Let only those lines count that stand where ripgrep found them, in files that are reached through no link; of
    counts, those of such files. Gives the files of which something does not count."""
    if isinstance(found, Matches):
        lost = list[Path]()
        for path, lines in list(found.files.items()):
            kept = _standing(workspace, path, lines)
            if len(kept) < len(lines):
                found.keep_only(path, kept)
                lost.append(path)
        return lost
    lost = [path for path in found.files if not _is_there(workspace, path)]
    for path in lost:
        del found.files[path]
    return lost


def _standing(workspace: Workspace, path: Path, lines: list[Line]) -> list[Line]:
    try:
        with workspace.open_file(path) as file:
            source, begin = _plain(file)
            read = (_read(source, begin + line.at, line.size) for line in lines)
            return [line for line, raw in zip(lines, read, strict=True) if line.text is None or line.holds(raw)]
    except (ToolError, OSError):
        return []


def _is_there(workspace: Workspace, path: Path) -> bool:
    try:
        workspace.open_file(path).close()
    except (ToolError, OSError):
        return False
    return True


def _plain(file: FileIO) -> tuple[FileIO | BytesIO, int]:
    """The bytes that ripgrep counts in, and where they begin."""
    encoding = encoding_of(start := file.read(4) or b"")
    if encoding.startswith("utf-8"):
        return file, len(_MARK) if start.startswith(_MARK) else 0
    return BytesIO((start + file.read()).decode(encoding, "replace").encode()), 0


def _read(source: FileIO | BytesIO, at: int, size: int) -> bytes:
    source.seek(at)
    return source.read(size)
