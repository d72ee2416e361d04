"""What is sent to a server of the Messages API: a request and its history as JSON. Pure; knows no socket.

Reference: Anthropic's API, POST /v1/messages. It demands that results directly follow their calls, all in one user's
message and before anything else in it, that ids are unique, that no text is blank, that a user begins and ends, and
that a reply comes back with its blocks as they were.
"""

import re
from collections.abc import Iterator, Set
from typing import Any

from chatls.content import ContentBlock, Image, JsonObject
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.anthropic_model import Accepted
from chatls.providers.provider import ModelRequest
from chatls.providers.wording import NO_RESULT, text_of

KIND = "anthropic"

THINKING = ("thinking", "redacted_thinking")
"""Types of blocks that only the model that wrote them can read."""

_CACHED_MESSAGES = 2
"""The newest one writes to the cache what the next request reads; the one before was written by the last request."""

_GO_ON = "(go on)"
"""Stands where a user has to speak and nobody did."""


def encode(
    request: ModelRequest, server: str, accepted: Accepted, *, stream: bool, stale: Set[str] = frozenset()
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `stale`: seals of thinking that it refused."""
    messages = _messages(request, server, stale)
    length = accepted.reply_length(request.parameters.max_output_tokens)
    body: JsonObject = {"model": request.model, "max_tokens": length}
    if request.system:
        body["system"] = [{"type": "text", "text": request.system}]
    if request.tools:
        body |= _tools(request, accepted, stream=stream)
    body |= {"messages": messages} | _parameters(request, accepted, messages, length)
    if stream:
        body["stream"] = True
    if "cache_control" not in accepted.without:
        _mark_for_cache(body)
    return {name: value for name, value in body.items() if name not in accepted.without}


def is_forced(request: ModelRequest, accepted: Accepted) -> bool:
    """Whether the model is made to call a tool."""
    return request.tool_choice == "required" and bool(request.tools) and accepted.forced_tools


def seals(body: JsonObject) -> frozenset[str]:
    """What marks the blocks of thinking in this request."""
    return frozenset(
        _seal(block) for message in body["messages"] for block in message["content"] if block["type"] in THINKING
    )


def _seal(block: JsonObject) -> str:
    return str(block.get("signature") or block.get("data") or block.get("thinking"))


def _tools(request: ModelRequest, accepted: Accepted, *, stream: bool) -> JsonObject:
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


def _parameters(request: ModelRequest, accepted: Accepted, messages: list[JsonObject], length: int) -> JsonObject:
    level, temperature = request.parameters.thinking, request.parameters.temperature
    if is_forced(request, accepted):  # No thinking model can be.
        level = "off" if level or accepted.thinks_unasked else None
    elif level and not accepted.adaptive and _lacks_thinking(messages):
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
    last = [message["content"] for message in body["messages"] if message["role"] == "user"][-_CACHED_MESSAGES:]
    for blocks in (body.get("tools"), body.get("system"), *last):
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": {"type": "ephemeral"}}


def _messages(request: ModelRequest, server: str, stale: Set[str]) -> list[JsonObject]:
    history = _History(request, server, stale)
    messages: list[JsonObject] = []
    for message in request.messages:
        for role, blocks in history.encode(message):
            if blocks:
                _append(messages, role, blocks)
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": [_text(_GO_ON)]})
    if messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": [_text(_GO_ON)]})
    return messages


def _append(messages: list[JsonObject], role: str, blocks: list[JsonObject]) -> None:
    """Add a message; neighbours of one role become one."""
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += blocks
    else:
        messages.append({"role": role, "content": blocks})


class _History:
    """Encodes messages one after the other; ids of calls stay unique over all of them."""

    def __init__(self, request: ModelRequest, server: str, stale: Set[str]) -> None:
        self._server = server
        self._model = request.model
        self._stale = stale
        self._used: set[str] = set()
        self._results = {
            result.call_id: result
            for message in request.messages
            if isinstance(message, ToolMessage)
            for result in message.results
        }

    def encode(self, message: Message) -> Iterator[tuple[str, list[JsonObject]]]:
        """Roles and their blocks."""
        match message:
            case UserMessage(content):
                yield "user", [_block(block) for block in content if isinstance(block, Image) or text_of(block).strip()]
            case AssistantMessage():
                yield from self._assistant(message)
            case ToolMessage():
                # Results follow their calls, in call order, wherever they stand in the history.
                pass

    def _assistant(self, message: AssistantMessage) -> Iterator[tuple[str, list[JsonObject]]]:
        replay = self._own_replay(message.replay)
        ids = {call.id: self._unique(call, replay) for call in message.calls}
        if replay is None:
            said = [_text(message.text)] if message.text.strip() else []
            yield "assistant", said + [_call(call, ids) for call in message.calls]
        else:
            yield "assistant", [*self._replayed(message, replay.data, ids)]
        yield "user", [_result(ids[call.id], self._results.get(call.id)) for call in message.calls]

    def _own_replay(self, replay: Replay | None) -> Replay | None:
        """What another server signed would offend this one."""
        own = replay is not None and replay.provider == KIND and replay.data.get("server") == self._server
        return replay if own else None

    def _replayed(self, message: AssistantMessage, data: Any, ids: dict[str, str]) -> Iterator[JsonObject]:
        """The reply's own blocks in their order; calls that were cut off are left out."""
        calls = {call.id: call for call in message.calls}
        foreign = data.get("model") not in ("", self._model)
        for block in data["content"]:
            if block["type"] == "tool_use":
                if call := calls.pop(block["id"], None):
                    yield {**block, **_call(call, ids)}
            elif block["type"] not in THINKING or not (foreign or _seal(block) in self._stale):
                yield block
        for call in calls.values():
            yield _call(call, ids)

    def _unique(self, call: ToolCall, replay: Replay | None) -> str:
        """The provider's own id, in the letters that are allowed, unless it was used already: then ours."""
        own = _lettered(replay.call_ids.get(call.id, "") if replay else "")
        call_id = own if own and own not in self._used else call.id
        self._used.add(call_id)
        return call_id


def _block(block: ContentBlock) -> JsonObject:
    match block:
        case Image(mime_type, data):
            return {"type": "image", "source": {"type": "base64", "media_type": mime_type, "data": data}}
        case _:
            return _text(text_of(block))


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _call(call: ToolCall, ids: dict[str, str]) -> JsonObject:
    # A model may have called what it was not offered, by a name that this API does not take.
    return {"type": "tool_use", "id": ids[call.id], "name": _lettered(call.name), "input": call.arguments}


def _lettered(name: str) -> str:
    """An id or a name in the letters that are allowed."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)


def _result(call_id: str, result: ToolResult | None) -> JsonObject:
    failed: JsonObject = {"is_error": True} if result is None or result.is_error else {}
    text = result.text if result and result.text.strip() else NO_RESULT
    return {"type": "tool_result", "tool_use_id": call_id, "content": text, **failed}
