"""What was said, in the form of the conventions' JSON schemas, where somebody wants it in spans. Pure.

Bounded: a text is cut, and of a long conversation the newest messages are told. A picture is named, and not told.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, assert_never

from chatls.content import ContentBlock, Image, JsonObject, Resource, ResourceLink, TextContent
from chatls.message import AssistantMessage, Message, ToolMessage, UserMessage
from chatls.seen.secrets import without_likely_keys
from chatls.seen.telemetry import names
from chatls.seen.telemetry.facts import CallFacts, StepFacts

_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_IN_SPANS = ("true", "span_only", "span_and_event")
"""Its values that mean spans: of the time when it was a switch, and of now. Events are not sent."""
_LONGEST = 8_000
"""Characters of one text."""
_MOST = 64_000
"""Characters of one attribute, but for one message."""
_FINISHED = {"end_turn": "stop", "tool_calls": "tool_call", "max_tokens": "length", "refusal": "content_filter"}


def are_wanted(environment: Mapping[str, str]) -> bool:
    """
    >>> are_wanted({}), are_wanted({_VARIABLE: "SPAN_ONLY"}), are_wanted({_VARIABLE: "EVENT_ONLY"})
    (False, True, False)
    """
    return environment.get(_VARIABLE, "").strip().lower() in _IN_SPANS


class SaidTexts:
    """Attributes that hold texts. `clean` takes known keys out of one."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean

    def of_step(self, call: StepFacts) -> dict[str, Any]:
        """What the model was sent, and what it said, if its reply is whole."""
        request = call.request
        told = [*_newest(map(self._message, request.messages))]
        found: dict[str, Any] = {names.INPUT_MESSAGES: f"[{','.join(told)}]"}
        if left := len(request.messages) - len(told):
            found[names.MESSAGES_LEFT_OUT] = left
        if request.system:
            found[names.SYSTEM_INSTRUCTIONS] = json.dumps([self._text(request.system)])
        if call.stop is not None:
            said = self._said(call.reply, ((one.id, one.name, one.arguments) for one in call.calls))
            found[names.OUTPUT_MESSAGES] = json.dumps([{**said, "finish_reason": _FINISHED[call.stop]}])
        return found

    def of_call(self, call: CallFacts) -> dict[str, Any]:
        """What a tool was given, and what it gave."""
        result = "\n".join(part.text for part in call.content if isinstance(part, TextContent))
        return {
            names.TOOL_ARGUMENTS: json.dumps(self._clipped(call.arguments)),
            names.TOOL_RESULT: self._short(result),
        }

    def _message(self, message: Message) -> JsonObject:
        match message:
            case UserMessage():
                return {"role": "user", "parts": [self._block(block) for block in message.content]}
            case AssistantMessage():
                thought = [{"type": "reasoning", "content": self._short(message.thinking)}] if message.thinking else []
                said = self._said(message.text, ((one.id, one.name, one.arguments) for one in message.calls))
                return {**said, "parts": [*thought, *said["parts"]]}
            case ToolMessage():
                parts = [
                    {"type": "tool_call_response", "id": result.call_id, "response": self._short(result.text)}
                    for result in message.results
                ]
                return {"role": "tool", "parts": parts}
            case _:
                assert_never(message)

    def _said(self, text: str, calls: Iterable[tuple[str, str, JsonObject | None]]) -> JsonObject:
        parts = [self._text(text)] if text else []
        parts += [
            {"type": "tool_call", "id": name, "name": tool, "arguments": self._clipped(arguments)}
            for name, tool, arguments in calls
        ]
        return {"role": "assistant", "parts": parts}

    def _block(self, block: ContentBlock) -> JsonObject:
        match block:
            case TextContent() | Resource():
                return self._text(block.text)
            case ResourceLink():
                return {"type": "uri", "modality": "document", "uri": self._short(block.uri)}
            case Image():
                return {"type": "image", "mime_type": block.mime_type}
            case _:
                return {"type": block.type}

    def _text(self, text: str) -> JsonObject:
        return {"type": "text", "content": self._short(text)}

    def _clipped(self, arguments: JsonObject | None) -> Any:
        """Arguments as they are; as text where they are too long or hold a key."""
        text = json.dumps(arguments)
        short = self._short(text)
        return arguments if short == text else short

    def _short(self, text: str) -> str:
        more = len(text) - _LONGEST
        clean = without_likely_keys(self._clean(text[: 2 * _LONGEST]))  # a key is not cut in two before it is seen
        return f"{clean[:_LONGEST]} [{more:,} more characters]" if more > 0 else clean


def _newest(messages: Iterable[JsonObject]) -> Iterable[str]:
    """The last ones as JSON, as many as there is room for; one at least."""
    room, found = _MOST, list[str]()
    for message in reversed(list(messages)):
        text = json.dumps(message)
        room -= len(text)
        if found and room < 0:
            break
        found.append(text)
    return reversed(found)
