"""Reading a reply in tests: bytes, cut anywhere, to what a person and a tool get."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chatls.content import JsonObject, Usage
from chatls.errors import ErrorKind, ProviderError
from chatls.events import StepStopReason
from chatls.message import Replay
from chatls.providers.body import Body
from chatls.providers.chat_reply import Decoder
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
from chatls.providers.framing import SseFramer
from chatls.providers.status import Source

SOURCE = Source("work", "models.example")


@dataclass(frozen=True)
class Seen:
    """What came out of a reply, call by call; our own ids left out."""

    text: str
    thinking: str
    calls: tuple[tuple[str, JsonObject | None], ...]
    """Those that got ready, with the arguments that hold in the end."""
    argument_texts: tuple[tuple[str, str], ...]
    """All that were begun, with the raw text."""
    stop: StepStopReason | None
    usage: Usage | None
    replay: Replay | None
    error: ErrorKind | None


def stream_bytes(values: Iterable[Any]) -> bytes:
    """Server-sent events of JSON values, or of text as it is."""
    texts = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return b"".join(f"data: {text}\n\n".encode() for text in texts)


def read(pieces: Iterable[bytes]) -> Seen:
    """Read a chat completions reply as the provider does."""
    body = Body(SOURCE, SseFramer(), Decoder(SOURCE))
    deltas: list[Delta] = []
    error: ProviderError | None = None
    try:
        for piece in pieces:
            deltas += body.feed(piece)
            if body.failure or body.decoder.ended:
                break
        else:
            deltas += body.end()
    except ProviderError as failure:
        error = failure
    return seen(deltas, error or body.failure)


def seen(deltas: Sequence[Delta], error: ProviderError | None = None) -> Seen:
    """Sum up; checks on the way that calls begin before anything is said of them, and that nothing follows the end."""
    names: dict[str, str] = {}
    texts: dict[str, str] = {}
    ready: dict[str, JsonObject | None] = {}
    last: Finished | Failed | None = None
    for delta in deltas:
        assert last is None, "something follows the end"
        match delta:
            case CallStart(call_id, name):
                assert call_id not in names
                assert name
                names[call_id], texts[call_id] = name, ""
            case CallArguments(call_id, text):
                assert text
                texts[call_id] += text
            case CallReady(call_id, arguments, complaint):
                assert (arguments is None) == bool(complaint)
                assert call_id in names
                ready[call_id] = arguments
            case Finished() | Failed():
                last = delta
            case _:
                pass
    return Seen(
        text="".join(delta.text for delta in deltas if isinstance(delta, TextDelta)),
        thinking="".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta)),
        calls=tuple((name, ready[call_id]) for call_id, name in names.items() if call_id in ready),
        argument_texts=tuple((name, texts[call_id]) for call_id, name in names.items()),
        stop=last.stop if isinstance(last, Finished) else None,
        usage=last.usage if isinstance(last, Finished) else None,
        replay=last.replay if isinstance(last, Finished) else None,
        error=error.kind if error else (last.error.kind if isinstance(last, Failed) else None),
    )
