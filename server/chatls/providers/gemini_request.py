"""What is sent to Gemini: the request body, its history as JSON. Pure; knows no socket.

Reference: Google's Gemini API, models.streamGenerateContent (v1beta).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from chatls.content import ContentBlock, Image, JsonObject
from chatls.message import AssistantMessage, Replay, UserMessage
from chatls.providers.encoded import EncodedHistory
from chatls.providers.history import Answered, Entry, UsedIds, Writer, sendable_name
from chatls.providers.known.wording import text_of
from chatls.providers.provider import ModelRequest, ThinkingLevel
from chatls.shapes import as_list, as_objects, as_text, object_or_none
from chatls.values import dataclass

KIND = "gemini"

_OPTIONAL: Mapping[str, re.Pattern[str]] = {
    "thinkingConfig": re.compile(r"think", re.IGNORECASE),
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "maxOutputTokens": re.compile(r"\bmax_?output_?tokens\b", re.IGNORECASE),
}
"""Fields of the generation's configuration that a request can do without, and how a refusal names them."""

_BUDGETS: Mapping[ThinkingLevel, int] = {"off": 0, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens of thinking, for the models before Gemini 3, which know no levels."""

_SMALLEST_PRO_BUDGET = 128
"""Tokens; the Pro models do not stop thinking altogether."""

_KEYWORDS = re.compile(
    r"\$(anchor|defs|id|ref)|additionalProperties|anyOf|description|enum|format|items|(max|min)(Items|imum)|oneOf"
    r"|prefixItems|properties|propertyOrdering|required|type"
)
"""Of JSON Schema, what `parametersJsonSchema` documents; others are refused by some versions. A title is allowed, but
some models take it for a property (googleapis/python-genai#1732)."""


_STAND_IN = "skip_thought_signature_validator"
"""Google's own word for a call whose signature is lost (documentation of thought signatures)."""


def encode(
    request: ModelRequest,
    server: str,
    *,
    without: frozenset[str] = frozenset(),
    stale: frozenset[str] = frozenset(),
    signed: bool = False,
    sees: bool = True,
    history: EncodedHistory | None = None,
) -> JsonObject:
    """The body of the request. `server`: the provider's name; `without`: optional fields that it refused; `stale`:
    signatures that it refused; `signed`: it misses some; `sees`: it is shown pictures; `history`: what is kept of the
    conversation.
    """
    contents = (history or EncodedHistory()).items(
        _GeminiWriter(server, request.model, stale, signed, sees=sees), request.messages
    )
    body: JsonObject = {"contents": contents}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    if request.tools:
        body |= _tools(request)
    if configuration := _parameters(request, without):
        body["generationConfig"] = configuration
    return body


def refused_fields(body: Mapping[str, Any], complaint: str) -> frozenset[str]:
    """Optional fields of a request that a refusal names.

    >>> refused_fields({"generationConfig": {"thinkingConfig": {}}}, "Thinking is not enabled for this model")
    frozenset({'thinkingConfig'})
    """
    sent = body.get("generationConfig", {})
    return frozenset(name for name, named in _OPTIONAL.items() if name in sent and named.search(complaint))


def signatures(body: JsonObject) -> frozenset[str]:
    """All signatures that a request sends back."""
    parts = [part for content in body.get("contents", ()) for part in content["parts"]]
    return frozenset(part["thoughtSignature"] for part in parts if "thoughtSignature" in part) - {_STAND_IN}


def accepted_schema(schema: JsonObject) -> JsonObject:
    """The part of a JSON Schema that Gemini accepts.

    >>> accepted_schema({"const": "a", "title": "A", "$schema": "x"})
    {'enum': ['a']}
    """
    if "$ref" in schema:  # Nothing else may stand beside it but names that begin so too.
        return {key: value for key, value in schema.items() if key in ("$ref", "$defs")}
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    return {key: _accepted(key, value) for key, value in schema.items() if _KEYWORDS.fullmatch(key)}


def _accepted(key: str, value: Any) -> Any:
    if key in ("properties", "$defs") and (members := object_or_none(value)) is not None:
        return {name: _inner(item) for name, item in members.items()}
    return _inner(value) if key in ("items", "additionalProperties", "anyOf", "oneOf", "prefixItems") else value


def _inner(value: Any) -> Any:
    if isinstance(value, list):
        return [_inner(item) for item in as_list(cast(Any, value))]
    members = object_or_none(value)
    return value if members is None else accepted_schema(members)


def _tools(request: ModelRequest) -> JsonObject:
    declarations = [
        {
            "name": tool.name,
            "description": tool.description,
            "parametersJsonSchema": accepted_schema(tool.input_schema),
        }
        for tool in request.tools
    ]
    mode = {"auto": "AUTO", "none": "NONE", "required": "ANY"}[request.tool_choice]
    return {
        "tools": [{"functionDeclarations": declarations}],
        "toolConfig": {"functionCallingConfig": {"mode": mode}},
    }


def _parameters(request: ModelRequest, without: frozenset[str]) -> JsonObject:
    parameters = request.parameters
    values: JsonObject = {
        "maxOutputTokens": parameters.max_output_tokens,
        "temperature": parameters.temperature,
        "thinkingConfig": _thinking(request.model, parameters.thinking) if parameters.thinking else None,
    }
    return {name: value for name, value in values.items() if value is not None and name not in without}


def _thinking(model: str, level: ThinkingLevel) -> JsonObject:
    """Models since Gemini 3 know levels, those before it budgets; each refuses the other."""
    version = re.search(r"gemini-(\d+)", model)
    pro = "-pro" in model
    if version and int(version.group(1)) < 3:
        smallest = _SMALLEST_PRO_BUDGET if pro else 0
        amount: JsonObject = {"thinkingBudget": max(_BUDGETS[level], smallest)}
    else:
        amount = {"thinkingLevel": ("low" if pro else "minimal") if level == "off" else level}
    return amount if level == "off" else {"includeThoughts": True, **amount}


@dataclass(frozen=True)
class _GeminiWriter(Writer):
    kind = KIND
    stale: frozenset[str]
    signed: bool
    """A call without a signature has the stand-in."""

    def write(self, entry: Entry, names: UsedIds) -> Iterator[JsonObject]:
        del names  # Ids go back as they came; where none came there is none.
        if isinstance(entry, UserMessage):
            yield {"role": "user", "parts": [_part(block) for block in self.shown(entry.content)]}
            return
        message, replay = entry.message, entry.replay
        if parts := _own_parts(message, replay, self.stale) if replay else _plain_parts(message):
            yield {"role": "model", "parts": [_signed(part) for part in parts] if self.signed else parts}
            if message.calls:
                yield {"role": "user", "parts": [*self._responses(entry)]}

    def _responses(self, entry: Answered) -> Iterator[JsonObject]:
        """One part per call, in call order; with an id only where the call came with one. Pictures stand in it since
        Gemini 3, and behind all before.
        """
        inside, behind = _holds_pictures(self.model), list[JsonObject]()
        for call, result in entry.calls():
            told = self.told(result)
            said = {"error" if result is None or result.is_error else "output": told}
            own_id, pictures = entry.own_id(call), [_part(picture) for picture in self.pictures(result)]
            response = {**({"id": own_id} if own_id else {}), "name": sendable_name(call.name), "response": said}
            yield {"functionResponse": {**response, **({"parts": pictures} if pictures and inside else {})}}
            behind += [] if inside else pictures
        yield from behind

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """Neighbours of one role become one, but for results: the text behind them begins a new turn, and only in the
        newest one are signatures demanded.
        """
        if last["role"] == item["role"] and not _has_results(last):
            return [{**last, "parts": [*last["parts"], *item["parts"]]}]
        return [last, item]


def _own_parts(message: AssistantMessage, replay: Replay, stale: frozenset[str]) -> list[JsonObject]:
    """The reply's parts exactly as they came, each signature on its own; but no call that is not remembered."""
    remembered = {call.id for call in message.calls}
    calls = iter(replay.data.get("calls", ()))
    parts = as_objects(replay.data.get("parts"))
    parts = [_named(part) for part in parts if "functionCall" not in part or next(calls, None) in remembered]
    unsealed = [_unsealed(part) if part.get("thoughtSignature") in stale else part for part in parts]
    return [part for part in unsealed if part.keys() - {"text", "thought"} or part.get("text")]


def _named(part: JsonObject) -> JsonObject:
    call = object_or_none(part.get("functionCall"))
    return {**part, "functionCall": {**call, "name": sendable_name(as_text(call.get("name")))}} if call else part


def _unsealed(part: JsonObject) -> JsonObject:
    rest = {name: value for name, value in part.items() if name != "thoughtSignature"}
    return {**rest, "thoughtSignature": _STAND_IN} if "functionCall" in part else rest


def _signed(part: JsonObject) -> JsonObject:
    return {"thoughtSignature": _STAND_IN, **part} if "functionCall" in part else part


def _plain_parts(message: AssistantMessage) -> list[JsonObject]:
    parts: list[JsonObject] = [{"text": message.text}] if message.text else []
    return parts + [
        {"functionCall": {"name": sendable_name(call.name), "args": call.arguments}} for call in message.calls
    ]


def _holds_pictures(model: str) -> bool:
    """Whether pictures may stand inside a function's response (documentation of multimodal function responses)."""
    version = re.search(r"gemini-(\d+)", model)
    return version is not None and int(version.group(1)) >= 3


def _has_results(content: JsonObject) -> bool:
    return any("functionResponse" in part for part in content["parts"])


def _part(block: ContentBlock) -> JsonObject:
    if isinstance(block, Image):
        return {"inlineData": {"mimeType": block.mime_type, "data": block.data}}
    return {"text": text_of(block)}
