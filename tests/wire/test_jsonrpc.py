"""Messages told apart: what is no message is refused with the right code, and with the id where one can be read."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.errors import INVALID_REQUEST, PARSE_ERROR
from chatls.jsontext import dumps
from chatls.wire.jsonrpc import (
    Notification,
    Refusal,
    Request,
    Response,
    error,
    is_id,
    notification,
    parse,
    request,
    result,
)
from tests.support.cases import for_each


@for_each("body", [b"", b"{", b"\xff", b'{"id": NaN}', b"[" * 100_000, b'{"a": "\\ud800"}', b"{}{}"])
def test_what_is_no_json_is_a_parse_error_without_an_id(body: bytes) -> None:
    refusal = parse(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.code) == (None, PARSE_ERROR)


@for_each(
    ("body", "identifier"),
    [
        (b"[]", None),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "x"}]', None),
        (b"null", None),
        (b'"text"', None),
        (b"7", None),
        (b"{}", None),
        (b'{"jsonrpc": "2.0"}', None),
        (b'{"jsonrpc": "2.0", "id": 3}', 3),
        (b'{"id": 4, "method": "x"}', 4),
        (b'{"jsonrpc": "1.0", "id": "five", "method": "x"}', "five"),
        (b'{"jsonrpc": 2.0, "id": "", "method": "x"}', ""),
        (b'{"jsonrpc": "2.0", "id": 0, "method": 5}', 0),
        (b'{"jsonrpc": "2.0", "id": 0, "method": null}', 0),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": null, "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": 1e3, "method": "x"}', None),
        (b'{"jsonrpc": "2.0", "id": true}', None),
    ],
)
def test_what_is_no_request_is_refused_with_the_id_where_one_is_readable(body: bytes, identifier: Any) -> None:
    refusal = parse(body)
    assert isinstance(refusal, Refusal)
    assert (refusal.id, refusal.code) == (identifier, INVALID_REQUEST)
    assert type(refusal.id) is type(identifier)


def test_an_id_that_cannot_be_used_is_named_in_the_refusal() -> None:
    refusal = parse(b'{"jsonrpc": "2.0", "id": 1.5, "method": "chat/prompt"}')
    assert isinstance(refusal, Refusal)
    assert "1.5" in refusal.message
    assert "chat/prompt" in refusal.message


def test_half_a_character_in_a_value_costs_no_message() -> None:
    """JavaScript's texts may hold one: its `JSON.stringify` writes the escape."""
    body = rb'{"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"text": "a\ud83d \ud83d\ude00 \\ud800"}}'
    assert parse(body) == Request(1, "m", {"text": "a\ufffd \U0001f600 \\ud800"})


def test_a_nested_jsonrpc_member_is_an_ordinary_value() -> None:
    nested = {"jsonrpc": "2.0", "id": 9, "method": "exit"}
    assert parse(dumps(request(1, "x", {"text": nested}))) == Request(1, "x", {"text": nested})


def test_a_message_without_an_id_is_a_notification_and_one_with_a_result_a_response() -> None:
    assert parse(dumps(notification("x", [1]))) == Notification("x", [1])
    assert parse(b'{"jsonrpc": "2.0", "method": "x"}') == Notification("x", None)
    assert parse(dumps(result("a", None))) == Response("a", None, None)
    assert parse(dumps(error(None, INVALID_REQUEST, "no"))) == Response(None, None, {"code": -32600, "message": "no"})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_only_text_and_integers_are_ids(value: Any) -> None:
    assert is_id(value) == (type(value) in (str, int))


@given(
    st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]),
        st.sampled_from(["2.0", "x", 1, 0, -1, 1.5, None, True, [], {}, [1], {"id": 1}]),
    )
)
def test_any_object_is_told_apart_without_an_exception(value: dict[str, Any]) -> None:
    message = parse(json.dumps(value).encode())
    if isinstance(message, Request):
        assert value["id"] == message.id
        assert is_id(message.id)
    if isinstance(message, Refusal):
        assert message.id is None or message.id == value["id"]
