"""What holds for every provider, whatever its protocol: framing, transport, answers that are none, keys, retries."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chatls.content import Image, TextContent
from chatls.events import Notice
from chatls.message import AssistantMessage, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, Finished
from chatls.providers.provider import ModelRequest, Parameters
from chatls.settings.config import ProviderKind
from tests.providers import cases
from tests.providers import cases_native as native
from tests.providers.asking import HELLO, KEY, WITH_TOOLS, ask, closed, failure, opened, reply, retries
from tests.providers.cases import PARIS, P
from tests.providers.reading import Seen, read, seen, stream_bytes
from tests.support.http_server import SSE, Chunk, Close, End, Hang, Head, ScriptedServer, answered


@dataclass(frozen=True)
class Kind:
    """One protocol, spoken by an ordinary server."""

    name: ProviderKind
    text: Callable[[str], tuple[Any, ...]]
    """The events of a reply with this text."""
    call: tuple[Any, ...]
    """Those of a reply that calls `weather` for Paris."""
    error: Any
    """An event that says the server is busy."""
    whole: Any
    """A reply that is not streamed: "hi", and the same call."""
    ends: bool
    """The last event ends it, whatever the connection does."""
    headers: tuple[str, ...]
    """Those that carry the key."""


def speaks(
    name: ProviderKind,
    text: Callable[[str], tuple[Any, ...]],
    call: Any,
    error: Any,
    whole: Any,
    ends: bool,
    *headers: str,
) -> Any:
    return pytest.param(Kind(name, text, call, error, whole, ends, headers), id=name)


CALL = {"type": "function", "function": {"name": "weather", "arguments": P}, "id": "c1"}
BUSY = {"error": {"message": "too busy", "code": 503}}
KINDS = [
    speaks(
        "openai_chat",
        lambda text: (cases.say(text), cases.end(), cases.DONE),
        (cases.call(P, name="weather", call_id="c1", index=0), cases.end("tool_calls"), cases.DONE),
        BUSY,
        {"choices": [{"message": {"content": "hi", "tool_calls": [CALL]}, "finish_reason": "tool_calls"}]},
        True,
        "authorization",
    ),
    speaks(
        "openai_responses",
        lambda text: (native.CREATED, *native.message(0, text), native.over()),
        (native.CREATED, *native.called(0, P, whole=P), native.over()),
        {"type": "error", "error": {"type": "server_error", "message": "too busy"}},
        {"status": "completed", "output": [native.message_item("hi"), native.call_item(1, P)]},
        True,
        "authorization",
    ),
    speaks(
        "anthropic",
        lambda text: (native.START, *native.text_block(0, text), *native.stopped("end_turn")),
        (native.START, *native.call_block(0, P), *native.stopped("tool_use")),
        {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}},
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "text", "text": "hi"},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": PARIS},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
        True,
        "x-api-key",
    ),
    speaks(
        "gemini",
        lambda text: (native.part({"text": text}), native.STOP),
        (native.part(native.asks()), native.STOP),
        {"error": {"code": 503, "message": "too busy", "status": "UNAVAILABLE"}},
        native.part({"text": "hi"}, native.asks(), finish="STOP"),
        False,
        "x-goog-api-key",
    ),
    speaks(
        "ollama",
        lambda text: (native.line(text), native.END),
        (native.line(tool_calls=[native.tool(PARIS)]), native.END),
        {"error": "too busy"},
        native.line("hi", tool_calls=[native.tool(PARIS)], done="stop"),
        True,
        "authorization",
    ),
]

every_kind = pytest.mark.parametrize("kind", KINDS)
streaming_kind = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.id != "ollama"])


def read_text(kind: Kind, data: bytes) -> Seen:
    """Read it whole and byte by byte; it has to be the same."""
    whole = read([data], kind.name)
    single = read((data[place : place + 1] for place in range(len(data))), kind.name)
    assert replace(whole, replay=None) == replace(single, replay=None)
    return whole


def is_the_reply(got: Seen, text: str = "hi") -> None:
    assert (got.text, got.stop, got.error) == (text, "end_turn", None)


# Framing


@every_kind
def test_a_call_is_begun_written_and_ready_in_this_order(kind: Kind) -> None:
    got = read_text(kind, stream_bytes(kind.call, kind.name))
    assert (got.calls, got.stop) == ((("weather", PARIS),), "tool_calls")
    assert [(name, json.loads(text)) for name, text in got.argument_texts] == [("weather", PARIS)]


@every_kind
def test_lines_may_end_as_on_windows(kind: Kind) -> None:
    is_the_reply(read_text(kind, stream_bytes(kind.text("hi"), kind.name).replace(b"\n", b"\r\n")))


@streaming_kind
def test_the_blank_behind_the_field_may_be_missing(kind: Kind) -> None:
    is_the_reply(read_text(kind, stream_bytes(kind.text("hi"), kind.name).replace(b"data: ", b"data:")))


@streaming_kind
def test_comments_are_no_data(kind: Kind) -> None:
    data = stream_bytes(kind.text("hi"), kind.name)
    is_the_reply(read_text(kind, b": PROCESSING\n\n" + data.replace(b"\n\n", b"\n\n: PROCESSING\n\n")))


@every_kind
def test_the_last_line_may_lack_its_end(kind: Kind) -> None:
    is_the_reply(read_text(kind, stream_bytes(kind.text("hi"), kind.name).rstrip(b"\n")))


@every_kind
def test_a_mark_of_the_byte_order_is_skipped(kind: Kind) -> None:
    is_the_reply(read_text(kind, b"\xef\xbb\xbf" + stream_bytes(kind.text("hi"), kind.name)))


@every_kind
def test_letters_of_all_languages_survive_any_cut(kind: Kind) -> None:
    text = "größer 日本語 \U0001f600\u2028\u2029\u0085\u000b\u001c"
    data = stream_bytes([json.dumps(event, ensure_ascii=False) for event in kind.text(text)], kind.name)
    if kind.name == "openai_chat":
        data = data.replace(b'"[DONE]"', b"[DONE]")
    is_the_reply(read_text(kind, data), text)


@every_kind
def test_a_line_may_be_longer_than_a_buffer(kind: Kind) -> None:
    text = "x" * 700_000
    data = stream_bytes(kind.text(text), kind.name)
    is_the_reply(read([data[place : place + 4096] for place in range(0, len(data), 4096)], kind.name), text)


@every_kind
def test_a_compression_that_nobody_announced_is_undone(kind: Kind) -> None:
    is_the_reply(read_text(kind, gzip.compress(stream_bytes(kind.text("hi"), kind.name))))


@every_kind
def test_a_reply_that_was_not_streamed_is_read_like_one_that_was(kind: Kind) -> None:
    for indent in (None, 1):
        got = read_text(kind, json.dumps(kind.whole, indent=indent).encode())
        assert (got.text, got.calls, got.stop) == ("hi", (("weather", PARIS),), "tool_calls")


@streaming_kind
def test_an_error_in_a_field_of_its_own_is_one(kind: Kind) -> None:
    begin = stream_bytes(kind.text("hi")[:-2], kind.name)
    got = read_text(kind, begin + b'error: {"error": {"code": 500, "message": "failed to decode"}}\n\n')
    assert (got.error, got.stop) == ("overloaded", None)


# Answers that are none


@every_kind
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "bad_response"),
        (b"\r\n\n", "bad_response"),
        (b"<!DOCTYPE html><title>Sign in</title>", "bad_response"),
        (b"upstream connect error", "bad_response"),
        (b"[]", "bad_response"),
        (b'{"id": 7}\n', "bad_response stream_interrupted"),
        (b'{"error": {"message": "slow down", "type": "rate_limit_error"}}', "rate_limited"),
        (b'{"error": "model not found"}', "not_found"),
    ],
    ids=["empty", "blank", "html", "words", "list", "object", "error", "error as text"],
)
def test_a_good_status_with_something_else_inside_is_recognised(kind: Kind, body: bytes, error: str) -> None:
    got = read_text(kind, body)
    assert (got.error in error.split(), got.text, got.stop) == (True, "", None)


# Over a real socket


def streamed(kind: Kind, *events: Any, end: bool = True) -> list[Any]:
    chunks = [Chunk(stream_bytes([event], kind.name)) for event in events]
    return [Head(headers={**SSE, "x-kind": kind.name}), *chunks, *([End()] if end else [])]


@pytest.mark.asyncio
@every_kind
async def test_a_reply_comes_through_and_the_key_travels_in_its_header_alone(
    server: ScriptedServer, kind: Kind
) -> None:
    server.play(streamed(kind, *kind.text("hi")))
    is_the_reply(seen(await ask(server, WITH_TOOLS, kind=kind.name)))
    [request] = server.requests
    assert [name for name, value in request.headers.items() if KEY in value] == list(kind.headers)
    assert KEY not in request.path
    assert KEY.encode() not in request.body
    assert request.headers["accept-encoding"] == "identity"
    assert '"search"' in request.body.decode()


@pytest.mark.asyncio
@every_kind
async def test_the_end_is_the_end_though_the_connection_stays_open(
    server: ScriptedServer, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatls.providers.http.reply._LAST_WORDS", 0.1)
    server.play([*streamed(kind, *kind.text("hi"), end=False), Hang()])
    is_the_reply(seen(await ask(server, kind=kind.name)))
    await closed(server)


@pytest.mark.asyncio
@every_kind
async def test_a_connection_that_ends_too_early_is_no_end(server: ScriptedServer, kind: Kind) -> None:
    early = kind.text("hi")[:-2] if kind.name in ("openai_chat", "anthropic") else kind.text("hi")[:-1]
    server.play([*streamed(kind, *early, end=False), Close()])
    got = seen(await ask(server, kind=kind.name))
    assert (got.text, got.error, len(server.requests)) == ("hi", "stream_interrupted", 1)


@pytest.mark.asyncio
@every_kind
async def test_a_busy_server_is_asked_again_until_the_first_word(server: ScriptedServer, kind: Kind) -> None:
    closed_twice = [Close()], [Close()]  # a connection that was kept is made anew without a word, a new one is not
    server.play(streamed(kind, kind.error), answered(BUSY, 503), *closed_twice, streamed(kind, *kind.text("hi")))
    deltas = await ask(server, kind=kind.name)
    assert [retry.reason for retry in retries(deltas)] == ["overloaded", "overloaded", "network"]
    is_the_reply(seen(deltas))


@pytest.mark.asyncio
@every_kind
async def test_an_error_behind_the_first_word_ends_the_reply(server: ScriptedServer, kind: Kind) -> None:
    begin = kind.text("hi")[: 3 if kind.name in ("anthropic", "openai_responses") else 1]
    server.play(streamed(kind, *begin, kind.error))
    deltas = await ask(server, kind=kind.name)
    assert (seen(deltas).text, failure(deltas).kind, len(server.requests)) == ("hi", "overloaded", 1)
    assert "too busy" in failure(deltas).message


@pytest.mark.asyncio
@every_kind
async def test_what_asking_again_cannot_mend_is_not_asked_again(server: ScriptedServer, kind: Kind) -> None:
    for status, body, expected in [
        (401, {"error": {"message": f"bad key {KEY}"}}, "unauthorized"),
        (429, {"error": {"message": "x", "code": "insufficient_quota"}}, "quota_exceeded"),
        (400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}, "context_window_exceeded"),
    ]:
        if kind.name == "ollama" and expected == "context_window_exceeded":
            continue  # it is asked again to leave out the beginning, and people are told
        asked = len(server.requests)
        server.play(answered(body, status))
        error = failure(await ask(server, kind=kind.name))
        assert (error.kind, len(server.requests) - asked, KEY in error.message) == (expected, 1, False)


@pytest.mark.asyncio
@every_kind
async def test_the_settings_can_forbid_streaming(server: ScriptedServer, kind: Kind) -> None:
    server.play(answered(kind.whole))
    deltas = await ask(server, WITH_TOOLS, kind=kind.name, stream="never")
    assert (seen(deltas).text, seen(deltas).calls) == ("hi", (("weather", PARIS),))
    body = server.requests[0].json()
    assert not body.get("stream")
    assert "stream" not in server.requests[0].path.lower()


@pytest.mark.asyncio
@every_kind
async def test_models_that_cannot_be_listed_are_none(server: ScriptedServer, kind: Kind) -> None:
    async with opened(server.url, kind=kind.name) as provider:
        for answer in (answered({}, 500), answered(b"<html>"), answered([1]), answered({"models": 7, "data": None})):
            server.play(answer)
            assert await provider.models() == ()


PICTURE = Image("image/png", "iVBORw0KGgo=")
CALLED = AssistantMessage("", (ToolCall("abc123def", "search", {"pattern": "x"}),), "hm")
SHOWN = ToolMessage(
    (ToolResult("abc123def", "search", "a.png is a PNG image", content=(TextContent("a.png is a PNG image"), PICTURE)),)
)
HISTORIES = {
    "an answer in between": (HELLO.messages[0], AssistantMessage("hi"), HELLO.messages[0]),
    "a call and its result": (
        HELLO.messages[0],
        CALLED,
        ToolMessage((ToolResult("abc123def", "search", "found"),)),
    ),
    "a result that failed": (
        HELLO.messages[0],
        CALLED,
        ToolMessage((ToolResult("abc123def", "search", "no", is_error=True),)),
    ),
    "a call without a result": (HELLO.messages[0], CALLED, HELLO.messages[0]),
    "two prompts, since nothing was answered": (HELLO.messages[0], HELLO.messages[0]),
    "an answer that was cancelled before its first word": (HELLO.messages[0], AssistantMessage(""), HELLO.messages[0]),
    "a prompt of blanks": (UserMessage((TextContent(" "), TextContent(""))),),
    "a picture": (UserMessage((TextContent("look"), PICTURE)),),
    "a picture that a tool gave": (HELLO.messages[0], CALLED, SHOWN),
    "a picture that a tool gave, and words": (HELLO.messages[0], CALLED, SHOWN, UserMessage((TextContent("and?"),))),
}


@pytest.mark.asyncio
@every_kind
@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
async def test_every_history_can_be_sent(server: ScriptedServer, kind: Kind, history: Any) -> None:
    server.play(streamed(kind, *kind.text("hi")))
    parameters = Parameters(max_output_tokens=500, temperature=0.5, thinking="low")
    asked = replace(WITH_TOOLS, messages=history, parameters=parameters, tool_choice="required")
    is_the_reply(seen(await ask(server, asked, kind=kind.name)))
    body = server.requests[0].body.decode()
    for message in history:
        match message:
            case ToolMessage(results):
                assert all(result.text in body for result in results)
                assert (PICTURE.data in body) == (message is SHOWN)
            case UserMessage(content) if PICTURE in content:
                assert PICTURE.data in body
            case UserMessage((TextContent(" "), *_)):
                assert body.count('"text":" "') == body.count('"content":" "') == 0
                assert "(go on)" in body
            case _:
                pass


PICTURED = [HISTORIES["a picture"], HISTORIES["a picture that a tool gave"]]
UNSEEN = "(a picture, image/png, which this model cannot see)"


def warned(deltas: list[Delta]) -> bool:
    return any(isinstance(delta, Notice) and "cannot see" in delta.text for delta in deltas)


@pytest.mark.asyncio
@every_kind
@pytest.mark.parametrize("history", PICTURED, ids=["in a prompt", "of a tool"])
async def test_who_cannot_see_is_told_in_words(server: ScriptedServer, kind: Kind, history: Any) -> None:
    """As the settings say, as its name says, and as its server says, which is not asked in vain twice."""
    server.play(streamed(kind, *kind.text("hi")))
    asked = replace(HELLO, messages=history)
    for request, settings in ((asked, {"images": "never"}), (replace(asked, model="deepseek-chat"), {})):
        deltas = await ask(server, request, kind=kind.name, **settings)
        is_the_reply(seen(deltas))
        body = server.requests[-1].body.decode()
        assert (PICTURE.data in body, UNSEEN in body, warned(deltas)) == (False, True, True)
    refusal = answered({"error": {"message": "this model does not support image input"}}, 400)
    server.play(refusal, streamed(kind, *kind.text("hi")))
    async with opened(server.url, kind=kind.name) as provider:
        deltas = await reply(provider, asked)
        is_the_reply(seen(deltas))
        assert [PICTURE.data in sent.body.decode() for sent in server.requests[-2:]] == [True, False]
        assert warned(deltas)
        is_the_reply(seen(await reply(provider, asked)))
        assert PICTURE.data not in server.requests[-1].body.decode()
    assert len(server.requests) == 5


@pytest.mark.asyncio
@every_kind
async def test_a_picture_that_is_refused_does_not_spoil_the_others(server: ScriptedServer, kind: Kind) -> None:
    refusal = answered({"error": {"message": "messages.0: image dimensions exceed 8000 pixels"}}, 400)
    server.play(refusal, streamed(kind, *kind.text("hi")))
    here, elsewhere = (UserMessage((TextContent(words), PICTURE)) for words in ("here", "elsewhere"))
    async with opened(server.url, kind=kind.name) as provider:
        for message in (here, elsewhere, here):
            is_the_reply(seen(await reply(provider, replace(HELLO, messages=(message,)))))
    seen_there = [PICTURE.data in sent.body.decode() for sent in server.requests]
    assert seen_there == [True, False, True, False]


@pytest.mark.asyncio
@every_kind
async def test_the_next_step_sends_back_the_call_and_its_result(server: ScriptedServer, kind: Kind) -> None:
    server.play(streamed(kind, *kind.call), streamed(kind, *kind.text("sunny")))
    async with opened(server.url, kind=kind.name) as provider:
        first = await reply(provider, WITH_TOOLS)
        [start] = [delta for delta in first if isinstance(delta, CallStart)]
        assert any(isinstance(delta, CallArguments) for delta in first)
        assert [delta.arguments for delta in first if isinstance(delta, CallReady)] == [PARIS]
        last = first[-1]
        assert isinstance(last, Finished)
        history = (
            *WITH_TOOLS.messages,
            AssistantMessage("", (ToolCall(start.call_id, start.name, PARIS),), "", last.replay),
            ToolMessage((ToolResult(start.call_id, "weather", "25 degrees"),)),
        )
        is_the_reply(seen(await reply(provider, replace(WITH_TOOLS, messages=history))), "sunny")
        body = server.requests[1].body.decode()
        assert ("Paris" in body, "25 degrees" in body, "weather" in body) == (True, True, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("writer", KINDS)
@pytest.mark.parametrize("reader", KINDS)
async def test_a_conversation_can_go_on_with_another_provider(
    server: ScriptedServer, writer: Kind, reader: Kind
) -> None:
    replay = read([stream_bytes(writer.call, writer.name)], writer.name).replay
    theirs = replace(CALLED, replay=replay)
    asked = ModelRequest("m", "", (HELLO.messages[0], theirs, ToolMessage((ToolResult("abc123def", "search", "it"),))))
    server.play(streamed(reader, *reader.text("hi")))
    is_the_reply(seen(await ask(server, asked, kind=reader.name)))
    assert "toolu_0" not in server.requests[0].body.decode() or reader is writer
