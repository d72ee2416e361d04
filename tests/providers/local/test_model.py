"""The real embedded model, through its real child. Shapes, not words: what it says is its own affair."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from chatls.children.process import Child, gone
from chatls.content import JsonObject, TextContent
from chatls.events import Notice
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, Failed, Finished, TextDelta
from chatls.providers.known.catalog import EMBEDDED_MODEL
from chatls.providers.local import provider
from chatls.providers.local.child import LocalChild
from chatls.providers.local.provider import LocalProvider
from chatls.providers.local.weights import SMOLLM2, fetch
from chatls.providers.provider import ModelRequest
from chatls.settings.config import LimitSettings, ProviderSettings

pytestmark = [pytest.mark.asyncio, pytest.mark.model]

PATIENCE = 300
"""Seconds; a loaded machine needs a minute for the first word."""

SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"pattern": {}, "path": {}}})
TODOS = "3 matches in 2 files\n\nsrc/app.py:3: # TODO\nsrc/app.py:9: # TODO\n\ndocs/plan.md:1: TODO"


@pytest.fixture(scope="session", autouse=True)
def weights() -> None:
    """In the user's own cache, and with the user's own network settings: fetched once, not for every run."""

    async def bring() -> None:
        async for _ in fetch(SMOLLM2):
            pass

    anyio.run(bring)


@asynccontextmanager
async def opened() -> AsyncGenerator[LocalProvider, None]:
    provider = LocalProvider("local", ProviderSettings(), LimitSettings())
    try:
        yield provider
    finally:
        await provider.aclose()


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of all children that were started."""
    started: list[int] = []

    async def start(name: str, wanted: JsonObject, within: float) -> LocalChild:
        running = await LocalChild.start(name, wanted, within)
        started.append(running.child.pid)
        return running

    monkeypatch.setattr(provider, "LocalChild", SimpleNamespace(start=start))
    return started


def request(*messages: Message) -> ModelRequest:
    return ModelRequest(EMBEDDED_MODEL, "a system prompt " * 500, messages, (SEARCH,))


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


async def reply(provider: LocalProvider, *messages: Message) -> list[Delta]:
    with anyio.fail_after(PATIENCE):
        async with aclosing(provider.stream(request(*messages))) as deltas:
            return [delta async for delta in deltas]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def called(deltas: list[Delta]) -> ToolCall:
    """The one call of a reply."""
    (start,) = [delta for delta in deltas if isinstance(delta, CallStart)]
    (ready,) = [delta for delta in deltas if isinstance(delta, CallReady)]
    assert start.call_id == ready.call_id
    assert ready.arguments is not None
    return ToolCall(ready.call_id, start.name, ready.arguments)


def stop_of(deltas: list[Delta]) -> str:
    assert isinstance(deltas[-1], Finished), deltas
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.output_tokens > 0
    return deltas[-1].stop


async def test_it_searches_then_answers_and_so_again() -> None:
    async with opened() as provider:
        history: list[Message] = [user("Search the workspace for TODO and summarise what you find.")]
        first = await reply(provider, *history)
        assert isinstance(first[0], Notice)
        assert stop_of(first) == "tool_calls"
        call = called(first)
        assert (call.name, call.arguments) == ("search", {"pattern": "TODO"})
        pieces = [delta.text for delta in first if isinstance(delta, CallArguments)]
        assert len(pieces) > 1
        assert json.loads("".join(pieces)) == call.arguments

        history += [AssistantMessage("", (call,)), ToolMessage((ToolResult(call.id, "search", TODOS),))]
        second = await reply(provider, *history)
        assert stop_of(second) == "end_turn"
        assert len([delta for delta in second if isinstance(delta, TextDelta)]) > 3

        history += [AssistantMessage(text_of(second)), user('And where is "ToolSpec"?')]
        assert called(await reply(provider, *history)).arguments == {"pattern": "ToolSpec"}


async def test_small_talk_is_answered_without_a_call() -> None:
    async with opened() as provider:
        deltas = await reply(provider, user("Hello!"))
        assert stop_of(deltas) in ("end_turn", "max_tokens")
        assert text_of(deltas).strip()


async def test_after_a_cancel_the_same_child_answers_and_then_none_is_left(pids: list[int]) -> None:
    async with opened() as provider:
        writes = anyio.Event()

        async def listen() -> None:
            async with aclosing(provider.stream(request(user("Who are you?")))) as deltas:
                async for delta in deltas:
                    if isinstance(delta, TextDelta):
                        writes.set()

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(listen)
                await writes.wait()
                tasks.cancel_scope.cancel()
        assert stop_of(await reply(provider, user("Hello!")))
        assert len(pids) == 1
    with anyio.fail_after(PATIENCE):
        await gone(pids[0])


async def test_a_file_that_only_begins_like_a_model_is_told(tmp_path: Path, pids: list[int]) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF" + bytes(1000))
    settings = ProviderSettings(model_path=str(tmp_path / "own.gguf"))
    async with aclosing(LocalProvider("local", settings, LimitSettings()).stream(request())) as deltas:
        *_, last = [delta async for delta in deltas]
    assert isinstance(last, Failed)
    assert "own.gguf: " in last.error.message
    assert pids == []


PARENT = """\
import sys
from contextlib import aclosing
import anyio
from chatls.settings.config import LimitSettings, ProviderSettings
from chatls.content import TextContent
from chatls.message import UserMessage
from chatls.providers.known.catalog import EMBEDDED_MODEL
from chatls.providers.local.provider import LocalProvider
from chatls.providers.provider import ModelRequest

async def main():
    provider = LocalProvider("local", ProviderSettings(), LimitSettings())
    request = ModelRequest(EMBEDDED_MODEL, "", (UserMessage((TextContent("Hello!"),)),))
    async with aclosing(provider.stream(request)) as deltas:
        async for _ in deltas:
            pass
    print(provider._child.child.pid, flush=True)
    await anyio.sleep_forever()

anyio.run(main)
"""


async def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    async with await Child.start((sys.executable, str(tmp_path / "parent.py"))) as parent:
        with anyio.fail_after(PATIENCE):
            pid = int(await parent.stdout.receive())
        parent.kill()
    with anyio.fail_after(30):
        await gone(pid)
