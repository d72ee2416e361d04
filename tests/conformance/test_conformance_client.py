"""Our Python client, held to the rules by the kit's fake daemon."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatls_client import Client, ClientError, Elicitation, FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.protocol import JsonObject, TextChunk
from chatls_conformance.framing import packed

FOLDER = Path(__file__).parent
SOON = 60

ASKING = ["question", "questions", "withdraw", "form", "problems", "edit"]
TALKING = ["plain", "unheard", "ends", "slow", "burst", "late", "wait", "race", "refused"]


def fake(report: Path) -> list[str]:
    """The kit as a daemon's command."""
    return [sys.executable, str(FOLDER / "kit.py"), "client", "--report", str(report)]


async def yes(question: PermissionQuestion) -> PermissionAnswer:
    return PermissionAnswer.to(question, "allow_once")


async def blue(form: Elicitation) -> FormAnswer:
    return FormAnswer("accept", {"kind": "blue"})


async def no_problems(uri: str | None, changed: bool) -> Mapping[str, list[JsonObject]]:
    return {}


async def converse(report: Path, *words: str) -> Any:
    """Let the client play these, a cancel where it has to be, and leave."""
    document = "file:///kit/a.txt"

    async def write(params: JsonObject) -> str | None:
        client.change(document, "from the kit\none\n")
        return None

    abilities: dict[str, Any] = {"permission": yes, "form": blue, "diagnostics": no_problems, "apply_edit": write}
    with anyio.fail_after(SOON):
        async with Client.start(fake(report), **abilities) as client:
            client.open(document, "one\n")
            for word in words:
                turn = client.prompt(word)
                with suppress(ClientError):
                    async for event in turn:
                        if word in ("wait", "race") and isinstance(event, TextChunk):
                            await turn.cancel()


def came(report: Path) -> dict[str, str]:
    rows = [line for line in report.read_text("utf-8").splitlines() if not line.startswith(" ")]
    return {line[14:].split()[0]: line[:14].strip() for line in rows}


@pytest.mark.asyncio
async def test_it_keeps_all_rules(tmp_path: Path) -> None:
    await converse(tmp_path / "report", *TALKING, *ASKING)
    rows = came(tmp_path / "report")
    assert {name: row for name, row in rows.items() if row != "passed"} == {
        "garbage": "not applicable",
        "language": "not applicable",
    }


@pytest.mark.asyncio
async def test_it_stands_what_is_no_frame(tmp_path: Path) -> None:
    await converse(tmp_path / "report", "garbage")
    assert came(tmp_path / "report")["garbage"] == "passed"


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["cut", "crash"])
async def test_it_says_that_the_daemon_is_gone(tmp_path: Path, word: str) -> None:
    with anyio.fail_after(SOON):
        async with Client.start(fake(tmp_path / "report")) as client:
            with pytest.raises(ClientError):
                await client.ask(word)


def test_what_a_client_does_wrong_is_said(tmp_path: Path) -> None:
    """One that knows nothing of the protocol but its frames."""
    prompt = {"method": "chat/prompt", "params": {"content": "question", "partialResultToken": "t"}}
    sent: list[JsonObject] = [
        {"id": 1, "method": "chat/models"},
        {"id": 2, "method": "initialize", "params": {"capabilities": {"experimental": {"chat": {"permission": True}}}}},
        {"id": 3, "method": "chat/cancel", "params": {"sessionId": 5}},
        {"id": 4, "method": "chat/prompt", "params": {"content": "hello", "sessionId": "made-up"}},
        {"id": 5, **prompt},
        {"id": 5, "method": "chat/models"},
        {"id": "one", "result": {"outcome": "selected", "optionId": "made-up"}},
        {"id": "two", "result": None},
        {"id": "alive-2-60", "result": "what?"},
        {"jsonrpc": "1.0", "method": "exit"},
    ]
    said = subprocess.run(
        fake(tmp_path / "report"), input=b"".join(map(packed, sent)), capture_output=True, timeout=SOON, check=False
    )
    assert said.returncode == 1
    rows = came(tmp_path / "report")
    wrong = {name for name, row in rows.items() if row == "failed"}
    assert wrong == {"jsonrpc", "first", "ids", "params", "session", "answers", "question", "leave"}


def test_what_is_no_frame_is_said(tmp_path: Path) -> None:
    subprocess.run(fake(tmp_path / "report"), input=b"hello\r\n\r\n", capture_output=True, timeout=SOON, check=False)
    assert came(tmp_path / "report")["frame"] == "failed"
