"""What is remembered: messages, tool calls and their results, and the tools that a model is offered."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from chatls.content import ContentBlock, JsonObject

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_call_id() -> str:
    """A tool call's name within this daemon: nine letters and digits, which every provider accepts (Mistral
    takes nothing else).

    >>> len(new_call_id())
    9
    """
    return "".join(secrets.choice(_ALPHABET) for _ in range(9))


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function offered to the model."""

    name: str
    description: str
    input_schema: JsonObject
    """JSON Schema of an object."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model's request to run a tool."""

    id: str
    """Ours, unique in the daemon; a provider's own id travels in `AssistantMessage.replay`."""
    name: str
    arguments: JsonObject
    """`{}` where the model's text was no JSON object: invalid text would poison every later request."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one call, as the model reads it."""

    call_id: str
    name: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, weakref_slot=True)
class UserMessage:
    """What a person said."""

    content: tuple[ContentBlock, ...]


@dataclass(frozen=True, slots=True, weakref_slot=True)
class AssistantMessage:
    """What the model said: its text and its complete calls."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    thinking: str = ""
    replay: "Replay | None" = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ToolMessage:
    """The results of one reply's calls, in call order."""

    results: tuple[ToolResult, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a provider must get back verbatim: signatures, reasoning items, its own call ids. Opaque to all others."""

    provider: str
    """The provider kind that wrote it; any other ignores it."""
    call_ids: dict[str, str] = field(default_factory=dict[str, str])
    """Our call id to the provider's."""
    data: Any = None


Message = UserMessage | AssistantMessage | ToolMessage
"""One entry of a session's history."""
