"""What is remembered: messages, tool calls and their results, and the tools that a model is offered.

Plain values: a message can be written down and read again by its `kind` and its fields.
"""

import secrets
from dataclasses import field
from typing import Any, Literal

from chatls.content import ContentBlock, JsonObject, ToolContent
from chatls.events import ToolStatus
from chatls.values import dataclass

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
    """The answer to one call: what the model reads, and what people saw, so that it can be drawn again."""

    call_id: str
    name: str
    text: str
    """What the model reads."""
    is_error: bool = False
    status: ToolStatus = "completed"
    content: tuple[ToolContent, ...] = ()
    """What people saw: the text, a diff."""
    duration_ms: int = 0
    truncated: bool = False


UserOrigin = Literal["prompt", "steered", "summary"]
"""Where a user's message comes from: a prompt, with which a turn begins; words for a turn that runs; a summary of what
stood there before."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class UserMessage:
    """What a person said, or what stands for what is not sent any more."""

    content: tuple[ContentBlock, ...]
    origin: UserOrigin = "prompt"
    kind: Literal["user"] = "user"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class AssistantMessage:
    """What the model said: its text and its complete calls."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    thinking: str = ""
    replay: "Replay | None" = None
    kind: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ToolMessage:
    """The results of one reply's calls, in call order."""

    results: tuple[ToolResult, ...]
    kind: Literal["tool"] = "tool"


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
