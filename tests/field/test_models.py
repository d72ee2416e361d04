"""What model servers and models really do: the field cases of the model side hold, but for those that are listed."""

import re

import pytest

from tests.field.runners import FOLDER, REASON, Runner

RUNNER = Runner("field_models.py", ["."], "models", re.compile(r"FAIL (?P<name>[\w.-]+)"))

KNOWN: dict[str, str] = {}
"""Cases that do not hold, and what will bring them. What is done goes from here in the same commit."""


@pytest.mark.skipif(FOLDER is None, reason=REASON)
def test_just_the_known_cases_of_models_do_not_hold() -> None:
    RUNNER.check(KNOWN)
