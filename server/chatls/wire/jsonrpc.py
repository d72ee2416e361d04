"""JSON-RPC 2.0 messages: told apart and checked, built and written. Pure; knows no method.

A message is checked for parse, shape and id here; for duplicates, life cycle, method and params by who keeps those.
"""

from typing import Any, NamedTuple, TypeGuard, cast

from chatls.errors import INVALID_REQUEST, PARSE_ERROR, ErrorCode
from chatls.jsontext import loads, without_halves
from chatls.wire.stdio import Lost

Id = str | int


_HALF = "\ufffd"
"""What half of a character is read as; no name has one."""


class Request(NamedTuple):
    """Wants an answer."""

    id: Id
    method: str
    params: Any


class Notification(NamedTuple):
    """Wants none."""

    method: str
    params: Any


class Response(NamedTuple):
    """The client's answer to a request of ours."""

    id: Any
    result: Any
    error: Any


class Refusal(NamedTuple):
    """What was read is no message; this is the answer to it."""

    id: Id | None
    code: ErrorCode
    message: str


def parse(body: bytes) -> Request | Notification | Response | Refusal:
    """Tell what a body is."""
    try:
        value = loads(body)
    except ValueError as error:
        value = _with_halves(body)
        if value is None:
            return Refusal(None, PARSE_ERROR, f"not a JSON value: {error}")
    if not isinstance(value, dict):
        what = "batches are not supported" if isinstance(value, list) else "a message is a JSON object"
        return Refusal(None, INVALID_REQUEST, what)
    return _shape(cast("dict[str, Any]", value))


def _with_halves(body: bytes) -> dict[str, Any] | None:
    """A message in whose values halves of characters stand, which are read as U+FFFD; None: it is none."""
    try:
        value = loads(without_halves(body))
    except ValueError:
        return None
    if not isinstance(value, dict) or "jsonrpc" not in value:
        return None
    message = cast("dict[str, Any]", value)
    return None if _HALF in f"{message.get('id')}{message.get('method')}" else message


def lost(item: Lost) -> Refusal:
    """The answer to a stretch of input that holds no frame."""
    return Refusal(None, INVALID_REQUEST, item.reason)


def _shape(value: dict[str, Any]) -> Request | Notification | Response | Refusal:
    identifier = value.get("id")
    if "method" not in value and ("result" in value or "error" in value):
        return Response(identifier, value.get("result"), value.get("error"))
    readable = identifier if is_id(identifier) else None
    if value.get("jsonrpc") != "2.0":
        return Refusal(readable, INVALID_REQUEST, 'the member "jsonrpc" must be "2.0"')
    method = value.get("method")
    if not isinstance(method, str):
        return Refusal(readable, INVALID_REQUEST, 'the member "method" must be a string')
    params = value.get("params")
    if "id" not in value:
        return Notification(method, params)
    if not is_id(identifier):
        return Refusal(None, INVALID_REQUEST, f"the id {identifier!r} of {method!r} is neither a string nor an integer")
    return Request(identifier, method, params)


def is_id(value: object) -> TypeGuard[Id]:
    """Whether this can name a request. `True` is no integer here."""
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def result(identifier: Id, value: Any) -> dict[str, Any]:
    """An answer."""
    return {"jsonrpc": "2.0", "id": identifier, "result": value}


def error(identifier: Id | None, code: ErrorCode, message: str, data: Any = None) -> dict[str, Any]:
    """An answer that says why there is none."""
    body: dict[str, Any] = {"code": code.number, "message": message}
    if data is not None:
        body["data"] = data
    return {"jsonrpc": "2.0", "id": identifier, "error": body}


def notification(method: str, params: Any) -> dict[str, Any]:
    """A message that wants no answer."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def request(identifier: Id, method: str, params: Any) -> dict[str, Any]:
    """A message that wants one."""
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
