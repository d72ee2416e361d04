"""Reading a reply in tests: bytes, cut anywhere, to what a person and a tool get."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from chatls.content import JsonObject, Usage
from chatls.errors import ErrorKind, ProviderError
from chatls.events import StepStopReason
from chatls.message import Replay
from chatls.providers.anthropic_reply import AnthropicDecoder
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
)
from chatls.providers.gemini_reply import GeminiDecoder
from chatls.providers.http.body import Body, Decoder
from chatls.providers.http.framing import NdjsonFramer, SseFramer
from chatls.providers.http.status import Origin
from chatls.providers.ollama_reply import OllamaDecoder
from chatls.providers.responses_reply import ResponsesDecoder
from chatls.settings.config import ProviderKind

SOURCE = Origin("work", "models.example")

_DECODERS: dict[str, Callable[[Origin], Decoder]] = {
    "openai_chat": ChatDecoder,
    "openai_responses": ResponsesDecoder,
    "anthropic": AnthropicDecoder,
    "gemini": GeminiDecoder,
    "ollama": OllamaDecoder,
}


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


def stream_bytes(values: Iterable[Any], kind: ProviderKind = "openai_chat") -> bytes:
    """The events of a stream, as servers of that kind frame them; their data are JSON values, or text as it is."""
    return b"".join(_framed(value, kind) for value in values)


def _framed(value: Any, kind: ProviderKind) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    if kind == "ollama":
        return f"{text}\n".encode()
    members = cast("JsonObject", value) if isinstance(value, dict) else {}
    name = members.get("type") if kind in ("anthropic", "openai_responses") else None
    return f"event: {name}\ndata: {text}\n\n".encode() if name else f"data: {text}\n\n".encode()


def decoder_of(kind: ProviderKind) -> Decoder:
    """A new decoder of that kind."""
    return _DECODERS[kind](SOURCE)


def body_of(kind: ProviderKind) -> Body:
    """What reads the bytes of a reply of that kind."""
    return Body(SOURCE, NdjsonFramer() if kind == "ollama" else SseFramer(), decoder_of(kind))


def read(pieces: Iterable[bytes], kind: ProviderKind = "openai_chat") -> Seen:
    """Read a reply as the provider does."""
    body = body_of(kind)
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
    begun = next((at for at, delta in enumerate(deltas) if isinstance(delta, TextWasThinking)), 0)
    texts_of = [(at, delta) for at, delta in enumerate(deltas) if isinstance(delta, TextDelta | ThinkingDelta)]
    return Seen(
        text="".join(delta.text for at, delta in texts_of if at >= begun and isinstance(delta, TextDelta)),
        thinking="".join(delta.text for at, delta in texts_of if at < begun or isinstance(delta, ThinkingDelta)),
        calls=tuple((name, ready[call_id]) for call_id, name in names.items() if call_id in ready),
        argument_texts=tuple((name, texts[call_id]) for call_id, name in names.items()),
        stop=last.stop if isinstance(last, Finished) else None,
        usage=last.usage if isinstance(last, Finished) else None,
        replay=last.replay if isinstance(last, Finished) else None,
        error=error.kind if error else (last.error.kind if isinstance(last, Failed) else None),
    )
