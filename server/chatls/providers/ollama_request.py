"""What is sent to Ollama: the request body, its history as JSON. Pure; knows no socket.

Reference: Ollama's own API, POST /api/chat (docs/api.md), which differs from the one that it shares with OpenAI.
"""

import re
from collections.abc import Iterator

from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.message import ToolCall, UserMessage
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import Answered, Entry, UsedIds, Writer, sendable_name
from chatls.providers.known.wording import PICTURES, text_of
from chatls.providers.provider import ModelRequest, ThinkingLevel
from chatls.values import dataclass

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
    sees: bool = True,
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `context_window`: tokens, None leaves them to Ollama;
    `without`: optional fields that it refused; `sees`: it is shown pictures; `history`: what is kept of the
    conversation.
    """
    writer = _OllamaWriter(server, request.model, sees=sees)
    body: JsonObject = {"model": request.model, "messages": _messages(request, writer, history), "stream": stream}
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


def _messages(request: ModelRequest, writer: Writer, history: EncodedHistory | None) -> list[JsonObject]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return system + (history or EncodedHistory()).items(writer, request.messages)


@dataclass(frozen=True)
class _OllamaWriter(Writer):
    kind = KIND

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        del names  # Ids go back as they came; where none came there is none.
        if isinstance(entry, UserMessage):
            yield _user(self.shown(entry.content))
        elif entry.message.text or entry.message.calls:
            yield from self._answered(entry)

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """Neighbours of one role become one, unless they are results."""
        if not last["role"] == item["role"] != "tool":
            return [last, item]
        content = "\n\n".join(filter(None, (last["content"], item["content"])))
        images = [*last.get("images", ()), *item.get("images", ())]
        return [{**last, **item, "content": content, **({"images": images} if images else {})}]

    def _answered(self, entry: Answered) -> Iterator[JsonObject]:
        message = entry.message
        encoded: JsonObject = {"role": "assistant", "content": message.text}
        if entry.replay and message.thinking:
            encoded["thinking"] = message.thinking
        if message.calls:
            encoded["tool_calls"] = [_call(call, entry.own_id(call)) for call in message.calls]
        yield encoded
        for call, result in entry.calls():
            own_id, name = entry.own_id(call), sendable_name(call.name)
            identity = {"tool_call_id": own_id} if own_id else {}
            yield {"role": "tool", "tool_name": name, "content": self.told(result), **identity}
        # Templates look for pictures in a user's messages.
        if pictures := [picture for result in entry.results for picture in self.pictures(result)]:
            yield _user((TextContent(PICTURES), *pictures))


def _user(content: tuple[ContentBlock, ...]) -> JsonObject:
    """Pictures stand beside the text, in base64."""
    text = "\n\n".join(text_of(block) for block in content if not isinstance(block, Image))
    images = [block.data for block in content if isinstance(block, Image)]
    return {"role": "user", "content": text, **({"images": images} if images else {})}


def _call(call: ToolCall, own_id: str) -> JsonObject:
    identity = {"id": own_id} if own_id else {}
    return {**identity, "function": {"name": sendable_name(call.name), "arguments": call.arguments}}
