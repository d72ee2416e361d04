"""What looking for calls and thinking in the text costs: for a chunk, beside decoding it alone, and as a reply grows.

`python tests/benchmarks/inline.py` prints every figure; `make bench` the worst of each kind.
"""

import json
import re
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from decoders import chat, ollama

from chatls.message import ToolSpec
from chatls.providers import chat_reply, ollama_reply
from chatls.providers.http.body import Body, Decoder
from chatls.providers.http.framing import Framer, NdjsonFramer, SseFramer
from chatls.providers.http.status import Origin
from chatls.providers.inline.layer import read_inline
from chatls.providers.inline.parser import InlineParser
from chatls.providers.known.refused import Learnt
from chatls.providers.provider import ModelRequest

COUNT = 5_000
ROUNDS = 9
SOURCE = Origin("bench", "127.0.0.1")
SCHEMA: Any = {"type": "object", "properties": {"path": {"type": "string"}, "line": {"type": "integer"}}}
TOOLS = tuple(ToolSpec(f"tool_{number}", "Does something.", SCHEMA) for number in range(20))
REQUEST = ModelRequest("bench", "", (), TOOLS)

_TOKEN = re.compile(r"\n+| {2,}| ?\w{1,5}| ?[^\w\s]{1,3}|\s")
"""About what a token is: a part of a word with the blank before it, indentation, a few signs."""

PROSE = """\
The parser keeps what it has not decided about yet, and hands on the rest at once; that is why nobody waits. Most \
answers are prose, several sentences to a paragraph, with a comma here and a (longer) remark there.

A second paragraph follows. It's about as long as the first, asks a question or two, doesn't it? Then it ends: like so.

"""
MARKDOWN = """\
## What to change

1. **Read** the file with `read_file`, then look for *every* use of it.
2. Change [the table](docs/table.md#rows) and its tests; keep `a < b`.

> Nothing else is needed, see the note below.

| name | default | meaning |
|------|---------|---------|
| `size` | 4096 | bytes that are read at once |

"""
CODE = """\
Here is the function:

```python
def cells(rows: list[list[int]], at: dict[str, int]) -> list[int]:
    found = [row[at["x"]] for row in rows if row and row[0] < at["limit"]]
    for place, value in enumerate(found):
        if value >= 10 or not {place} & {1, 2, 3}:
            found[place] = max(found[: place + 1])
    return found
```

"""
JSON = """\
The settings are:

{
  "editor.tabSize": 4,
  "servers": [{"name": "first", "ports": [80, 443]}, {"name": "second", "ports": []}],
  "nested": {"deep": {"deeper": {"list": [1, 2, 3], "empty": {}}}}
}

"""
TEXTS = {
    "prose": ("", PROSE),
    "markdown": ("", MARKDOWN),
    "code": ("", CODE),
    "JSON": ("", JSON),
    "thinking": ("<think>\n", PROSE),
}
"""Texts without a call, as a beginning and what is repeated behind it."""

KINDS: dict[str, tuple[Callable[[], Framer], Callable[[Origin], Decoder]]] = {
    "openai_chat": (SseFramer, chat_reply.ChatDecoder),
    "ollama": (NdjsonFramer, ollama_reply.OllamaDecoder),
}

CALL = '<tool_call>{"name": "tool_1", "arguments": {"path": "'
ADVERSE = {
    "one line": ("", "word after word, "),
    "<": ("", "<"),
    "{": ("", "{"),
    "[": ("", "["),
    "`": ("", "`"),
    "lines": ("", "\n"),
    "blanks": ("", " "),
    "lines of {": ("", "\n{"),
    "lines of [": ("", "\n["),
    "lists in lists": ("[", "[[1], "),
    "objects in objects": ("{", '"name": {'),
    'lines of {"': ("", '\n{"'),
    "fences": ("", "\n```"),
    "openers": ("", "<tool_call>"),
    "openers of objects": ("", "<tool_call>{"),
    "openers of tags": ("", "<tool_call>tool_1<arg_key>"),
    "keys of blanks": ("", "<tool_call>tool_1<arg_key>" + " " * 290),
    "headers": ("", "<|channel|>analysis "),
    "code spans": ("", "`a <tool_call> b` "),
    "marks in an open span": ("`", "a <tool_call> b "),
    "fences on one line": ("", "```x`"),
    "openers of fences": ("<tool_call>```json\n", " "),
    "ends in a value": ("<function=tool_1><parameter=path>", "</function> \n"),
    "parameters in a value": ("<function=tool_1><parameter=path>", "<parameter=x>"),
    "closing tags in a value": ("<function=tool_1><parameter=path>", "</parameter>"),
    "calls in a value": (
        "<function=tool_1><parameter=path>",
        "<function=tool_1><parameter=path>x</parameter></function>",
    ),
    "text behind a call": ("<function=tool_1><parameter=path>x</parameter></function>", "word after word, "),
    "openers behind a call": ("<function=tool_1><parameter=path>x</parameter></function>", "<tool_call>x "),
    "calls between tags": ("", "<function=tool_1><parameter=path>x</parameter></function> "),
    "objects of Python": ("<tool_call>{", "'a': 'b', "),
    "calls in a row": ("", '{"name": "tool_1", "arguments": {}}, '),
    "calls of Python": ("<tool_call>", "tool_1(path='a'), "),
    "words of gpt-oss": ("analysisWe ", "assistantcommentary to=tool_1 "),
    "openers in thinking": ("<think>", "<tool_call>"),
    "calls in thinking": ("<think>", CALL + '"}}</tool_call>'),
}
"""Texts that try to be costly."""

OPEN = {
    "a call": (CALL, "word after word, "),
    "a call's lists": (CALL, '"}, [{'),
    "{": ("{", "word after word, "),
    "{, no name": ("{", '"type": "x", '),
    "an opener, no name": ("<tool_call>{", '"path": "x", '),
    "arguments before the name": ('<tool_call>{"arguments": {"path": "', "word after word, "),
    "tags": ("<tool_call>tool_1<arg_key>path</arg_key><arg_value>", "word after word, "),
    "typed tags": ("<tool_call>tool_1<arg_key>line</arg_key><arg_value>", "12 < 34, "),
    "python": ("[tool_1(path='", "word after word, "),
    "gemma": ('<|tool_call>call:tool_1{path:<|"|>', "word after word, "),
    "a call in thinking": (f"<think>{CALL}", "word after word, "),
}
"""Calls that never end."""

HALF = 512 * 1024
LONG = 5 * 1024 * 1024
PIECE = 4
TOO_SHORT = 0.01
"""Seconds in which a text in one piece is read so fast that nothing can be measured, and nothing matters."""


def reading() -> dict[tuple[str, str], tuple[float, float]]:
    """Microseconds a chunk by kind and text: with calls looked for, and decoded only."""
    return {(kind, name): _beside(kind, chunks(*text)) for kind in KINDS for name, text in TEXTS.items()}


def chunks(begin: str, unit: str) -> list[str]:
    """A text in tokens."""
    tokens = _TOKEN.findall(unit)
    assert "".join(tokens) == unit
    return [*_TOKEN.findall(begin), *(tokens * (COUNT // len(tokens) + 1))[:COUNT]]


def _beside(kind: str, texts: list[str]) -> tuple[float, float]:
    lines = [_line(kind, text) for text in texts]
    on: list[float] = []
    off: list[float] = []
    for _ in range(ROUNDS):
        off.append(_decoded(kind, lines, inline=False))
        on.append(_decoded(kind, lines, inline=True))
    return min(on) / len(lines) * 1e6, min(off) / len(lines) * 1e6


def _line(kind: str, text: str) -> bytes:
    if kind == "ollama":
        event = ollama(0)
        event["message"]["content"] = text
        return json.dumps(event, separators=(",", ":")).encode() + b"\n"
    event = chat(0)
    event["choices"][0]["delta"]["content"] = text
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


def _decoded(kind: str, lines: list[bytes], *, inline: bool) -> float:
    framer, decoder = KINDS[kind][0](), KINDS[kind][1](SOURCE)
    body = Body(SOURCE, framer, read_inline(decoder, REQUEST, Learnt()) if inline else decoder)
    begin = process_time()
    said = sum(len(body.feed(line)) for line in lines)
    spent = process_time() - begin
    assert said > len(lines) // 2
    return spent


def growth(texts: dict[str, tuple[str, str]], size: int, rounds: int = 3) -> dict[str, tuple[float, float]]:
    """By text: milliseconds for so many characters in small pieces, and how much longer twice as many take (the median
    of several rounds), in small pieces or in one, whichever is worse.
    """
    found: dict[str, tuple[float, float]] = {}
    for name, (begin, unit) in texts.items():
        half, whole = (begin + unit * (factor * size // len(unit)) for factor in (1, 2))
        measured = {
            step: [(_read(half, step), _read(whole, step)) for _ in range(rounds)] for step in (PIECE, 2 * size)
        }
        ratios = [
            median(twice / once for once, twice in times)
            for step, times in measured.items()
            if step == PIECE or min(twice for _, twice in times) > TOO_SHORT
        ]
        found[name] = min(once for once, _ in measured[PIECE]) * 1e3, max(ratios)
    return found


def _read(text: str, step: int) -> float:
    pieces = [text[place : place + step] for place in range(0, len(text), step)]
    parser = InlineParser({tool.name: tool.input_schema for tool in TOOLS})
    begin = process_time()
    for piece in pieces:
        parser.feed(piece)
    parser.finish()
    return process_time() - begin


if __name__ == "__main__":
    for (kind, name), (on, off) in reading().items():
        print(f"{kind}, {name}: {on:.2f} us a chunk, without {off:.2f} us, {on / off:.2f}x (at most 1.3x)")
    for texts, size in ((TEXTS | ADVERSE, HALF), (OPEN, LONG)):
        for name, (spent, ratio) in growth(texts, size).items():
            print(f"{name}: {spent:.0f} ms for {size >> 10} KB, {ratio:.2f}x for twice as much (at most 2.6x)")
