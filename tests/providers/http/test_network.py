"""Our own sockets: who is late, how a connection is used again, which faults there are."""

import socket
from time import monotonic

import anyio
import pytest

from chatls.providers.http.network import Connection, connect
from chatls.providers.http.watchdog import OverdueError
from tests.providers.asking import ask, failure, opened, reply
from tests.providers.cases import end, say
from tests.providers.reading import seen
from tests.support.http_server import Chunk, Close, End, Head, Raw, ScriptedServer, event, streamed

pytestmark = pytest.mark.asyncio

WITHIN = 120.0


async def connected(server: ScriptedServer) -> Connection:
    """A connection to it."""
    return await connect("127.0.0.1", server.port)


async def test_a_read_that_waits_too_long_is_late_and_no_other(server: ScriptedServer) -> None:
    connection = await connected(server)
    with anyio.fail_after(WITHIN):
        for patience in (0.2, 0.05, 0.1):
            connection.patience, begin = patience, monotonic()
            with pytest.raises(OverdueError):
                await connection.receive()
            assert monotonic() - begin >= patience * 0.9
        connection.patience = 0
        with anyio.move_on_after(0.3) as scope:
            await connection.receive()
        assert scope.cancelled_caught
    await connection.aclose()


async def test_what_is_given_back_is_read_next_and_a_closed_connection_takes_nothing(server: ScriptedServer) -> None:
    connection = await connected(server)
    connection.give_back(b"more")
    assert not connection.idle
    assert await connection.receive() == b"more"
    assert connection.idle
    await connection.aclose()
    assert await connection.receive() == b""
    assert not connection.idle
    connection.write(b"too late")


async def test_a_host_of_several_addresses_that_all_refuse_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with anyio.fail_after(WITHIN), pytest.raises(ConnectionRefusedError):
            await connect("localhost", port)


async def test_a_connection_is_used_again_behind_a_body_in_chunks(server: ScriptedServer) -> None:
    server.play(*[streamed(say("hi"), end())] * 3)
    async with opened(server.url) as provider:
        for _ in range(3):
            assert seen(await reply(provider)).text == "hi"
    assert [request.connection for request in server.requests] == [0, 0, 0]


async def test_a_head_in_pieces_and_an_interim_answer_are_read_as_well(server: ScriptedServer) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(data), data) for data in (event(say("hi")), event(end())))
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    for pieces in ([head[:40], head[40:-2], head[-2:]], [interim + head], [interim, head[:-1], head[-1:]]):
        server.play([*map(Raw, pieces[:-1]), Raw(pieces[-1] + body + b"0\r\n\r\n")])
        assert seen(await ask(server)).text == "hi"


async def test_an_end_in_the_middle_of_a_chunk_is_no_end(server: ScriptedServer) -> None:
    for fault in ([Raw(b"20\r\ndata: "), Close()], [Raw(b"nonsense\r\n"), End()]):
        server.play([Head(), Chunk(event(say("hi"))), *fault])
        assert failure(await ask(server)).kind == "stream_interrupted"
