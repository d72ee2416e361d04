"""What no polite client sends: what is no frame, message or id is answered or skipped, and the daemon lives on.

Where a docstring says that pygls 2.1.1 fails, that was found by experiment, and is held against us in this folder.
"""

import json
from typing import Any

import pytest

from tests.daemon.conftest import Start
from tests.daemon.raw import CHATLS, Daemon, Id, frame, key, packed

PARSE, INVALID, UNKNOWN, PARAMS, EARLY = -32700, -32600, -32601, -32602, -32002
MEBI = 2**20


def refused(daemon: Daemon, data: bytes, code: int, identifier: Id | None = None) -> str:
    """Send bytes that must be answered with this error and nothing else, and make sure that the daemon lives on."""
    at = len(daemon.log)
    if identifier is not None:
        daemon.owe(identifier)
    daemon.write(data)
    daemon.refusal("$/alive")
    answers = [message for message in daemon.log[at:] if "method" not in message][:-1]
    assert [(answer["error"]["code"], key(answer["id"])) for answer in answers] == [(code, key(identifier))]
    return answers[0]["error"]["message"]


def unknown(identifier: Id, **members: Any) -> bytes:
    """A request that is answered with -32601, whoever sends it."""
    return packed({"jsonrpc": "2.0", "id": identifier, "method": "$/unknown", **members})


# Frames


def test_a_frame_that_comes_byte_by_byte_is_answered_once(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: one odd header and all is lost."""
    daemon.owe("slow")
    for byte in unknown("slow", params={"text": "\U0001f600"}):
        daemon.write(bytes([byte]))
    assert daemon.answer("slow")["error"]["code"] == UNKNOWN


@pytest.mark.parametrize(
    "header",
    [
        "content-length: {}\r\n\r\n",
        "CONTENT-LENGTH:{}\r\n\r\n",
        "Content-Length: {}\n\n",
        "Content-Length :\t{} \r\n\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        "Content-Length: {}\r\nX-Other: a: b\r\n\r\n",
        "a line of garbage\r\nContent-Length: {}\r\n\r\n",
        "\r\n\r\nContent-Length: {}\r\n\r\n",
    ],
)
def test_an_odd_header_loses_nothing(daemon: Daemon, header: str) -> None:
    """pygls 2.1.1 fails here: one odd header and all is lost."""
    body = unknown("odd").partition(b"\r\n\r\n")[2]
    assert "$/unknown" in refused(daemon, header.format(len(body)).encode() + body, UNKNOWN, "odd")


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage\r\n\r\n",
        b"Content-Type: x\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: five\r\n\r\n{}",
        b"Content-Length: \r\n\r\n{}",
        b"Content-Length: 999999999999999\r\n\r\n{}",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        b"X: " + b"x" * (65 * 1024),
        b"\0\xff\xfe" * 30_000,
    ],
)
def test_where_a_boundary_is_lost_it_is_said_once_and_the_next_frame_is_answered(
    daemon: Daemon, garbage: bytes
) -> None:
    """A length of any size neither ends the process nor reserves memory."""
    assert "Content-Length" in refused(daemon, garbage, INVALID)


def test_an_empty_frame_is_a_parse_error(daemon: Daemon) -> None:
    refused(daemon, frame(b""), PARSE)


def test_a_message_over_64_mebibytes_is_refused_and_skipped_by_its_count(start: Start) -> None:
    """P8."""
    daemon = start(CHATLS)
    daemon.initialize()
    daemon.write(b"Content-Length: %d\r\n\r\n" % (64 * MEBI + 1))
    assert str(64 * MEBI) in daemon.answer(None)["error"]["message"]
    for _ in range(64):
        daemon.write(b"Content-Length: 2\r\n\r\n{}".ljust(MEBI))
    daemon.write(b"x")
    assert daemon.refusal("$/alive").code == UNKNOWN
    assert len([message for message in daemon.log if "error" in message]) == 2
    assert daemon.leave() == 0
    daemon.check()


def test_a_long_message_below_the_cap_is_taken(daemon: Daemon) -> None:
    assert daemon.refusal("chat/prompt", {"content": ["x" * (8 * MEBI)]}).code == PARAMS


@pytest.mark.parametrize("rest", [b"Content-Le", b"Content-Length: 99\r\n\r\n{"])
def test_half_a_frame_and_the_end_is_the_end(start: Start, rest: bytes) -> None:
    daemon = start(CHATLS)
    daemon.initialize()
    assert daemon.refusal("$/alive").code == UNKNOWN
    daemon.write(rest)
    daemon.close_input()
    assert daemon.wait() == 1
    daemon.check()


def test_two_messages_in_one_write_are_two_and_their_answers_keep_the_order(daemon: Daemon) -> None:
    for identifier in ("one", "two", "three"):
        daemon.owe(identifier)
    daemon.write(unknown("one") + unknown("two") + unknown("three"))
    daemon.answer("three")
    assert [message["id"] for message in daemon.log[-3:]] == ["one", "two", "three"]


# Messages


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}{}",
        b"nonsense",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": NaN}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": Infinity}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'\xef\xbb\xbf{"jsonrpc": "2.0", "id": 1, "method": "x"}',
    ],
)
def test_what_is_no_json_is_a_parse_error_without_an_id(daemon: Daemon, body: bytes) -> None:
    """pygls 2.1.1 fails here: no answer to what cannot be read; errors about errors."""
    refused(daemon, frame(body), PARSE)


def test_a_number_of_a_million_digits_harms_nobody(daemon: Daemon) -> None:
    body = b'{"jsonrpc": "2.0", "id": "n", "method": "$/x", "params": {"n": ' + b"9" * 10**6 + b"}}"
    daemon.write(frame(body))
    daemon.refusal("$/alive")
    answer = next(message for message in daemon.log if message.get("id") in ("n", None) and "error" in message)
    if answer["id"] == "n":
        daemon.owe("n")


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        ([], None),
        ([{"jsonrpc": "2.0", "id": 1, "method": "chat/tools"}], None),
        ("text", None),
        (None, None),
        (7, None),
        ({}, None),
        ({"jsonrpc": "2.0"}, None),
        ({"jsonrpc": "2.0", "id": "lonely"}, "lonely"),
        ({"id": "old", "method": "chat/tools"}, "old"),
        ({"jsonrpc": "1.0", "id": "older", "method": "chat/tools"}, "older"),
        ({"jsonrpc": 2, "id": 4711, "method": "chat/tools"}, 4711),
        ({"jsonrpc": "2.0", "id": "m", "method": 5}, "m"),
        ({"jsonrpc": "2.0", "id": "m", "method": None}, "m"),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "chat/tools"}, None),
        ({"jsonrpc": "2.0", "id": None, "method": "chat/tools"}, None),
        ({"jsonrpc": "2.0", "id": True, "method": "chat/tools"}, None),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "chat/tools"}, None),
        ({"jsonrpc": "2.0", "id": [1], "method": "chat/tools"}, None),
        ({"jsonrpc": "2.0", "id": 10**30, "method": "chat/tools"}, None),
    ],
)
def test_what_is_no_request_is_refused_with_its_id_where_one_is_readable(
    daemon: Daemon, body: Any, identifier: Id | None
) -> None:
    """pygls 2.1.1 fails here: no answer to what cannot be read."""
    refused(daemon, frame(json.dumps(body).encode()), INVALID, identifier)


@pytest.mark.parametrize("identifier", [0, -1, "", "0", 2**53, "\U0001f600", "x" * 10_000])
def test_an_id_comes_back_as_it_was(daemon: Daemon, identifier: Id) -> None:
    refused(daemon, unknown(identifier), UNKNOWN, identifier)


def test_an_id_that_is_in_flight_is_refused_without_it_and_the_first_stays_cancellable(daemon: Daemon) -> None:
    """P11."""
    turn = daemon.prompt([{"hang": True}], identifier="twice")
    turn.event("turnStart")
    words = refused(daemon, unknown("twice"), INVALID)
    assert "twice" in words
    refused(daemon, frame(b'{"jsonrpc": "2.0", "id": "twice"}'), INVALID)
    refused(daemon, frame(b'{"id": "twice", "method": "chat/tools"}'), INVALID)
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"
    refused(daemon, unknown("twice"), UNKNOWN, "twice")
    daemon.forget("twice")


def test_1_and_the_text_1_are_two_ids(daemon: Daemon) -> None:
    number, text = (daemon.prompt([{"hang": True}], identifier=identifier) for identifier in (10_001, "10001"))
    number.event("turnStart")
    text.event("turnStart")
    number.cancel()
    assert number.result()["stopReason"] == "cancelled"
    assert "answer" not in [message.get("id") for message in daemon.log]
    text.cancel()
    assert text.result()["stopReason"] == "cancelled"


def test_a_nested_jsonrpc_key_is_text_like_any_other(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: nested "jsonrpc" keys."""
    nested = {"jsonrpc": "2.0", "id": 1, "method": "exit", "params": {"jsonrpc": "1.0"}}
    turn = daemon.prompt([{"text": "fine"}], content=[{"type": "text", "text": "x", "_meta": nested}])
    assert turn.result()["stopReason"] == "end_turn"
    turn = daemon.prompt([{"toolCall": {"name": "search", "arguments": {"jsonrpc": nested}}}], [{"text": "done"}])
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.event("toolCallEnd")["argumentsError"]


def test_parameters_keep_their_names_and_unknown_ones_are_ignored(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: mangled parameter names."""
    odd: dict[str, Any] = {"class": 1, "_x": 2, "a-b": 3, "": 4, "_meta": {"from": "here"}}
    assert daemon.prompt([{"text": "fine"}], **odd).result()["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    "method", ["nothing", "$/request", "$/cancelRequest", "textDocument/hover", "textDocument/didOpen", "exit", ""]
)
def test_an_unknown_request_is_answered_and_named(daemon: Daemon, method: str) -> None:
    assert repr(method) in refused(daemon, packed({"jsonrpc": "2.0", "id": "u", "method": method}), UNKNOWN, "u")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("nothing", None),
        ("$/notification", {"a": 1}),
        ("initialized", {}),
        ("$/setTrace", {"value": "verbose"}),
        ("chat/prompt", {"content": "no id, so no answer"}),
        ("$/cancelRequest", None),
        ("$/cancelRequest", []),
        ("$/cancelRequest", {"id": 4.5}),
        ("$/cancelRequest", {"id": None}),
        ("$/cancelRequest", {"id": [1]}),
        ("$/cancelRequest", {"id": "unheard of"}),
        ("window/workDoneProgress/cancel", None),
        ("window/workDoneProgress/cancel", {"token": {}}),
        ("window/workDoneProgress/cancel", {"token": "unheard of"}),
        ("workspace/didChangeConfiguration", None),
        ("workspace/didChangeConfiguration", {"settings": None}),
        ("workspace/didChangeConfiguration", {"settings": {"others": 1}}),
    ],
)
def test_a_notification_that_says_nothing_to_us_is_ignored(daemon: Daemon, method: str, params: Any) -> None:
    """P19."""
    at = len(daemon.log)
    daemon.notify(method, params)
    daemon.refusal("$/alive")
    assert len(daemon.log) == at + 1


@pytest.mark.parametrize(
    ("method", "params", "named"),
    [
        ("chat/prompt", None, "content"),
        ("chat/prompt", {}, "content"),
        ("chat/prompt", [], "params"),
        ("chat/prompt", ["hello"], "params"),
        ("chat/prompt", "hello", "params"),
        ("chat/prompt", 5, "params"),
        ("chat/prompt", {"content": 5}, "content"),
        ("chat/prompt", {"content": [{"type": "film"}]}, "content.0"),
        ("chat/prompt", {"content": "x", "sessionId": "a", "newSessionId": "b"}, "newSessionId"),
        ("chat/prompt", {"content": "x", "partialResultToken": 1.5}, "partialResultToken"),
        ("chat/prompt", {"content": "x", "workDoneToken": []}, "workDoneToken"),
        ("chat/cancel", None, "sessionId"),
        ("chat/cancel", {"sessionId": 5}, "sessionId"),
        ("chat/tools", [], "params"),
        ("chat/models", 5, "params"),
        ("workspace/executeCommand", None, "command"),
        ("workspace/executeCommand", {"command": "nothing"}, "nothing"),
        ("workspace/executeCommand", {"command": "chatls.cancel", "arguments": {}}, "arguments"),
        ("workspace/executeCommand", {"command": "chatls.cancel", "arguments": ["x"]}, "params"),
        ("workspace/executeCommand", {"command": "chatls.cancel", "arguments": [{"sessionId": 5}]}, "sessionId"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_name(daemon: Daemon, method: str, params: Any, named: str) -> None:
    """pygls 2.1.1 fails here: no answer to what cannot be read."""
    refusal = daemon.refusal(method, params)
    assert refusal.code == PARAMS
    assert named in refusal.message
    assert refusal.data == {"kind": "invalid_params", "retryable": False}


def test_absent_parameters_count_as_an_empty_object(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: no answer to what cannot be read."""
    daemon.owe("bare")
    daemon.write(packed({"jsonrpc": "2.0", "id": "bare", "method": "chat/tools"}))
    assert daemon.answer("bare")["result"]["tools"]
    assert daemon.call("chat/tools", None) == daemon.call("chat/tools", {}) == daemon.answer("bare")["result"]


def test_the_tools_are_listed_with_their_schemas(daemon: Daemon) -> None:
    """Members at their default are written."""
    tools = {tool["name"]: tool for tool in daemon.call("chat/tools")["tools"]}
    assert {"read_file", "search", "list_files"} <= tools.keys()
    assert tools["search"]["readOnly"] is True
    assert tools["search"]["kind"] == "search"
    assert tools["search"]["inputSchema"]["required"] == ["pattern"]
    assert tools["write"]["readOnly"] is False


@pytest.mark.parametrize(
    "message",
    [
        {"id": "unheard of", "result": 1},
        {"id": "unheard of", "error": {"code": 1, "message": "x"}},
        {"id": None, "error": {"code": 1, "message": "x"}},
        {"id": {}, "result": None},
        {"id": 1, "result": None},
        {"result": None},
    ],
)
def test_an_answer_to_nothing_is_ignored(daemon: Daemon, message: dict[str, Any]) -> None:
    """pygls 2.1.1 fails here: late answers; doubled answers."""
    at = len(daemon.log)
    daemon.send({"jsonrpc": "2.0", **message})
    daemon.refusal("$/alive")
    assert len(daemon.log) == at + 1


def test_an_answer_with_the_id_of_a_request_in_flight_does_not_touch_it(daemon: Daemon) -> None:
    """pygls 2.1.1 fails here: doubled answers."""
    turn = daemon.prompt([{"hang": True}], identifier="mine")
    turn.event("turnStart")
    daemon.send({"jsonrpc": "2.0", "id": "mine", "result": {"stopReason": "end_turn"}})
    daemon.refusal("$/alive")
    turn.cancel()
    assert turn.result()["stopReason"] == "cancelled"


def test_a_thousand_requests_at_once_get_a_thousand_answers(daemon: Daemon) -> None:
    identifiers = [f"many-{number}" for number in range(1000)]
    for identifier in identifiers:
        daemon.owe(identifier)
    daemon.write(b"".join(map(unknown, identifiers)))
    daemon.answer(identifiers[-1])
    assert [message["id"] for message in daemon.log if str(message.get("id")).startswith("many-")] == identifiers


def test_text_of_every_plane_arrives_byte_for_byte(daemon: Daemon) -> None:
    """Lengths are bytes."""
    text = 'a\u00e9\u20ac\U0001f600\u2028\u0000\x0c"\\'
    turn = daemon.prompt([{"text": text}], chars=1)
    assert turn.result()["stopReason"] == "end_turn"
    assert turn.text == text


def test_a_bug_is_told_without_what_it_was_about(daemon: Daemon) -> None:
    """No traceback and no path reaches the client."""
    turn = daemon.prompt([{"toolCall": {"name": "bug"}}], [{"text": "I see"}])
    assert turn.result()["stopReason"] == "end_turn"
    said = json.dumps(turn.event("toolRunEnd"))
    assert "bug in the tool" in said
    assert ".py" not in said
    daemon.pardon("ZeroDivisionError: a bug")


def test_words_of_a_conversation_are_in_no_log(start: Start) -> None:
    """At the default level, and at INFO."""
    for level in ("", "INFO"):
        daemon = start(CHATLS, variables={"CHATLS_LOG": level})
        daemon.initialize({})
        turn = daemon.prompt([{"text": "canary one"}], content="canary two", chars=100)
        assert turn.result()["stopReason"] == "end_turn"
        daemon.notify("textDocument/didOpen", {"textDocument": {"uri": "canary:three"}})
        assert daemon.leave() == 0
        assert "canary" not in daemon.stderr


# Before initialize


def test_before_initialize_the_same_holds(start: Start) -> None:
    """pygls 2.1.1 fails here: no life cycle."""
    daemon = start(CHATLS)
    for data, code in [
        (frame(b"{"), PARSE),
        (frame(b"[]"), INVALID),
        (b"Content-Length: -1\r\n\r\n", INVALID),
        (frame(b'{"jsonrpc": "2.0", "id": 1.5, "method": "initialize"}'), INVALID),
    ]:
        daemon.write(data)
        assert daemon.read()["error"]["code"] == code
    for method in ("chat/prompt", "shutdown", "$/x", "textDocument/hover"):
        assert daemon.refusal(method, {}).code == EARLY
    daemon.notify("textDocument/didOpen", {"textDocument": 5})
    daemon.notify("initialized")
    assert daemon.refusal("initialize", {"capabilities": 5}).code == PARAMS
    assert daemon.initialize()["serverInfo"]["name"] == "chatls"
    assert daemon.prompt([{"text": "fine"}]).result()["stopReason"] == "end_turn"
    assert daemon.leave() == 0
    daemon.check()


def test_everything_sent_in_one_write_behind_initialize_is_answered(start: Start) -> None:
    daemon = start(CHATLS)
    path = daemon.folder / "script.json"
    path.write_text('{"replies": [[{"text": "at once"}]]}')
    settings = {"model": "s/x", "providers": {"s": {"kind": "scripted", "script": str(path)}}}
    for identifier in (1, 2, 3):
        daemon.owe(identifier)
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "initializationOptions": settings}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "chat/prompt", "params": {"content": "hello"}},
        {"id": 3, "method": "shutdown"},
        {"method": "exit"},
    ]
    daemon.write(b"".join(packed({"jsonrpc": "2.0", **message}) for message in messages))
    assert daemon.wait() == 0
    assert daemon.answer(2)["result"]["stopReason"] == "cancelled"
    assert [message["id"] for message in daemon.log] == [1, 2, 3]
    daemon.check()


def test_a_second_initialize_is_refused(daemon: Daemon) -> None:
    assert daemon.refusal("initialize", {"capabilities": {}}).code == INVALID
    assert daemon.refusal("initialize", []).code == INVALID
