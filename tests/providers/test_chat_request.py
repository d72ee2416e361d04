"""What a chat completions server is sent: a history that none of them refuses."""

import json
from typing import Any

import pytest

from chatls.content import Image, Position, Range, Resource, ResourceLink, TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.chat_request import encode, refused_fields
from chatls.providers.known.catalog import ChatDialect, known
from chatls.providers.provider import ModelRequest, Parameters, ToolChoice

TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {}})


def body(
    *messages: Message,
    dialect: ChatDialect | None = None,
    without: frozenset[str] = frozenset(),
    stream: bool = True,
    **more: Any,
) -> dict[str, Any]:
    request = ModelRequest("m", more.pop("system", ""), messages, **more)
    encoded = encode(request, "work", dialect or ChatDialect(), stream=stream, without=without)
    json.dumps(encoded)
    return encoded


def sent(*messages: Message, **more: Any) -> list[dict[str, Any]]:
    return body(*messages, **more)["messages"]


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def calling(*ids: str, text: str = "", replay: Replay | None = None, thinking: str = "") -> AssistantMessage:
    return AssistantMessage(text, tuple(ToolCall(name, "search", {"q": name}) for name in ids), thinking, replay)


def results(*ids: str) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(name, "search", f"found {name}") for name in ids))


def test_a_plain_request_says_no_more_than_it_must() -> None:
    assert body(user("hello"), system="Be brief.") == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert body(user("hello"), stream=False) == {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def test_openai_is_asked_not_to_pad_its_events() -> None:
    openai = known("openai")
    assert openai is not None
    assert body(user("x"), dialect=openai.dialect)["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }


def test_tools_are_functions_that_may_be_called_at_once() -> None:
    encoded = body(user("x"), tools=(TOOL,))
    assert encoded["tools"] == [
        {
            "type": "function",
            "function": {"name": "search", "description": "Find text.", "parameters": TOOL.input_schema},
        }
    ]
    assert encoded["parallel_tool_calls"] is True
    assert "tool_choice" not in encoded
    assert "parallel_tool_calls" not in body(user("x"))


@pytest.mark.parametrize(
    ("choice", "dialect", "expected"),
    [
        ("none", ChatDialect(), "none"),
        ("required", ChatDialect(), "required"),
        ("required", ChatDialect(required="any"), "any"),
    ],
)
def test_a_tool_choice_is_said_in_the_servers_word(choice: ToolChoice, dialect: ChatDialect, expected: str) -> None:
    assert body(user("x"), tools=(TOOL,), tool_choice=choice, dialect=dialect)["tool_choice"] == expected
    assert "tool_choice" not in body(user("x"), tool_choice=choice)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (ChatDialect(), {"max_tokens": 9, "temperature": 0.5, "reasoning_effort": "high"}),
        (
            ChatDialect(longest_reply="max_completion_tokens", thinking="reasoning"),
            {"max_completion_tokens": 9, "temperature": 0.5, "reasoning": {"effort": "high"}},
        ),
        (ChatDialect(thinking="thinking"), {"max_tokens": 9, "temperature": 0.5, "thinking": {"type": "enabled"}}),
    ],
)
def test_parameters_are_spelled_as_the_server_spells_them(dialect: ChatDialect, expected: dict[str, Any]) -> None:
    encoded = body(user("x"), dialect=dialect, parameters=Parameters(9, 0.5, "high"))
    assert {name: encoded[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (ChatDialect(), {"reasoning_effort": "none"}),
        (ChatDialect(thinking="reasoning"), {"reasoning": {"enabled": False}}),
        (ChatDialect(thinking="thinking"), {"thinking": {"type": "disabled"}}),
    ],
)
def test_thinking_can_be_switched_off(dialect: ChatDialect, expected: dict[str, Any]) -> None:
    encoded = body(user("x"), dialect=dialect, parameters=Parameters(thinking="off"))
    assert {name: encoded[name] for name in expected} == expected


def test_results_follow_their_calls_in_call_order() -> None:
    messages = sent(user("x"), calling("a", "b"), results("b", "a"), AssistantMessage("done"))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "assistant"]
    assert [call["id"] for call in messages[1]["tool_calls"]] == ["a", "b"]
    assert [(message["tool_call_id"], message["content"]) for message in messages[2:4]] == [
        ("a", "found a"),
        ("b", "found b"),
    ]
    assert json.loads(messages[1]["tool_calls"][0]["function"]["arguments"]) == {"q": "a"}


def test_a_call_without_a_result_gets_one_and_a_result_without_a_call_goes() -> None:
    messages = sent(user("x"), calling("a"), results("zzz"), user("y"))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[2]["tool_call_id"] == "a"
    assert messages[2]["content"]


def test_neighbours_of_one_role_become_one() -> None:
    messages = sent(user("a"), user("b"), AssistantMessage("c"), calling("d", text="e"), results("d"), user("f"))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[0]["content"] == "a\n\nb"
    assert messages[1]["content"] == "c\n\ne"
    assert len(messages[1]["tool_calls"]) == 1


def test_a_reply_of_nothing_but_thinking_is_left_out() -> None:
    assert [message["role"] for message in sent(user("a"), AssistantMessage("", thinking="hm"), user("b"))] == ["user"]


def test_content_of_a_reply_that_is_only_calls_is_what_the_server_tolerates() -> None:
    assert sent(calling("a"))[0]["content"] == ""
    assert sent(calling("a"), dialect=ChatDialect(null_content=True))[0]["content"] is None
    assert sent(calling("a", text="t"), dialect=ChatDialect(null_content=True))[0]["content"] == "t"


def test_some_servers_want_a_reply_between_a_tool_and_a_person() -> None:
    mistral = known("mistral")
    assert mistral is not None
    messages = sent(user("x"), calling("a"), results("a"), user("y"), dialect=mistral.dialect)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "assistant", "user"]


def own(ids: dict[str, str], server: str = "work", **data: Any) -> Replay:
    return Replay("openai_chat", ids, {"server": server, **data})


def test_a_server_gets_its_own_ids_back() -> None:
    messages = sent(calling("a", replay=own({"a": "functions.search:0"})), results("a"))
    assert messages[0]["tool_calls"][0]["id"] == messages[1]["tool_call_id"] == "functions.search:0"


@pytest.mark.parametrize(
    "replay", [own({"a": "x"}, server="other", thinking="reasoning"), Replay("anthropic", {"a": "x"}, [])]
)
def test_nobody_gets_what_another_server_said(replay: Replay) -> None:
    [message, _] = sent(calling("a", replay=replay, thinking="hm"), results("a"))
    assert message == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "search", "arguments": '{"q":"a"}'}}],
    }


def test_ids_stay_unique_over_the_whole_request() -> None:
    messages = sent(
        calling("a", "b", replay=own({"a": "call_1", "b": "call_1"})),
        results("a", "b"),
        user("x"),
        calling("c", replay=own({"c": "call_1"})),
        results("c"),
    )
    ids = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert ids == ["call_1", "b", "c"]
    assert [call["id"] for message in messages for call in message.get("tool_calls", ())] == ids


def test_thinking_goes_back_to_whom_it_came_from() -> None:
    for name in ("reasoning_content", "reasoning"):
        [message, _] = sent(calling("a", replay=own({}, thinking=name), thinking="hm"), results("a"))
        assert message[name] == "hm"
    details = [{"type": "reasoning.text", "text": "hm"}]
    [message] = sent(AssistantMessage("x", replay=own({}, reasoning_details=details)))
    assert message["reasoning_details"] == details


def test_pictures_and_files_are_sent_along() -> None:
    place = Range(Position(2, 0), Position(4, 0))
    files = (Resource("file:///a.py", "x = 1", place), ResourceLink("file:///b.py"))
    assert sent(UserMessage((TextContent("see"), *files)))[0]["content"] == (
        'see\n\n<file uri="file:///a.py" lines="3-4">\nx = 1\n</file>\n\n<file uri="file:///b.py"/>'
    )
    picture = UserMessage((TextContent("see"), Image("image/png", "AAAA")))
    assert sent(picture, user("and"))[0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "text", "text": "and"},
    ]


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [((0, 0), (1, 0), "1-1"), ((0, 3), (0, 9), "1-1"), ((4, 0), (6, 5), "5-7"), ((4, 0), (4, 0), "5-5")],
)
def test_lines_of_a_file_count_from_one(start: tuple[int, int], end: tuple[int, int], lines: str) -> None:
    link = ResourceLink("file:///a", Range(Position(*start), Position(*end)))
    assert f'lines="{lines}"' in sent(UserMessage((link,)))[0]["content"]


def test_what_was_refused_is_left_out() -> None:
    without = frozenset({"stream_options", "parallel_tool_calls", "reasoning_content"})
    encoded = body(
        calling("a", replay=own({}, thinking="reasoning_content"), thinking="hm"),
        results("a"),
        tools=(TOOL,),
        without=without,
    )
    assert not without & (encoded.keys() | encoded["messages"][0].keys())


def test_a_refused_name_for_the_longest_reply_gives_way_to_the_other() -> None:
    def limits(*names: str) -> dict[str, Any]:
        encoded = body(user("x"), parameters=Parameters(9), without=frozenset(names))
        return {name: value for name, value in encoded.items() if name.startswith("max")}

    assert limits() == {"max_tokens": 9}
    assert limits("max_tokens") == {"max_completion_tokens": 9}
    assert limits("max_tokens", "max_completion_tokens") == {}


def test_only_optional_fields_that_were_sent_can_be_refused() -> None:
    encoded = body(user("x"), parameters=Parameters(9))
    complaint = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'. messages and model are wrong."
    assert refused_fields(encoded, complaint) == {"max_tokens"}
    assert refused_fields(encoded, "max_tokens_to_sample") == frozenset()
