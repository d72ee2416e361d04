"""The Markdown of a session: what is written is found again, however it was cut, and answers take nothing with them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import Position, Range, TurnError
from chatls.events import Event, Notice, Reclassified, StepEnd, TextChunk, ToolCallEnd, ToolRunEnd
from chatls.lsp.bare import written
from chatls.lsp.bare.written import WRITE_HERE, WrittenAnswer
from tests.support.cases import for_each

WORDS = st.text(string.ascii_letters + " \n#`>_[]()<", min_size=1).filter(lambda text: text.strip())


def told(*events: Event) -> str:
    answer = WrittenAnswer()
    for event in events:
        answer.hear(event)
    return answer.text


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.text(string.ascii_letters + "%20()[]-_", min_size=1))
def test_a_file_says_what_it_is_about(first: int, more: int, name: str) -> None:
    uri, part = f"file:///ws/{name}", Range(Position(first, 0), Position(first + more + 1, 0))
    assert written.about(written.head("About", uri, part)) == (uri, part)
    assert written.about(written.draft(written.head("About", uri, None))) == (uri, None)


@given(WORDS, WORDS)
def test_what_a_person_writes_is_found_and_goes_into_the_conversation(before: str, words: str) -> None:
    text = written.draft(written.head("About", None, None) + before) + words
    assert written.words_below(text) == words.strip()
    asked = written.asking(text, written.words_below(text))
    assert WRITE_HERE not in asked
    assert asked.endswith(f"## You\n\n{words.strip()}\n\n## chatls\n\n")
    assert written.answered(asked)
    assert written.words_below(written.draft(asked)) == ""


def test_a_text_without_a_place_to_write_in_has_no_words() -> None:
    assert written.words_below("# About calc.py\n\nWhy?") == ""
    assert written.about("Why? [a](<file:///a>)") is None


def test_calls_and_notices_stand_apart_from_what_is_said() -> None:
    call = ToolCallEnd("a", "read_file", "read_file calc.py", {})
    text = told(TextChunk("I look."), call, ToolRunEnd("a", "completed"), Notice("two\nlines"), TextChunk("So it is."))
    assert text == "I look.\n\n> read_file calc.py: completed\n\n> two\n> lines\n\nSo it is."


def test_thinking_that_was_taken_for_text_is_taken_back() -> None:
    step = StepEnd("end_turn", None, "")
    assert told(TextChunk("one "), step, TextChunk("hm. two"), Reclassified("text", "thinking", 4)) == "one two"


@for_each(
    ("text", "whole"),
    [
        ("```py\na", "```py\na\n```\n"),
        ("```\na\n```\nb", "```\na\n```\nb\n\n"),
        ("~~~~\n~~~\n```", "~~~~\n~~~\n```\n~~~~\n"),
        ("    ```\nb", "    ```\nb\n\n"),
    ],
)
def test_a_block_of_code_that_was_cut_is_closed(text: str, whole: str) -> None:
    assert told(TextChunk(text), Notice("cut")) == f"{whole.rstrip()}\n\n> cut\n\n"


@pytest.mark.parametrize("error", [TurnError("network", "no way\nout", retryable=True)])
def test_a_failure_says_why(error: TurnError) -> None:
    answer = WrittenAnswer()
    answer.hear(TextChunk("I be"))
    answer.fail(error.message)
    assert answer.text == "I be\n\n> **It failed:** no way\n> out\n\n"
