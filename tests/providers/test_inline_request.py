"""Tools in the prompt: for every form, what is sent is what the parser reads back."""

from dataclasses import replace

import pytest

from chatls.content import TextContent
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.delta import CallReady, CallStart, Delta
from chatls.providers.inline import InlineParser
from chatls.providers.inline_request import with_tools_in_prompt
from chatls.providers.provider import ModelRequest
from chatls.providers.wording import NO_RESULT

SEARCH = ToolSpec(
    "search",
    "Find text.",
    {"type": "object", "properties": {"pattern": {"type": "string"}, "limit": {"type": "integer"}}},
)
CALLS = (
    ToolCall("c1", "search", {"pattern": 'a "b"\n<c>', "limit": 3}),
    ToolCall("c2", "search", {"pattern": "two"}),
)
RESULTS = ToolMessage((ToolResult("c1", "search", "one match"), ToolResult("c2", "search", "none", is_error=True)))
QUESTION = UserMessage((TextContent("where?"),))
MODELS = ("anything", "Qwen3-Coder-30B", "llama3.2:3b")


def request(model: str = "anything", calls: tuple[ToolCall, ...] = CALLS) -> ModelRequest:
    said = AssistantMessage("I look.", calls)
    return ModelRequest(model, "Be brief.", (QUESTION, said, RESULTS, QUESTION), (SEARCH,))


def text_of(message: object) -> str:
    assert isinstance(message, UserMessage)
    return "".join(block.text for block in message.content if isinstance(block, TextContent))


@pytest.mark.parametrize("model", MODELS)
def test_tools_calls_and_results_are_words(model: str) -> None:
    told = with_tools_in_prompt(request(model))
    assert (told.tools, told.tool_choice, told.model) == ((), "auto", model)
    assert told.system.startswith("Be brief.\n\n")
    assert '"name":"search"' in told.system
    first, said, answered, last = told.messages
    assert (first, last) == (QUESTION, QUESTION)
    assert isinstance(said, AssistantMessage)
    assert said.calls == ()
    assert said.text.startswith("I look.\n")
    assert text_of(answered).index("one match") < text_of(answered).index("none")


@pytest.mark.parametrize("model", MODELS)
def test_a_call_is_sent_in_the_form_in_which_it_is_read(model: str) -> None:
    """Llama's form is one call, and nothing before it."""
    calls = CALLS[:1] if model.startswith("llama") else CALLS
    made = replace(request(model, calls), messages=(AssistantMessage("", calls),))
    said = with_tools_in_prompt(made).messages[0]
    assert isinstance(said, AssistantMessage)
    parser = InlineParser({"search": SEARCH.input_schema})
    deltas: list[Delta] = [*parser.feed(said.text), *parser.finish()]
    assert [delta.name for delta in deltas if isinstance(delta, CallStart)] == ["search"] * len(calls)
    assert [delta.arguments for delta in deltas if isinstance(delta, CallReady)] == [one.arguments for one in calls]


def test_a_call_without_a_result_is_answered_all_the_same() -> None:
    told = with_tools_in_prompt(replace(request(), messages=(AssistantMessage("", CALLS),)))
    assert text_of(told.messages[1]).count(NO_RESULT) == 2


def test_without_tools_the_history_is_words_and_the_prompt_is_as_it_was() -> None:
    told = with_tools_in_prompt(replace(request(), tools=()))
    assert told.system == "Be brief."
    assert "<tool_call>" in str(told.messages[1])
    assert with_tools_in_prompt(replace(request(), tool_choice="none")).system == "Be brief."


def test_a_call_can_be_demanded() -> None:
    required = with_tools_in_prompt(replace(request(), tool_choice="required"))
    assert len(required.system) > len(with_tools_in_prompt(request()).system)
