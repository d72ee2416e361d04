"""What the reader of calls in text costs for one chunk of plain text, beside the chat decoder that the chunk goes
through anyway, and whether a long answer costs no more a character than a short one."""

import json
from time import process_time

from chatls.content import JsonObject
from chatls.providers.body import Body
from chatls.providers.chat_reply import Decoder
from chatls.providers.delta import Delta, TextDelta
from chatls.providers.framing import SseFramer
from chatls.providers.inline import InlineParser
from chatls.providers.status import Source

COUNT = 10_000
ROUNDS = 7
SOURCE = Source("bench", "127.0.0.1")
MEGABYTE = 1_000_000
SIZES = (MEGABYTE // 4, MEGABYTE // 2, MEGABYTE)
WORDS = ("The", "quick", "brown", "fox", "jumps", "over", "the", "lazy dog,", "and", "then", "it", "sleeps.")
"""A chunk is a word or two, as servers send them."""

SCHEMA: JsonObject = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOLS: dict[str, JsonObject] = {f"tool_{number}": SCHEMA for number in range(20)}

TEXTS = {
    "prose": "The quick brown fox jumps over the lazy dog, and then it sleeps.\n",
    "code": "    for (i = 0; i < n; i++) { a[i] = b[i] > c ? x : y; }\n",
    "one line": "word after word, ",
    "smaller than": "<",
    "openers": "<tool_call>",
    "open braces": "\n{",
}


def chunks() -> list[str]:
    """Pieces of an answer, a line's end among fifteen of them."""
    return [f"{WORDS[number % len(WORDS)]} " if number % 15 else "\n" for number in range(COUNT)]


def cost_of_a_chunk() -> tuple[float, float]:
    """Microseconds a chunk: decoded alone, and decoded and read for calls; the best of several rounds."""
    lines = [_event(text) for text in chunks()]
    without: list[float] = []
    beside: list[float] = []
    for _ in range(ROUNDS):
        without.append(_timed(lines, None))
        beside.append(_timed(lines, InlineParser(TOOLS)))
    return min(without) / COUNT * 1e6, min(beside) / COUNT * 1e6


def _timed(lines: list[bytes], parser: InlineParser | None) -> float:
    body = Body(SOURCE, SseFramer(), Decoder(SOURCE))
    said = 0
    begin = process_time()
    for line in lines:
        deltas = body.feed(line)
        said += len(deltas if parser is None else _read(parser, deltas))
    spent = process_time() - begin
    assert said >= COUNT - COUNT // 10
    return spent


def _read(parser: InlineParser, deltas: list[Delta]) -> list[Delta]:
    read: list[Delta] = []
    for delta in deltas:
        read += parser.feed(delta.text) if isinstance(delta, TextDelta) else [delta]
    return read


def _event(text: str) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    head = {"id": "chatcmpl-BKzWsUUy8pO2HKm4LzVWxWN4VCV6T", "object": "chat.completion.chunk", "created": 1795168687}
    chunk = {**head, "model": "bench-model-2026-11-20", "system_fingerprint": "fp_f7a584cf1f", "choices": [choice]}
    return f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()


def cost_of_a_megabyte(unit: str, step: int) -> list[float]:
    """Milliseconds for a quarter, a half and a whole megabyte of this text, in pieces of so many characters."""
    spent: list[float] = []
    for size in SIZES:
        text = (unit * (size // len(unit) + 1))[:size]
        pieces = [text[place : place + step] for place in range(0, size, step)]
        parser = InlineParser(TOOLS)
        begin = process_time()
        for piece in pieces:
            parser.feed(piece)
        parser.finish()
        spent.append((process_time() - begin) * 1e3)
    return spent


if __name__ == "__main__":
    off, on = cost_of_a_chunk()
    print(f"a chunk: {off:.2f} us decoded, {on:.2f} us with calls looked for, {on / off:.2f}x (at most 1.3x)")
    for name, unit in TEXTS.items():
        for label, step in (("4 characters", 4), ("one piece", MEGABYTE)):
            quarter, half, whole = cost_of_a_megabyte(unit, step)
            spent = f"{quarter:.0f}, {half:.0f}, {whole:.0f} ms for 1/4, 1/2, 1 MB"
            print(f"{name}, by {label}: {spent}: x{whole / quarter:.1f}")
