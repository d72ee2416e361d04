"""What is sent to a server of the Messages API: the request body, its history as JSON. Pure; knows no socket.

Reference: Anthropic's API, POST /v1/messages. It demands that results directly follow their calls, all in one user's
message and before anything else in it, that ids are unique, that no text is blank, that a user begins and ends, and
that a reply comes back with its blocks as they were.
"""

import re
from collections.abc import Iterator, Set
from itertools import islice
from typing import Any

from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.message import AssistantMessage, Replay, ToolCall, ToolResult, UserMessage
from chatls.providers.anthropic_model import Capabilities
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import GO_ON, Answered, Entry, UsedIds, Writer, sendable_name
from chatls.providers.known.wording import NO_RESULT, text_of
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

KIND = "anthropic"

THINKING = ("thinking", "redacted_thinking")
"""Types of blocks that only the model that wrote them can read."""

_CACHED_MESSAGES = 2
"""The newest one writes to the cache what the next request reads; the one before was written by the last request."""


def encode(
    request: ModelRequest,
    server: str,
    accepted: Capabilities,
    *,
    stream: bool,
    stale: Set[str] = frozenset(),
    unthinking: bool = False,
    sees: bool = True,
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `stale`: seals of thinking that it refused; `unthinking`:
    it misses thinking in the history, so it is not asked for; `sees`: it is shown pictures; `history`: what is kept of
    the conversation.
    """
    messages = _messages(request, _AnthropicWriter(server, request.model, stale, sees=sees), history)
    length = accepted.reply_length(request.parameters.max_output_tokens)
    body: JsonObject = {"model": request.model, "max_tokens": length}
    if request.system:
        body["system"] = [{"type": "text", "text": request.system}]
    if request.tools:
        body |= _tools(request, accepted, stream=stream)
    body |= {"messages": messages} | _parameters(request, accepted, messages, length, unthinking=unthinking)
    if stream:
        body["stream"] = True
    if "cache_control" not in accepted.without:
        _mark_for_cache(body)
    return {name: value for name, value in body.items() if name not in accepted.without}


def is_forced(request: ModelRequest, accepted: Capabilities) -> bool:
    """Whether the model is made to call a tool."""
    return request.tool_choice == "required" and bool(request.tools) and accepted.forced_tools


def seals(body: JsonObject) -> frozenset[str]:
    """What marks the blocks of thinking in this request."""
    return frozenset(
        _seal(block) for message in body["messages"] for block in message["content"] if block["type"] in THINKING
    )


def _seal(block: JsonObject) -> str:
    return str(block.get("signature") or block.get("data") or block.get("thinking"))


def _tools(request: ModelRequest, accepted: Capabilities, *, stream: bool) -> JsonObject:
    # Otherwise the server holds arguments back until they are whole.
    eager = {"eager_input_streaming": True} if stream and "eager_input_streaming" not in accepted.without else {}
    body: JsonObject = {
        "tools": [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema, **eager}
            for tool in request.tools
        ]
    }
    if is_forced(request, accepted):
        body["tool_choice"] = {"type": "any"}
    elif request.tool_choice == "none":
        body["tool_choice"] = {"type": "none"}
    return body


def _parameters(
    request: ModelRequest, accepted: Capabilities, messages: list[JsonObject], length: int, *, unthinking: bool
) -> JsonObject:
    level, temperature = request.parameters.thinking, request.parameters.temperature
    if is_forced(request, accepted):  # No thinking model can be.
        level = "off" if level or accepted.thinks_unasked else None
    elif level and (unthinking or (not accepted.adaptive and _lacks_thinking(messages))):
        level = "off"
    body = accepted.thinking(level, length)
    if temperature is not None and ("thinking" not in body or body["thinking"]["type"] == "disabled"):
        body["temperature"] = min(temperature, 1.0)
    return body


def _lacks_thinking(messages: list[JsonObject]) -> bool:
    """Whether tools ran for a reply that came without thinking, or lost it: with a budget, the turn cannot go on with
    it.
    """
    first: JsonObject = {"content": [{"type": "text"}]}
    for message in reversed(messages):
        if message["role"] == "assistant":
            first = message
        elif message["content"][0]["type"] != "tool_result":
            break
    types = [block["type"] for block in first["content"]]
    return "tool_use" in types and types[0] not in THINKING


def _mark_for_cache(body: JsonObject) -> None:
    """Set the breakpoints: a prefix of the request that ends at one is cached. There may be four."""
    for name in ("tools", "system"):
        if name in body:
            body[name] = _marked(body[name])
    messages = body["messages"]
    places = (place for place in reversed(range(len(messages))) if messages[place]["role"] == "user")
    for place in islice(places, _CACHED_MESSAGES):
        messages[place] = _said("user", _marked(messages[place]["content"]))


def _marked(blocks: list[JsonObject]) -> list[JsonObject]:
    return [*blocks[:-1], {**blocks[-1], "cache_control": {"type": "ephemeral"}}]


def _messages(request: ModelRequest, writer: Writer, history: EncodedHistory | None) -> list[JsonObject]:
    """A user begins and ends."""
    messages = (history or EncodedHistory()).items(writer, request.messages)
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, _said("user", [_text(GO_ON)]))
    if messages[-1]["role"] == "assistant":
        messages.append(_said("user", [_text(GO_ON)]))
    return messages


@dataclass(frozen=True)
class _AnthropicWriter(Writer):
    kind = KIND
    stale: Set[str]

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        if isinstance(entry, UserMessage):
            said = [("user", [_block(block) for block in self.shown(entry.content)])]
        else:
            said = self._answered(entry, names)
        return (_said(role, blocks) for role, blocks in said if blocks)

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """Neighbours of one role become one."""
        if last["role"] == item["role"]:
            return [_said(last["role"], [*last["content"], *item["content"]])]
        return [last, item]

    def own(self, replay: Replay | None) -> Replay | None:
        """Also what another model of this server wrote: all but its thinking goes back."""
        mine = replay is not None and replay.provider == self.kind and replay.data.get("server") == self.server
        return replay if mine else None

    def _answered(self, entry: Answered, names: UsedIds) -> list[tuple[str, list[JsonObject]]]:
        message = entry.message
        ids = {call.id: names.of(call, _lettered(entry.own_id(call))) for call in message.calls}
        if entry.replay is None:
            said = [_text(message.text)] if message.text.strip() else []
            blocks = said + [_call(call, ids) for call in message.calls]
        else:
            blocks = [*self._replayed(message, entry.replay.data, ids)]
        return [("assistant", blocks), ("user", [self._result(ids[call.id], result) for call, result in entry.calls()])]

    def _result(self, call_id: str, result: ToolResult | None) -> JsonObject:
        failed: JsonObject = {"is_error": True} if result is None or result.is_error else {}
        content: str | list[JsonObject] = self.told(result) if result and result.text.strip() else NO_RESULT
        if pictures := self.pictures(result):
            content = [_block(block) for block in (TextContent(content), *pictures)]
        return {"type": "tool_result", "tool_use_id": call_id, "content": content, **failed}

    def _replayed(self, message: AssistantMessage, data: Any, ids: dict[str, str]) -> Iterator[JsonObject]:
        """The reply's own blocks in their order; calls that were cut off are left out."""
        calls = {call.id: call for call in message.calls}
        foreign = data.get("model") not in ("", self.model)
        for block in data["content"]:
            if block["type"] == "tool_use":
                if call := calls.pop(block["id"], None):
                    yield {**block, **_call(call, ids)}
            elif block["type"] not in THINKING or not (foreign or _seal(block) in self.stale):
                yield block
        for call in calls.values():
            yield _call(call, ids)


def _said(role: str, blocks: list[JsonObject]) -> JsonObject:
    return {"role": role, "content": blocks}


def _block(block: ContentBlock) -> JsonObject:
    match block:
        case Image(mime_type, data):
            return {"type": "image", "source": {"type": "base64", "media_type": mime_type, "data": data}}
        case _:
            return _text(text_of(block))


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _call(call: ToolCall, ids: dict[str, str]) -> JsonObject:
    return {"type": "tool_use", "id": ids[call.id], "name": sendable_name(call.name), "input": call.arguments}


def _lettered(name: str) -> str:
    """An id in the letters that are allowed."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)
