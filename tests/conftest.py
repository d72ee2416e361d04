"""What holds for all tests: whatever a daemon keeps, it keeps in a folder of the tests' own; no property test has to be
quick, and none says so again (a list of its own of what is not checked would take the place of this one). With
CHATLS_GATE set, they try the same at each run, so that a change is judged by itself."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

OFF = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("chatls", deadline=None, suppress_health_check=OFF)
settings.register_profile("gate", settings.get_profile("chatls"), derandomize=True, database=None)
settings.load_profile("gate" if os.environ.get("CHATLS_GATE") else "chatls")


@pytest.fixture(scope="session", autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
