"""Asking a provider in tests, over a real socket."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import anyio
from anyio import to_thread

from chatls.content import TextContent, TurnError
from chatls.events import Retry
from chatls.message import ToolSpec, UserMessage
from chatls.providers import open_provider
from chatls.providers.delta import Delta, Failed, Underway
from chatls.providers.provider import ModelRequest, Provider
from chatls.settings.config import Settings
from tests.support.http_server import ScriptedServer

KEY = "sk-secret-1234567890"
HELLO = ModelRequest("some-model", "Be brief.", (UserMessage((TextContent("hello"),)),))
SEARCH = ToolSpec("search", "Find text.", {"type": "object", "properties": {"pattern": {"type": "string"}}})
WITH_TOOLS = ModelRequest("some-model", "Be brief.", HELLO.messages, (SEARCH,))

PATIENCE = 120.0
"""Seconds after which a test has failed."""


@asynccontextmanager
async def opened(url: str, *, key: str = KEY, limits: Any = None, **own: Any) -> AsyncGenerator[Provider, None]:
    """A provider named "work" for that base URL."""
    entry = {"kind": "openai_chat", "baseUrl": url, **({"apiKeyEnv": "WORK_KEY"} if key else {}), **own}
    settings = Settings.model_validate({"providers": {"work": entry}, "limits": limits or {}})
    provider = open_provider("work", settings, {"WORK_KEY": key})
    try:
        yield provider
    finally:
        await provider.aclose()


async def ask(server: ScriptedServer, request: ModelRequest = HELLO, **options: Any) -> list[Delta]:
    """One whole reply of a scripted server."""
    async with opened(server.url + "/v1", **options) as provider:
        return await reply(provider, request)


async def reply(provider: Provider, request: ModelRequest = HELLO) -> list[Delta]:
    """One whole reply."""
    with anyio.fail_after(PATIENCE):
        async with aclosing(provider.stream(request)) as deltas:
            return [delta async for delta in deltas]


async def next_of(stream: AsyncGenerator[Delta, None]) -> Delta:
    """The next delta that says something."""
    while isinstance(delta := await anext(stream), Underway):
        pass
    return delta


async def closed(server: ScriptedServer, number: int = -1) -> None:
    """Until the server saw the connection of a request end."""
    await to_thread.run_sync(server.wait_until_closed, number)


def failure(deltas: list[Delta]) -> TurnError:
    """The error at the end."""
    last = deltas[-1]
    assert isinstance(last, Failed), deltas
    return last.error


def retries(deltas: list[Delta]) -> list[Retry]:
    """The announcements of another try."""
    return [delta for delta in deltas if isinstance(delta, Retry)]
