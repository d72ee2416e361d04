"""A cancelled reply: whatever is going on, the server sees its connection closed, and nothing is left behind."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from chatls.providers.delta import Delta, TextDelta
from chatls.providers.provider import Provider
from tests.providers.asking import HELLO, PATIENCE, closed, next_of, opened, reply
from tests.providers.cases import call, end, say
from tests.providers.reading import seen
from tests.support.http_server import Chunk, Hang, Head, Reply, ScriptedServer, answered, event, streamed

pytestmark = pytest.mark.asyncio

POINTS: dict[str, tuple[Reply, int]] = {
    "waiting for headers": ([Hang()], 0),
    "before the first byte": ([Head(), Hang()], 0),
    "before the first delta": ([Head(), Chunk(b": hello\n\n"), Hang()], 0),
    "in the middle of the text": ([Head(), *[Chunk(event(say("a")))] * 3, Hang()], 3),
    "in the middle of an event": ([Head(), Chunk(event(say("a"))), Chunk(b'data: {"choi'), Hang()], 1),
    "in the middle of arguments": ([Head(), Chunk(event(call('{"a', name="f", call_id="c", index=0))), Hang()], 2),
    "waiting for usage": ([Head(), Chunk(event(say("a"))), Chunk(event(end())), Hang()], 1),
}


async def consume(stream: AsyncGenerator[Delta, None], after: int, arrived: anyio.Event) -> None:
    """Read; say when so many deltas have come and the next one is waited for."""
    async with aclosing(stream) as deltas:
        for _ in range(after):
            await next_of(deltas)
        arrived.set()
        await next_of(deltas)
    raise AssertionError("it was not cancelled")


async def begin(provider: Provider, server: ScriptedServer, after: int) -> asyncio.Task[None]:
    """A task that waits at that point."""
    arrived = anyio.Event()
    task = asyncio.ensure_future(consume(provider.stream(HELLO), after, arrived))
    await arrived.wait()
    await to_thread.run_sync(server.wait_for_requests, 1)
    return task


@pytest.mark.parametrize("point", POINTS)
async def test_a_cancelled_scope_closes_the_connection(server: ScriptedServer, point: str) -> None:
    script, after = POINTS[point]
    server.play(script)
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider:
            arrived = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(consume, provider.stream(HELLO), after, arrived)
                await arrived.wait()
                await to_thread.run_sync(server.wait_for_requests, 1)
                tasks.cancel_scope.cancel()
            await closed(server)
            assert len(server.requests) == 1


@pytest.mark.parametrize("point", POINTS)
async def test_a_cancelled_task_closes_the_connection(server: ScriptedServer, point: str) -> None:
    script, after = POINTS[point]
    server.play(script)
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider:
            task = await begin(provider, server, after)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await closed(server)


async def test_a_reply_that_is_not_read_to_its_end_is_closed(server: ScriptedServer) -> None:
    server.play([Head(), Chunk(event(say("a"))), Hang()])
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider:
            async with aclosing(provider.stream(HELLO)) as deltas:
                assert await next_of(deltas) == TextDelta("a")
            await closed(server)


async def test_a_cancelled_handshake_closes_the_connection() -> None:
    met: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as mute:

        def meet() -> None:
            connection, _ = mute.accept()
            connection.settimeout(PATIENCE)
            met.append(connection)
            assert connection.recv(1)  # the handshake has begun

        def part() -> None:
            while met[0].recv(65536):
                pass
            met[0].close()

        with anyio.fail_after(PATIENCE):
            async with opened(f"https://127.0.0.1:{mute.getsockname()[1]}") as provider:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(reply, provider)
                    await to_thread.run_sync(meet)
                    tasks.cancel_scope.cancel()
                await to_thread.run_sync(part)


async def test_a_pause_between_two_tries_can_be_cancelled(server: ScriptedServer) -> None:
    server.play(answered({}, 429, {"retry-after": "50"}))
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider, aclosing(provider.stream(HELLO)) as deltas:
            await anext(deltas)
            with anyio.CancelScope() as scope:
                scope.cancel()
                await anext(deltas)
    assert len(server.requests) == 1


async def test_a_command_that_prints_the_key_ends_with_the_turn(tmp_path: Path) -> None:
    witness = tmp_path / "pid"
    program = f"import os, pathlib, time; pathlib.Path({str(witness)!r}).write_text(str(os.getpid())); time.sleep(600)"
    command = [sys.executable, "-c", program]
    with anyio.fail_after(PATIENCE):
        async with (
            opened("http://127.0.0.1:1", key="", apiKeyCommand=command) as provider,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(reply, provider)
            while not (witness.exists() and witness.read_text()):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int(witness.read_text()), 0)


async def test_after_a_cancel_the_next_reply_comes_as_ever(server: ScriptedServer) -> None:
    server.play([Hang()], streamed(say("hi"), end()))
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider:
            task = await begin(provider, server, 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert seen(await reply(provider)).text == "hi"
