"""What is sent to an OpenAI Responses server: the request body, its history as JSON. Pure; knows no socket.

Reference: OpenAI's API, POST /responses. Nothing is stored at the server: the items of its earlier replies go back as
they came, reasoning (encrypted) among them.
"""

import re
from collections.abc import Iterator

from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.errors import ProviderError
from chatls.message import ToolResult, UserMessage
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import Answered, Entry, UsedIds, Writer
from chatls.providers.known.refused import OFF
from chatls.providers.known.wording import text_of
from chatls.providers.provider import ModelRequest
from chatls.providers.responses_replay import KIND, items_of, seal, without_id
from chatls.values import dataclass

_INCLUDED = ["reasoning.encrypted_content"]
"""Reasoning comes in a form that goes back: nothing else would, where nothing is stored."""

REASONING = "items of reasoning"
_REFUSED_ITEM = re.compile(r"encrypted content (?!is\b|not\b)|\brs_\w+|of type '?reasoning", re.IGNORECASE)
_IDS = "ids of items"

_OPTIONAL: dict[str, str] = {
    REASONING: r"invalid value\W+reasoning\b|unknown (item )?type\W+reasoning\b",
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


def encode(
    request: ModelRequest,
    server: str,
    *,
    stream: bool,
    without: frozenset[str] = frozenset(),
    stale: frozenset[str] = frozenset(),
    sees: bool = True,
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: what it refused (see `refusable`); `stale`:
    seals of reasoning that it refused; `sees`: it is shown pictures; `history`: what is kept of the conversation.
    """
    body: JsonObject = {"model": request.model}
    if request.system and "instructions" not in without:
        body["instructions"] = request.system
    body["input"] = _input(request, _ResponsesWriter(server, request.model, without, stale, sees=sees), history)
    body |= {"store": False, "include": _INCLUDED}
    if stream:
        body["stream"] = True
    if request.tools:
        body |= _tools(request, without)
    body |= _parameters(request, without)
    return {name: value for name, value in body.items() if name not in without}


def refused_items(body: JsonObject, error: ProviderError) -> frozenset[str]:
    """The seals of all reasoning in a request, where a refusal is about some of it: other items still go back."""
    if error.http_status not in (400, 404, 422) or not _REFUSED_ITEM.search(str(error)):
        return frozenset()
    return frozenset(filter(None, map(seal, body["input"])))


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
    # An address or a model that is not there is no field.
    return [name for name in names if error.kind == "bad_request"]


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
        case "off" if OFF in without:
            pass
        case "off":
            body["reasoning"] = {"effort": "none"}
        case level:
            summary = {} if "reasoning.summary" in without else {"summary": "auto"}
            body["reasoning"] = {"effort": level, **summary}
    return body


def _input(request: ModelRequest, writer: "_ResponsesWriter", history: EncodedHistory | None) -> list[JsonObject]:
    items = (history or EncodedHistory()).items(writer, request.messages)
    if request.system and "instructions" in writer.without:
        return [_message("system", [{"type": "input_text", "text": request.system}]), *items]
    return items


@dataclass(frozen=True)
class _ResponsesWriter(Writer):
    """Ids of calls and of items stay unique over all of them."""

    kind = KIND
    without: frozenset[str]
    stale: frozenset[str]

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        if isinstance(entry, UserMessage):
            yield _message("user", [_part(block) for block in self.shown(entry.content)])
        else:
            yield from self._answered(entry, names)

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """Neighbouring messages of a person become one."""
        if last.get("role") == item.get("role") == "user":
            return [_message("user", [*last["content"], *item["content"]])]
        return [last, item]

    def _answered(self, entry: Answered, names: UsedIds) -> Iterator[JsonObject]:
        results = {call.id: result for call, result in entry.calls()}
        outputs: list[JsonObject] = []
        reasoning = REASONING not in self.without
        for item, call in items_of(entry.message, entry.replay, reasoning=reasoning, stale=self.stale):
            if call is None:
                yield self._once(item, names)
                continue
            call_id = names.of(call, entry.own_id(call))
            yield self._once({**item, "call_id": call_id}, names)
            outputs.append(self._output(item, call_id, results[call.id]))
        yield from outputs

    def _output(self, item: JsonObject, call_id: str, result: ToolResult | None) -> JsonObject:
        output: str | list[JsonObject] = self.told(result)
        if pictures := self.pictures(result):
            output = [_part(block) for block in (TextContent(output), *pictures)]
        return {"type": f"{item['type']}_output", "call_id": call_id, "output": output}

    def _once(self, item: JsonObject, names: UsedIds) -> JsonObject:
        """The item, without its id if the request has one with that id already."""
        name = item.get("id")
        if name is None:
            return item
        if not isinstance(name, str) or _IDS in self.without or not names.take(name):
            return without_id(item)
        return item


def _message(role: str, content: list[JsonObject]) -> JsonObject:
    return {"type": "message", "role": role, "content": content}


def _part(block: ContentBlock) -> JsonObject:
    match block:
        case Image(mime_type, data):
            return {"type": "input_image", "detail": "auto", "image_url": f"data:{mime_type};base64,{data}"}
        case _:
            return {"type": "input_text", "text": text_of(block)}
