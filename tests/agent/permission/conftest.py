"""What tests of permission share."""

import pytest

from tests.agent.permission.shop import Shop


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project that tests only look at."""
    return Shop(tmp_path_factory.mktemp("shop"))
