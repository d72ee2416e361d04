"""Battlefields: one daemon for the tests of a module, checked behind each of them; all of it without the sandbox, and
again with everything inside of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemon.attacks.attacker import Battlefield
from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon
from tests.wall.conftest import MEANS

WALLS = [
    pytest.param("off", id="without the wall"),
    pytest.param(
        "required", id="with the wall", marks=pytest.mark.skipif(not MEANS.works, reason=f"no sandbox: {MEANS.why}")
    ),
]


@pytest.fixture(scope="module", params=WALLS)
def wall(request: pytest.FixtureRequest) -> str:
    """Whether commands run in the sandbox."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared_field(tmp_path_factory: pytest.TempPathFactory, wall: str) -> Iterator[Battlefield]:
    with Battlefield(tmp_path_factory.mktemp("field"), sandbox=wall) as field:
        yield field
        field.close()


@pytest.fixture
def field(shared_field: Battlefield) -> Iterator[Battlefield]:
    """A workspace beside a folder that must stay unknown and as it is."""
    shared_field.daemon.configure({})
    yield shared_field
    shared_field.check()


@pytest.fixture
def start(start: Start, wall: str) -> Start:
    """The same as elsewhere, with the wall or without."""

    def started(*arguments: Any, **options: Any) -> Daemon:
        daemon = start(*arguments, **options)
        daemon.sandbox = wall
        return daemon

    return started
