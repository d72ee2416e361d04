"""What is sent to a chat completions server: the request body, its history as JSON. Pure; knows no socket.

Reference: OpenAI's API, POST /chat/completions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatls import jsontext
from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.message import ToolCall, UserMessage
from chatls.providers.chat_manner import NUMBERED_ID, REASONING, Manner, is_demanded
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import Answered, Entry, UsedIds, Writer, sendable_name
from chatls.providers.known.catalog import ChatDialect
from chatls.providers.known.refused import OFF, is_mandatory
from chatls.providers.known.wording import PICTURES, text_of
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

KIND = "openai_chat"

THINK = "<think>"
"""Opens thinking in the text."""

EXTRAS = ("extra_content", "provider_specific_fields")
"""What stands beside a call and goes back there: Google's signatures (over chat completions), and what routers make
of them."""

NO_EFFORT = "effort beside tools"
"""What a request can do without; a name of our own."""

_THINKING = (REASONING, "reasoning", "reasoning_details")
"""Fields of a reply that its own server gets back."""

_UNKNOWN = re.compile(
    r"\b(extra|unknown|unrecogni[sz]ed|unexpected|unsupported|additional|invalid (field|param|property|argument))"
    r"|\bnot\b.{0,20}\b(supported|permitted|allowed|accepted|a valid|recogni[sz]ed|known|exist)"
    r"|\b(n.t|not|cannot|never) (be )?(support|allow|accept|pass|send|includ|contain)",
    re.IGNORECASE,
)
"""A server does not know a field, or never takes it; else it minds what stands in it."""

_EFFORT_NONE = re.compile(r"\bset .?reasoning_effort.? to .?none", re.IGNORECASE)
_STAND_IN: JsonObject = {"extra_content": {"google": {"thought_signature": "skip_thought_signature_validator"}}}
"""Google's own word for a call whose signature is lost."""

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
    manner: Manner | None = None,
    sees: bool = True,
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: optional fields that it refused; `manner`:
    what it demands of a history; `sees`: it is shown pictures; `history`: what is kept of the conversation.
    """
    manner = manner or Manner(answers_tools=dialect.answers_tools)
    unknown = without & frozenset(_THINKING)
    messages = _messages(request, _ChatWriter(server, request.model, dialect, unknown, manner, sees=sees), history)
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
    if is_demanded(complaint):
        return frozenset()
    inner = {name for message in body.get("messages", ()) for name in message}
    present = {*body, *(inner if _UNKNOWN.search(complaint) else inner - {*_THINKING})}
    return frozenset(name for name in _OPTIONAL if name in present and re.search(rf"\b{name}\b", complaint))


def refused_effort(request: ModelRequest, body: Mapping[str, Any], complaint: str) -> frozenset[str]:
    """What to do without where a refusal is about how much a model thinks."""
    if "tools" in body and _EFFORT_NONE.search(complaint) and body.get("reasoning_effort") != "none":
        return frozenset({NO_EFFORT})
    return frozenset({OFF} if request.parameters.thinking == "off" and is_mandatory(complaint) else ())


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
    return body | _effort(request, dialect, without)


def _effort(request: ModelRequest, dialect: ChatDialect, without: frozenset[str]) -> JsonObject:
    """The fields that say how much to think."""
    if NO_EFFORT in without and request.tools:
        return {"reasoning_effort": "none"}
    match dialect.thinking, request.parameters.thinking:
        case _, None:
            return {}
        case _, "off" if OFF in without:
            return {}
        case "thinking", "off":
            return {"thinking": {"type": "disabled"}}
        case "thinking", level:  # DeepSeek reads medium as high.
            return {"thinking": {"type": "enabled"}, "reasoning_effort": level}
        case "reasoning", level:
            return {"reasoning": {"enabled": False} if level == "off" else {"effort": level}}
        case "reasoning_effort", level:
            return {"reasoning_effort": "none" if level == "off" else level}


def _messages(request: ModelRequest, writer: Writer, history: EncodedHistory | None) -> list[JsonObject]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return system + (history or EncodedHistory()).items(writer, request.messages)


@dataclass(frozen=True)
class _ChatWriter(Writer):
    kind = KIND
    dialect: ChatDialect
    without: frozenset[str]
    manner: Manner

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        if isinstance(entry, UserMessage):
            yield {"role": "user", "content": _content(self.shown(entry.content))}
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
            case "tool", "user" if self.manner.answers_tools:
                return [last, {"role": "assistant", "content": _GO_ON}, item]
            case _:
                return [last, item]

    def _answered(self, entry: Answered, names: UsedIds) -> Iterator[JsonObject]:
        text, calls = _said(entry), entry.message.calls
        encoded: JsonObject = {"role": "assistant", "content": text, **self._thinking(entry)}
        ids = [self._id(call, entry, names) for call in calls]
        if calls:
            encoded["content"] = None if not text and self.dialect.null_content else text
            extras = [self._extras(call, entry) for call in calls]
            encoded["tool_calls"] = [*map(_call, calls, ids, extras)]
        yield encoded
        for call_id, result in zip(ids, entry.results, strict=True):
            yield {"role": "tool", "tool_call_id": call_id, "content": self.told(result)}
        # A tool's message holds text alone: pictures follow, in a user's.
        if pictures := [picture for result in entry.results for picture in self.pictures(result)]:
            yield {"role": "user", "content": _content((TextContent(PICTURES), *pictures))}

    def _id(self, call: ToolCall, entry: Answered, names: UsedIds) -> str:
        own = entry.own_id(call) if self.manner.own_ids else ""
        if not self.manner.numbered_ids:
            return names.of(call, own)
        if NUMBERED_ID.fullmatch(own) and names.take(own):
            return own
        number = len(names)
        while not names.take(name := f"functions.{sendable_name(call.name)}:{number}"):
            number += 1
        return name

    def _extras(self, call: ToolCall, entry: Answered) -> JsonObject:
        extras = entry.replay.data.get("extras", {}).get(call.id) if entry.replay else None
        return extras or (_STAND_IN if self.manner.signed else {})

    def _thinking(self, entry: Answered) -> JsonObject:
        own: JsonObject = entry.replay.data if entry.replay else {}
        thought, sent = entry.message.thinking if own else "", JsonObject()
        if (name := own.get("thinking")) and name != THINK and thought:
            sent[name] = thought
        if details := own.get("reasoning_details"):
            sent["reasoning_details"] = details
        if self.manner.carries_thinking and entry.message.calls:
            sent.setdefault(REASONING, thought)
        return {name: value for name, value in sent.items() if name not in self.without}


def _said(entry: Answered) -> str:
    """What was thought in the text goes back in the text, where tools ran for it (MiniMax)."""
    message = entry.message
    if entry.replay and entry.replay.data.get("thinking") == THINK and message.thinking and message.calls:
        return f"{THINK}\n{message.thinking.strip()}\n</think>\n\n{message.text}"
    return message.text


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


def _call(call: ToolCall, call_id: str, extras: JsonObject) -> JsonObject:
    arguments = jsontext.dumps(call.arguments).decode()
    function = {"name": sendable_name(call.name), "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function, **extras}
