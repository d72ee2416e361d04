"""The ordinary conversation, as an editor's own LSP library has it: pytest-lsp's client on the real process."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.protocol import LanguageClientProtocol

from tests.daemon.raw import CHATLS, SOON, Json, environment

pytestmark = pytest.mark.asyncio

REPLIES: list[list[Json]] = [
    [{"text": "Let me read it. "}, {"toolCall": {"name": "read_file", "arguments": {"path": "notes.md"}}}],
    [{"text": "It says hello, unsaved."}],
]


class Recording(LanguageClientProtocol):
    """Keeps the values of `$/progress` by token: the client's own handler knows LSP's three kinds alone."""

    recorded: dict[int | str, list[Json]]

    def structure_message(self, data: Json) -> Any:
        if data.get("method") != "$/progress":
            return super().structure_message(data)
        params = data["params"]
        self.recorded.setdefault(params["token"], []).append(params["value"])
        return super().structure_message({"jsonrpc": "2.0", "method": "x/recorded", "params": None})


class Editor:
    """The library's client; it is not typed."""

    def __init__(self) -> None:
        make: Any = LanguageClient
        self.client: Any = make(protocol_cls=Recording)
        self.client.feature("x/recorded")(_ignore)
        self.recorded: dict[int | str, list[Json]] = {}
        self.client.protocol.recorded = self.recorded

    async def ask(self, method: str, params: Json) -> Any:
        """A request of ours; pygls gives its result as a named tuple."""
        with anyio.fail_after(SOON):
            return await self.client.protocol.send_request_async(method, params)


def _ignore(_params: Any) -> None:
    pass


@asynccontextmanager
async def editing(tmp_path: Path) -> AsyncGenerator[Editor, None]:
    (tmp_path / "root").mkdir()
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"replies": REPLIES, "chunkChars": 5, "chunkDelay": 0.001}))
    editor = Editor()
    await editor.client.start_io(*CHATLS, env=environment(tmp_path))
    settings = {"model": "demo/x", "providers": {"demo": {"kind": "scripted", "script": str(script)}}}
    params = types.InitializeParams(
        capabilities=client_capabilities("visual-studio-code"),
        workspace_folders=[types.WorkspaceFolder((tmp_path / "root").as_uri(), "root")],
        initialization_options=settings,
    )
    with anyio.fail_after(SOON):
        await editor.client.initialize_session(params)
    yield editor
    with anyio.fail_after(SOON):
        await editor.client.shutdown_session()
        await editor.client.stop()


async def test_a_question_about_an_unsaved_file_is_answered_with_a_tool(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = (tmp_path / "root" / "notes.md").as_uri()
        item = types.TextDocumentItem(uri, "markdown", 1, "hello\n")
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        document = types.VersionedTextDocumentIdentifier(version=2, uri=uri)
        place = types.Range(types.Position(0, 5), types.Position(0, 5))
        change = types.TextDocumentContentChangePartial(place, ", unsaved")
        editor.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        prompt = {"content": "What does it say?", "partialResultToken": "events", "workDoneToken": "work"}
        result = await editor.ask("chat/prompt", prompt)
        assert result.stopReason == "end_turn"
        assert result.tools.read_file == 1
        events, work = editor.recorded["events"], editor.recorded["work"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert events[0]["kind"] == "turnStart"
        text = "".join(event["text"] for event in events if event["kind"] == "textChunk")
        assert text == "Let me read it. It says hello, unsaved."
        (read,) = (event for event in events if event["kind"] == "toolRunEnd")
        assert "hello, unsaved" in read["content"][0]["text"]
        assert (work[0]["kind"], work[-1]["kind"]) == ("begin", "end")


async def test_an_editor_with_spinners_of_its_own_is_asked_for_one_and_may_cancel_by_command(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        await editor.ask("chat/prompt", {"content": "hello"})
        assert list(editor.client.progress_reports) == [token for token in editor.recorded if token != "events"]
        command = types.ExecuteCommandParams("chatls.cancelAll")
        with anyio.fail_after(SOON):
            assert await editor.client.workspace_execute_command_async(command) == {"cancelled": 0}


async def test_tools_and_models_are_listed_as_the_protocol_says(tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        tools = await editor.ask("chat/tools", {})
        assert [tool.name for tool in tools.tools] == ["read_file", "search", "list_files"]
        models = await editor.ask("chat/models", {})
        assert models.default == "demo/x"
