"""Streams and error bodies that real servers sent, played over a real socket to the adapter that they are for.

CHATLS_STREAMS names the folder that holds them; its README says what `expect` means.
"""

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chatls.content import JsonObject
from chatls.events import StepStopReason
from chatls.providers.http.status import Origin, http_error
from tests.providers.asking import ask, failure
from tests.providers.reading import Seen, seen
from tests.support.http_server import SSE, Chunk, End, Head, ScriptedServer, answered

FOLDER = os.environ.get("CHATLS_STREAMS")
CUTS = 25
"""Random cuts of a stream."""

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(FOLDER is None, reason="CHATLS_STREAMS is not set: NO RECORDED STREAM IS TESTED"),
]

EXPLAINED: dict[str, tuple[JsonObject, str]] = {
    "anthropic/27_spliced_message_start": (
        {"tool_calls": [{"id": "toolu_second", "name": "test-tool", "arguments": {"value": "Sparkle Day"}}]},
        (
            "The SDK's accumulator, from which the expectation comes, glues the beginning of the second call's text to "
            "the first one's ('Spark' and a brace), and gives the second one, whose text is whole, no arguments. The "
            "first call's block has no content_block_stop: it broke off and is not run."
        ),
    ),
    "anthropic/31_sdk_incomplete_partial_json_response": (
        {"tool_calls": []},
        (
            "The arguments' text ends inside a string, without a content_block_stop, and the label is max_tokens: the "
            "SDK shows what a tolerant parser makes of the beginning. A call whose arguments never closed is not run."
        ),
    ),
    "openai_responses/21_encrypted_reasoning": (
        {
            "text": "",
            "thinking": (
                "**Calculating step-by-step using calculator**\n\nI'll compute 12 plus 7, then multiply the result by "
                "3, and finally multiply that by 10, reporting the final product."
            ),
            "tool_calls": [
                {
                    "id": "call_AB6AaRZ1FYZB2RwS6A5vbdqn",
                    "name": "calculator",
                    "arguments": {"a": 12, "b": 7, "op": "add"},
                }
            ],
            "usage": {"input_tokens": 134, "output_tokens": 28},
        },
        (
            "The file holds the four replies of a loop, one behind the other (four response.created and "
            "response.completed, each with an id of its own); the expectation is the last one's. A server sends one "
            "reply to one request: ours ends with the first response.completed."
        ),
    ),
}
"""Expectations that do not hold: what is right instead, and the evidence."""

CALLS = ("tool_calls", "tool_use", "function_call")
STOPS: dict[StepStopReason, tuple[str, ...]] = {
    "end_turn": ("stop", "end_turn", "stop_sequence", "completed", *CALLS),
    "max_tokens": ("length", "max_tokens", "max_output_tokens", "model_context_window_exceeded", "incomplete"),
    "refusal": ("refusal", "content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
}
"""Their words, in lower case, for ours. With a complete call, `end_turn` is `tool_calls`."""


@dataclass(frozen=True)
class Kind:
    """How the recordings of one kind are told of."""

    name: str
    """Ours."""
    usage: Callable[[JsonObject], tuple[int, int]]
    """All input and all output."""
    headers: dict[str, str]


def counted(numbers: JsonObject, *names: str) -> int:
    return sum(numbers.get(name) or 0 for name in names)


NDJSON = {"content-type": "application/x-ndjson"}
CACHES = ("cache_read_input_tokens", "cache_creation_input_tokens")
THOUGHTS = ("candidates_token_count", "thoughts_token_count")
KINDS = {
    "chat": Kind("openai_chat", lambda u: (counted(u, "prompt_tokens"), counted(u, "completion_tokens")), SSE),
    "responses": Kind("openai_responses", lambda u: (counted(u, "input_tokens"), counted(u, "output_tokens")), SSE),
    "anthropic": Kind("anthropic", lambda u: (counted(u, "input_tokens", *CACHES), counted(u, "output_tokens")), SSE),
    "gemini": Kind("gemini", lambda u: (counted(u, "prompt_token_count"), counted(u, *THOUGHTS)), SSE),
    "ollama": Kind("ollama", lambda u: (counted(u, "prompt_eval_count"), counted(u, "eval_count")), NDJSON),
}


def recordings(pattern: str) -> list[Any]:
    if FOLDER is None:
        return []
    described = ((path, json.loads(path.read_text("utf-8"))) for path in sorted(Path(FOLDER).glob(pattern)))
    return [
        pytest.param(path, about, id=f"{path.parent.name}/{path.stem}")
        for path, about in described
        if "expect" in about and (about["kind"] in KINDS or about["kind"] == "http error body")
    ]


STREAMS = [case for case in recordings("*/*.json") if case.values[1]["kind"] in KINDS]
ERRORS = recordings("http_errors/*.json")


def expected_of(path: Path, about: Any) -> Any:
    """What is expected, corrected where it is wrong."""
    expected = dict(about["expect"])
    if explained := EXPLAINED.get(f"{path.parent.name}/{path.stem}"):
        right, _ = explained
        assert any(expected[name] != value for name, value in right.items()), "mended: nothing is left to explain"
        expected |= right
    return expected


def stop_of(expected: Any) -> StepStopReason | None:
    """Our word for how the reply ended; it ends somehow where the server gives no label."""
    if expected["error"]:
        return None
    label = str(expected["stop_reason"] or "stop").lower()
    stop: StepStopReason = next(ours for ours, theirs in STOPS.items() if label in theirs)
    return "tool_calls" if stop == "end_turn" and expected["tool_calls"] else stop


def check(got: Seen, kind: Kind, expected: Any) -> None:
    assert got.text == expected["text"]
    assert got.thinking == (expected["thinking"] or "")
    assert got.calls == tuple((call["name"], call["arguments"]) for call in expected["tool_calls"])
    assert (got.error is not None) == bool(expected["error"])
    assert got.stop == stop_of(expected)
    check_ids(got, [call["id"] for call in expected["tool_calls"] if call["id"]])
    if got.error is None:
        usage = expected["usage"]
        assert (got.usage and (got.usage.input_tokens, got.usage.output_tokens)) == (usage and kind.usage(usage))


def check_ids(got: Seen, expected: list[str]) -> None:
    """The provider's own ids of calls are kept, and each has one of ours."""
    ids = got.replay.call_ids if got.replay else {}
    assert [name for name in ids.values() if name in expected] == expected
    assert len(ids) == len(set(ids))


async def read(server: ScriptedServer, kind: Kind, pieces: list[bytes]) -> Seen:
    server.play([Head(headers=kind.headers), *(Chunk(piece) for piece in pieces if piece), End()])
    return seen(await ask(server, kind=kind.name))


@pytest.mark.parametrize(("path", "about"), STREAMS)
async def test_a_recorded_stream_is_read_as_expected(server: ScriptedServer, path: Path, about: Any) -> None:
    kind = KINDS[about["kind"]]
    data = path.with_name(about["file"]).read_bytes()
    check(await read(server, kind, [data]), kind, expected_of(path, about))


@pytest.mark.parametrize(("path", "about"), STREAMS)
async def test_a_recorded_stream_cut_at_random_is_read_the_same(server: ScriptedServer, path: Path, about: Any) -> None:
    kind = KINDS[about["kind"]]
    data = path.with_name(about["file"]).read_bytes()
    chance = random.Random(path.name)
    cuts = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(CUTS))})
    check(await read(server, kind, [data[a:b] for a, b in pairwise(cuts)]), kind, expected_of(path, about))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize(("path", "about"), ERRORS)
async def test_a_recorded_error_has_its_kind_whoever_asked(
    server: ScriptedServer, path: Path, about: Any, kind: Kind
) -> None:
    body = path.with_name(about["file"]).read_bytes()
    kinds = about["expect"]["kind"]
    headers = {name.lower(): value for name, value in about["headers"].items()}
    error = http_error(Origin("work", "models.example"), about["status"], headers, body)
    assert error.kind in ([kinds] if isinstance(kinds, str) else kinds)
    server.play(answered(body, about["status"], headers))
    last = failure(await ask(server, kind=kind.name))
    assert (last.kind, last.http_status) == (error.kind, about["status"])
    assert last.message.startswith(f"work (127.0.0.1:{server.port}) ")
    assert last.message.isprintable()
    assert "<" not in last.message
