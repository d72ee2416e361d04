"""The habits of servers that break naive parsers, by name, and what holds each of them: cases of the tables, or tests.

The names are those of the list that the project began with, collected from the trackers of some two hundred projects;
`seen` in a case says where.
"""

import re
from pathlib import Path

from tests.providers.cases import CASES
from tests.providers.cases_native import NATIVE
from tests.support.cases import for_each

HERE = Path(__file__).parent

GROUPS: dict[str, tuple[str, ...]] = {
    # Identity and order of calls
    "1 the index is missing": ("no index", "no index, in pieces"),
    "2 a call without an index is dropped, the chat hangs": ("no index and no id", "no index and no id, in one event"),
    "3 the index is null": ("index null",),
    "4 every parallel call has index 0": ("every call has index 0", "every call has index 0, and none an id"),
    "5 the head says index 0, the tail 1": ("the second call's tail has another index than its head",),
    "6 the id comes with the first fragment only": ("one call in pieces", "two calls interleaved"),
    "7 id and name are empty in continuations": ("empty id and name behind the first fragment",),
    "8 the id is a number": ("an id that is a number",),
    "9 the name is null first": ("the name comes late", "null id and name behind the first fragment"),
    "10 the name is empty first": ("the name is empty first",),
    "11 the arguments come before the name": ("arguments before the name",),
    "12 the name comes with every fragment": ("the name with every fragment",),
    "13 one id for two calls": ("one id for two calls", "one id for two calls, without an index"),
    "14 ids are used again in later turns": (
        "test_chat_request.py: test_ids_stay_unique_over_the_whole_request",
        "test_responses_request.py: test_ids_stay_unique_over_the_whole_request",
        "test_anthropic_request.py: test_ids_are_of_the_allowed_letters_and_unique_over_the_whole_request",
    ),
    "15 the provider's own id is demanded back": (
        "test_chat_request.py: test_a_server_gets_its_own_ids_back",
        "test_recorded_streams.py: check_ids",
    ),
    "16 items without an id": ("items without an id", "the item's id changes"),
    "17 no ids at all": ("no ids", "calls in one line", "no index and no id"),
    "18 the call in the second choice": ("text in one choice, the call in another",),
    # Arguments
    "19 all arguments again with each fragment": (
        "everything so far with each fragment",
        "everything again at the end",
    ),
    "20 an object instead of text": ("an object instead of text", "arguments that are text"),
    "21 an empty text means none": ("no arguments: an empty text",),
    "22 null or absent arguments": ("no arguments: null", "no arguments: absent", "no arguments"),
    "23 encoded twice": ("encoded twice",),
    "24 raw control characters": ("a raw control character",),
    "25 cut, but labelled as complete": (
        "cut, but labelled as complete",
        "arguments that are cut, but labelled as complete",
    ),
    "26 all in the last event": ("all in the last event",),
    "27 invalid arguments poison every later request": (
        "test_every_kind.py: test_every_history_can_be_sent",
        "no object",
    ),
    # Finish and end
    "28 labelled stop, with calls": ("labelled stop, with a call", "labelled end_turn, with a call"),
    "29 labelled tool_calls, with none": ("labelled tool_calls, with none", "labelled tool_use, with none"),
    "30 never a label": ("a terminator but no label", "no label, with a call"),
    "31 neither label nor terminator": ("neither", "the connection ends"),
    "32 no terminator, or an open connection": (
        "no terminator but a label",
        "test_every_kind.py: test_the_end_is_the_end_though_the_connection_stays_open",
    ),
    "33 the label many times, early, or alone": (
        "the label many times",
        "an error behind the label",
        "the label on every event",
        "the label before the text",
        "the label without content",
        "calls do not mask the limit",
    ),
    "34 events with empty choices": ("usage behind the label", "no choices at all"),
    # Errors
    "35 an error in a good stream": ("an error object", "an error", "nothing but the terminator"),
    "36 Anthropic's error event": ("an error in the stream",),
    "37 Responses' error and failed": ("an error, flat", "failed"),
    "37b an error in a field of its own": ("test_every_kind.py: test_an_error_in_a_field_of_its_own_is_one",),
    "38 a good status with nothing, or no stream, inside": (
        "test_every_kind.py: test_a_good_status_with_something_else_inside_is_recognised",
        "test_every_kind.py: test_a_reply_that_was_not_streamed_is_read_like_one_that_was",
    ),
    # Transport
    "39 letters split over reads": ("test_every_kind.py: test_letters_of_all_languages_survive_any_cut",),
    "40 events split over reads, CRLF, no blank": (
        "test_every_kind.py: test_lines_may_end_as_on_windows",
        "test_every_kind.py: test_the_blank_behind_the_field_may_be_missing",
        "test_cases.py: test_a_stream_of_single_bytes_is_read_the_same",
    ),
    "41 lines longer than buffers": ("test_every_kind.py: test_a_line_may_be_longer_than_a_buffer",),
    "42 compression": (
        "test_every_kind.py: test_a_compression_that_nobody_announced_is_undone",
        "http/test_server.py: test_a_compression_that_nobody_asked_for_is_named",
    ),
    "43 comments": ("test_every_kind.py: test_comments_are_no_data",),
    # Capability
    "44 tools are refused while streaming": (
        "test_openai_chat.py: test_tools_that_cannot_be_streamed_are_asked_for_as_a_whole",
    ),
    # Thinking
    "45 two names for thinking": ("reasoning_content", "reasoning", "both names at once"),
    "46 thinking must go back": (
        "test_chat_reply.py: test_thinking_goes_back_under_the_name_that_the_server_used",
        "test_chat_request.py: test_thinking_goes_back_to_whom_it_came_from",
    ),
    "47 signatures must go back": (
        "test_gemini_request.py: test_a_reply_goes_back_part_by_part_as_it_came",
        "test_anthropic_request.py: test_a_reply_comes_back_with_its_blocks_as_they_were",
        "test_responses_request.py: test_a_reply_goes_back_as_it_came",
    ),
    # Inside plain text: issue 4
    "50 junk behind the name": ("junk behind the name",),
}
"""48, 49 and 51 are tool calls and thinking written inside plain text."""


def holds(what: str) -> bool:
    """A case of that name, or a test; behind a colon, something that the test file says."""
    if any(case.name == what for case in CASES + NATIVE):
        return True
    file, colon, words = what.partition(": ")
    place = HERE / (file if colon else "test_cases.py")
    return place.exists() and (words if colon else what) in place.read_text("utf-8")


@for_each("group", GROUPS)
def test_every_habit_that_is_known_to_break_parsers_is_held_by_something(group: str) -> None:
    assert [what for what in GROUPS[group] if not holds(what)] == []


def test_none_is_left_out() -> None:
    numbers = [re.match(r"\d+b?", group) for group in GROUPS]
    inside_text = {"48", "49", "51"}
    assert {number[0] for number in numbers if number} == {*map(str, range(1, 52)), "37b"} - inside_text
