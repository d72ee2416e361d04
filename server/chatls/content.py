"""Values shared by messages, events, the wire and tools: content blocks, usage, locations, failures."""

import re
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Literal, cast

from chatls.errors import ErrorKind, ProviderError
from chatls.values import dataclass

JsonObject = dict[str, Any]
"""A JSON object from outside: a model's arguments, a schema, a client's parameters."""


def camel(name: str) -> str:
    """Spell a Python name as the wire does.

    >>> camel("tool_call_id")
    'toolCallId'
    """
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def snake(name: str) -> str:
    """Spell a wire's name as Python does; a name that is in Python's spelling already stays.

    >>> snake("toolCallId"), snake("tool_call_id")
    ('tool_call_id', 'tool_call_id')
    """
    return re.sub(r"(?<=[A-Za-z0-9])([A-Z])", lambda match: "_" + match.group(1).lower(), name)


class WireValue:
    """A value that also stands on the wire: snake_case here, camelCase there (pydantic reads the config)."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Any] = {"alias_generator": camel, "populate_by_name": True}


def to_wire(value: Any) -> Any:
    """A value as JSON: dataclasses become objects with camelCase names; None is left out where it is the default."""
    if isinstance(value, tuple | list):
        return [to_wire(item) for item in cast("list[Any]", value)]
    members = _members(cast("type[Any]", type(value)))
    if members is None:
        return value
    wire: JsonObject = {}
    for attribute, name, optional in members:
        item = getattr(value, attribute)
        if item is not None or not optional:
            wire[name] = item if type(item) is str else to_wire(item)
    return wire


@cache
def _members(kind: type) -> tuple[tuple[str, str, bool], ...] | None:
    """Of a dataclass: each attribute, its name on the wire, and whether None leaves it out. None of anything else."""
    if not is_dataclass(kind):
        return None
    return tuple((item.name, camel(item.name), item.default is not MISSING) for item in fields(kind))


@dataclass(frozen=True, slots=True)
class Position(WireValue):
    """A place in a text, as in LSP."""

    line: int
    """Zero-based."""
    character: int
    """Zero-based, in the units of the negotiated `positionEncoding`."""


@dataclass(frozen=True, slots=True)
class Range(WireValue):
    """A stretch of text, as in LSP: the end is exclusive."""

    start: Position
    end: Position


def line_range(first: int, last: int) -> Range:
    """The LSP range of whole lines, both counted from 1 and included.

    >>> line_range(1, 2).end
    Position(line=2, character=0)
    """
    return Range(Position(first - 1, 0), Position(last, 0))


@dataclass(frozen=True, slots=True)
class TextEdit(WireValue):
    """A change of a stretch of text, as in LSP."""

    range: Range
    new_text: str


@dataclass(frozen=True, slots=True)
class Location(WireValue):
    """A file, or a part of one."""

    uri: str
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class TextContent(WireValue):
    """Plain text."""

    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ResourceLink(WireValue):
    """A file by its address. In a prompt the daemon reads it, an open document's text first."""

    uri: str
    range: Range | None = None
    type: Literal["resource_link"] = "resource_link"


@dataclass(frozen=True, slots=True)
class Resource(WireValue):
    """A file whose text the client sends along."""

    uri: str
    text: str
    range: Range | None = None
    type: Literal["resource"] = "resource"


@dataclass(frozen=True, slots=True)
class Image(WireValue):
    """A picture, in a prompt or in what a tool gave."""

    mime_type: str
    data: str
    """base64."""
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class ActiveDocument(WireValue):
    """The document that a person looks at."""

    uri: str
    selection: Range | None = None
    """What is selected there; empty (start and end are the same) it is the cursor."""


@dataclass(frozen=True, slots=True)
class EditorContext(WireValue):
    """What a person has before them, in a prompt: the model is told the names, and the text that is selected."""

    active: ActiveDocument | None = None
    open: tuple[str, ...] | None = None
    """The addresses of the documents that are open, the last used first."""
    type: Literal["editor_context"] = "editor_context"


MentionName = Literal["file", "folder", "selection", "diagnostics", "diff", "buffers"]
"""What may be mentioned: a file, the names of the files in a folder, what is selected, the problems that the editor
shows, what has changed since the last commit, the documents that are open."""


@dataclass(frozen=True, slots=True)
class Mention(WireValue):
    """Something that a person mentions in a prompt: the daemon looks it up, and puts it there."""

    name: MentionName
    argument: str | None = None
    """`file`, `folder`: its path or address, with `#L10-20` behind it for these lines of a file. `selection`: the same
    address; without it, what an `editor_context` of this prompt says. `diagnostics`: of this file or folder only.
    `diff`: `staged`, or a commit to compare with. `buffers` has none."""
    type: Literal["mention"] = "mention"


FileChangeKind = Literal["new", "changed", "deleted", "moved"]
"""What becomes of a file. A new one has no text before, a deleted one none after; a moved one may change as well."""


@dataclass(frozen=True, slots=True)
class Diff(WireValue):
    """A change of a file, in a tool's result or in a preview."""

    uri: str
    """Of a moved file: where it is now."""
    old_text: str
    new_text: str
    change: FileChangeKind = "changed"
    from_: str | None = None
    """Of a moved file: its `uri` before."""
    type: Literal["diff"] = "diff"


ContentBlock = TextContent | ResourceLink | Resource | Image | EditorContext | Mention
"""What a prompt is made of."""

ToolContent = TextContent | ResourceLink | Diff | Image
"""What a tool's result is made of."""


@dataclass(frozen=True, slots=True)
class Usage(WireValue):
    """Tokens, as the provider counted them."""

    input_tokens: int = 0
    """All input, cached tokens included."""
    output_tokens: int = 0
    """All output, thinking included."""
    cache_read_tokens: int = 0
    """Of the input: read from the provider's cache."""
    cache_write_tokens: int = 0
    """Of the input: written to it."""

    def __add__(self, other: "Usage") -> "Usage":
        """
        >>> (Usage(1, 2) + Usage(3, 4)).output_tokens
        6
        """
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


@dataclass(frozen=True, slots=True)
class TurnError(WireValue):
    """Why a turn ended with the stop reason `error`."""

    kind: ErrorKind
    message: str
    """For people: what happened, at which host, what to do. Never holds a key."""
    retryable: bool
    """Whether the same prompt may succeed later."""
    retry_after_ms: int | None = None
    """How long the provider asks to wait."""
    provider: str | None = None
    """Its name in the settings."""
    http_status: int | None = None
    request_id: str | None = None
    """The provider's own name for the request, for its support."""

    @classmethod
    def of(cls, error: ProviderError) -> "TurnError":
        """The same as a value."""
        wait = None if error.retry_after is None else round(error.retry_after * 1000)
        return cls(error.kind, str(error), error.retryable, wait, error.provider, error.http_status, error.request_id)
