"""Daemons for tests: one that a module's tests share, and as many of their own as they want."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.raw import WITH_TOOLS, Daemon, Json
from tests.daemon.service import Service
from tests.support.http_server import ScriptedServer

Start = Callable[..., Daemon]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a daemon; it is killed and checked behind the test."""
    daemons: list[Daemon] = []

    def started(*arguments: Any, **options: Any) -> Daemon:
        daemons.append(Daemon(tmp_path, *arguments, **options))
        return daemons[-1]

    yield started
    for daemon in daemons:
        daemon.kill()


class Shared:
    """A daemon that is started anew when a test broke it."""

    def __init__(self, folder: Path, *rules: Json, command: Sequence[str] = WITH_TOOLS, **abilities: bool) -> None:
        self._folder = folder
        self._command = command
        self._rules = rules
        self._abilities = abilities
        self._daemon: Daemon | None = None

    def get(self) -> Daemon:
        if self._daemon is None:
            self._daemon = Daemon(self._folder, self._command)
            root = self._folder / "root"
            root.mkdir(exist_ok=True)
            (root / "a.txt").write_text("one\ntwo\nthree\n")
            self._daemon.rules = list(self._rules)
            self._daemon.initialize({}, roots=[root], **self._abilities)
        return self._daemon

    def check(self) -> None:
        if self._daemon is not None:
            daemon, self._daemon = self._daemon, None
            try:
                daemon.settle()
                self._daemon = daemon
            finally:
                if self._daemon is None:
                    daemon.kill()

    def close(self) -> None:
        if self._daemon is not None:
            with self._daemon as daemon:
                assert daemon.leave() == 0
                daemon.check()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("daemon"), {"tool": "write", "action": "allow"}, permission=True)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def shared_asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("asking"), permission=True, edits=True, reload=True)
    yield shared
    shared.close()


@pytest.fixture
def daemon(shared: Shared) -> Iterator[Daemon]:
    """A daemon that the tests of a module share: each leaves it with nothing running and nothing owed."""
    yield shared.get()
    shared.check()


@pytest.fixture
def asking(shared_asking: Shared) -> Iterator[Daemon]:
    """The same, of a client that puts questions to a person and applies edits."""
    yield shared_asking.get()
    shared_asking.check()


@pytest.fixture
def service(daemon: Daemon) -> Iterator[Service]:
    with ScriptedServer() as server:
        yield Service(daemon, server)
        daemon.configure({})
