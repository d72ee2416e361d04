"""One conversation through the real daemon with every protocol: a call, its result, the answer."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatls_client import Client
from chatls_client.protocol import TextChunk, ToolCallDelta, ToolRunEnd
from tests.providers import cases
from tests.providers import cases_native as native
from tests.providers.reading import stream_bytes
from tests.support.http_server import Chunk, End, Head, ScriptedServer

ARGUMENTS = {"path": "a.txt"}
TEXT = json.dumps(ARGUMENTS)
CALLS: dict[Any, tuple[Any, ...]] = {
    "openai_chat": (cases.call(TEXT, name="read_file", call_id="c1", index=0), cases.end("tool_calls"), cases.DONE),
    "openai_responses": (native.CREATED, *native.called(0, TEXT, whole=TEXT), native.over()),
    "anthropic": (native.START, *native.call_block(0, TEXT), *native.stopped("tool_use")),
    "gemini": (native.part(native.asks(ARGUMENTS)), native.STOP),
    "ollama": (native.line(tool_calls=[native.tool(ARGUMENTS)]), native.END),
}
ANSWERS: dict[Any, tuple[Any, ...]] = {
    "openai_chat": (cases.say("Done."), cases.end(), cases.DONE),
    "openai_responses": (native.CREATED, *native.message(0, "Done."), native.over()),
    "anthropic": (native.START, *native.text_block(0, "Done."), *native.stopped("end_turn")),
    "gemini": (native.part({"text": "Done."}), native.STOP),
    "ollama": (native.line("Done."), native.END),
}


def streamed(kind: Any, events: tuple[Any, ...]) -> list[Any]:
    data = stream_bytes(events, kind).replace(b'"weather"', b'"read_file"')
    return [Head(), Chunk(data), End()]


@pytest.fixture
def servers() -> Iterator[dict[str, ScriptedServer]]:
    with ExitStack() as stack:
        found = {kind: stack.enter_context(ScriptedServer()) for kind in CALLS}
        for kind, server in found.items():
            server.play(streamed(kind, CALLS[kind]), streamed(kind, ANSWERS[kind]))
        yield found


@pytest.mark.asyncio
async def test_every_protocol_gives_the_same_conversation(tmp_path: Path, servers: dict[str, ScriptedServer]) -> None:
    (tmp_path / "a.txt").write_text("what the file says\n")
    providers = {kind: {"kind": kind, "baseUrl": server.url} for kind, server in servers.items()}
    with anyio.fail_after(60):
        async with Client.start(roots=[tmp_path], settings={"providers": providers}) as client:
            for kind, server in servers.items():
                turn = client.prompt("What does it say?", model=f"{kind}/m")
                events = [event async for event in turn]
                written = "".join(event.arguments_delta for event in events if isinstance(event, ToolCallDelta))
                assert json.loads(written) == ARGUMENTS, kind
                assert [event.status for event in events if isinstance(event, ToolRunEnd)] == ["completed"], kind
                assert "".join(event.text for event in events if isinstance(event, TextChunk)) == "Done.", kind
                assert (turn.result.stop_reason, turn.result.steps) == ("end_turn", 2), kind
                assert "what the file says" in server.requests[1].body.decode(), kind
