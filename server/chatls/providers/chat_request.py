"""What is sent to a chat completions server: a request and its history as JSON. Pure; knows no socket.

Reference: OpenAI's API, POST /chat/completions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatls import jsontext
from chatls.content import ContentBlock, Image, JsonObject
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.catalog import ChatDialect
from chatls.providers.provider import ModelRequest
from chatls.providers.wording import NO_RESULT, text_of

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
    request: ModelRequest, server: str, dialect: ChatDialect, *, stream: bool, without: frozenset[str] = frozenset()
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: optional fields that it refused."""
    body: JsonObject = {"model": request.model, "messages": _messages(request, server, dialect, without)}
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


def _messages(request: ModelRequest, server: str, dialect: ChatDialect, without: frozenset[str]) -> list[JsonObject]:
    history = _History(request.messages, server, dialect, without)
    messages = [{"role": "system", "content": request.system}] if request.system else []
    for message in request.messages:
        for encoded in history.encode(message):
            _append(messages, encoded, dialect)
    return messages


class _History:
    """Encodes messages one after the other; ids of calls stay unique over all of them."""

    def __init__(
        self, messages: tuple[Message, ...], server: str, dialect: ChatDialect, without: frozenset[str]
    ) -> None:
        self._server = server
        self._dialect = dialect
        self._without = without
        self._used: set[str] = set()
        self._results = {
            result.call_id: result
            for message in messages
            if isinstance(message, ToolMessage)
            for result in message.results
        }

    def encode(self, message: Message) -> Iterator[JsonObject]:
        match message:
            case UserMessage(content):
                yield {"role": "user", "content": _content(content)}
            case AssistantMessage():
                yield from self._assistant(message)
            case ToolMessage():
                # Results follow their calls, in call order, wherever they stand in the history.
                pass

    def _assistant(self, message: AssistantMessage) -> Iterator[JsonObject]:
        if not message.text and not message.calls:
            return
        replay = self._own_replay(message.replay)
        encoded: JsonObject = {"role": "assistant", "content": message.text, **self._thinking(message, replay)}
        if not message.calls:
            yield encoded
            return
        ids = [self._unique(call, replay) for call in message.calls]
        if not message.text and self._dialect.null_content:
            encoded["content"] = None
        encoded["tool_calls"] = [_call(call, call_id) for call, call_id in zip(message.calls, ids, strict=True)]
        yield encoded
        for call, call_id in zip(message.calls, ids, strict=True):
            yield _result(call_id, self._results.get(call.id))

    def _own_replay(self, replay: Replay | None) -> Replay | None:
        """Another server's ids and thinking mean nothing to this one, and may even offend it."""
        own = replay is not None and replay.provider == KIND and replay.data.get("server") == self._server
        return replay if own else None

    def _thinking(self, message: AssistantMessage, replay: Replay | None) -> JsonObject:
        if replay is None:
            return {}
        sent: JsonObject = {}
        if (name := replay.data.get("thinking")) and message.thinking:
            sent[name] = message.thinking
        if details := replay.data.get("reasoning_details"):
            sent["reasoning_details"] = details
        return {name: value for name, value in sent.items() if name not in self._without}

    def _unique(self, call: ToolCall, replay: Replay | None) -> str:
        """The provider's own id, which some demand back, unless it was used already: then ours."""
        own = replay.call_ids.get(call.id, call.id) if replay else call.id
        call_id = call.id if own in self._used else own
        self._used.add(call_id)
        return call_id


def _append(messages: list[JsonObject], message: JsonObject, dialect: ChatDialect) -> None:
    """Add a message; neighbours of one role become one."""
    last: JsonObject = messages[-1] if messages else {"role": ""}
    if last["role"] == message["role"] == "user":
        last["content"] = _joined(last["content"], message["content"])
    elif last["role"] == message["role"] == "assistant":
        text = "\n\n".join(filter(None, (last["content"], message["content"])))
        messages[-1] = {**last, **message, "content": text or message["content"]}
    else:
        if last["role"] == "tool" and message["role"] == "user" and dialect.answers_tools:
            messages.append({"role": "assistant", "content": _GO_ON})
        messages.append(message)


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


def _result(call_id: str, result: ToolResult | None) -> JsonObject:
    return {"role": "tool", "tool_call_id": call_id, "content": result.text if result else NO_RESULT}
