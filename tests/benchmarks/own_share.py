"""What our own code costs for one streamed chunk, without the HTTP stack: framing, decoding, step, outbox, write.

Warm, in a loop: the share in a daemon that also runs an HTTP stack is somewhat larger, since the caches are colder.
"""

import os
from asyncio import new_event_loop
from collections.abc import Mapping
from pathlib import Path
from time import process_time

import orjson

from chatls.agent.step import Step
from chatls.agent.turn import Tally
from chatls.editor import OpenDocument, Root
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.http.body import Body
from chatls.providers.http.framing import SseFramer
from chatls.providers.http.status import Origin
from chatls.wire.outbox import Channel, Outbox
from chatls.wire.progress import progress
from chatls.wire.stdio import Output, frame
from chatls.workspace.workspace import Workspace

COUNT = 20_000


class _NoEditor:
    def roots(self) -> tuple[Root, ...]:
        return ()

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return {}


def payloads() -> list[bytes]:
    """Events as the model server sends them."""
    whole = {
        "id": "chatcmpl-BKzWsUUy8pO2HKm4LzVWxWN4VCV6T",
        "object": "chat.completion.chunk",
        "created": 1795168687,
        "model": "bench-model-2026-11-20",
        "system_fingerprint": "fp_f7a584cf1f",
    }
    choices = (
        [{"index": 0, "delta": {"content": f"{n} "}, "logprobs": None, "finish_reason": None}] for n in range(COUNT)
    )
    return [b"data: " + orjson.dumps({**whole, "choices": choice}) + b"\n\n" for choice in choices]


def own_share() -> float:
    """Microseconds a chunk."""
    loop, sink = new_event_loop(), os.open(os.devnull, os.O_WRONLY)
    body = Body(Origin("bench", "127.0.0.1", "model"), SseFramer(), ChatDecoder(Origin("bench", "127.0.0.1", "model")))
    step, tally = Step({}, lambda: Workspace(_NoEditor())), Tally()
    outbox, channel = Outbox(Output(sink, loop), frame), Channel(progress(1, "turn-000000000000"))
    events = payloads()
    begin = process_time()
    for data in events:
        for delta in body.feed(data):
            tally.count(delta)
            for event in step.add(delta):
                outbox.event(channel, event)
            step.startable()
    used = process_time() - begin
    assert tally.chunks == COUNT
    loop.close()
    os.close(sink)
    return used / COUNT * 1e6


if __name__ == "__main__":
    print(f"{own_share():.2f} us a chunk")
