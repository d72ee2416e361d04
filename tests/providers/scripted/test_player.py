"""The scripted provider: every action, every way in which a script can be wrong, and its end by cancellation."""

import json
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatls.content import Usage
from chatls.errors import SettingsError
from chatls.message import ToolSpec
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    ThinkingDelta,
)
from chatls.providers.known.catalog import SCRIPTED_MODEL
from chatls.providers.provider import ModelRequest
from chatls.providers.scripted.player import ScriptedProvider
from chatls.settings.config import ProviderSettings

pytestmark = pytest.mark.asyncio

REQUEST = ModelRequest("demo", "", ())


def provider(folder: Path, *replies: list[dict[str, Any]], **settings: Any) -> ScriptedProvider:
    return written(folder, json.dumps({"replies": replies, "chunkDelay": 0, **settings}))


def written(folder: Path, text: str) -> ScriptedProvider:
    path = folder / "script.json"
    path.write_text(text)
    return ScriptedProvider("play", ProviderSettings(kind="scripted", script=str(path)))


async def said(scripted: ScriptedProvider) -> list[Delta]:
    with anyio.fail_after(30):
        async with aclosing(scripted.stream(REQUEST)) as deltas:
            return [delta async for delta in deltas]


def error_of(deltas: list[Delta]) -> str:
    (failed,) = deltas
    assert isinstance(failed, Failed)
    assert failed.error.kind == "bad_response"
    assert failed.error.provider == "play"
    assert not failed.error.retryable
    return failed.error.message


async def test_text_and_thinking_come_in_pieces(tmp_path: Path) -> None:
    deltas = await said(provider(tmp_path, [{"thinking": "hmmmm"}, {"text": "Hello you"}, {"text": ""}]))
    assert deltas == [
        *map(ThinkingDelta, ("hmmm", "m")),
        *map(TextDelta, ("Hell", "o yo", "u")),
        Finished("end_turn", None),
    ]


async def test_the_length_of_a_piece_can_be_set(tmp_path: Path) -> None:
    deltas = await said(provider(tmp_path, [{"text": "abc"}], chunkChars=2))
    assert deltas[:-1] == [TextDelta("ab"), TextDelta("c")]


async def test_a_call_is_streamed_and_ends_the_reply_with_tool_calls(tmp_path: Path) -> None:
    call = {"toolCall": {"name": "search", "arguments": {"pattern": "größe"}}}
    start, *pieces, ready, finished = await said(provider(tmp_path, [call]))
    assert isinstance(start, CallStart)
    assert start.name == "search"
    texts = [piece.text for piece in pieces if isinstance(piece, CallArguments) and piece.call_id == start.call_id]
    assert len(texts) == len(pieces) > 1
    assert json.loads("".join(texts)) == {"pattern": "größe"}
    assert ready == CallReady(start.call_id, {"pattern": "größe"})
    assert finished == Finished("tool_calls", None)


async def test_two_calls_have_two_ids(tmp_path: Path) -> None:
    call = {"toolCall": {"name": "list_files"}}
    deltas = await said(provider(tmp_path, [call, call]))
    assert len({delta.call_id for delta in deltas if isinstance(delta, CallStart)}) == 2
    assert [delta.arguments for delta in deltas if isinstance(delta, CallReady)] == [{}, {}]


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"', '{"a": 1} {"b": 2}'])
async def test_arguments_that_are_no_object_are_an_error_of_the_call(tmp_path: Path, text: str) -> None:
    deltas = await said(provider(tmp_path, [{"toolCall": {"name": "search", "argumentsText": text}}]))
    assert "".join(delta.text for delta in deltas if isinstance(delta, CallArguments)) == text
    (ready,) = [delta for delta in deltas if isinstance(delta, CallReady)]
    assert ready.arguments is None
    assert ready.error


@pytest.mark.parametrize("stop", ["end_turn", "tool_calls", "max_tokens", "refusal"])
async def test_a_stop_reason_can_be_set_and_ends_the_reply(tmp_path: Path, stop: str) -> None:
    call = {"toolCall": {"name": "search"}}
    deltas = await said(provider(tmp_path, [call, {"finish": stop}, {"text": "never"}]))
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].stop == stop
    assert not any(isinstance(delta, TextDelta) for delta in deltas)


async def test_usage_comes_with_the_end(tmp_path: Path) -> None:
    counts = {"inputTokens": 5, "outputTokens": 6, "cacheReadTokens": 7, "cacheWriteTokens": 8}
    deltas = await said(provider(tmp_path, [{"usage": {"inputTokens": 1}}, {"usage": counts}]))
    assert deltas == [Finished("end_turn", Usage(5, 6, 7, 8))]


async def test_an_error_breaks_the_reply_off(tmp_path: Path) -> None:
    error = {"error": {"kind": "overloaded", "text": "too much"}}
    deltas = await said(provider(tmp_path, [{"text": "a"}, error, {"text": "b"}]))
    assert deltas[0] == TextDelta("a")
    assert isinstance(deltas[1], Failed)
    assert (deltas[1].error.kind, deltas[1].error.message) == ("overloaded", "too much")
    assert len(deltas) == 2


async def test_replies_follow_one_another_and_begin_again(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [{"text": "1"}], [{"text": "2"}])
    heard = [(await said(scripted))[0] for _ in range(5)]
    assert heard == [TextDelta(text) for text in "12121"]


async def test_each_provider_counts_for_itself(tmp_path: Path) -> None:
    first = provider(tmp_path, [{"text": "1"}], [{"text": "2"}])
    await said(first)
    other = ScriptedProvider("other", ProviderSettings(script=str(tmp_path / "script.json")))
    assert (await said(other))[0] == TextDelta("1")


async def test_a_delay_and_the_pause_between_pieces_take_their_time(tmp_path: Path) -> None:
    began = time.monotonic()
    await said(provider(tmp_path, [{"delay": 0.02}, {"text": "abcdefgh"}], chunkDelay=0.02))
    assert time.monotonic() - began >= 0.05


async def test_others_run_while_a_script_without_delays_plays(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [{"text": "x" * 4000}])
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    await said(scripted)  # reads the file, which gives others their turn as well
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await said(scripted)
        tasks.cancel_scope.cancel()
    assert turns >= 10


async def test_a_hanging_reply_waits_until_it_is_cancelled(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [{"text": "a"}, {"hang": True}, {"text": "never"}], [{"text": "b"}])
    heard: list[Delta] = []
    hangs = anyio.Event()

    async def listen() -> None:
        async with aclosing(scripted.stream(REQUEST)) as deltas:
            async for delta in deltas:
                heard.append(delta)
                hangs.set()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await hangs.wait()
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            assert heard == [TextDelta("a")]
            tasks.cancel_scope.cancel()
    assert (await said(scripted))[0] == TextDelta("b")


async def test_a_reply_goes_on_when_the_file_that_it_waits_for_is_there(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [{"text": "a"}, {"until": str(tmp_path / "go")}, {"text": "b"}])
    heard: list[Delta] = []

    async def listen() -> None:
        async with aclosing(scripted.stream(REQUEST)) as deltas:
            async for delta in deltas:
                heard.append(delta)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            while not heard:
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            assert heard == [TextDelta("a")]
            (tmp_path / "go").touch()
    assert heard[1] == TextDelta("b")


async def test_closing_the_stream_early_is_the_end_of_it(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [{"text": "abcdefgh"}])
    async with aclosing(scripted.stream(REQUEST)) as deltas:
        assert await anext(deltas) == TextDelta("abcd")
    with pytest.raises(StopAsyncIteration):
        await anext(deltas)


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("", "no JSON"),
        ("{]", "no JSON"),
        ("[]", "script:"),
        ("{}", "replies:"),
        ('{"replies": []}', "replies:"),
        ('{"replies": [{"text": "x"}]}', "replies[0]:"),
        ('{"replies": [[{"txet": "x"}]]}', "replies[0][0]: an action is an object with one of the keys text,"),
        ('{"replies": [["x"]]}', "replies[0][0]: an action is"),
        ('{"replies": [[], [{"text": "x"}, {"text": 1}]]}', "replies[1][1].text:"),
        ('{"replies": [[{"text": "x", "delay": 1}]]}', "replies[0][0].text.delay:"),
        ('{"replies": [[{"delay": -1}]]}', "replies[0][0].delay:"),
        ('{"replies": [[{"hang": false}]]}', "replies[0][0].hang:"),
        ('{"replies": [[{"toolCall": {"arguments": {}}}]]}', "replies[0][0].toolCall.name:"),
        ('{"replies": [[{"toolCall": {"name": "x", "arguments": []}}]]}', "replies[0][0].toolCall.arguments:"),
        (
            '{"replies": [[{"toolCall": {"name": "x", "arguments": {}, "argumentsText": ""}}]]}',
            "arguments and argumentsText exclude each other",
        ),
        ('{"replies": [[{"error": {"kind": "nonsense", "text": ""}}]]}', "replies[0][0].error.kind:"),
        ('{"replies": [[{"usage": {"inputtokens": 1}}]]}', "replies[0][0].usage.inputtokens:"),
        ('{"replies": [[{"finish": "cancelled"}]]}', "replies[0][0].finish:"),
        ('{"replies": [[]], "chunkChars": 0}', "chunkChars:"),
        ('{"replies": [[]], "chunkDelay": -1}', "chunkDelay:"),
        ('{"replies": [[]], "chunks": 1}', "chunks:"),
    ],
)
async def test_a_bad_script_is_refused_with_path_and_place(tmp_path: Path, script: str, place: str) -> None:
    message = error_of(await said(written(tmp_path, script)))
    assert str(tmp_path / "script.json") in message
    assert place in message


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    message = error_of(await said(ScriptedProvider("play", ProviderSettings(script=str(path)))))
    assert str(path) in message
    assert "No such file" in message


async def test_a_script_can_be_mended_after_it_failed(tmp_path: Path) -> None:
    scripted = written(tmp_path, "{")
    error_of(await said(scripted))
    (tmp_path / "script.json").write_text('{"replies": [[{"text": "x"}]]}')
    assert (await said(scripted))[0] == TextDelta("x")


async def test_a_missing_path_is_an_error_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"providers\.play\.script"):
        ScriptedProvider("play", ProviderSettings(kind="scripted"))


async def test_a_path_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provider(tmp_path, [{"text": "x"}])
    monkeypatch.chdir(tmp_path)
    assert (await said(ScriptedProvider("play", ProviderSettings(script="script.json"))))[0] == TextDelta("x")


async def test_it_lists_one_model_and_offers_all_tools(tmp_path: Path) -> None:
    scripted = provider(tmp_path, [])
    (model,) = await scripted.models()
    assert model.name == SCRIPTED_MODEL
    assert scripted.local
    tools = (ToolSpec("a", "", {}), ToolSpec("b", "", {}))
    assert scripted.offered("demo", tools) == tools
    await scripted.aclose()
