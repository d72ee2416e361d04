"""What Ollama is sent."""

from typing import Any

import pytest

from chatls.content import Image, ResourceLink, TextContent
from chatls.message import (
    AssistantMessage,
    Message,
    Replay,
    ToolCall,
    ToolMessage,
    ToolResult,
    ToolSpec,
    UserMessage,
)
from chatls.providers.ollama_request import encode
from chatls.providers.provider import ModelRequest, Parameters, ThinkingLevel

TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {"q": {"type": "string"}}})


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def calling(*ids: str, text: str = "", thinking: str = "", replay: Replay | None = None) -> AssistantMessage:
    calls = tuple(ToolCall(name, "search", {"q": name}) for name in ids)
    return AssistantMessage(text, calls, thinking, replay)


def results(*ids: str) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(name, "search", f"found {name}") for name in ids))


def own(server: str = "work", **ids: str) -> Replay:
    return Replay("ollama", ids, {"server": server})


def body(*messages: Message, window: int | None = None, stream: bool = True, **more: Any) -> dict[str, Any]:
    without = more.pop("without", frozenset())
    request = ModelRequest(more.pop("model", "qwen3"), more.pop("system", ""), messages, **more)
    return encode(request, "work", window, stream=stream, without=without)


def sent(*messages: Message) -> list[dict[str, Any]]:
    return body(*messages)["messages"]


def test_a_request_asks_not_to_be_cut_silently() -> None:
    assert body(user("hello"), system="Be brief.") == {
        "model": "qwen3",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "stream": True,
        "truncate": False,
    }
    assert body(user("x"), stream=False)["stream"] is False
    assert "truncate" not in body(user("x"), without=frozenset({"truncate"}))


def test_the_context_window_is_sent_only_if_it_is_set() -> None:
    assert "options" not in body(user("x"))
    encoded = body(user("x"), window=32768, parameters=Parameters(9, 0.0))
    assert encoded["options"] == {"num_ctx": 32768, "num_predict": 9, "temperature": 0.0}


@pytest.mark.parametrize(
    ("model", "level", "expected"),
    [("qwen3", "high", True), ("qwen3", "off", False), ("gpt-oss:20b", "low", "low"), ("gpt-oss:20b", "off", False)],
)
def test_thinking_is_asked_for_only_if_it_is_set(model: str, level: ThinkingLevel, expected: bool | str) -> None:
    assert "think" not in body(user("x"), model=model)
    encoded = body(user("x"), model=model, parameters=Parameters(thinking=level))
    assert encoded["think"] == expected
    without = body(user("x"), parameters=Parameters(thinking=level), without=frozenset({"think"}))
    assert "think" not in without


def test_tools_are_functions_and_no_choice_means_none() -> None:
    [tool] = body(user("x"), tools=(TOOL,))["tools"]
    assert tool == {
        "type": "function",
        "function": {"name": "search", "description": "Find text.", "parameters": TOOL.input_schema},
    }
    assert "tools" in body(user("x"), tools=(TOOL,), tool_choice="required")
    assert "tools" not in body(user("x"), tools=(TOOL,), tool_choice="none")


def test_a_reply_goes_back_with_its_thinking_its_calls_and_their_ids() -> None:
    replay = own(a="call_1")
    messages = sent(user("x"), calling("a", "b", text="t", thinking="hm", replay=replay), results("b", "a"))
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": "t",
            "thinking": "hm",
            "tool_calls": [
                {"id": "call_1", "function": {"name": "search", "arguments": {"q": "a"}}},
                {"function": {"name": "search", "arguments": {"q": "b"}}},
            ],
        },
        {"role": "tool", "tool_name": "search", "content": "found a", "tool_call_id": "call_1"},
        {"role": "tool", "tool_name": "search", "content": "found b"},
    ]


@pytest.mark.parametrize("replay", [own("other", a="x"), Replay("anthropic", {"a": "x"}, []), None])
def test_nobody_gets_what_another_server_said(replay: Replay | None) -> None:
    [message, result] = sent(calling("a", thinking="hm", replay=replay), results("a"))
    assert message == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": {"name": "search", "arguments": {"q": "a"}}}],
    }
    assert result == {"role": "tool", "tool_name": "search", "content": "found a"}


def test_a_call_without_a_result_gets_one_and_a_result_without_a_call_goes() -> None:
    messages = sent(user("x"), calling("a"), results("zzz"), user("y"))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[2]["content"]


def test_neighbours_of_one_role_become_one() -> None:
    messages = sent(user("a"), user("b"), AssistantMessage("c"), calling("d", text="e"), results("d"), user("f"))
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert (messages[0]["content"], messages[1]["content"]) == ("a\n\nb", "c\n\ne")
    assert len(messages[1]["tool_calls"]) == 1


def test_a_reply_that_broke_off_before_it_said_anything_is_left_out() -> None:
    messages = sent(user("a"), AssistantMessage("", thinking="hm"), user("b"))
    assert [message["role"] for message in messages] == ["user"]


def test_pictures_stand_beside_the_text() -> None:
    picture = UserMessage((TextContent("see"), Image("image/png", "AAAA"), ResourceLink("file:///b.py")))
    [message] = sent(picture, UserMessage((Image("image/png", "BBBB"),)))
    assert message == {"role": "user", "content": 'see\n\n<file uri="file:///b.py"/>', "images": ["AAAA", "BBBB"]}
