"""What users of editor agents report as broken: the field cases of editors and tools hold, but for those listed."""

import re

import pytest

from tests.field.runners import FOLDER, REASON, Runner

RUNNER = Runner("editor/field_editor.py", ["given"], "editor", re.compile(r"FAIL \w+ (?P<name>\w+):"))

KNOWN: dict[str, str] = {}
"""Cases that do not hold, and what will bring them. What is done goes from here in the same commit."""


@pytest.mark.skipif(FOLDER is None, reason=REASON)
def test_just_the_known_cases_of_editors_do_not_hold() -> None:
    RUNNER.check(KNOWN)
