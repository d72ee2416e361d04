"""Whole replies of local models, however they are cut: their calls are calls, and what only looks like one is text."""

from tests.providers.inline.reading import deltas_of, fold, read
from tests.providers.inline.replies import ANSWERS, CALL, MODELS, TOOLS, Told
from tests.support.cases import for_each


@for_each("told", MODELS.values(), ids=MODELS.keys())
def test_a_models_reply_is_read(told: Told) -> None:
    reply = read(told.written, TOOLS)
    assert tuple((call.name, call.arguments) for call in reply.calls) == told.calls
    assert (reply.text.strip(), reply.thinking.strip()) == (told.text, told.thinking)


@for_each("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_without_a_call_is_shown_byte_for_byte(answer: str) -> None:
    reply = read(answer, TOOLS)
    assert (reply.text, reply.thinking, reply.calls) == (answer, "", [])
    assert read(answer, TOOLS, cut=True).calls == []


@for_each("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_call_on_a_line_of_its_own_is_one_whatever_was_said_before(answer: str) -> None:
    reply = fold(deltas_of([f"{answer}\n{CALL}"], TOOLS))
    assert (reply.text, len(reply.calls)) == (f"{answer}\n", 1)
