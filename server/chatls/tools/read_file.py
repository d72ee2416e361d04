"""The tool `read_file`: lines of one file, numbered, and always how many there are and how to go on."""

import codecs
import os
from collections.abc import Iterator
from io import BytesIO, FileIO
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import Field

from chatls.content import JsonObject, Location, TextContent, line_range
from chatls.errors import ToolError
from chatls.tools.pages import MOST_CHARACTERS, Page, Pager
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.visible import harmless
from chatls.workspace.openfile import encoding_of
from chatls.workspace.pathtext import quoted
from chatls.workspace.textfile import MOST_BYTES, NoTextError, decode, is_binary
from chatls.workspace.workspace import Workspace

_CHUNK = 1 << 18
_BIG_FILE = 10_000_000

_UNSAVED = "unsaved text from the editor"
_TROUBLE = {
    "binary": "line {} holds binary data: reading ended there",
    "huge line": "line {} is longer than 64 MB: reading ended there",
}


def _title(arguments: JsonObject) -> str:
    first, last = arguments.get("start_line"), arguments.get("end_line")
    lines = f" {first or 1}-{last or ''}" if first or last else ""
    return f"read_file {quoted(arguments['path'])[1:-1]}{lines}"


def _locate(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    path = workspace.locate(arguments["path"])
    if path is None:
        return ()
    first, last = arguments.get("start_line"), arguments.get("end_line")
    lines = line_range(first or 1, max(first or 1, last or first or 1)) if first or last else None
    return (Location(workspace.uri(path), lines),)


@tool(kind="read", title=_title, locate=_locate)
def read_file(
    context: ToolContext,
    path: Annotated[
        str, Field(description="The file: relative to the workspace, e.g. src/app.py, as other tools name it.")
    ],
    start_line: Annotated[int | None, Field(ge=1, description="The first line to read, from 1.")] = None,
    end_line: Annotated[int | None, Field(ge=1, description="The last line to read, included.")] = None,
) -> ToolOutput:
    """Read a text file of the workspace, with line numbers.

    Reads up to 2000 lines or 50 KB at once and says how to go on where there is more. Text that the user has not
    saved yet is what you get. Each line is its number, a tab, and the text; neither number nor tab is in the file.
    """
    first = start_line or 1
    if end_line is not None and end_line < first:
        raise ToolError(f"end_line {end_line} comes before start_line {first}")
    place = context.workspace.readable(path)
    text = context.workspace.open_text(place)
    unsaved = text is not None and context.workspace.is_unsaved(place)
    if text is None:
        page, size, text = _read(context, place, Pager(first, end_line))
    else:
        data = text.removeprefix("\ufeff").replace("\0", "\ufffd").encode("utf-8", "replace")
        page, size = _paged(context, _slices(data), Pager(first, end_line)), len(data)
    output = _answer(context.workspace.display(place), page, size, unsaved=unsaved)
    if text is not None:
        context.seen.note(place, text)
    return output


def _read(context: ToolContext, path: Path, pager: Pager) -> tuple[Page, int, str | None]:
    """A page, the size of the file, and all its text where that could be changed."""
    with context.workspace.open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            source, text = _whole(context, file) if size <= MOST_BYTES else (file, None)
            return _paged(context, _utf8(source, context.workspace.display(path), size), pager), size, text
        except OSError as error:
            raise context.workspace.failure(path, error) from error


def _whole(context: ToolContext, file: FileIO) -> tuple[FileIO | BytesIO, str | None]:
    """All of a file, to be read again, and its text if it is one: what is noted as seen is just what is shown."""
    data = BytesIO()
    while data.tell() <= MOST_BYTES and (piece := file.read(_CHUNK)):
        context.check()
        data.write(piece)
    if data.tell() > MOST_BYTES:  # it has grown
        file.seek(0)
        return file, None
    try:
        return BytesIO(data.getvalue()), decode(data.getvalue()).text
    except NoTextError:
        return BytesIO(data.getvalue()), None


def _paged(context: ToolContext, pieces: Iterator[bytes], pager: Pager) -> Page:
    for piece in pieces:
        context.check()
        if not pager.feed(piece):
            return pager.page(whole=False)
    return pager.page()


def _slices(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))


def _utf8(file: FileIO | BytesIO, name: str, size: int) -> Iterator[bytes]:
    """A file's text as UTF-8 without a mark at its start. Raises `ToolError` where it starts like no text."""
    start = file.read(_CHUNK)
    encoding = encoding_of(start[:4])
    pieces = chain([start], iter(lambda: file.read(_CHUNK), b""))
    if encoding.startswith("utf-8"):
        if is_binary(start):
            raise ToolError(f"{quoted(name)} is a binary file ({_readable_size(size)}), not text")
        return chain([start.removeprefix(codecs.BOM_UTF8)], iter(lambda: file.read(_CHUNK), b""))
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return (decoder.decode(piece).encode() for piece in pieces)


def _answer(name: str, page: Page, size: int, *, unsaved: bool) -> ToolOutput:
    if page.trouble and not page.lines:
        raise ToolError(f"{quoted(name)}: {_TROUBLE[page.trouble].format(page.seen)}")
    if page.seen == 0:
        return ToolOutput((TextContent(f"{name} is empty{f' ({_UNSAVED})' if unsaved else ''}"),))
    if not page.lines:
        raise ToolError(f"{quoted(name)} has {_count(page.seen)}; there is no line {page.first}")
    numbered = (f"{number}\t{line}" for number, line in enumerate(page.lines, page.first))
    text = "\n".join((_header(name, page, size, unsaved=unsaved), *numbered))
    return ToolOutput((TextContent(text),), truncated=page.full or page.cut_lines or page.trouble is not None)


def _header(name: str, page: Page, size: int, *, unsaved: bool) -> str:
    total = f"{page.seen}" if page.whole else f"at least {page.seen}"
    parts = [f"{name}, lines {page.first}-{page.last} of {total}"]
    if page.trouble:
        parts.append(_TROUBLE[page.trouble].format(page.last if page.trouble == "huge line" else page.last + 1))
    elif page.last < page.seen or not page.whole:
        parts.append(f"continue with start_line={page.last + 1}")
    notes = {
        _UNSAVED: unsaved,
        f"the file is {_readable_size(size)} long": size > _BIG_FILE,
        f"lines cut at {MOST_CHARACTERS} characters": page.cut_lines,
        "bytes that are no UTF-8 are shown as \ufffd": page.invalid,
        "control characters are shown as \ufffd": any(harmless(line) != line for line in page.lines),
        "its lines end with CR LF": page.crlf,
    }
    return "; ".join([*parts, *(note for note, holds in notes.items() if holds)])


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"


def _readable_size(size: int) -> str:
    """
    >>> _readable_size(5_300_000_000)
    '5.3 GB'
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
