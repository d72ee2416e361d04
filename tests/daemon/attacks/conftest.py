"""Battlefields: one daemon for the tests of a module, checked behind each of them."""

from collections.abc import Iterator

import pytest

from tests.daemon.attacks.attacker import Battlefield


@pytest.fixture(scope="module")
def shared_field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    with Battlefield(tmp_path_factory.mktemp("field")) as field:
        yield field
        field.close()


@pytest.fixture
def field(shared_field: Battlefield) -> Iterator[Battlefield]:
    """A workspace beside a folder that must stay unknown and as it is."""
    shared_field.daemon.configure({})
    yield shared_field
    shared_field.check()
