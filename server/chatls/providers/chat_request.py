"""What is sent to a chat completions server: the request body, its history as JSON. Pure; knows no socket.

Reference: OpenAI's API, POST /chat/completions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatls import jsontext
from chatls.content import ContentBlock, Image, JsonObject
from chatls.message import ToolCall, UserMessage
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import Answered, Entry, UsedIds, Writer
from chatls.providers.known.catalog import ChatDialect
from chatls.providers.known.wording import NO_RESULT, text_of
from chatls.providers.provider import ModelRequest

KIND = "openai_chat"

_THINKING = ("reasoning_content", "reasoning", "reasoning_details")
"""Fields of a reply that its own server gets back."""

_OPTIONAL = (
    "stream_options",
    "parallel_tool_calls",
    "reasoning_effort",
    "thinking",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    *_THINKING,
)
"""Fields that a request can do without."""

_GO_ON = "(the tools have run)"
"""Stands between a tool's result and a person's words for servers that demand a reply there."""


def encode(
    request: ModelRequest,
    server: str,
    dialect: ChatDialect,
    *,
    stream: bool,
    without: frozenset[str] = frozenset(),
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: optional fields that it refused; `history`:
    what is kept of the conversation.
    """
    messages = _messages(request, _ChatWriter(server, dialect, without), history)
    body: JsonObject = {"model": request.model, "messages": messages}
    if stream:
        body |= _streaming(dialect)
    if request.tools:
        body |= _tools(request, dialect)
    body |= _parameters(request, dialect, without)
    return {name: value for name, value in body.items() if name not in without}


def refused_fields(body: Mapping[str, Any], complaint: str) -> frozenset[str]:
    """Optional fields of a request that a refusal names.

    >>> refused_fields({"stream_options": {}, "model": "m"}, "body.stream_options: Extra inputs are not permitted")
    frozenset({'stream_options'})
    """
    present = {*body, *(name for message in body.get("messages", ()) for name in message)}
    return frozenset(name for name in _OPTIONAL if name in present and re.search(rf"\b{name}\b", complaint))


def _streaming(dialect: ChatDialect) -> JsonObject:
    if not dialect.stream_options:
        return {"stream": True}
    options = {"include_usage": True} | ({"include_obfuscation": False} if dialect.obfuscation else {})
    return {"stream": True, "stream_options": options}


def _tools(request: ModelRequest, dialect: ChatDialect) -> JsonObject:
    body: JsonObject = {
        "tools": [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
            }
            for tool in request.tools
        ]
    }
    if request.tool_choice != "auto":
        body["tool_choice"] = dialect.required if request.tool_choice == "required" else "none"
    if dialect.parallel_tool_calls:
        body["parallel_tool_calls"] = True
    return body


def _parameters(request: ModelRequest, dialect: ChatDialect, without: frozenset[str]) -> JsonObject:
    body: JsonObject = {}
    parameters = request.parameters
    if parameters.max_output_tokens is not None:
        other = "max_tokens" if dialect.longest_reply == "max_completion_tokens" else "max_completion_tokens"
        body[other if dialect.longest_reply in without else dialect.longest_reply] = parameters.max_output_tokens
    if parameters.temperature is not None:
        body["temperature"] = parameters.temperature
    match dialect.thinking, parameters.thinking:
        case _, None:
            pass
        case "thinking", level:
            body["thinking"] = {"type": "disabled" if level == "off" else "enabled"}
        case "reasoning", level:
            body["reasoning"] = {"enabled": False} if level == "off" else {"effort": level}
        case "reasoning_effort", level:
            body["reasoning_effort"] = "none" if level == "off" else level
    return body


def _messages(request: ModelRequest, writer: Writer, history: EncodedHistory | None) -> list[JsonObject]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return system + (history or EncodedHistory()).items(writer, request.messages)


@dataclass(frozen=True)
class _ChatWriter(Writer):
    kind = KIND
    dialect: ChatDialect
    without: frozenset[str]

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        if isinstance(entry, UserMessage):
            yield {"role": "user", "content": _content(entry.content)}
        elif entry.message.text or entry.message.calls:
            yield from self._answered(entry, names)

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """Neighbours of one role become one."""
        match last["role"], item["role"]:
            case "user", "user":
                return [{**last, "content": _joined(last["content"], item["content"])}]
            case "assistant", "assistant":
                text = "\n\n".join(filter(None, (last["content"], item["content"])))
                return [{**last, **item, "content": text or item["content"]}]
            case "tool", "user" if self.dialect.answers_tools:
                return [last, {"role": "assistant", "content": _GO_ON}, item]
            case _:
                return [last, item]

    def _answered(self, entry: Answered, names: UsedIds) -> Iterator[JsonObject]:
        text, calls = entry.message.text, entry.message.calls
        encoded: JsonObject = {"role": "assistant", "content": text, **self._thinking(entry)}
        ids = [names.of(call, entry.own_id(call)) for call in calls]
        if calls:
            encoded["content"] = None if not text and self.dialect.null_content else text
            encoded["tool_calls"] = [_call(call, call_id) for call, call_id in zip(calls, ids, strict=True)]
        yield encoded
        for call_id, result in zip(ids, entry.results, strict=True):
            yield {"role": "tool", "tool_call_id": call_id, "content": result.text if result else NO_RESULT}

    def _thinking(self, entry: Answered) -> JsonObject:
        if entry.replay is None:
            return {}
        sent: JsonObject = {}
        if (name := entry.replay.data.get("thinking")) and entry.message.thinking:
            sent[name] = entry.message.thinking
        if details := entry.replay.data.get("reasoning_details"):
            sent["reasoning_details"] = details
        return {name: value for name, value in sent.items() if name not in self.without}


def _joined(first: str | list[JsonObject], second: str | list[JsonObject]) -> str | list[JsonObject]:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_as_parts(first), *_as_parts(second)]


def _as_parts(content: str | list[JsonObject]) -> list[JsonObject]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _content(blocks: tuple[ContentBlock, ...]) -> str | list[JsonObject]:
    """Text alone is sent as text, which every server understands."""
    if any(isinstance(block, Image) for block in blocks):
        return [_part(block) for block in blocks]
    return "\n\n".join(_part(block)["text"] for block in blocks)


def _part(block: ContentBlock) -> JsonObject:
    match block:
        case Image(mime_type, data):
            return {"type": "image_url", "image_url": {"url": f"data:{mime_type};base64,{data}"}}
        case _:
            return {"type": "text", "text": text_of(block)}


def _call(call: ToolCall, call_id: str) -> JsonObject:
    arguments = jsontext.dumps(call.arguments).decode()
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
