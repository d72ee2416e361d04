"""The real model through the real daemon: a call that llama.cpp parsed, and one that it left in the text.

Shapes, not words. What the tiny model writes is held to a call by llama.cpp's own grammar; how it comes, token by
token, is as any model's text comes. The server is one that a person might run: its model's template knows no tools.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from chatls.providers.local.weights import SMOLLM2, fetch
from tests.daemon.conftest import Start
from tests.daemon.raw import Daemon, Json, Turn

pytestmark = pytest.mark.model

SERVE = """\
import json, sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel = sys.argv[1], 8192, 1
params.use_jinja, params.warmup, params.offline, params.ui = True, False, True, False
params.hostnames, params.port = ["127.0.0.1"], 0
by_user = xllamacpp.common_grammar_type.COMMON_GRAMMAR_TYPE_USER
params.sampling.grammar = xllamacpp.CommonGrammar(by_user, sys.argv[2])
params.verbosity = 1
server = xllamacpp.Server(params)
print("READY", server.listening_address, flush=True)
sys.stdin.read()
"""
GRAMMAR = r"""
root ::= "I look.\n<tool_call>\n" object "\n</tool_call>"
object ::= "{\"name\": \"search\", \"arguments\": {\"pattern\": \"" [a-zA-Z]{4,12} "\"}}"
"""
PATIENCE = 300


@pytest.fixture(scope="module", autouse=True)
def weights() -> None:
    async def bring() -> None:
        async for _ in fetch(SMOLLM2):
            pass

    anyio.run(bring)


@pytest.fixture
def llama(tmp_path: Path) -> Iterator[str]:
    """The base URL of a llama.cpp of a person's own, that writes nothing but calls."""
    program = tmp_path / "serve.py"
    program.write_text(SERVE)
    command = [sys.executable, str(program), str(SMOLLM2.path), GRAMMAR]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith(b"READY "):
                yield f"{line.split()[1].decode()}/v1"
                break
        child.kill()


def opened(start: Start, folder: Path, settings: Json) -> Daemon:
    daemon = start(variables={"XDG_CACHE_HOME": str(SMOLLM2.path.parents[2])})
    root = folder / "root"
    root.mkdir()
    (root / "a.txt").write_text("one\nTODO: two\n")
    daemon.initialize(settings, workspaceFolders=[{"uri": root.as_uri(), "name": "root"}])
    return daemon


def ended(turn: Turn) -> str:
    """The stop reason. A loaded machine needs a minute for the first word."""
    while not any(message.get("id") == turn.id and "method" not in message for message in turn.daemon.log):
        turn.daemon.read(PATIENCE)
    return turn.result()["stopReason"]


def check_call(turn: Turn) -> Json:
    """A call of `search` that was seen while it was written; gives its arguments."""
    start = turn.event("toolCallStart")
    call = turn.event("toolCallEnd")
    deltas = [one for one in turn.events if one["kind"] == "toolCallDelta" and one["toolCallId"] == start["toolCallId"]]
    assert len(deltas) > 1
    assert json.loads("".join(one["argumentsDelta"] for one in deltas)) == call["arguments"]
    assert (start["name"], call["name"]) == ("search", "search")
    assert turn.event("toolRunEnd")["status"] == "completed"
    assert not any("<" in one["text"] for one in turn.events if one["kind"] == "textChunk")
    return call["arguments"]


def test_a_call_that_the_server_parsed_is_streamed(start: Start, tmp_path: Path) -> None:
    daemon = opened(start, tmp_path, {"model": "local"})
    turn = daemon.prompt(content="Search the workspace for TODO and summarise what you find.")
    assert ended(turn) in ("end_turn", "max_tokens")
    assert check_call(turn) == {"pattern": "TODO"}


def test_a_call_that_the_server_left_in_the_text_is_streamed_as_well(start: Start, tmp_path: Path, llama: str) -> None:
    settings = {"model": "llamacpp/m", "providers": {"llamacpp": {"baseUrl": llama}}, "limits": {"maxSteps": 2}}
    daemon = opened(start, tmp_path, settings)
    turn = daemon.prompt(content="Where is TODO?")
    assert ended(turn) == "max_turn_requests"
    assert list(check_call(turn)) == ["pattern"]
    assert [one["text"].strip() for one in turn.events if one["kind"] == "stepEnd"] == ["I look."] * 2
    assert turn.kinds.count("toolRunEnd") == 2
    assert len([one for one in turn.events if one["kind"] == "notice" and "told in the prompt" in one["text"]]) == 1


def test_a_file_of_ones_own_is_told_of_tools_in_words_and_answers(start: Start, tmp_path: Path) -> None:
    """What it says is its own affair: so small a model does not call tools unhelped."""
    own = {"kind": "local", "modelPath": str(SMOLLM2.path)}
    settings = {"model": "own", "providers": {"own": own}, "parameters": {"maxOutputTokens": 16, "temperature": 0}}
    daemon = opened(start, tmp_path, settings)
    turn = daemon.prompt(content="Hello!")
    assert ended(turn) in ("end_turn", "max_tokens")
    assert any("told in the prompt" in one["text"] for one in turn.events if one["kind"] == "notice")
