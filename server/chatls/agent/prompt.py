"""Attachments: files that a prompt links to, and what the person has before them, as the model is told of them."""

from io import BufferedReader, FileIO, StringIO, TextIOWrapper
from typing import TextIO
from urllib.parse import unquote

from anyio import to_thread

from chatls.content import ContentBlock, EditorContext, Range, Resource, ResourceLink, TextContent
from chatls.errors import ToolError
from chatls.events import Notice
from chatls.workspace.openfile import encoding_of
from chatls.workspace.pathtext import quoted
from chatls.workspace.workspace import Workspace

LINK_CHARACTERS = 256 * 1024
"""The longest text of a linked file that is put into a prompt."""
MOST_OPEN = 50
"""Open documents that are named."""
_FURTHEST = 64 * 2**20
"""Characters that are passed over on the way to a range."""
_SNIFFED = 8192


async def read_links(
    content: tuple[ContentBlock, ...], workspace: Workspace
) -> tuple[tuple[ContentBlock, ...], list[Notice]]:
    """Replace links by the text that they point to, and say what the person has before them, ahead of what they say.
    What cannot be read is said, to the person and to the model.
    """
    before: list[ContentBlock] = []
    blocks: list[ContentBlock] = []
    notices: list[Notice] = []
    for block in content:
        if isinstance(block, EditorContext):
            before += await to_thread.run_sync(before_them, block, workspace, abandon_on_cancel=True)
            continue
        if not isinstance(block, ResourceLink):
            blocks.append(block)
            continue
        try:
            text, cut = await to_thread.run_sync(_read, block, workspace, abandon_on_cancel=True)
        except ToolError as error:
            notices.append(Notice(f"not attached: {error}", "warning"))
            blocks.append(Resource(block.uri, f"(could not be read: {error})"))
            continue
        if cut:
            notices.append(Notice(f"only the first {LINK_CHARACTERS} characters are attached: {block.uri}", "warning"))
            text += f"\n[cut at {LINK_CHARACTERS} characters; read_file shows the rest]"
        blocks.append(Resource(block.uri, text, block.range))
    return (*before, *blocks), notices


def before_them(context: EditorContext, workspace: Workspace) -> list[ContentBlock]:
    """What a person has before them, in words; of what is selected the text. Looks at the disk."""
    blocks, active = list[ContentBlock](), context.active
    if active is not None:
        chosen = active.selection if active.selection and active.selection.start != active.selection.end else None
        text = f"The user is looking at {_called(active.uri, workspace)}"
        if chosen is None:
            cursor = f", the cursor is in line {active.selection.start.line + 1}" if active.selection else ""
            blocks.append(TextContent(f"{text}{cursor}."))
        else:
            blocks.append(TextContent(f"{text}, {_selected(active.uri, chosen, workspace)}"))
    others = [uri for uri in context.open or () if active is None or uri != active.uri]
    if others:
        more = f" and {len(others) - MOST_OPEN} more" if len(others) > MOST_OPEN else ""
        names = ", ".join(_called(uri, workspace) for uri in others[:MOST_OPEN])
        blocks.append(TextContent(f"Open in the editor: {names}{more}."))
    return blocks


def _selected(uri: str, part: Range, workspace: Workspace) -> str:
    first = part.start.line + 1
    last = max(part.end.line + (1 if part.end.character else 0), first)
    lines = f"line {first} is selected" if first == last else f"lines {first}-{last} are selected"
    try:
        text, cut = _read(ResourceLink(uri, part), workspace)
    except ToolError:
        return f"{lines}."
    return f"{lines}:\n{text}" + (f"\n[cut at {LINK_CHARACTERS} characters]" if cut else "")


def _called(uri: str, workspace: Workspace) -> str:
    """A document's name: as tools call it if it is inside, else the last part alone."""
    try:
        path = workspace.resolve(uri)
    except ToolError:
        return quoted(unquote(uri.rstrip("/").rpartition("/")[2]))[1:-1]
    return quoted(workspace.display(path))[1:-1]


def _read(link: ResourceLink, workspace: Workspace) -> tuple[str, bool]:
    """The text behind a link, an open document's first, and whether there would be more. Raises `ToolError`."""
    path = workspace.readable(link.uri)
    name, opened = workspace.display(path), workspace.open_text(path)
    if opened is not None:
        text = _part(StringIO(opened.removeprefix("\ufeff"), newline=""), link.range, name)
    else:
        try:
            with (
                workspace.open_file(path) as file,
                BufferedReader(file, _SNIFFED) as data,
                _decoded(data, name) as lines,
            ):
                text = _part(lines, link.range, name)
        except OSError as error:
            raise workspace.failure(path, error) from error
    return text[:LINK_CHARACTERS], len(text) > LINK_CHARACTERS


def _decoded(data: "BufferedReader[FileIO]", name: str) -> TextIO:
    start = data.peek()
    encoding = encoding_of(start[:4])
    if encoding == "utf-8" and b"\0" in start:
        raise ToolError(f"{name} is a binary file")
    return TextIOWrapper(data, "utf-8-sig" if encoding == "utf-8" else encoding, "replace", newline="")


def _part(text: TextIO, part: Range | None, name: str) -> str:
    """The beginning of a text, or the lines that a range touches: a model needs whole ones. One character too many
    where it is cut."""
    if part is None:
        return text.read(LINK_CHARACTERS + 1)
    first = max(part.start.line, 0)
    last = max(part.end.line + (1 if part.end.character else 0), first + 1)
    _pass_over(text, first, name)
    kept = ""
    while first < last and len(kept) <= LINK_CHARACTERS:
        piece = text.readline(LINK_CHARACTERS + 1 - len(kept))
        if not piece:
            break
        kept += piece
        first += piece.endswith(("\n", "\r"))
    return kept


def _pass_over(text: TextIO, lines: int, name: str) -> None:
    passed, ended = 0, 0
    while ended < lines:
        piece = text.readline(LINK_CHARACTERS)
        passed += len(piece)
        ended += piece.endswith(("\n", "\r"))
        if not piece:
            raise ToolError(f"{name} has no line {lines + 1}")
        if passed > _FURTHEST:
            raise ToolError(f"line {lines + 1} of {name} is too far down to be attached; read_file shows it")
