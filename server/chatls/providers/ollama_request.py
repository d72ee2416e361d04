"""What is sent to Ollama: a request and its history as JSON. Pure; knows no socket.

Reference: Ollama's own API, POST /api/chat (docs/api.md), which differs from the one that it shares with OpenAI.
"""

import re
from collections.abc import Iterator

from chatls.content import ContentBlock, Image, JsonObject
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.provider import ModelRequest, ThinkingLevel
from chatls.providers.wording import NO_RESULT, text_of

KIND = "ollama"

THINK = "think"
TRUNCATE = "truncate"

_KNOWS_LEVELS = re.compile(r"gpt-?oss", re.IGNORECASE)
"""Models whose thinking has levels; all others think or do not."""


def encode(
    request: ModelRequest,
    server: str,
    context_window: int | None,
    *,
    stream: bool,
    without: frozenset[str] = frozenset(),
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `context_window`: tokens, None leaves them to Ollama;
    `without`: optional fields that it refused.
    """
    body: JsonObject = {"model": request.model, "messages": _messages(request, server), "stream": stream}
    # By default Ollama leaves out what does not fit, and says nothing (ollama#4967).
    body[TRUNCATE] = False
    if request.tools and request.tool_choice != "none":  # It knows no tool choice.
        body["tools"] = _tools(request)
    if request.parameters.thinking is not None:
        body[THINK] = _think(request.model, request.parameters.thinking)
    if options := _options(request, context_window):
        body["options"] = options
    return {name: value for name, value in body.items() if name not in without}


def _tools(request: ModelRequest) -> list[JsonObject]:
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.input_schema},
        }
        for tool in request.tools
    ]


def _think(model: str, level: ThinkingLevel) -> bool | str:
    if level == "off":
        return False
    return level if _KNOWS_LEVELS.search(model) else True


def _options(request: ModelRequest, context_window: int | None) -> JsonObject:
    values: JsonObject = {
        "num_ctx": context_window,
        "num_predict": request.parameters.max_output_tokens,
        "temperature": request.parameters.temperature,
    }
    return {name: value for name, value in values.items() if value is not None}


def _messages(request: ModelRequest, server: str) -> list[JsonObject]:
    history = _History(request.messages, server)
    messages: list[JsonObject] = [{"role": "system", "content": request.system}] if request.system else []
    for message in request.messages:
        for encoded in history.encode(message):
            _append(messages, encoded)
    return messages


class _History:
    """Encodes messages one after the other."""

    def __init__(self, messages: tuple[Message, ...], server: str) -> None:
        self._server = server
        self._results = {
            result.call_id: result
            for message in messages
            if isinstance(message, ToolMessage)
            for result in message.results
        }

    def encode(self, message: Message) -> Iterator[JsonObject]:
        match message:
            case UserMessage(content):
                yield _user(content)
            case AssistantMessage():
                yield from self._assistant(message)
            case ToolMessage():
                # Results follow their calls, in call order, wherever they stand in the history.
                pass

    def _assistant(self, message: AssistantMessage) -> Iterator[JsonObject]:
        if not message.text and not message.calls:
            return
        replay = message.replay
        # Another server's thinking and ids mean nothing to this one.
        own = replay is not None and replay.provider == KIND and replay.data.get("server") == self._server
        ids = replay.call_ids if replay and own else {}
        encoded: JsonObject = {"role": "assistant", "content": message.text}
        if own and message.thinking:
            encoded["thinking"] = message.thinking
        if message.calls:
            encoded["tool_calls"] = [_call(call, ids.get(call.id)) for call in message.calls]
        yield encoded
        for call in message.calls:
            yield _result(call, ids.get(call.id), self._results.get(call.id))


def _append(messages: list[JsonObject], message: JsonObject) -> None:
    """Add a message; neighbours of one role become one, unless they are results."""
    last: JsonObject = messages[-1] if messages else {"role": ""}
    if last["role"] == message["role"] != "tool":
        content = "\n\n".join(filter(None, (last["content"], message["content"])))
        images = [*last.get("images", ()), *message.get("images", ())]
        messages[-1] = {**last, **message, "content": content, **({"images": images} if images else {})}
    else:
        messages.append(message)


def _user(content: tuple[ContentBlock, ...]) -> JsonObject:
    """Pictures stand beside the text, in base64."""
    text = "\n\n".join(text_of(block) for block in content if not isinstance(block, Image))
    images = [block.data for block in content if isinstance(block, Image)]
    return {"role": "user", "content": text, **({"images": images} if images else {})}


def _call(call: ToolCall, own_id: str | None) -> JsonObject:
    identity = {"id": own_id} if own_id else {}
    return {**identity, "function": {"name": call.name, "arguments": call.arguments}}


def _result(call: ToolCall, own_id: str | None, result: ToolResult | None) -> JsonObject:
    identity = {"tool_call_id": own_id} if own_id else {}
    return {"role": "tool", "tool_name": call.name, "content": result.text if result else NO_RESULT, **identity}
