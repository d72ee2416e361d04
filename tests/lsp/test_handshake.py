"""`initialize` is answered before anything heavy is imported; what comes before it and behind it loses nothing."""

import os
import subprocess
import sys
from typing import Any

import pytest

from chatls.jsontext import dumps, loads
from chatls.lsp.handshake import ASK_COMMAND, CANCEL_COMMANDS, Hello, greet, position_encoding
from chatls.wire.stdio import FrameReader, Pipes, frame


def said(*messages: bytes) -> tuple[Hello | None, list[dict[str, Any]]]:
    """What `greet` makes of input that ends behind these messages, and its answers."""
    (source, to_daemon), (from_daemon, sink) = os.pipe(), os.pipe()
    os.write(to_daemon, b"".join(messages))
    os.close(to_daemon)
    hello = greet(Pipes(source, sink))
    os.close(sink)
    answers = FrameReader().feed(os.read(from_daemon, 2**20))
    os.close(source)
    os.close(from_daemon)
    return hello, [loads(body) for body in answers if isinstance(body, bytes)]


def initialize(identifier: int | str = 1, **params: Any) -> bytes:
    return message(identifier, "initialize", {"processId": None, "rootUri": None, "capabilities": {}, **params})


def message(identifier: int | str | None, method: str, params: Any = None) -> bytes:
    body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
    return frame(dumps(body if identifier is None else {**body, "id": identifier}))


def test_initialize_is_answered_with_what_this_server_can_do() -> None:
    hello, (answer,) = said(initialize("first"))
    assert hello is not None
    assert answer["id"] == "first"
    capabilities = answer["result"]["capabilities"]
    assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": {"includeText": False}}
    assert capabilities["executeCommandProvider"]["commands"] == [*CANCEL_COMMANDS, ASK_COMMAND]
    assert capabilities["workspace"]["workspaceFolders"]["supported"] is True
    assert capabilities["experimental"]["chat"]["version"] == 1
    assert capabilities["positionEncoding"] == "utf-16"
    assert answer["result"]["serverInfo"]["name"] == "chatls"


def test_a_request_before_initialize_is_refused_and_a_notification_dropped() -> None:
    hello, answers = said(
        message(1, "chat/prompt"), message(None, "initialized"), message("s", "shutdown"), initialize(2)
    )
    assert hello is not None
    assert [answer["id"] for answer in answers] == [1, "s", 2]
    assert [answer["error"]["code"] for answer in answers[:2]] == [-32002, -32002]


def test_exit_before_initialize_ends_it_without_a_word() -> None:
    assert said(message(None, "exit"), initialize()) == (None, [])


def test_the_end_of_input_before_initialize_ends_it() -> None:
    assert said() == (None, [])
    assert said(initialize()[:-3]) == (None, [])


def test_what_is_no_message_is_answered_and_initialize_still_works() -> None:
    hello, answers = said(
        frame(b"{"), frame(b"[]"), b"Content-Length: -1\r\n\r\n", frame(b"{}"), frame(b'{"id": 1.5}'), initialize()
    )
    assert hello is not None
    assert [answer["error"]["code"] for answer in answers[:-1]] == [-32700, -32600, -32600, -32600, -32600]
    assert {answer["id"] for answer in answers[:-1]} == {None}


def test_what_was_read_behind_initialize_is_handed_on_with_the_reader() -> None:
    rest = message(2, "chat/tools")
    hello, answers = said(initialize(), message(None, "initialized"), rest, rest[:10])
    assert hello is not None
    assert len(answers) == 1
    assert [loads(item)["method"] for item in hello.pending if isinstance(item, bytes)] == ["initialized", "chat/tools"]
    assert hello.reader.feed(rest[10:]) == [dumps(loads(rest.partition(b"\r\n\r\n")[2]))]


def test_null_counts_as_absent() -> None:
    nulls = dict.fromkeys(
        ("processId", "rootUri", "rootPath", "capabilities", "workspaceFolders", "initializationOptions")
    )
    hello, (answer,) = said(initialize(1, **nulls))
    assert hello is not None
    assert answer["result"]["capabilities"]["positionEncoding"] == "utf-16"
    _, (answer,) = said(initialize(1, capabilities={"general": {"positionEncodings": None}, "experimental": None}))
    assert "result" in answer


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"capabilities": 5}, "capabilities"),
        ({"processId": "12"}, "processId"),
        ({"processId": True}, "processId"),
        ({"processId": 1.5}, "processId"),
        ({"rootUri": 5}, "rootUri"),
        ({"rootPath": []}, "rootPath"),
        ({"workspaceFolders": {}}, "workspaceFolders"),
        ({"workspaceFolders": [{"name": "x"}]}, "workspaceFolders.0.uri"),
        ({"workspaceFolders": [{"uri": "file:///a"}, None]}, "workspaceFolders.1.uri"),
    ],
)
def test_bad_parameters_are_refused_by_name_and_a_second_try_works(params: dict[str, Any], named: str) -> None:
    hello, (refusal, answer) = said(initialize(1, **params), initialize(2))
    assert refusal["id"] == 1
    assert refusal["error"]["code"] == -32602
    assert named in refusal["error"]["message"]
    assert hello is not None
    assert "result" in answer


@pytest.mark.parametrize("params", [[], "x", 5, [1]])
def test_parameters_that_are_no_object_are_refused(params: Any) -> None:
    hello, (refusal,) = said(message(1, "initialize", params))
    assert hello is None
    assert refusal["error"]["code"] == -32602


def test_absent_parameters_count_as_an_empty_object() -> None:
    hello, (answer,) = said(frame(b'{"jsonrpc": "2.0", "id": 1, "method": "initialize"}'))
    assert hello is not None
    assert hello.params == {}
    assert "result" in answer


@pytest.mark.parametrize(
    ("capabilities", "chosen"),
    [
        ({}, "utf-16"),
        ({"general": {}}, "utf-16"),
        ({"general": None}, "utf-16"),
        ({"general": []}, "utf-16"),
        ({"general": {"positionEncodings": None}}, "utf-16"),
        ({"general": {"positionEncodings": "utf-8"}}, "utf-16"),
        ({"general": {"positionEncodings": []}}, "utf-16"),
        ({"general": {"positionEncodings": ["ebcdic", 5, None]}}, "utf-16"),
        ({"general": {"positionEncodings": ["ebcdic", "utf-8", "utf-16"]}}, "utf-8"),
        ({"general": {"positionEncodings": ["utf-32"]}}, "utf-32"),
    ],
)
def test_the_clients_first_known_position_encoding_is_taken(capabilities: dict[str, Any], chosen: str) -> None:
    assert position_encoding({"capabilities": capabilities}) == chosen
    hello, (answer,) = said(initialize(capabilities=capabilities))
    assert hello is not None
    assert hello.position_encoding == chosen
    assert answer["result"]["capabilities"]["positionEncoding"] == chosen


def test_a_client_that_reads_nothing_ends_it_quietly() -> None:
    (source, to_daemon), (from_daemon, sink) = os.pipe(), os.pipe()
    os.close(from_daemon)
    os.write(to_daemon, initialize())
    os.close(to_daemon)
    assert greet(Pipes(source, sink)) is None
    os.close(source)
    os.close(sink)


def test_the_handshake_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "pygls", "lsprotocol", "anyio", "certifi", "asyncio", "logging", "rich")
    script = f"import sys, chatls.__main__, chatls.lsp.handshake; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
