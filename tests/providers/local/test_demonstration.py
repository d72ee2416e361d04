"""What the demonstration model is asked: one tool with words of the question, examples, and never too much text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import Image, Resource, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.local import demonstration
from chatls.providers.local.demonstration import adapted, offered, plain
from chatls.providers.provider import ModelRequest, Parameters, ToolChoice

SEARCH = ToolSpec("search", "Search everything.", {"type": "object", "properties": {"pattern": {}, "path": {}}})
TOOLS = (ToolSpec("read_file", "", {}), SEARCH)
FOUND = """\
5 matches in 4 files
not searched, because such files usually hold secrets: .env

a/b.py:3: the token
a/b.py:9: token: 12: x

c.py:1: token
c.py-2- context

d.md:7: token

e.md:7: token"""


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def call(pattern: str, result: str, *, is_error: bool = False) -> tuple[Message, Message]:
    name = f"call-{pattern}"
    return (
        AssistantMessage("", (ToolCall(name, "search", {"pattern": pattern}),)),
        ToolMessage((ToolResult(name, "search", result, is_error),)),
    )


def asked(
    *messages: Message,
    tools: tuple[ToolSpec, ...] = TOOLS,
    choice: ToolChoice = "auto",
    parameters: Parameters | None = None,
) -> ModelRequest:
    request = ModelRequest("m", "a long system prompt", messages, tools, choice, parameters or Parameters())
    return adapted(request)


def words(request: ModelRequest) -> list[str]:
    (tool,) = request.tools
    return tool.input_schema["properties"]["pattern"]["enum"]


def texts(request: ModelRequest) -> list[str]:
    """What is said, call arguments and results included."""
    said: list[str] = []
    for message in request.messages:
        match message:
            case UserMessage(content):
                said += [block.text for block in content if isinstance(block, TextContent)]
            case AssistantMessage():
                said += [*(str(call.arguments) for call in message.calls), message.text]
            case ToolMessage(results):
                said += [result.text for result in results]
    return said


def test_search_alone_is_offered_with_a_pattern_alone() -> None:
    (tool,) = offered(TOOLS)
    assert tool.name == "search"
    assert list(tool.input_schema["properties"]) == tool.input_schema["required"] == ["pattern"]


def test_nothing_is_offered_without_search() -> None:
    assert offered(TOOLS[:1]) == ()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Search the workspace for TODO and summarise what you find.", ["TODO"]),
        ("Where is the class `Turn` used?", ["Turn"]),
        ("Please search for 'def stream' in the code.", ["def stream"]),
        ("Look for “first” and «second»", ["first", "second"]),
        ("Don't you know where the user's settings' file is read?", ["Don", "know", "user", "settings", "read"]),
        ("What does snake_case mean in server/app.py?", ["snake_case", "server/app.py"]),
        ("wo steht die Größe?", ["wo", "steht", "die", "Größe"]),
        ("outbox, outbox and Outbox", ["outbox", "Outbox"]),
    ],
)
def test_a_call_may_hold_only_what_the_question_is_about(question: str, expected: list[str]) -> None:
    assert words(asked(user(question))) == expected


def test_there_are_not_too_many_words() -> None:
    assert len(words(asked(user(" ".join(f"w{n}" for n in range(500)))))) == 12


@pytest.mark.parametrize("question", ["Hello!", "What can you do?", "", "??", "1 + 1"])
def test_small_talk_goes_without_tools_and_examples(question: str) -> None:
    request = asked(user(question))
    assert request.tools == ()
    assert texts(request) == [question]


def test_without_the_tool_there_are_no_examples() -> None:
    request = asked(user("Where is TODO?"), tools=())
    assert request == plain(request)
    assert len(request.messages) == 1


def test_an_empty_history_is_no_mistake() -> None:
    assert adapted(ModelRequest("m", "", (), TOOLS)).tools == ()


def test_examples_stand_before_the_question_and_are_well_formed() -> None:
    request = asked(user("Where is TODO?"))
    assert texts(request)[-1] == "Where is TODO?"
    calls = [call.id for message in request.messages if isinstance(message, AssistantMessage) for call in message.calls]
    results = [
        result.call_id for message in request.messages if isinstance(message, ToolMessage) for result in message.results
    ]
    assert calls == results
    assert len(set(calls)) >= 2


def test_the_system_prompt_is_its_own() -> None:
    assert "long system prompt" not in asked(user("Where is TODO?")).system
    assert "long system prompt" not in asked(user("Hello")).system


def test_it_writes_predictably_and_briefly_unless_told_otherwise() -> None:
    usual = asked(user("TODO")).parameters
    assert usual.temperature == 0
    assert usual.max_output_tokens is not None
    set_ = asked(user("TODO"), parameters=Parameters(9999, 0.7, "high")).parameters
    assert set_.temperature == 0.7
    assert set_.max_output_tokens == usual.max_output_tokens
    assert set_.thinking is None
    assert asked(user("TODO"), parameters=Parameters(7)).parameters.max_output_tokens == 7


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_the_tool_choice_is_kept_for_the_question(choice: ToolChoice) -> None:
    assert asked(user("TODO"), choice=choice).tool_choice == choice


def test_a_result_is_shown_as_the_files_in_which_most_was_found() -> None:
    request = asked(user("Where is the token?"), *call("token", FOUND))
    assert texts(request)[-1] == "token is in 4 files:\n- a/b.py\n- c.py\n- d.md"
    assert request.tool_choice == "none"


def test_one_file_is_one_file() -> None:
    assert texts(asked(user("x?"), *call("x", "1 match in 1 file\n\na b.py:3: x")))[-1] == "x is in 1 file:\n- a b.py"


@pytest.mark.parametrize("result", ["no match for x", "no matches"])
def test_no_match_is_said_in_the_form_of_the_examples(result: str) -> None:
    assert texts(asked(user("x?"), *call("x", result)))[-1] == "x is in no file."


def test_a_failure_is_shown_as_it_is() -> None:
    error = "the pattern is no regular expression: a.py:3: unclosed group"
    assert texts(asked(user("x?"), *call("x(", error, is_error=True)))[-1] == error


def test_a_call_in_the_history_without_a_result_is_left_out() -> None:
    request = asked(user("Where is TODO?"), call("TODO", "")[0])
    assert texts(request)[-1] == "Where is TODO?"


def test_the_exchange_before_is_remembered_and_older_ones_are_not() -> None:
    request = asked(
        user("Where is one?"),
        AssistantMessage("One is here."),
        user("Where is two?"),
        *call("two", "1 match in 1 file\n\nb.py:3: two"),
        AssistantMessage("Two is there."),
        user("Where is three?"),
    )
    said = texts(request)
    assert said[-6:] == [
        "Where is two?",
        "{'pattern': 'two'}",
        "",
        "two is in 1 file:\n- b.py",
        "Two is there.",
        said[-1],
    ]
    assert "One is here." not in said


def test_a_question_that_was_never_answered_is_forgotten() -> None:
    said = texts(asked(user("Where is one?"), user("Where is two?")))
    assert said[-1] == "Where is two?"
    assert not any("one" in text for text in said[-2:])
    assert "Where is one?" not in texts(asked(user("Where is one?"), *call("one", FOUND), user("Where is two?")))


def test_attached_text_stands_before_the_question_and_is_cut() -> None:
    files = Resource("file:///a", "x" * 9999), Resource("file:///b", "y"), Image("image/png", "AAAA")
    (text,) = texts(asked(UserMessage((TextContent("Hello"), *files))))[-1:]
    assert text.startswith("xxx")
    assert text.endswith("\n\nHello")
    assert len(text) < 500


def test_what_an_editor_says_of_its_state_is_no_part_of_the_question() -> None:
    said = UserMessage((TextContent("The user is looking at a.py."), TextContent("Where is one?")))
    assert texts(asked(said))[-1] == "Where is one?"


def exchange(question: str, result: str, answer: str) -> tuple[Message, ...]:
    return (user(question), *call("größe", result), AssistantMessage(answer))


LONG = st.text(max_size=3000)


@given(
    st.lists(st.builds(exchange, LONG, LONG, LONG), max_size=3),
    LONG,
    st.sampled_from(["", "no match", "dir/" * 200 + "a.py:1: x", "😀" * 3000]),
)
def test_a_request_fits_even_where_every_byte_is_a_token(
    turns: list[tuple[Message, ...]], question: str, result: str
) -> None:
    messages = [message for turn in turns for message in turn]
    for request in (
        asked(*messages, user(question + "TODO")),
        asked(*messages, user(question + "TODO"), *call("TODO", result)),
        plain(ModelRequest("m", "", (*messages, user(question)))),
    ):
        example_tokens = 800  # 1300 bytes of ordinary English and paths, with room to spare
        examples = asked(user("TODO"))
        known = set(texts(examples))
        size = sum(len(text.encode()) for text in texts(request) if text not in known)
        overhead = 12 * len(request.messages)
        longest = request.parameters.max_output_tokens or 0
        assert size + overhead + example_tokens + longest <= demonstration.CONTEXT
