"""A turn's events as LSP carries them: `$/progress` on the client's own token (docs/protocol.md, section 4)."""

from collections.abc import Callable

from chatls.content import to_wire
from chatls.events import Event, TextChunk
from chatls.jsontext import dumps
from chatls.wire.jsonrpc import Id
from chatls.wire.stdio import frame


def progress(token: Id, turn_id: str) -> Callable[[int, Event], bytes]:
    """Makes frames of one turn's events, each with its `seq`."""
    head = dumps({"jsonrpc": "2.0", "method": "$/progress", "params": {"token": token}})
    head = head[:-2] + b',"value":{"turnId":' + dumps(turn_id) + b',"seq":'

    def framed(number: int, event: Event) -> bytes:
        plain = type(event) is TextChunk  # by far the most frequent
        value = dumps({"kind": "textChunk", "text": event.text} if plain else to_wire(event))
        return frame(b"%b%d,%b}}" % (head, number, value[1:]))

    return framed
