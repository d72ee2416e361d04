"""What can be said: parameters are checked by name, and values leave in the wire's spelling."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import (
    ActiveDocument,
    EditorContext,
    Image,
    ResourceLink,
    TextContent,
    TurnError,
    Usage,
    line_range,
    to_wire,
)
from chatls.errors import RequestError
from chatls.events import ToolCallEnd, ToolRunEnd
from chatls.wire.methods import (
    CancelParams,
    CommandParams,
    NoParams,
    Params,
    PermissionAnswer,
    PermissionsParams,
    PromptParams,
    PromptResult,
    read,
)
from tests.support.cases import for_each


def complaint(model: type[Params], params: object) -> str:
    with pytest.raises(RequestError) as caught:
        read(model, params)
    assert caught.value.code.number == -32602
    return str(caught.value)


def with_nulls(value: Any) -> Any:
    """The same with a null for each member that is not there."""
    names = (
        "sessionId",
        "model",
        "toolChoice",
        "tools",
        "workDoneToken",
        "range",
        "active",
        "selection",
        "open",
        "_meta",
    )
    if isinstance(value, dict):
        return dict.fromkeys(names) | {name: with_nulls(item) for name, item in cast("dict[str, Any]", value).items()}
    return [with_nulls(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def test_what_is_free_may_be_nested_as_deeply_as_json_is_read() -> None:
    deep: Any = None
    for _ in range(1020):
        deep = [deep]
    assert read(PromptParams, {"content": "hello", "model": None, "_meta": {"x": deep}}).model is None


def test_null_counts_as_absent_everywhere() -> None:
    uri = "file:///a"
    blocks: list[Any] = [
        {"type": "text", "text": "x"},
        {"type": "resource_link", "uri": uri},
        {"type": "editor_context", "active": {"uri": uri}},
    ]
    several: list[Any] = [{"content": "x"}, {"content": blocks}, {"content": "x", "toolChoice": "none", "tools": []}]
    for params in several:
        assert read(PromptParams, with_nulls(params)) == read(PromptParams, params)
    assert read(PermissionsParams, {"revoke": None}) == PermissionsParams()
    assert read(CommandParams, {"command": "c", "arguments": None}) == CommandParams(command="c")
    assert read(NoParams, {"anything": None}) == NoParams()
    assert read(PermissionAnswer, {"outcome": "cancelled", "optionId": None}).option_id is None
    assert complaint(CancelParams, {"sessionId": None}) == complaint(CancelParams, {})


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ([], "params"),
        ("x", "params"),
        (5, "params"),
        (None, "content"),
        ({}, "content"),
        ({"content": 5}, "content"),
        ({"content": ""}, "content"),
        ({"content": []}, "content"),
        ({"content": None}, "content"),
        ({"content": [{"type": "film"}]}, "content.0"),
        ({"content": [{"text": "x"}]}, "content.0"),
        ({"content": ["x"]}, "content.0"),
        ({"content": [{"type": "text", "text": "x"}, {"type": "image", "data": ""}]}, "content.1.image.mimeType"),
        ({"content": [{"type": "resource_link"}]}, "content.0.resource_link.uri"),
        ({"content": [{"type": "resource_link", "uri": "x", "range": 5}]}, "range"),
        (
            {"content": [{"type": "editor_context", "active": {"selection": None}}]},
            "content.0.editor_context.active.uri",
        ),
        ({"content": [{"type": "editor_context", "open": [5]}]}, "content.0.editor_context.open.0"),
        ({"content": "x", "sessionId": 5}, "sessionId"),
        ({"content": "x", "newSessionId": ""}, "newSessionId"),
        ({"content": "x", "newSessionId": "n" * 201}, "newSessionId"),
        ({"content": "x", "sessionId": "a", "newSessionId": "b"}, "sessionId"),
        ({"content": "x", "model": 5}, "model"),
        ({"content": "x", "toolChoice": "always"}, "toolChoice"),
        ({"content": "x", "tools": "read_file"}, "tools"),
        ({"content": "x", "tools": [5]}, "tools.0"),
        ({"content": "x", "workDoneToken": 1.5}, "workDoneToken"),
        ({"content": "x", "workDoneToken": True}, "workDoneToken"),
        ({"content": "x", "partialResultToken": {}}, "partialResultToken"),
        ({"content": "x", "partialResultToken": []}, "partialResultToken"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_deepest_member(params: object, named: str) -> None:
    assert named in complaint(PromptParams, params)


@for_each("params", [{}, {"sessionId": None}, {"sessionId": 5}])
def test_a_cancel_needs_a_session(params: object) -> None:
    assert "sessionId" in complaint(CancelParams, params)


def test_a_command_needs_a_name_and_its_arguments_are_a_list() -> None:
    assert "command" in complaint(CommandParams, {"arguments": []})
    assert "arguments" in complaint(CommandParams, {"command": "x", "arguments": {}})


@for_each(
    ("params", "named"), [({"revoke": "id"}, "revoke"), ({"revoke": [5]}, "revoke.0"), ({"sessionId": 5}, "sessionId")]
)
def test_permissions_are_revoked_by_their_ids(params: object, named: str) -> None:
    assert named in complaint(PermissionsParams, params)
    assert read(PermissionsParams, None) == PermissionsParams(session_id=None, revoke=[])


@for_each("token", [0, "", 1, "1", -5, 2**31])
def test_tokens_keep_their_type(token: int | str) -> None:
    params = read(PromptParams, {"content": "x", "workDoneToken": token, "partialResultToken": token})
    assert (type(params.partial_result_token), params.partial_result_token) == (type(token), token)
    assert (type(params.work_done_token), params.work_done_token) == (type(token), token)


@for_each("params", [None, {}, {"_meta": {"a": 1}, "later": True}])
def test_absent_and_unknown_members_are_no_fault(params: object) -> None:
    assert read(NoParams, params) == NoParams()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_whatever_the_content_is_it_is_taken_or_refused(content: Any) -> None:
    if isinstance(content, str) and content:
        assert read(PromptParams, {"content": content}).content == content
    else:
        complaint(PromptParams, {"content": content})


def test_content_blocks_are_read_in_the_wires_spelling() -> None:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    params = read(
        PromptParams,
        {
            "content": [
                {"type": "text", "text": "a", "_meta": 1},
                {"type": "resource_link", "uri": "file:///a", "range": place},
                {"type": "image", "mimeType": "image/png", "data": "AA=="},
                {"type": "editor_context"},
                {"type": "editor_context", "active": {"uri": "file:///a", "selection": place}, "open": ["file:///b"]},
            ]
        },
    )
    assert params.content == [
        TextContent("a"),
        ResourceLink("file:///a", line_range(1, 2)),
        Image("image/png", "AA=="),
        EditorContext(),
        EditorContext(ActiveDocument("file:///a", line_range(1, 2)), ("file:///b",)),
    ]


def test_none_is_left_out_where_it_is_the_default_and_written_where_it_says_something() -> None:
    result = to_wire(PromptResult("s", "t", "end_turn", None, 1, 0, {}, 5, None))
    assert result["usage"] is None
    assert result["timeToFirstChunkMs"] is None
    assert "text" not in result
    assert "error" not in result


def test_nested_values_are_spelled_as_the_wire_spells_them() -> None:
    error = TurnError("overloaded", "busy", retryable=True, retry_after_ms=5, http_status=529)
    result = to_wire(PromptResult("s", "t", "error", Usage(1, 2, 3, 4), 1, 0, {"read_file": 2}, 5, 6, "x", error))
    assert result["usage"] == {"inputTokens": 1, "outputTokens": 2, "cacheReadTokens": 3, "cacheWriteTokens": 4}
    assert result["tools"] == {"read_file": 2}
    assert result["error"] == {
        "kind": "overloaded",
        "message": "busy",
        "retryable": True,
        "retryAfterMs": 5,
        "httpStatus": 529,
    }


def test_a_models_arguments_are_not_respelled() -> None:
    value = to_wire(ToolCallEnd("c", "search", "search", {"start_line": 1, "jsonrpc": {"id": None}}))
    assert value["arguments"] == {"start_line": 1, "jsonrpc": {"id": None}}
    assert "argumentsError" not in value


def test_tool_content_is_spelled_as_the_wire_spells_it() -> None:
    content = (TextContent("a"), ResourceLink("file:///a", line_range(1, 1)))
    value = to_wire(ToolRunEnd("c", "completed", content))
    assert value["content"] == [
        {"text": "a", "type": "text"},
        {
            "uri": "file:///a",
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}},
            "type": "resource_link",
        },
    ]
