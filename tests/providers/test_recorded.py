"""Streams and error bodies that real servers sent, played over a real socket.

CHATLS_STREAMS names the folder that holds them; its README says what `expect` means.
"""

import json
import os
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chatls.content import Usage
from chatls.events import StepStopReason
from chatls.providers.status import Source, http_error
from tests.providers.asking import ask, failure
from tests.providers.reading import Seen, seen
from tests.support.http_server import SSE, Chunk, End, Head, ScriptedServer, answered

FOLDER = os.environ.get("CHATLS_STREAMS")

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(FOLDER is None, reason="CHATLS_STREAMS is not set: NO RECORDED STREAM IS TESTED"),
]

STOPS: dict[str, StepStopReason] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_calls",
    "content_filter": "refusal",
}


def recordings(pattern: str, kind: str) -> list[Any]:
    if FOLDER is None:
        return []
    found = sorted(Path(FOLDER).glob(pattern))
    described: list[tuple[Path, Any]] = [(path, json.loads(path.read_text())) for path in found]
    return [
        pytest.param(path, about, id=f"{path.parent.name}/{path.stem}")
        for path, about in described
        if "expect" in about and about["kind"] == kind
    ]


def stop_of(expected: Any) -> StepStopReason | None:
    """Our word for how the reply ended; it ends somehow where the server gives no label."""
    if expected["error"]:
        return None
    if expected["tool_calls"]:
        return "tool_calls"
    return STOPS[expected["stop_reason"] or "stop"]


def check(got: Seen, expected: Any) -> None:
    assert got.text == expected["text"]
    assert got.thinking == expected["thinking"]
    assert got.calls == tuple((call["name"], call["arguments"]) for call in expected["tool_calls"])
    assert (got.error is not None) == bool(expected["error"])
    assert got.stop == stop_of(expected)
    ids = list(got.replay.call_ids.values()) if got.replay else []
    assert ids == [call["id"] for call in expected["tool_calls"]]
    if got.error is None:
        check_usage(got.usage, expected["usage"])


def check_usage(got: Usage | None, expected: Any) -> None:
    if not expected:
        assert got is None
        return
    assert got is not None
    assert (got.input_tokens, got.output_tokens) == (expected["prompt_tokens"], expected["completion_tokens"])


@pytest.mark.parametrize(("path", "about"), recordings("*/*.json", "chat"))
async def test_a_recorded_stream_is_read_as_expected(server: ScriptedServer, path: Path, about: Any) -> None:
    data = path.with_name(about["file"]).read_bytes()
    server.play([Head(), Chunk(data), End()])
    check(seen(await ask(server)), about["expect"])


@pytest.mark.parametrize(("path", "about"), recordings("*/*.json", "chat"))
async def test_a_recorded_stream_cut_at_random_is_read_the_same(server: ScriptedServer, path: Path, about: Any) -> None:
    data = path.with_name(about["file"]).read_bytes()
    chance = random.Random(path.name)
    cuts = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(25))})
    pieces = [Chunk(data[start:stop]) for start, stop in pairwise(cuts)]
    server.play([Head(headers={**SSE, "x-cut": "yes"}), *pieces, End()])
    check(seen(await ask(server)), about["expect"])


@pytest.mark.parametrize(("path", "about"), recordings("http_errors/*.json", "http error body"))
async def test_a_recorded_error_has_its_kind(server: ScriptedServer, path: Path, about: Any) -> None:
    body = path.with_name(about["file"]).read_bytes()
    kinds = about["expect"]["kind"]
    headers = {name.lower(): value for name, value in about["headers"].items()}
    error = http_error(Source("work", "models.example"), about["status"], headers, body)
    assert error.kind in ([kinds] if isinstance(kinds, str) else kinds)
    server.play(answered(body, about["status"], headers))
    last = failure(await ask(server))
    assert (last.kind, last.http_status) == (error.kind, about["status"])
    assert last.message.isprintable()
