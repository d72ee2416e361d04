"""Values as they are written down: JSON, compressed where that pays, without keys. Read again they are the same."""

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from chatls.content import (
    ActiveDocument,
    ContentBlock,
    EditorContext,
    Image,
    JsonObject,
    Mention,
    MentionName,
    Position,
    Range,
    Resource,
    ResourceLink,
    TextContent,
    to_wire,
)
from chatls.jsontext import dumps, loads
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.shapes import as_list, as_object, as_objects, as_text

_PAYS = 400
"""Bytes from which on a text is compressed."""
_SHORTEST_KEY = 6
"""Characters; anything shorter is no key but a word."""
BLOT = "[key]"


class Blotted:
    """What must not be written down."""

    def __init__(self, keys: Iterable[str]) -> None:
        words = sorted({key for key in keys if len(key) >= _SHORTEST_KEY}, key=len, reverse=True)
        self._words = words
        self._any = re.compile("|".join(map(re.escape, words))) if words else None
        self._raw = [(json.dumps(word, ensure_ascii=False)[1:-1].encode("utf-8", "replace")) for word in words]

    def blotted(self, data: bytes) -> bytes:
        """JSON text without them.

        >>> Blotted(["sk-12345"]).blotted(b'"my sk-12345"')
        b'"my [key]"'
        """
        for word in self._raw:
            if word in data:
                data = data.replace(word, BLOT.encode())
        return data

    def clean(self, text: str) -> str:
        """The same of plain text."""
        for word in self._words:
            text = text.replace(word, BLOT)
        return text

    def across(self, pieces: Sequence[str]) -> list[str]:
        """Pieces of one text without them, also where one lies in several pieces.

        >>> Blotted(["sk-12345"]).across(["my sk-1", "23", "45!"])
        ['my [key]', '', '!']
        """
        whole = "".join(pieces)
        places = [(found.start(), found.end()) for found in self._any.finditer(whole)] if self._any else []
        return _without(pieces, places) if places else list(pieces)

    def stand_in(self, data: bytes) -> bool:
        """Whether a file holds one of them."""
        return any(word in data for word in self._raw)


def _without(pieces: Sequence[str], places: Sequence[tuple[int, int]]) -> list[str]:
    """Pieces of one text with a blot at each of these places, in the piece in which it begins."""
    found, start, left = list[str](), 0, list(places)
    for piece in pieces:
        end, at, kept = start + len(piece), start, list[str]()
        while left and left[0][0] < end:
            begins, ends = left[0]
            if begins >= start:
                kept += (piece[at - start : begins - start], BLOT)
            at = min(ends, end)
            if ends > end:
                break
            left.pop(0)
        kept.append(piece[at - start :])
        found.append("".join(kept))
        start = end
    return found


def packed(value: Any, keys: Blotted) -> bytes:
    """A JSON value as it is written down."""
    return squeezed(keys.blotted(dumps(value)))


def unpacked(data: bytes) -> Any:
    """What was packed. Raises `ValueError` for anything else."""
    try:
        text = stretched(data)
    except zlib.error as error:
        raise ValueError("damaged") from error
    try:
        return loads(text)
    except ValueError:  # lone surrogates: names and texts that are no UTF-8
        return json.loads(text)


def squeezed(data: bytes) -> bytes:
    """Compressed if that pays."""
    return zlib.compress(data, 1) if len(data) > _PAYS else b"=" + data


def stretched(data: bytes) -> bytes:
    """What was squeezed. Raises `zlib.error`."""
    return data[1:] if data[:1] == b"=" else zlib.decompress(data)


def message_value(message: Message) -> JsonObject:
    """A message as JSON. What people saw of results is left out: that stands in the transcript."""
    value: JsonObject = to_wire(message)
    if isinstance(message, ToolMessage):
        value["results"] = [{**result, "content": []} for result in value["results"]]
    return value


def message_of(value: JsonObject) -> Message | None:
    """The message that was written down; None for a kind that we do not know."""
    match value.get("kind"):
        case "user":
            blocks = tuple(block for item in as_objects(value.get("content")) if (block := block_of(item)))
            return UserMessage(blocks, value.get("origin", "prompt"))
        case "assistant":
            calls = tuple(
                ToolCall(as_text(item.get("id")), as_text(item.get("name")), as_object(item.get("arguments")))
                for item in as_objects(value.get("calls"))
            )
            return AssistantMessage(
                as_text(value.get("text")), calls, as_text(value.get("thinking")), _replay(value.get("replay"))
            )
        case "tool":
            return ToolMessage(tuple(map(_result, as_objects(value.get("results")))))
        case _:
            return None


def block_of(value: JsonObject) -> ContentBlock | None:
    """A block of a prompt."""
    uri = as_text(value.get("uri"))
    match value.get("type"):
        case "text":
            return TextContent(as_text(value.get("text")))
        case "resource_link":
            return ResourceLink(uri, _range(value.get("range")))
        case "resource":
            return Resource(uri, as_text(value.get("text")), _range(value.get("range")))
        case "image":
            return Image(as_text(value.get("mimeType")), as_text(value.get("data")))
        case "editor_context":
            active = as_object(value.get("active"))
            document = ActiveDocument(as_text(active.get("uri")), _range(active.get("selection"))) if active else None
            opened = value.get("open")
            return EditorContext(document, None if opened is None else tuple(map(as_text, as_list(opened))))
        case "mention":
            name = next((name for name in get_args(MentionName) if name == value.get("name")), None)
            argument = value.get("argument")
            return Mention(name, None if argument is None else as_text(argument)) if name else None
        case _:
            return None


def _replay(value: Any) -> Replay | None:
    if not isinstance(value, dict):
        return None
    given = as_object(value)
    ids = {name: as_text(item) for name, item in as_object(given.get("callIds")).items()}
    return Replay(as_text(given.get("provider")), ids, given.get("data"))


def _result(value: JsonObject) -> ToolResult:
    return ToolResult(
        as_text(value.get("callId")),
        as_text(value.get("name")),
        as_text(value.get("text")),
        is_error=value.get("isError") is True,
        status=value.get("status", "completed"),
        duration_ms=value.get("durationMs", 0),
        truncated=value.get("truncated") is True,
    )


def _range(value: Any) -> Range | None:
    if not isinstance(value, dict):
        return None
    given = as_object(value)
    return Range(_position(given.get("start")), _position(given.get("end")))


def _position(value: Any) -> Position:
    given = as_object(value)
    return Position(given.get("line", 0), given.get("character", 0))
