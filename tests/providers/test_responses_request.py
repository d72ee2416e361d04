"""What a Responses server is sent: its own items as they came, and a history that none of them refuses."""

import json
from typing import Any

from chatls.content import Image, JsonObject, ResourceLink, TextContent
from chatls.errors import ErrorKind, ProviderError
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.provider import ModelRequest, Parameters
from chatls.providers.responses_request import encode, refusable
from tests.support.cases import for_each

TOOL = ToolSpec("search", "Find text.", {"type": "object", "properties": {}})
USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}


def body(*messages: Message, stream: bool = True, without: tuple[str, ...] = (), **more: Any) -> JsonObject:
    request = ModelRequest("m", more.pop("system", ""), messages, **more)
    encoded = encode(request, "work", stream=stream, without=frozenset(without))
    json.dumps(encoded)
    return encoded


def sent(*messages: Message, without: tuple[str, ...] = ()) -> list[JsonObject]:
    return body(*messages, without=without)["input"]


def kinds(items: list[JsonObject]) -> list[str]:
    return [item["role"] if item["type"] == "message" else item["type"] for item in items]


def user(text: str) -> UserMessage:
    return UserMessage((TextContent(text),))


def calling(*ids: str, text: str = "", replay: Replay | None = None) -> AssistantMessage:
    return AssistantMessage(text, tuple(ToolCall(name, "search", {"q": name}) for name in ids), "", replay)


def results(*ids: str) -> ToolMessage:
    return ToolMessage(tuple(ToolResult(name, "search", f"found {name}") for name in ids))


def own(ids: dict[str, str], *items: JsonObject, server: str = "work") -> Replay:
    return Replay("openai_responses", ids, {"server": server, "items": list(items)})


def thought(name: str = "rs_1", **more: Any) -> JsonObject:
    return {"type": "reasoning", "id": name, "summary": [], "encrypted_content": "gAAA", **more}


def said(text: str, name: str = "msg_1") -> JsonObject:
    content: list[JsonObject] = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": name, "role": "assistant", "status": "completed", "content": content}


def called(call_id: str = "call_1", name: str = "fc_1", **more: Any) -> JsonObject:
    item = {"type": "function_call", "id": name, "call_id": call_id, "name": "search", "arguments": '{"q": "x"}'}
    return {**item, "status": "completed", **more}


def output(call_id: str, text: str) -> JsonObject:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def test_a_plain_request_says_no_more_than_it_must() -> None:
    plain = {"model": "m", "input": [USER], "store": False, "include": ["reasoning.encrypted_content"]}
    assert body(user("hello"), stream=False) == plain
    assert body(user("hello"), system="Be brief.") == {**plain, "instructions": "Be brief.", "stream": True}


def test_tools_are_functions_that_may_be_called_at_once() -> None:
    encoded = body(user("x"), tools=(TOOL,))
    assert encoded["tools"] == [
        {
            "type": "function",
            "name": "search",
            "description": "Find text.",
            "parameters": TOOL.input_schema,
            "strict": False,
        }
    ]
    assert encoded["parallel_tool_calls"] is True
    assert "tool_choice" not in encoded
    assert body(user("x"), tools=(TOOL,), tool_choice="required")["tool_choice"] == "required"
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body(user("x"), tool_choice="none").keys()


def test_parameters_are_spelled_as_the_server_spells_them() -> None:
    encoded = body(user("x"), parameters=Parameters(900, 0.5, "high"))
    assert (encoded["max_output_tokens"], encoded["temperature"]) == (900, 0.5)
    assert encoded["reasoning"] == {"effort": "high", "summary": "auto"}
    assert body(user("x"), parameters=Parameters(thinking="off"))["reasoning"] == {"effort": "none"}


def test_pictures_and_files_are_sent_along() -> None:
    [message] = sent(UserMessage((TextContent("see"), ResourceLink("file:///a.py"), Image("image/png", "AAAA"))))
    assert message["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_text", "text": '<file uri="file:///a.py"/>'},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"},
    ]


def test_a_reply_goes_back_as_it_came() -> None:
    items = [thought(), said("a"), thought("rs_2"), called(), called("call_2", "fc_2")]
    history = sent(
        user("hello"),
        calling("a", "b", text="a", replay=own({"a": "call_1", "b": "call_2"}, *items)),
        results("b", "a"),
    )
    assert history == [USER, *items, output("call_1", "found a"), output("call_2", "found b")]


def test_history_of_another_server_is_told_in_plain_words() -> None:
    for replay in (
        None,
        Replay("anthropic", {"a": "toolu_1"}, [{"type": "thinking"}]),
        own({"a": "call_1"}, thought(), called(), server="other"),
    ):
        assert sent(calling("a", text="t", replay=replay), results("a")) == [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "t"}]},
            {"type": "function_call", "name": "search", "arguments": '{"q":"a"}', "call_id": "a"},
            output("a", "found a"),
        ]


def test_a_history_that_was_cancelled_or_failed_is_valid() -> None:
    empty, half = AssistantMessage("", thinking="hm"), AssistantMessage("half a sen")
    items = sent(user("a"), empty, user("b"), half, user("c"), calling("x"), user("d"))
    assert kinds(items) == ["user", "assistant", "user", "function_call", "function_call_output", "user"]
    assert [part["text"] for part in items[0]["content"]] == ["a", "b"]
    assert items[4]["output"]


def test_a_result_without_a_call_is_left_out() -> None:
    assert kinds(sent(user("a"), results("x"))) == ["user"]


def test_a_call_that_was_cut_off_goes_and_its_reasoning_with_it() -> None:
    items = [thought(), called(), thought("rs_2"), called("call_2", "fc_2", arguments='{"q', status="incomplete")]
    replay = own({"a": "call_1", "b": "call_2"}, *items)
    assert sent(calling("a", replay=replay), results("a")) == [thought(), called(), output("call_1", "found a")]


def test_reasoning_without_its_successor_is_left_out() -> None:
    assert sent(AssistantMessage("a", replay=own({}, said("a"), thought()))) == [said("a")]


def test_reasoning_that_is_known_only_by_its_id_is_left_out_and_the_ids_with_it() -> None:
    bare = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    history = sent(calling("a", replay=own({"a": "call_1"}, bare, called())), results("a"))
    assert history == [{key: value for key, value in called().items() if key != "id"}, output("call_1", "found a")]


def test_reasoning_in_full_goes_back() -> None:
    raw = {"type": "reasoning", "id": "x", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    assert sent(calling("a", replay=own({"a": "call_1"}, raw, called())), results("a"))[:2] == [raw, called()]


def test_ids_stay_unique_over_the_whole_request() -> None:
    items = sent(
        calling("a", "b", replay=own({"a": "call_0", "b": "call_0"}, called("call_0"), called("call_0", "fc_2"))),
        results("a", "b"),
        user("x"),
        calling("c", replay=own({"c": "call_0"}, called("call_0"))),
        results("c"),
    )
    calls = [item for item in items if item["type"] == "function_call"]
    assert [item["call_id"] for item in calls] == ["call_0", "b", "c"]
    assert [item["call_id"] for item in items if item["type"] == "function_call_output"] == ["call_0", "b", "c"]
    assert [item.get("id") for item in calls] == ["fc_1", "fc_2", None]


def test_arguments_that_are_no_object_do_not_go_back() -> None:
    [item, _] = sent(calling("a", replay=own({"a": "call_1"}, called(arguments='{"q'))), results("a"))
    assert item == called(arguments='{"q":"a"}')


def test_what_has_no_item_is_told_in_plain_words() -> None:
    items = sent(calling("a", "b", text="t", replay=own({"a": "call_1", "b": "call_2"}, called())), results("a", "b"))
    assert kinds(items) == ["assistant", "function_call", "function_call", *["function_call_output"] * 2]
    assert [item["call_id"] for item in items[1:]] == ["call_1", "call_2"] * 2


def test_a_custom_tool_is_answered_as_one() -> None:
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "search", "input": "words"}
    assert sent(calling("a", replay=own({"a": "call_1"}, item)), results("a")) == [
        item,
        {**output("call_1", "found a"), "type": "custom_tool_call_output"},
    ]


REFUSALS: list[tuple[str, int, ErrorKind, str | None]] = [
    ("Unsupported parameter: 'temperature' is not supported with this model.", 400, "bad_request", "temperature"),
    ("temperature: not supported with reasoning.effort 'high'", 400, "bad_request", "temperature"),
    ("include: Encrypted content is not supported with this model.", 400, "bad_request", "include"),
    ("Unknown parameter: 'include[0]'.", 400, "bad_request", "include"),
    ("Unknown include value: reasoning.encrypted_content", 422, "bad_request", "include"),
    ("body.parallel_tool_calls: Extra inputs are not permitted", 422, "bad_request", "parallel_tool_calls"),
    ("Your organization must be verified to generate reasoning summaries.", 400, "bad_request", "reasoning.summary"),
    ("reasoning.summary: Unsupported value: 'auto'", 400, "bad_request", "reasoning.summary"),
    ("reasoning.effort: Unsupported value: 'none'", 400, "bad_request", "reasoning"),
    ("Unrecognized key(s) in object: 'strict'", 400, "bad_request", "strict"),
    ("The instructions parameter is not supported", 400, "bad_request", "instructions"),
    ("Unknown parameter: 'store'", 400, "bad_request", "store"),
    ("Invalid 'input[1].id': 'x'. Expected an ID that begins with 'msg'.", 400, "bad_request", "ids of items"),
    ("Invalid value: 'reasoning'. Supported values are: 'message'.", 400, "bad_request", "items of reasoning"),
    ("The model 'strict' was not found.", 404, "not_found", None),
    ("Please store less, include more.", 400, "bad_request", None),
    ("max_output_tokens: too many tokens in all", 400, "context_window_exceeded", None),
    ("temperature is too high here", 500, "bad_request", None),
]


@for_each(("words", "status", "kind", "expected"), REFUSALS)
def test_a_refusal_names_what_can_be_left_out(words: str, status: int, kind: ErrorKind, expected: str | None) -> None:
    error = ProviderError(kind, f'work (host) refused the request: "{words}"', http_status=status)
    assert next(iter(refusable(error)), None) == expected


def test_what_was_refused_is_left_out() -> None:
    replay = own({"a": "call_1"}, thought(), called())
    request: dict[str, Any] = {"tools": (TOOL,), "parameters": Parameters(900, 0.5, "low"), "system": "Be brief."}
    for name in ("include", "store", "parallel_tool_calls", "temperature", "max_output_tokens", "reasoning"):
        assert name not in body(user("x"), without=(name,), **request)
    assert body(user("x"), without=("reasoning.summary",), **request)["reasoning"] == {"effort": "low"}
    assert "strict" not in body(user("x"), without=("strict",), **request)["tools"][0]
    plain = body(user("x"), without=("instructions",), **request)
    assert "instructions" not in plain
    assert plain["input"][0] == {**USER, "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]}
    for name, expected in {
        "items of reasoning": ["function_call", "function_call_output"],
        "ids of items": ["reasoning", "function_call", "function_call_output"],
    }.items():
        items = sent(calling("a", replay=replay), results("a"), without=(name,))
        assert kinds(items) == expected
        assert not any("id" in item for item in items)
