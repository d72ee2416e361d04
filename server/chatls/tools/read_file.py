"""The tool `read_file`: lines of one file, numbered, and always how many there are and how to go on."""

import base64
import codecs
import os
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO, FileIO
from itertools import chain
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from pydantic import Field

from chatls.content import Image, JsonObject, Location, TextContent, line_range
from chatls.errors import ToolError
from chatls.jsontext import printable
from chatls.tools.changes.changing import serial
from chatls.tools.fresh import fresh
from chatls.tools.lookalike import meant
from chatls.tools.notebooks import rendered
from chatls.tools.pages import MOST_CHARACTERS, Page, Pager
from chatls.tools.tool import ToolContext, ToolOutput, tool
from chatls.values import dataclass
from chatls.visible import harmless
from chatls.workspace.openfile import encoding_of
from chatls.workspace.pathtext import quoted, readable_size
from chatls.workspace.picture import picture, picture_type
from chatls.workspace.textfile import MOST_BYTES, NoTextError, decode, is_binary
from chatls.workspace.workspace import Workspace

_CHUNK = 1 << 18
_BIG_FILE = 10_000_000
_LARGEST_PICTURE = 3_750_000
"""Bytes: 5 MB in base64 (Anthropic's limit for one; others take more)."""
_MOST_PIXELS = 8000
"""Of a side (Anthropic's limit)."""

_TROUBLES: dict[str, str] = {
    "unsaved": "unsaved text from the editor",
    "both": "unsaved text from the editor; the file was changed on the disk as well, in another way",
}
_OUTDATED = "the text on the disk, which is newer than what the editor shows"
_NOTEBOOK = "a notebook of {} cells, with outputs in short; edit_notebook changes them"
_LEGACY = "its bytes are no UTF-8 and are read as {}"
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


@tool(kind="read", title=_title, locate=_locate, serial=serial)
async def read_file(
    context: ToolContext,
    path: Annotated[
        str, Field(description="The file: relative to the workspace, e.g. src/app.py, as other tools name it.")
    ],
    start_line: Annotated[int | None, Field(ge=1, description="The first line to read, from 1.")] = None,
    end_line: Annotated[int | None, Field(ge=1, description="The last line to read, included.")] = None,
) -> ToolOutput:
    """Read a text file of the workspace, with line numbers; or look at a picture (PNG, JPEG, GIF, WebP).

    Reads up to 2000 lines or 50 KB at once and says how to go on where there is more. Text that the user has not
    saved yet is what you get. Each line is its number, a tab, and the text; neither number nor tab is in the file.
    """
    first = start_line or 1
    if end_line is not None and end_line < first:
        raise ToolError(f"end_line {end_line} comes before start_line {first}")
    named = await meant(context.workspace, path)
    context = await fresh(context, lambda space: [space.readable(named.path)])
    pager = Pager(first, end_line)
    return named.tell(await to_thread.run_sync(_looked, context, named.path, pager, abandon_on_cancel=True))


@dataclass(frozen=True, slots=True)
class _TextRead:
    """What there is to read."""

    pieces: Iterator[bytes]
    """As UTF-8."""
    size: int
    """Bytes of the file."""
    text: str | None
    """All of it, where it could be changed."""
    notes: tuple[str, ...] = ()


def _looked(context: ToolContext, path: str, pager: Pager) -> ToolOutput:
    workspace = context.workspace
    place = workspace.readable(path)
    name, text = workspace.display(place), workspace.open_text(place)
    if text is None:
        with workspace.open_file(place) as file:
            try:
                if shown := _pictured(context, file, name):
                    return shown
                source = _on_disk(context, file, place)
                page = _paged(context, source.pieces, pager)
            except OSError as error:
                raise workspace.failure(place, error) from error
    else:
        source = _told(place, text, _TROUBLES.get(workspace.standing(place)))
        page = _paged(context, source.pieces, pager)
    output = _answer(name, page, source)
    if source.text is not None:
        context.seen.note(place, source.text)
    return output


def _pictured(context: ToolContext, file: FileIO, name: str) -> ToolOutput | None:
    """A picture, and what it is in words; None for any other file. Raises `ToolError` where it is too large for models,
    `OSError`."""
    start = file.read(_CHUNK) or b""
    data = _whole(context, file, start) if picture_type(start) else None
    found = picture(data or start)
    if found is None or found.size is None:  # what is damaged would be refused with each request that follows
        file.seek(0)
        return None
    size = os.fstat(file.fileno()).st_size
    words = f"a {found.format} image, {found.pixels}, {readable_size(size)}"
    if data is None or size > _LARGEST_PICTURE or max(found.size) > _MOST_PIXELS:
        most = f"{readable_size(_LARGEST_PICTURE)} and {_MOST_PIXELS} pixels a side"
        advice = "ask the user for a smaller one, or make one with a command"
        raise ToolError(f"{quoted(name)} is {words}. Images up to {most} can be shown: {advice}")
    shown = Image(found.mime_type, base64.b64encode(data).decode())
    return ToolOutput((TextContent(f"{name} is {words}"), shown))


def _told(path: Path, text: str, *notes: str | None) -> _TextRead:
    """A text that is known whole."""
    size, cells = len(text.encode("utf-8", "replace")), rendered(path, text)
    told = tuple(filter(None, notes)) + ((_NOTEBOOK.format(cells[1]),) if cells else ())
    data = _encoded((cells[0] if cells else text.removeprefix("\ufeff")).replace("\0", "\ufffd"))
    return _TextRead(_slices(data), size, text, told)


def _encoded(text: str) -> bytes:
    """As UTF-8, with the bytes that were none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return printable(text).encode()


def _on_disk(context: ToolContext, file: FileIO, place: Path) -> _TextRead:
    """A file, whole if it could be changed: what is noted as seen is just what is shown. Raises `ToolError`, `OSError`
    for what is no text."""
    size, name = os.fstat(file.fileno()).st_size, context.workspace.display(place)
    outdated = _OUTDATED if context.workspace.open_document(place) else None
    data = _whole(context, file) if size <= MOST_BYTES else None
    if data is not None:
        with suppress(NoTextError):
            form = decode(data)
            return _told(place, form.text, outdated, _LEGACY.format(form.encoding_name) if form.is_legacy else None)
    source = file if data is None else BytesIO(data)
    return _TextRead(_utf8(source, name, size), size, None, (outdated,) if outdated else ())


def _whole(context: ToolContext, file: FileIO, start: bytes = b"") -> bytes | None:
    """All of a file, behind what was read of it; None where it has grown too large."""
    data = BytesIO()
    data.write(start)
    while data.tell() <= MOST_BYTES and (piece := file.read(_CHUNK)):
        context.check()
        data.write(piece)
    if data.tell() > MOST_BYTES:
        file.seek(0)
        return None
    return data.getvalue()


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
            raise ToolError(f"{quoted(name)} is a binary file ({readable_size(size)}), not text")
        return chain([start.removeprefix(codecs.BOM_UTF8)], iter(lambda: file.read(_CHUNK), b""))
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return (decoder.decode(piece).encode() for piece in pieces)


def _answer(name: str, page: Page, source: _TextRead) -> ToolOutput:
    if page.trouble and not page.lines:
        raise ToolError(f"{quoted(name)}: {_TROUBLE[page.trouble].format(page.seen)}")
    if page.seen == 0:
        notes = f" ({'; '.join(source.notes)})" if source.notes else ""
        return ToolOutput((TextContent(f"{name} is empty{notes}"),))
    if not page.lines:
        raise ToolError(f"{quoted(name)} has {_count(page.seen)}; there is no line {page.first}")
    numbered = (f"{number}\t{line}" for number, line in enumerate(page.lines, page.first))
    text = "\n".join((_header(name, page, source), *numbered))
    return ToolOutput((TextContent(text),), truncated=page.full or page.cut_lines or page.trouble is not None)


def _header(name: str, page: Page, source: _TextRead) -> str:
    total = f"{page.seen}" if page.whole else f"at least {page.seen}"
    parts = [f"{name}, lines {page.first}-{page.last} of {total}"]
    if page.trouble:
        parts.append(_TROUBLE[page.trouble].format(page.last if page.trouble == "huge line" else page.last + 1))
    elif page.last < page.seen or not page.whole:
        parts.append(f"continue with start_line={page.last + 1}")
    notes = {
        f"the file is {readable_size(source.size)} long": source.size > _BIG_FILE,
        f"lines cut at {MOST_CHARACTERS} characters": page.cut_lines,
        "bytes that are no UTF-8 are shown as \ufffd": page.invalid,
        "control characters are shown as \ufffd": any(harmless(line) != line for line in page.lines),
        "its lines end with CR LF": page.crlf,
    }
    return "; ".join([*parts, *source.notes, *(note for note, holds in notes.items() if holds)])


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
