"""A folder with an editor before it, in which tools can be called as the agent calls them."""

import inspect
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from anyio import to_thread

from chatls.content import TextContent
from chatls.editor import OpenDocument, Root
from chatls.tools.tool import Tool, ToolContext, ToolOutput
from chatls.workspace import Workspace


class Playground:
    """One root at first, no open documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folders = {"ws": folder}
        self.documents: dict[Path, OpenDocument] = {}
        self.cancelled = threading.Event()

    def roots(self) -> tuple[Root, ...]:
        return tuple(Root(name, folder) for name, folder in self.folders.items())

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return self.documents

    def write(self, name: str, content: str | bytes = "") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def open(self, name: str, text: str) -> Path:
        path = self.folder / name
        self.documents[path] = OpenDocument(path.as_uri(), text, 1)
        return path

    def workspace(self) -> Workspace:
        return Workspace(self)

    async def call(self, tool: Tool, **arguments: object) -> ToolOutput:
        context = ToolContext(self.workspace(), lambda _: None, self.cancelled)
        values = tool.validate(dict(arguments))
        if inspect.iscoroutinefunction(tool.run):
            result = await tool.run(context, **values)
        else:
            result = await to_thread.run_sync(partial(tool.run, context, **values))
        assert isinstance(result, ToolOutput)
        return result

    async def ask(self, tool: Tool, **arguments: object) -> str:
        """The text of the answer."""
        return text_of(await self.call(tool, **arguments))


def text_of(output: ToolOutput) -> str:
    (content,) = output.content
    assert isinstance(content, TextContent)
    assert len(content.text.encode()) <= 50 * 1024
    return content.text
