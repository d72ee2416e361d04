"""Shows the recorded conversation (docs/conversation.jsonl, written by docs/record.py) in docs/protocol.md."""

import json
from pathlib import Path
from typing import Any

from generation.markdown import block

FILE = Path(__file__).parents[1] / "conversation.jsonl"

_ARROWS = {"client": "-->", "daemon": "<--"}


def rendered() -> str:
    """Every message in order, after the words that introduce it. The member "jsonrpc" is left out."""
    parts: list[str] = []
    lines: list[str] = []
    for text in FILE.read_text("utf-8").splitlines():
        entry: dict[str, Any] = json.loads(text)
        if "note" in entry:
            parts += [block("\n".join(lines))] if lines else []
            parts.append(f"{entry['note']}\n")
            lines = []
        else:
            lines.append(_line(entry["from"], entry["message"]))
    return "\n".join([*parts, block("\n".join(lines))])


def _line(sender: str, message: dict[str, Any]) -> str:
    shown = {name: value for name, value in message.items() if name != "jsonrpc"}
    return f"{_ARROWS[sender]} {json.dumps(shown, ensure_ascii=False)}"
