"""Whether the tests of the sandbox can run here at all."""

import pytest

from tests.wall.conftest import MEANS


def test_the_sandbox_works_here() -> None:
    """Where this is skipped, all tests of this folder are left out."""
    if not MEANS.works:
        pytest.skip(f"NONE OF THE TESTS OF THE SANDBOX RAN: {MEANS.why}")
    assert MEANS.program
