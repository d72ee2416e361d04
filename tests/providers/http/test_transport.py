"""The faster transport: loaded behind the first answer's head, used from then on; the old client closes behind its
last user."""

import importlib.util
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from threading import Event

import anyio
import pytest

from chatls.providers.delta import TextDelta, Underway
from chatls.providers.http.client import Client, make_client
from tests.providers.asking import HELLO, PATIENCE, closed, opened, reply
from tests.providers.cases import end, say
from tests.providers.reading import seen
from tests.support.http_server import Chunk, End, Head, ScriptedServer, Wait, event, streamed

needs_fast = pytest.mark.skipif(
    importlib.util.find_spec("httpx_aiohttp") is None, reason="the extra `fast` is not installed"
)

ASK = """
import sys, threading
sys.path.insert(0, {path!r})
from chatls.providers.http import client
client.load_faster()
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join()
print(client.make_client("http://127.0.0.1:1/v1", 1).fast)
"""


def loaded(path: Path) -> str:
    """Whether a client is fast once the faster transport was loaded, with this folder first in the path."""
    argv = [sys.executable, "-c", ASK.format(path=str(path))]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@needs_fast
def test_it_is_used_once_it_is_loaded(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "True"


def test_one_that_cannot_be_loaded_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "httpx_aiohttp.py").write_text("raise RuntimeError('it does not fit')")
    assert loaded(tmp_path) == "False"


@needs_fast
@pytest.mark.asyncio
async def test_the_next_question_takes_it_and_the_replies_under_way_stay_whole(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, faster = list[Client](), Event()

    def make(base_url: str, connect_timeout: float) -> Client:
        made.append(make_client(base_url, connect_timeout))
        return made[-1]

    monkeypatch.setattr("chatls.providers.http.client._faster", faster)
    monkeypatch.setattr("chatls.providers.http.server.load_faster", faster.set)
    monkeypatch.setattr("chatls.providers.http.server.make_client", make)
    rest = [Chunk(event(say("b"))), Chunk(event(end())), Chunk(b"data: [DONE]\n\n"), End()]
    server.play([Head(), Chunk(event(say("a"))), Wait("go on"), *rest], *[streamed(say("x"), end())] * 2)
    with anyio.fail_after(PATIENCE):
        async with opened(server.url) as provider:
            async with aclosing(provider.stream(HELLO)) as deltas:
                assert isinstance(await anext(deltas), Underway)
                assert await anext(deltas) == TextDelta("a")
                for _ in range(2):
                    assert seen(await reply(provider)).text == "x"
                assert [client.fast for client in made] == [False, True]
                assert not made[0].http.is_closed, "it has a user"
                server.open("go on")
                first, *_ = [delta async for delta in deltas]
                assert first == TextDelta("b")
            assert made[0].http.is_closed
            await closed(server, 0)
            assert not made[1].http.is_closed
    assert made[1].http.is_closed
