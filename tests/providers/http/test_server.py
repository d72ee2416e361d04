"""A model server over a real socket: what goes right, what goes wrong, when it is asked again."""

import gzip
import json
import socket
from contextlib import aclosing
from dataclasses import replace

import anyio
import pytest
from anyio import to_thread

from chatls.events import Notice, Retry
from chatls.providers.delta import Finished, TextDelta
from tests.providers.asking import HELLO, KEY, ask, closed, failure, next_of, opened, reply, retries
from tests.providers.cases import chunk, end, say
from tests.providers.reading import seen
from tests.support.http_server import (
    SSE,
    Chunk,
    Close,
    Drip,
    End,
    Hang,
    Head,
    Raw,
    Reply,
    Reset,
    ScriptedServer,
    Wait,
    answered,
    event,
    streamed,
)

pytestmark = pytest.mark.asyncio

HI = streamed(say("hi"), end())
SOME = Chunk(event(say("some text")))
UNENDING = Head(headers={**SSE, "connection": "close"})


async def test_a_reply_streams_and_the_request_says_who_asks(server: ScriptedServer) -> None:
    server.play(HI)
    got = seen(await ask(server, headers={"X-Team": "blue"}))
    assert (got.text, got.stop) == ("hi", "end_turn")
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-team"] == "blue"
    assert request.json()["stream"] is True


async def test_a_connection_is_used_again(server: ScriptedServer) -> None:
    server.play(HI)
    async with opened(server.url) as provider:
        await reply(provider)
        await reply(provider)
    assert [request.connection for request in server.requests] == [0, 0]


@pytest.mark.parametrize("fault", [Close(), Reset()])
async def test_a_kept_connection_that_ends_without_a_byte_is_made_anew_and_nobody_is_told(
    server: ScriptedServer, fault: Close | Reset
) -> None:
    """llama.cpp promises to keep connections, and closes them behind each stream."""
    server.play(HI, [fault], HI)
    async with opened(server.url) as provider:
        await reply(provider)
        said = await reply(provider)
    assert not any(isinstance(delta, Retry) for delta in said)
    assert [request.connection for request in server.requests] == [0, 0, 1]
    assert len({request.body for request in server.requests}) == 1


async def test_one_that_ends_behind_its_first_bytes_is_not(server: ScriptedServer) -> None:
    server.play(HI, [Raw(b"HTTP/1.1 100 Continue\r\n\r\n"), Close()], HI)
    async with opened(server.url) as provider:
        await reply(provider)
        said = await reply(provider)
    assert [delta.attempt for delta in said if isinstance(delta, Retry)] == [1]


async def test_proxies_are_used_but_not_for_this_machine(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.play(HI)
    async with opened("http://models.example/v1") as provider:
        assert seen(await reply(provider)).text == "hi"
    assert server.requests[0].path == "http://models.example/v1/chat/completions"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert seen(await ask(server)).text == "hi"


# Nobody there


async def test_a_refused_connection_names_host_and_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # by who does not listen
        port = taken.getsockname()[1]
        async with opened(f"http://127.0.0.1:{port}/v1") as provider:
            deltas = await reply(provider)
    error = failure(deltas)
    assert (error.kind, error.provider, len(retries(deltas))) == ("network", "work", 3)
    assert f"127.0.0.1:{port}" in error.message
    assert "refused" in error.message


async def test_a_host_that_does_not_exist_is_said_to_be_none() -> None:
    async with opened("https://no-such-host.invalid/v1") as provider:
        error = failure(await reply(provider))
    assert error.kind == "network"
    assert "no-such-host.invalid" in error.message
    assert "no such host" in error.message


async def test_https_to_a_server_without_tls_is_explained(server: ScriptedServer) -> None:
    server.greeting = b"HTTP/1.1 400 This is plain http\r\n\r\n"
    async with opened(server.url.replace("http:", "https:")) as provider:
        deltas = await reply(provider)
    error = failure(deltas)
    assert (error.kind, retries(deltas)) == ("network", [])
    assert "http, not https" in error.message


async def test_a_connection_that_is_never_made_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"
        async with opened(url, limits={"connectTimeout": 0.1}) as provider:
            error = failure(await reply(provider))
    assert error.kind == "timeout"
    assert "0.1 s" in error.message


@pytest.mark.parametrize("fault", [Close(), Reset()], ids=["closed", "reset"])
async def test_a_connection_that_ends_without_an_answer_is_tried_again(server: ScriptedServer, fault: Close) -> None:
    server.play([fault], HI)
    deltas = await ask(server)
    assert [retry.reason for retry in retries(deltas)] == ["network"]
    assert seen(deltas).text == "hi"


async def test_what_is_no_http_at_all_is_a_failure_like_any_other(server: ScriptedServer) -> None:
    server.play([Raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Close()])
    assert failure(await ask(server)).kind == "network"


# Silence


@pytest.mark.parametrize(
    "silence",
    [[Hang()], [Head(), Hang()], [Head(), Drip(b": still there\n\n", 0.02)]],
    ids=["before headers", "behind headers", "comments only"],
)
async def test_a_server_that_says_nothing_is_given_up(server: ScriptedServer, silence: Reply) -> None:
    server.play(silence)
    deltas = await ask(server, limits={"firstByteTimeout": 0.2, "idleTimeout": 0.1, "progressTimeout": 0.2})
    error = failure(deltas)
    assert (error.kind, error.retryable, retries(deltas)) == ("timeout", True, [])
    assert "0.2 s" in error.message
    await closed(server)


@pytest.mark.parametrize(
    "silence", [[Hang()], [Drip(b": still there\n\n", 0.02)]], ids=["nothing at all", "comments only"]
)
@pytest.mark.parametrize("chunks", [1, 2, 3])
async def test_a_server_that_stops_in_the_middle_is_given_up(
    server: ScriptedServer, silence: Reply, chunks: int
) -> None:
    at_once = b"%x\r\n%b\r\n" % (len(SOME.data), SOME.data) * chunks
    server.play([Head(), Raw(at_once), *silence])
    deltas = await ask(server, limits={"idleTimeout": 0.2, "progressTimeout": 0.2})
    assert seen(deltas).text == "some text" * chunks
    error = failure(deltas)
    assert (error.kind, "0.2 s" in error.message) == ("timeout", True)
    await closed(server)


async def test_signs_of_life_keep_a_connection_and_not_for_ever(server: ScriptedServer) -> None:
    signs = Drip(b": still there\n\n", 0.02, times=60)
    server.play([Head(), SOME, signs, *HI[1:]], [Head(), SOME, Drip(b": still there\n\n", 0.02)])
    limits = {"idleTimeout": 1, "progressTimeout": 100}
    assert seen(await ask(server, limits=limits)).text == "some texthi"
    error = failure(await ask(server, limits={"idleTimeout": 0.4}))
    assert (error.kind, "2 s" in error.message) == ("timeout", True)


async def test_the_limit_on_silence_does_not_hold_before_the_first_data(server: ScriptedServer) -> None:
    server.answer(lambda _: [Head(), Wait("late"), *HI[1:]])
    async with opened(server.url, limits={"idleTimeout": 0.1, "firstByteTimeout": 0}) as provider:
        got: list[object] = []

        async def run() -> None:
            got.extend(await reply(provider))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await to_thread.run_sync(server.wait_for_requests, 1)
            with anyio.move_on_after(0.4):  # longer than the limit that must not hold
                await anyio.sleep_forever()
            server.open("late")
    assert isinstance(got[-1], Finished)


async def test_no_limit_means_none(server: ScriptedServer) -> None:
    server.play(HI)
    limits = {"idleTimeout": 0, "firstByteTimeout": 0, "connectTimeout": 0}
    assert seen(await ask(server, limits=limits)).text == "hi"


async def test_after_the_label_usage_is_waited_for_but_not_long(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatls.providers.http.reply._LAST_WORDS", 0.1)
    server.play([Head(), SOME, Chunk(event(end())), Hang()])
    got = seen(await ask(server))
    assert (got.text, got.stop, got.error) == ("some text", "end_turn", None)
    await closed(server)


async def test_the_terminator_ends_it_though_the_server_keeps_the_connection(server: ScriptedServer) -> None:
    server.play([*HI[:-1], Hang()])
    assert seen(await ask(server)).stop == "end_turn"
    await closed(server)


# Broken off


@pytest.mark.parametrize(
    "fault",
    [[Chunk(b'data: {"cho'), Reset()], [Raw(b"ff\r\ndata: {"), Close()], [Close()], [End()]],
    ids=["reset", "truncated chunk", "closed", "ended"],
)
async def test_a_reply_that_breaks_off_keeps_its_text_and_is_not_asked_for_again(
    server: ScriptedServer, fault: Reply
) -> None:
    server.play([Head(), SOME, Wait("read"), *fault])
    async with opened(server.url) as provider, aclosing(provider.stream(HELLO)) as stream:
        first = await next_of(stream)
        server.open("read")
        rest = [delta async for delta in stream]
    assert first == TextDelta("some text")
    error = failure(rest)
    assert (error.kind, error.retryable, len(rest), len(server.requests)) == ("stream_interrupted", True, 1, 1)


async def test_a_broken_chunk_is_noticed_at_once(server: ScriptedServer) -> None:
    server.play([Head(), SOME, SOME, SOME, Wait("read"), Raw(b"zz\r\n"), Close()])
    async with opened(server.url) as provider, aclosing(provider.stream(HELLO)) as stream:
        deltas = [await next_of(stream) for _ in range(3)]
        server.open("read")
        rest = [delta async for delta in stream]
    assert deltas == [TextDelta("some text")] * 3
    assert failure(rest).kind == "stream_interrupted"


async def test_the_end_without_a_terminator_is_no_end(server: ScriptedServer) -> None:
    server.play([UNENDING, Raw(event(say("some text"))), Close()])
    got = seen(await ask(server))
    assert (got.text, got.stop, got.error) == ("some text", None, "stream_interrupted")


async def test_a_reply_that_breaks_off_before_its_first_delta_is_asked_for_again(server: ScriptedServer) -> None:
    role = Chunk(event({"choices": [{"delta": {"role": "assistant", "content": ""}}]}))
    server.play([Head(), role, Close()], [Head(), role, Reset()], HI)
    deltas = await ask(server)
    assert [retry.reason for retry in retries(deltas)] == ["stream_interrupted", "stream_interrupted"]
    assert seen(deltas).text == "hi"


async def test_an_error_inside_the_stream_before_the_first_delta_counts_as_a_refusal(server: ScriptedServer) -> None:
    server.play(streamed({"error": {"message": "busy", "code": 503}}), HI)
    deltas = await ask(server)
    assert [retry.reason for retry in retries(deltas)] == ["overloaded"]
    assert seen(deltas).text == "hi"


async def test_an_error_inside_the_stream_after_the_first_delta_is_the_end(server: ScriptedServer) -> None:
    server.play(streamed(say("a"), {"error": {"message": "busy", "code": 503}}))
    got = seen(await ask(server))
    assert (got.text, got.error, len(server.requests)) == ("a", "overloaded", 1)


async def test_a_reply_that_is_labelled_as_given_up_says_so_though_the_terminator_follows(
    server: ScriptedServer,
) -> None:
    """Behind thinking alone it is asked for again."""
    server.play(streamed(chunk({"reasoning": "hm"}), end("abort")), streamed(say("a"), end("abort")))
    deltas = await ask(server)
    assert [retry.reason for retry in retries(deltas)] == ["overloaded"]
    got = seen(deltas)
    assert (got.text, got.error, "abort" in failure(deltas).message) == ("a", "overloaded", True)


# No stream


async def test_a_redirect_is_not_followed_but_named(server: ScriptedServer) -> None:
    server.play(answered(b"", 302, {"location": "https://elsewhere.example/v1?token=hidden"}))
    error = failure(await ask(server))
    assert (error.kind, error.http_status, len(server.requests)) == ("bad_response", 302, 1)
    assert "https://elsewhere.example/v1" in error.message
    assert "hidden" not in error.message


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"<!doctype html><p>Welcome</p>", "web page"), (b"", "empty"), (b"hello there", "hello there")],
)
async def test_an_answer_that_is_none_says_what_it_is(server: ScriptedServer, body: bytes, words: str) -> None:
    server.play(answered(body, headers={"content-type": "text/html"}))
    deltas = await ask(server)
    error = failure(deltas)
    assert (error.kind, retries(deltas), words in error.message) == ("bad_response", [], True)
    assert "<" not in error.message


async def test_a_whole_answer_to_a_request_for_a_stream_is_taken(server: ScriptedServer) -> None:
    whole = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
    server.play(answered(whole))
    assert seen(await ask(server)).text == "hi"


async def test_an_error_with_status_200_is_an_error(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": "no such model", "code": "model_not_found"}}))
    assert failure(await ask(server)).kind == "not_found"


async def test_a_compressed_answer_is_read_all_the_same(server: ScriptedServer) -> None:
    data = gzip.compress(event(say("hi")) + event("[DONE]"))
    server.play([Head(headers={**SSE, "content-encoding": "gzip"}), *(Chunk(bytes([byte])) for byte in data), End()])
    assert seen(await ask(server)).text == "hi"


async def test_a_compressed_flood_is_refused(server: ScriptedServer) -> None:
    flood = gzip.compress(b"data: " + b" " * 40_000_000)
    server.play(answered(flood, headers={**SSE, "content-encoding": "gzip"}))
    assert failure(await ask(server)).kind == "bad_response"


async def test_a_compression_that_nobody_asked_for_is_named(server: ScriptedServer) -> None:
    server.play(answered(b"...", headers={**SSE, "content-encoding": "br"}))
    error = failure(await ask(server))
    assert (error.kind, "br" in error.message) == ("bad_response", True)


# Asked again, or not


async def test_a_busy_server_is_asked_until_it_has_time(server: ScriptedServer) -> None:
    server.play(answered({}, 503), answered({}, 502), answered({}, 500), HI)
    deltas = await ask(server)
    assert [(retry.attempt, retry.reason) for retry in retries(deltas)] == [
        (1, "overloaded"),
        (2, "overloaded"),
        (3, "overloaded"),
    ]
    assert seen(deltas).text == "hi"


async def test_a_server_that_is_always_busy_is_given_up_after_four_tries(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": "too busy"}}, 503))
    deltas = await ask(server)
    error = failure(deltas)
    assert (len(server.requests), error.kind, error.http_status, error.retryable) == (4, "overloaded", 503, True)
    assert "too busy" in error.message


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_these_statuses_are_worth_another_try(server: ScriptedServer, status: int) -> None:
    server.play(answered({}, status), HI)
    assert len(retries(await ask(server))) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 415, 422, 451])
async def test_these_statuses_are_not(server: ScriptedServer, status: int) -> None:
    server.play(answered({}, status))
    deltas = await ask(server)
    assert (retries(deltas), failure(deltas).http_status, len(server.requests)) == ([], status, 1)


async def test_the_server_says_how_long_to_wait(server: ScriptedServer) -> None:
    server.play(answered({}, 429, {"retry-after-ms": "30", "retry-after": "9"}), HI)
    deltas = await ask(server)
    assert deltas[0] == Retry(1, 30, "rate_limited", retries(deltas)[0].text)
    assert seen(deltas).text == "hi"


async def test_a_long_wait_is_named_and_not_waited(server: ScriptedServer) -> None:
    server.play(answered({}, 429, {"retry-after": "150"}))
    deltas = await ask(server)
    error = failure(deltas)
    assert (error.kind, error.retry_after_ms, len(server.requests)) == ("rate_limited", 150_000, 1)
    assert "2 min 30 s" in error.message


async def test_an_account_without_means_is_not_asked_again(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}, 429))
    error = failure(await ask(server))
    assert (error.kind, error.retryable, len(server.requests)) == ("quota_exceeded", False, 1)


async def test_the_servers_own_word_on_trying_again_counts(server: ScriptedServer) -> None:
    server.play(answered({}, 400, {"x-should-retry": "true"}), answered({}, 503, {"x-should-retry": "false"}))
    deltas = await ask(server)
    assert (len(retries(deltas)), failure(deltas).http_status) == (1, 503)


# What people read


async def test_a_key_that_the_server_echoes_is_blotted_out(server: ScriptedServer) -> None:
    server.play(answered({"error": {"message": f"bad key {KEY} and token-abcdef"}}, 401))
    error = failure(await ask(server, headers={"x-token": "token-abcdef"}))
    assert KEY not in error.message
    assert "bad key [key] and [key]" in error.message
    assert "WORK_KEY" in error.message


async def test_an_error_is_short_on_one_line_and_harmless(server: ScriptedServer) -> None:
    words = "\x1b[31mred\r\n\u202eknaht " + "blah " * 1000
    server.play(answered({"error": {"message": words}}, 400, {"x-request-id": "req-1"}))
    error = failure(await ask(server))
    assert error.message.isprintable()
    assert len(error.message) < 600
    assert "\\x1b[31mred \\u202eknaht" in error.message
    assert error.request_id == "req-1"


async def test_a_page_for_browsers_is_not_shown(server: ScriptedServer) -> None:
    server.play(answered(b"<html><body>Bad gateway</body></html>", 404, {"content-type": "text/html"}))
    error = failure(await ask(server))
    assert (error.kind, "html" in error.message) == ("not_found", False)


async def test_an_endless_error_is_not_read_to_its_end(server: ScriptedServer) -> None:
    server.play([Head(500, {"x-should-retry": "false"}), Drip(b"x" * 60_000, 0.001)])
    assert failure(await ask(server)).http_status == 500
    await closed(server)


async def test_models_are_listed_without_what_is_no_chat_model(server: ScriptedServer) -> None:
    listed = [
        {"id": "big", "name": "Big One", "context_length": 1000},
        {"id": "text-embedding-3"},
        {"id": 7},
        "x",
        {"id": "small", "meta": {"n_ctx_train": 50}},
    ]
    server.play(answered({"data": listed}), answered(listed), answered({}), answered({}, 500), answered(b"no"))
    async with opened(server.url + "/v1/") as provider:
        first = await provider.models()
        assert [(model.name, model.title, model.context_window) for model in first] == [
            ("big", "Big One", 1000),
            ("small", "small", 50),
        ]
        assert await provider.models() == first
        assert [await provider.models() for _ in range(3)] == [(), (), ()]
    assert server.requests[0].path == "/v1/models"
    assert server.requests[0].method == "GET"


async def test_a_key_that_travels_in_the_open_is_said_once() -> None:
    async with opened("http://no-such-host.invalid/v1") as provider:
        first, again = await reply(provider), await reply(provider)
    [notice] = [delta for delta in first if isinstance(delta, Notice)]
    assert notice.level == "warning"
    assert "no-such-host.invalid" in notice.text
    assert not any(isinstance(delta, Notice) for delta in again)


async def test_many_replies_stream_at_once(server: ScriptedServer) -> None:
    server.answer(lambda request: [*streamed(say(json.loads(request.body)["model"]), end())])
    texts: set[str] = set()
    async with opened(server.url) as provider:

        async def one(number: int) -> None:
            texts.add(seen(await reply(provider, replace(HELLO, model=f"m{number}"))).text)

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(one, number)
    assert texts == {f"m{number}" for number in range(20)}
