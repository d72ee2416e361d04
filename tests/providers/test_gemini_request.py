"""What Gemini is sent."""

from typing import Any

import pytest

from chatls.content import Image, Resource, TextContent
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
from chatls.providers.gemini_request import accepted_schema, encode, refused_fields
from chatls.providers.provider import ModelRequest, Parameters, ThinkingLevel, ToolChoice

TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {"q": {"type": "string"}}})
PARTS = [
    {"text": "hm", "thought": True},
    {"functionCall": {"name": "search", "args": {"q": "a"}, "id": "x"}, "thoughtSignature": "s"},
    {"functionCall": {"name": "search", "args": {"q": "b"}}},
]


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def calling(*ids: str, text: str = "", replay: Replay | None = None) -> AssistantMessage:
    return AssistantMessage(text, tuple(ToolCall(name, "search", {"q": name}) for name in ids), replay=replay)


def results(*ids: str) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(name, "search", f"found {name}", name == "bad") for name in ids))


def own(*ids: str, server: str = "work") -> Replay:
    return Replay("gemini", {"a": "x"}, {"server": server, "parts": PARTS, "calls": list(ids)})


def body(*messages: Message, **more: Any) -> dict[str, Any]:
    without = more.pop("without", frozenset())
    request = ModelRequest(more.pop("model", "gemini-3-flash"), more.pop("system", ""), messages, **more)
    return encode(request, "work", without=without)


def sent(*messages: Message) -> list[dict[str, Any]]:
    return body(*messages)["contents"]


def test_the_model_stands_in_the_address_and_the_system_beside_the_contents() -> None:
    assert body(user("hello"), system="Be brief.") == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
    }


@pytest.mark.parametrize(("choice", "mode"), [("auto", "AUTO"), ("none", "NONE"), ("required", "ANY")])
def test_tools_are_declared_with_a_mode(choice: ToolChoice, mode: str) -> None:
    encoded = body(user("x"), tools=(TOOL,), tool_choice=choice)
    declaration = {"name": "search", "description": "Find text.", "parametersJsonSchema": TOOL.input_schema}
    assert encoded["tools"] == [{"functionDeclarations": [declaration]}]
    assert encoded["toolConfig"] == {"functionCallingConfig": {"mode": mode}}
    assert "toolConfig" not in body(user("x"), tool_choice=choice)


def test_schemas_lose_what_gemini_does_not_know_and_nothing_else() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Arguments",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "pattern": "^a", "default": "a", "title": "Title"},
            "const": {"const": "a", "examples": ["a"]},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Item", "description": "One."}, "minItems": 1},
            "either": {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]},
        },
        "required": ["title"],
        "$defs": {"Item": {"type": "string", "enum": ["a"], "title": "Item"}},
    }
    assert accepted_schema(schema) == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string"},
            "const": {"enum": ["a"]},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1},
            "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["title"],
        "$defs": {"Item": {"type": "string", "enum": ["a"]}},
    }


@pytest.mark.parametrize(
    ("model", "level", "expected"),
    [
        ("gemini-2.5-flash", "low", {"includeThoughts": True, "thinkingBudget": 1024}),
        ("gemini-2.5-flash", "off", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "off", {"thinkingBudget": 128}),
        ("gemini-3-flash-preview", "medium", {"includeThoughts": True, "thinkingLevel": "medium"}),
        ("gemini-3-flash-preview", "off", {"thinkingLevel": "minimal"}),
        ("gemini-3.1-pro-preview", "off", {"thinkingLevel": "low"}),
        ("gemini-flash-latest", "high", {"includeThoughts": True, "thinkingLevel": "high"}),
        ("publishers/google/models/gemini-2.5-flash", "high", {"includeThoughts": True, "thinkingBudget": 24576}),
    ],
)
def test_thinking_is_spelled_as_each_generation_of_models_wants_it(
    model: str, level: ThinkingLevel, expected: dict[str, Any]
) -> None:
    encoded = body(user("x"), model=model, parameters=Parameters(thinking=level))
    assert encoded["generationConfig"] == {"thinkingConfig": expected}


def test_parameters_are_sent_only_if_they_are_set() -> None:
    assert "generationConfig" not in body(user("x"))
    parameters = Parameters(9, 0.0, "low")
    encoded = body(user("x"), parameters=parameters, without=frozenset({"thinkingConfig"}))
    assert encoded["generationConfig"] == {"maxOutputTokens": 9, "temperature": 0.0}


def test_only_optional_fields_that_were_sent_can_be_refused() -> None:
    encoded = body(user("x"), parameters=Parameters(9, thinking="low"))
    assert refused_fields(encoded, "Thinking level MEDIUM is not supported for this model.") == {"thinkingConfig"}
    assert refused_fields(encoded, 'Unknown name "temperature"') == frozenset()
    assert refused_fields(encoded, "max_output_tokens must be positive") == {"maxOutputTokens"}
    assert refused_fields(body(user("x")), "thinking") == frozenset()


def test_a_reply_goes_back_part_by_part_as_it_came() -> None:
    contents = sent(user("x"), calling("a", "b", text="ignored", replay=own("a", "b")), results("b", "a"))
    assert contents == [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": PARTS},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "x", "name": "search", "response": {"output": "found a"}}},
                {"functionResponse": {"name": "search", "response": {"output": "found b"}}},
            ],
        },
    ]


def test_a_call_that_is_not_remembered_does_not_go_back() -> None:
    contents = sent(user("x"), calling("b", replay=own("a", "b")), results("b"))
    assert contents[1]["parts"] == [PARTS[0], PARTS[2]]
    assert len(contents[2]["parts"]) == 1


@pytest.mark.parametrize("replay", [own("a", server="other"), Replay("anthropic", {"a": "x"}, [])])
def test_nobody_gets_what_another_server_said(replay: Replay) -> None:
    contents = sent(user("x"), calling("a", text="t", replay=replay), results("a"))
    assert contents[1]["parts"] == [{"text": "t"}, {"functionCall": {"name": "search", "args": {"q": "a"}}}]
    assert contents[2]["parts"] == [{"functionResponse": {"name": "search", "response": {"output": "found a"}}}]


def test_failed_and_missing_results_are_errors() -> None:
    contents = sent(user("x"), calling("bad", "gone"), results("bad", "zzz"))
    [bad, gone] = [part["functionResponse"]["response"] for part in contents[2]["parts"]]
    assert bad == {"error": "found bad"}
    assert gone["error"]


def test_neighbours_of_one_role_become_one() -> None:
    contents = sent(user("a"), user("b"), AssistantMessage("c"), calling("d", text="e"), results("d"))
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[0]["parts"] == [{"text": "a"}, {"text": "b"}]
    assert [list(part) for part in contents[1]["parts"]] == [["text"], ["text"], ["functionCall"]]


def test_a_person_who_speaks_after_a_result_begins_a_new_turn() -> None:
    contents = sent(user("a"), calling("b"), results("b"), user("c"), user("d"))
    assert [list(content["parts"][0]) for content in contents] == [
        ["text"],
        ["functionCall"],
        ["functionResponse"],
        ["text"],
    ]
    assert len(contents[3]["parts"]) == 2


def test_a_reply_that_broke_off_before_it_said_anything_is_left_out() -> None:
    contents = sent(user("a"), AssistantMessage("", thinking="hm"), user("b"), AssistantMessage("c"), user("d"))
    assert [content["role"] for content in contents] == ["user", "model", "user"]


def test_pictures_and_files_are_sent_along() -> None:
    blocks = (TextContent("see"), Image("image/png", "AAAA"), Resource("file:///a.py", "x = 1"))
    assert sent(UserMessage(blocks))[0]["parts"] == [
        {"text": "see"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"text": '<file uri="file:///a.py">\nx = 1\n</file>'},
    ]
