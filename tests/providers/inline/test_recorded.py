"""Streams that real servers sent, through the layer that looks for calls in the text: it changes nothing of them.

None of the recorded texts holds a call or thinking that its server had left there. CHATLS_STREAMS names the folder.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.delta import Delta, TextDelta, ThinkingDelta
from chatls.providers.http.body import Body, Decoder
from chatls.providers.http.framing import NdjsonFramer, SseFramer
from chatls.providers.inline.layer import InlineDecoder
from chatls.providers.known.refused import Learnt
from chatls.settings.config import ProviderKind
from tests.providers.reading import SOURCE, decoder_of, seen
from tests.support.cases import for_each

FOLDER = os.environ.get("CHATLS_STREAMS")
KINDS: dict[str, ProviderKind] = {"chat": "openai_chat", "ollama": "ollama"}

pytestmark = pytest.mark.skipif(FOLDER is None, reason="CHATLS_STREAMS is not set: NO RECORDED STREAM IS TESTED")


def recordings() -> list[Any]:
    described = [(path, json.loads(path.read_text("utf-8"))) for path in sorted(Path(FOLDER or "/").glob("*/*.json"))]
    return [
        pytest.param(path.with_name(about["file"]), about, id=f"{path.parent.name}/{path.stem}")
        for path, about in (described if FOLDER else [])
        if about.get("kind") in KINDS and "expect" in about
    ]


def read(decoder: Decoder, kind: ProviderKind, data: bytes, size: int) -> tuple[list[Delta], ProviderError | None]:
    body = Body(SOURCE, NdjsonFramer() if kind == "ollama" else SseFramer(), decoder)
    deltas: list[Delta] = []
    try:
        for start in range(0, len(data), size):
            deltas += body.feed(data[start : start + size])
            if body.failure or body.decoder.ended:
                break
        else:
            deltas += body.end()
    except ProviderError as error:
        return deltas + body.break_off(error), error
    return deltas + (body.break_off(body.failure) if body.failure else []), body.failure


def said(deltas: list[Delta]) -> list[Delta]:
    return [delta for delta in deltas if isinstance(delta, TextDelta | ThinkingDelta)]


@pytest.mark.parametrize(("path", "about"), recordings())
@for_each("size", [7, 1_000_000])
def test_a_recorded_stream_is_read_the_same_with_and_without_the_layer(path: Path, about: Any, size: int) -> None:
    kind, data = KINDS[about["kind"]], path.read_bytes()
    object_schema: JsonObject = {"type": "object"}
    tools = {call["name"]: object_schema for call in about["expect"]["tool_calls"]} | {"read_file": object_schema}
    plain, failure = read(decoder_of(kind), kind, data, size)
    layered, the_same = read(InlineDecoder(decoder_of(kind), tools, Learnt(), "m"), kind, data, size)
    got, expected = seen(layered, the_same), seen(plain, failure)
    assert (got.text, got.thinking, got.calls) == (expected.text, expected.thinking, expected.calls)
    assert (got.stop, got.usage, got.error) == (expected.stop, expected.usage, expected.error)
    assert got.text == about["expect"]["text"]
    assert said(layered) == said(plain)
