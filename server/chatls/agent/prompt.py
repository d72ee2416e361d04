"""What the model is told around a person's words: the system prompt, and the files that the prompt links to."""

from datetime import date
from functools import cache
from importlib.resources import files
from platform import system

from anyio import to_thread

from chatls.content import ContentBlock, Range, Resource, ResourceLink
from chatls.errors import ToolError
from chatls.events import Notice
from chatls.workspace import Workspace

LINK_BYTES = 256 * 1024
"""The longest linked file that is put into a prompt, in bytes."""


@cache
def _instructions() -> str:
    return files("chatls.agent").joinpath("system.md").read_text("utf-8").strip()


def system_prompt(workspace: Workspace) -> str:
    """Where the model is and how to use its tools. Stable within a day, so that providers can cache it."""
    roots = workspace.roots
    if not roots:
        place = "No folder is open: there are no files to look at."
    elif len(roots) == 1:
        place = f"The workspace is the folder {roots[0].path}. Paths are relative to it."
    else:
        named = "\n".join(f"- {root.name}: {root.path}" for root in roots)
        place = f"The workspace has several folders. Paths begin with the folder's name.\n{named}"
    return f"{_instructions()}\n\n{place}\nOperating system: {system()}. Today is {date.today().isoformat()}.\n"


async def read_links(
    content: tuple[ContentBlock, ...], workspace: Workspace
) -> tuple[tuple[ContentBlock, ...], list[Notice]]:
    """Replace links by the text that they point to. What cannot be read is said, to the person and to the model."""
    blocks: list[ContentBlock] = []
    notices: list[Notice] = []
    for block in content:
        if not isinstance(block, ResourceLink):
            blocks.append(block)
            continue
        try:
            blocks.append(await to_thread.run_sync(_read, block, workspace, abandon_on_cancel=True))
        except ToolError as error:
            notices.append(Notice(f"not attached: {error}", "warning"))
            blocks.append(Resource(block.uri, f"(could not be read: {error})"))
    return tuple(blocks), notices


def _read(link: ResourceLink, workspace: Workspace) -> Resource:
    path = workspace.readable(link.uri)
    text = workspace.open_text(path)
    if text is None:
        with workspace.open_file(path) as file:
            data = file.read(LINK_BYTES + 1)
        if b"\0" in data[:8192]:
            raise ToolError(f"{workspace.display(path)} is a binary file")
        text = data.decode("utf-8", "replace")
    text = _lines(text, link.range) if link.range else text
    cut = f"\n[cut at {LINK_BYTES} characters; read_file shows the rest]" if len(text) > LINK_BYTES else ""
    return Resource(link.uri, text[:LINK_BYTES] + cut, link.range)


def _lines(text: str, part: Range) -> str:
    """The lines that a range touches: a model needs whole ones."""
    last = part.end.line + (1 if part.end.character else 0)
    return "".join(text.splitlines(keepends=True)[part.start.line : max(last, part.start.line + 1)])
