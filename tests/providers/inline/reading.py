"""What a reply with calls in its text is read to, for the tests of the inline parser."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chatls.content import JsonObject
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta, TextDelta, TextWasThinking, ThinkingDelta
from chatls.providers.inline.parser import InlineParser

CITY: JsonObject = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CODE: JsonObject = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
MANY: JsonObject = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "exact": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "where": {"type": "object"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "perhaps": {"type": ["string", "null"]},
        "text": {"type": "string"},
    },
}
TOOLS: dict[str, JsonObject] = {"get_time": CITY, "python": CODE, "many": MANY}


@dataclass
class Call:
    """One call as it came."""

    name: str
    text: str = ""
    pieces: int = 0
    ready: bool = False
    arguments: JsonObject | None = None
    error: str | None = None


@dataclass
class Reply:
    """All of a reply."""

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list[Call])


def fold(deltas: Iterable[Delta]) -> Reply:
    """What the deltas amount to."""
    reply = Reply()
    calls: dict[str, Call] = {}
    for delta in deltas:
        match delta:
            case TextDelta(text):
                reply.text += text
            case ThinkingDelta(text):
                reply.thinking += text
            case TextWasThinking():
                reply.thinking, reply.text = reply.thinking + reply.text, ""
            case CallStart(call_id, name):
                assert call_id not in calls
                calls[call_id] = Call(name)
                reply.calls.append(calls[call_id])
            case CallArguments(call_id, text):
                assert not calls[call_id].ready
                calls[call_id].text += text
                calls[call_id].pieces += 1
            case CallReady(call_id, arguments, error):
                assert not calls[call_id].ready
                calls[call_id].ready = True
                calls[call_id].arguments, calls[call_id].error = arguments, error
            case _:
                raise AssertionError(delta)
    return reply


def deltas_of(
    pieces: Iterable[str], tools: Mapping[str, JsonObject] = TOOLS, *, thinking_open: bool = False, cut: bool = False
) -> list[Delta]:
    """All deltas of a reply that comes in these pieces."""
    parser = InlineParser(tools, thinking_open=thinking_open)
    deltas = [delta for piece in pieces for delta in parser.feed(piece)]
    deltas += parser.finish(cut=cut)
    assert parser.finish(cut=cut) == []
    assert parser.any_call == any(isinstance(delta, CallReady) for delta in deltas)
    return deltas


def read(
    text: str, tools: Mapping[str, JsonObject] = TOOLS, *, thinking_open: bool = False, cut: bool = False
) -> Reply:
    """A reply, the same however it is cut."""
    whole = fold(deltas_of([text], tools, thinking_open=thinking_open, cut=cut))
    for pieces in (list(text), *(cut_at_random(text, seed) for seed in range(5))):
        reply = fold(deltas_of(pieces, tools, thinking_open=thinking_open, cut=cut))
        assert without_pieces(reply) == without_pieces(whole), pieces
    return whole


def without_pieces(reply: Reply) -> Reply:
    """The reply, no matter in how many fragments its arguments came."""
    calls = [Call(call.name, call.text, 0, call.ready, call.arguments, call.error) for call in reply.calls]
    return Reply(reply.text, reply.thinking, calls)


def cut_at_random(text: str, seed: int) -> list[str]:
    """The text in pieces, the same for the same seed."""
    generator = random.Random(seed)
    places = sorted(generator.randrange(len(text) + 1) for _ in range(min(12, len(text))))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
