"""What is sent to an OpenAI Responses server: a request and its history as JSON. Pure; knows no socket.

Reference: OpenAI's API, POST /responses. Nothing is stored at the server: the items of its earlier replies go back as
they came, reasoning (encrypted) among them.
"""

import re
from collections.abc import Iterator

from chatls.content import ContentBlock, Image, JsonObject
from chatls.errors import ProviderError
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, UserMessage
from chatls.providers.provider import ModelRequest
from chatls.providers.responses_replay import KIND, items_of, without_id
from chatls.providers.wording import NO_RESULT, text_of

_INCLUDED = ["reasoning.encrypted_content"]
"""Reasoning comes in a form that goes back: nothing else would, where nothing is stored."""

_REASONING = "items of reasoning"
_IDS = "ids of items"

_OPTIONAL: dict[str, str] = {
    _REASONING: r"encrypted content (?!is\b|not\b)|\brs_\w+|of type '?reasoning",
    _IDS: r"\binput\[\d+\]\.id\b",
    "include": r"\binclude\b['\"`.:\[\])]|encrypted[ _]content",
    "reasoning.summary": r"\breasoning[. ]summar",
    "reasoning": r"\breasoning(\.effort)?\b(?!\.\w)",
    "store": r"\bstore\b['\"`.:\])]",
    "instructions": r"\binstructions\b",
    "strict": r"\bstrict\b",
    "parallel_tool_calls": r"\bparallel_tool_calls\b",
    "temperature": r"\btemperature\b",
    "max_output_tokens": r"\bmax_output_tokens\b",
}
"""What a request can do without, or say in another way, and how a refusal names it."""


def encode(request: ModelRequest, server: str, *, stream: bool, without: frozenset[str] = frozenset()) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: what it refused (see `refusable`)."""
    body: JsonObject = {"model": request.model}
    if request.system and "instructions" not in without:
        body["instructions"] = request.system
    body["input"] = _input(request, server, without)
    body |= {"store": False, "include": _INCLUDED}
    if stream:
        body["stream"] = True
    if request.tools:
        body |= _tools(request, without)
    body |= _parameters(request, without)
    return {name: value for name, value in body.items() if name not in without}


def refusable(error: ProviderError) -> list[str]:
    """What a refusal names of all that a request can do without, in the order of its words: names for `without`.

    >>> complaint = "Unsupported parameter: 'temperature' is not supported with reasoning.effort"
    >>> refusable(ProviderError("bad_request", complaint, http_status=400))
    ['temperature', 'reasoning']
    """
    if error.http_status not in (400, 404, 422) or error.kind not in ("bad_request", "not_found"):
        return []
    found = {name: re.search(pattern, str(error), re.IGNORECASE) for name, pattern in _OPTIONAL.items()}
    places = {name: match.start() for name, match in found.items() if match}
    names = sorted(places, key=places.__getitem__)
    # An address or a model that is not there is no field; reasoning that is not stored is.
    return [name for name in names if error.kind == "bad_request" or name == _REASONING]


def _tools(request: ModelRequest, without: frozenset[str]) -> JsonObject:
    # Without `strict` a server may demand that every argument is required.
    strict: JsonObject = {} if "strict" in without else {"strict": False}
    body: JsonObject = {
        "tools": [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.input_schema,
                **strict,
            }
            for tool in request.tools
        ]
    }
    if request.tool_choice != "auto":
        body["tool_choice"] = request.tool_choice
    return body | {"parallel_tool_calls": True}


def _parameters(request: ModelRequest, without: frozenset[str]) -> JsonObject:
    body: JsonObject = {}
    parameters = request.parameters
    if parameters.max_output_tokens is not None:
        body["max_output_tokens"] = parameters.max_output_tokens
    if parameters.temperature is not None:
        body["temperature"] = parameters.temperature
    match parameters.thinking:
        case None:
            pass
        case "off":
            body["reasoning"] = {"effort": "none"}
        case level:
            summary = {} if "reasoning.summary" in without else {"summary": "auto"}
            body["reasoning"] = {"effort": level, **summary}
    return body


def _input(request: ModelRequest, server: str, without: frozenset[str]) -> list[JsonObject]:
    history = _History(request.messages, server, without)
    items: list[JsonObject] = []
    if request.system and "instructions" in without:
        items.append(_message("system", [{"type": "input_text", "text": request.system}]))
    for message in request.messages:
        for encoded in history.encode(message):
            _append(items, encoded)
    return items


class _History:
    """Encodes messages one after the other; ids of calls and of items stay unique over all of them."""

    def __init__(self, messages: tuple[Message, ...], server: str, without: frozenset[str]) -> None:
        self._server = server
        self._without = without
        self._used: set[str] = set()
        self._results = {
            result.call_id: result.text
            for message in messages
            if isinstance(message, ToolMessage)
            for result in message.results
        }

    def encode(self, message: Message) -> Iterator[JsonObject]:
        match message:
            case UserMessage(content):
                yield _message("user", [_part(block) for block in content])
            case AssistantMessage():
                yield from self._assistant(message)
            case ToolMessage():
                # Results follow their calls, in call order, wherever they stand in the history.
                pass

    def _assistant(self, message: AssistantMessage) -> Iterator[JsonObject]:
        replay = self._own_replay(message.replay)
        outputs: list[JsonObject] = []
        for item, call in items_of(message, replay, reasoning=_REASONING not in self._without):
            if call is None:
                yield self._once(item)
                continue
            call_id = self._unique(call, replay)
            yield self._once({**item, "call_id": call_id})
            outputs.append(_output(item, call_id, self._results.get(call.id, NO_RESULT)))
        yield from outputs

    def _own_replay(self, replay: Replay | None) -> Replay | None:
        """Another server's items mean nothing to this one, and may even offend it."""
        own = replay is not None and replay.provider == KIND and replay.data.get("server") == self._server
        return replay if own else None

    def _unique(self, call: ToolCall, replay: Replay | None) -> str:
        """The provider's own id, unless it was used already: then ours."""
        own = replay.call_ids.get(call.id, call.id) if replay else call.id
        call_id = call.id if own in self._used else own
        self._used.add(call_id)
        return call_id

    def _once(self, item: JsonObject) -> JsonObject:
        """The item, without its id if the request has one with that id already."""
        name = item.get("id")
        if name is None:
            return item
        if not isinstance(name, str) or name in self._used or _IDS in self._without:
            return without_id(item)
        self._used.add(name)
        return item


def _append(items: list[JsonObject], item: JsonObject) -> None:
    """Add an item; neighbouring messages of a person become one."""
    last = items[-1] if items else {}
    if last.get("role") == item.get("role") == "user":
        items[-1] = _message("user", [*last["content"], *item["content"]])
    else:
        items.append(item)


def _message(role: str, content: list[JsonObject]) -> JsonObject:
    return {"type": "message", "role": role, "content": content}


def _part(block: ContentBlock) -> JsonObject:
    match block:
        case Image(mime_type, data):
            return {"type": "input_image", "detail": "auto", "image_url": f"data:{mime_type};base64,{data}"}
        case _:
            return {"type": "input_text", "text": text_of(block)}


def _output(item: JsonObject, call_id: str, text: str) -> JsonObject:
    return {"type": f"{item['type']}_output", "call_id": call_id, "output": text}
