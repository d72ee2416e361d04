"""What users of editor agents report as broken: the field cases of editors and tools hold, but for those listed."""

import re

import pytest

from tests.field.runners import FOLDER, REASON, Runner

RUNNER = Runner("editor/field_editor.py", ["given"], "editor", re.compile(r"FAIL \w+ (?P<name>\w+):"))

QUESTIONS = "questions that follow the danger: issue 12"
KNOWN = {
    "exactly_this_line_can_be_allowed": QUESTIONS,
    "cd_into_the_workspace_is_transparent": QUESTIONS,
    "joining_stderr_and_tail_are_transparent": QUESTIONS,
    "a_rule_of_the_users_own_file_really_allows": QUESTIONS,
    "a_misspelt_tool_in_a_deny_rule_is_told": QUESTIONS,
}
"""Cases that do not hold, and what will bring them. What is done goes from here in the same commit."""


@pytest.mark.skipif(FOLDER is None, reason=REASON)
def test_just_the_known_cases_of_editors_do_not_hold() -> None:
    RUNNER.check(KNOWN)
