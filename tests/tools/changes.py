"""What tests of the tools that change files ask of their answers."""

from pathlib import Path

import pytest
from playground import Playground

from chatls.content import Diff, TextContent
from chatls.errors import ToolError
from chatls.tools.edit_file import edit_file
from chatls.tools.read_file import read_file
from chatls.tools.tool import Tool, ToolOutput


async def read(ws: Playground, *names: str) -> None:
    for name in names:
        await ws.call(read_file, path=name)


def one(old: str, new: str, **more: object) -> dict[str, object]:
    return {"old_text": old, "new_text": new, **more}


async def change(ws: Playground, path: str, *edits: dict[str, object]) -> ToolOutput:
    return await ws.call(edit_file, path=path, edits=list(edits))


async def refused(ws: Playground, tool: Tool, **arguments: object) -> str:
    """The words of a call that changes nothing."""
    with pytest.raises(ToolError) as caught:
        await ws.call(tool, **arguments)
    return str(caught.value)


async def unchanged(ws: Playground, path: str, *edits: dict[str, object]) -> str:
    """The words of edits that cannot be made."""
    return await refused(ws, edit_file, path=path, edits=list(edits))


def said(output: ToolOutput) -> str:
    """What the model reads."""
    return "\n".join(item.text for item in output.content if isinstance(item, TextContent))


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def diff_of(output: ToolOutput) -> Diff:
    (diff,) = [item for item in output.content if isinstance(item, Diff)]
    return diff
