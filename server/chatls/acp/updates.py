"""What happens in a turn -> ACP's `session/update`s (version 1 of the protocol). Knows no wire.

A turn's events come as they stand on the native wire, so that one that is kept is drawn as a live one is. What the
protocol has no word for is told as a thought: notices, retries, compactions.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.shapes import as_count, as_list, as_object, as_text, member
from chatls.workspace.pathtext import local_path

OFTEN = 0.5
"""Seconds between two updates with what a tool that runs has written: each has to carry all of it again."""
TAIL = 4096
"""Characters of it that are shown."""


class Updates:
    """Those of one turn."""

    def __init__(self, *, replay: bool = False) -> None:
        """`replay`: the client has not seen what the person said."""
        self._replay = replay
        self._written: dict[str, str] = {}
        self._shown: dict[str, float] = {}

    def of(self, event: JsonObject, now: float) -> list[JsonObject]:
        """What to tell of an event that happens at `now`, in seconds."""
        match event.get("kind"):
            case "prompt" | "steered" as kind:
                return self._said(event) if self._replay or kind == "steered" else []
            case "turnStart":
                title = as_text(event.get("title"))
                return [{"sessionUpdate": "session_info_update", "title": title}] if title else []
            case "textChunk":
                return [_chunk("agent_message_chunk", as_text(event.get("text")))]
            case "thinkingChunk":
                return [_chunk("agent_thought_chunk", as_text(event.get("text")))]
            case "contextUsage":
                window = as_count(event, "window")
                told = {"sessionUpdate": "usage_update", "used": as_count(event, "tokens"), "size": window}
                return [told] if window else []
            case "notice" | "retry":
                return [_chunk("agent_thought_chunk", f"{as_text(event.get('text'))}\n")]
            case "compactStart":
                return [_chunk("agent_thought_chunk", "The conversation is made shorter.\n")]
            case _:
                return self._call(event, now)

    def _said(self, event: JsonObject) -> list[JsonObject]:
        blocks = (block for value in as_list(event.get("content")) if (block := prompt_block(as_object(value))))
        return [{"sessionUpdate": "user_message_chunk", "content": block} for block in blocks]

    def _call(self, event: JsonObject, now: float) -> list[JsonObject]:
        name = as_text(event.get("toolCallId"))
        match event.get("kind"):
            case "toolCallStart":
                told = {"title": as_text(event.get("name")), "kind": event.get("toolKind"), "status": "pending"}
                return [{"sessionUpdate": "tool_call", "toolCallId": name, **told}]
            case "toolCallEnd" if "arguments" in event:
                places = [place for value in as_list(event.get("locations")) if (place := location(value))]
                told = {"title": as_text(event.get("title")), "rawInput": event.get("arguments"), "locations": places}
                return [_change(name, **told)]
            case "toolCallEnd":
                return [_change(name, title=as_text(event.get("title")))]
            case "toolRunStart":
                return [_change(name, status="in_progress")]
            case "toolRunOutput":
                return self._output(name, as_text(event.get("text")), now)
            case "toolRunEnd":
                status = "completed" if event.get("status") == "completed" else "failed"
                return [_change(name, status=status, content=_result(event))]
            case _:
                return []

    def _output(self, name: str, text: str, now: float) -> list[JsonObject]:
        written = self._written[name] = (self._written.get(name, "") + text)[-TAIL:]
        if now - self._shown.get(name, -OFTEN) < OFTEN:
            return []
        self._shown[name] = now
        return [_change(name, content=[_content({"type": "text", "text": written})])]


def content(values: Iterable[Any]) -> list[JsonObject]:
    """What a tool gave, or would do."""
    return [item for value in values for item in _shown(as_object(value))]


def location(value: Any) -> JsonObject | None:
    """A place: an absolute path, and the line, counted from 1."""
    path = path_of(as_text(member(value, "uri")))
    if path is None:
        return None
    start = member(member(value, "range"), "start")
    return {"path": path} if start is None else {"path": path, "line": as_count(as_object(start), "line") + 1}


def prompt_block(block: JsonObject) -> JsonObject | None:
    """What a person said, as ACP has it; None for what only we have."""
    match block.get("type"):
        case "text":
            return {"type": "text", "text": as_text(block.get("text"))}
        case "image":
            return {"type": "image", "mimeType": block.get("mimeType"), "data": block.get("data")}
        case "resource_link":
            return _link(as_text(block.get("uri")))
        case "resource":
            resource = {"uri": as_text(block.get("uri")), "text": as_text(block.get("text"))}
            return {"type": "resource", "resource": resource}
        case "mention":
            return {"type": "text", "text": f"@{' '.join(filter(None, (block.get('name'), block.get('argument'))))}"}
        case _:
            return None


def _change(name: str, **members: Any) -> JsonObject:
    return {"sessionUpdate": "tool_call_update", "toolCallId": name, **members}


def _chunk(kind: str, text: str) -> JsonObject:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": text}}


def _content(block: JsonObject) -> JsonObject:
    return {"type": "content", "content": block}


def _result(event: JsonObject) -> list[JsonObject]:
    """How a call ended. The protocol has `failed` alone for what was denied, cancelled or took too long."""
    found, status = content(as_list(event.get("content"))), as_text(event.get("status"))
    word = {"denied": "denied", "cancelled": "cancelled", "timed_out": "timed out"}.get(status)
    said = "".join(as_text(member(member(item, "content"), "text")) for item in found)
    if word is None or said.startswith(word):
        return found
    return [_content({"type": "text", "text": word}), *found]


def _shown(item: JsonObject) -> list[JsonObject]:
    match item.get("type"):
        case "text":
            return [_content({"type": "text", "text": as_text(item.get("text"))})]
        case "image":
            return [_content({"type": "image", "mimeType": item.get("mimeType"), "data": item.get("data")})]
        case "resource_link":
            return [_content(_link(as_text(item.get("uri"))))]
        case "diff":
            return _diff(item)
        case _:
            return []


def _diff(item: JsonObject) -> list[JsonObject]:
    path, old, new = path_of(as_text(item.get("uri"))), as_text(item.get("oldText")), as_text(item.get("newText"))
    if path is None:
        return []
    found: list[JsonObject] = []
    before = path_of(as_text(item.get("from")))
    if before is not None:
        found.append(_content({"type": "text", "text": f"moved from {before} to {path}"}))
    if item.get("change") == "deleted":
        found.append(_content({"type": "text", "text": f"deleted: {path}"}))
    if before is None or old != new:
        text = None if item.get("change") == "new" else old
        found.append({"type": "diff", "path": path, "oldText": text, "newText": new})
    return found


def _link(uri: str) -> JsonObject:
    return {"type": "resource_link", "uri": uri, "name": unquote(uri.rstrip("/").rpartition("/")[2]) or uri}


def path_of(uri: str) -> str | None:
    """The path of a `file:` address; None where it is none that can be told."""
    if not uri:
        return None
    try:
        return local_path(uri)
    except ToolError:
        return None


def usage(value: Mapping[str, int]) -> JsonObject:
    """Tokens of a turn, by our names -> by ACP's."""
    read, wrote = value["inputTokens"], value["outputTokens"]
    return {
        "totalTokens": read + wrote,
        "inputTokens": read,
        "outputTokens": wrote,
        "cachedReadTokens": value["cacheReadTokens"],
        "cachedWriteTokens": value["cacheWriteTokens"],
    }
