"""What the tests of providers share: a scripted server, both transports, no proxies and no waiting between tries."""

import importlib.util
import os
from collections.abc import Iterator
from functools import partial

import pytest

from chatls.providers.http.client import make_client
from tests.support.http_server import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture(params=["stock", "fast"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with httpx's own transport, and with aiohttp below it."""
    fast: bool = request.param == "fast"
    if fast and importlib.util.find_spec("httpx_aiohttp") is None:
        pytest.skip("the extra `fast` is not installed")
    monkeypatch.setattr("chatls.providers.http.server.make_client", partial(make_client, fast=fast))
    return request.param


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other without a pause, unless the server asks for one."""
    monkeypatch.setattr("chatls.providers.http.server._luck", lambda: 0.0)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests has no say."""
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
