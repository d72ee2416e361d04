"""The history of a conversation (its transcript) as a request sends it: every result behind its call, replay only to
the server that it came from, each id once.

A protocol's own `Writer` says how one entry is written, encoded.py goes through them all. Pure; knows no protocol.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import ClassVar, NamedTuple

from chatls.content import ContentBlock, Image, JsonObject, TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.known.wording import NO_RESULT, text_of, unseen
from chatls.values import dataclass

_LONGEST_NAME = 64
"""Letters of a tool's name (OpenAI's limit; Anthropic and Gemini take twice as many)."""


GO_ON = "(go on)"
"""Stands where a user has to speak and nobody did."""


class Answered(NamedTuple):
    """A reply, and what came of its calls."""

    message: AssistantMessage
    replay: Replay | None
    """What its own server gets back; None for a reply of any other: it means nothing to this one, or offends it."""
    results: tuple[ToolResult | None, ...]
    """One for each call, wherever they stand in the history; None where there is none."""

    def calls(self) -> Iterator[tuple[ToolCall, ToolResult | None]]:
        """Each call with its result."""
        return zip(self.message.calls, self.results, strict=True)

    def own_id(self, call: ToolCall) -> str:
        """The server's own id of a call; "" if it gave none."""
        return self.replay.call_ids.get(call.id, "") if self.replay else ""


Entry = UserMessage | Answered
"""What a history is made of, once its results stand behind their calls."""


class UsedIds:
    """The ids that stand in a request already."""

    def __init__(self) -> None:
        self._taken: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, name: str) -> bool:
        """Use a name; False if it was used already."""
        if name in self._taken:
            return False
        self._taken[name] = None
        return True

    def of(self, call: ToolCall, own: str) -> str:
        """The server's own id for a call, which some demand back, unless there is none or it was used: then ours."""
        if own and self.take(own):
            return own
        self.take(call.id)
        return call.id

    def cut(self, count: int) -> None:
        """Only the names that were used first are used."""
        while len(self._taken) > count:
            self._taken.popitem()


@dataclass(frozen=True)
class Writer(ABC):
    """How one protocol writes a history. Its fields are all that the writing depends on beside the messages."""

    kind: ClassVar[str]
    """The kind of provider whose replay goes back."""
    server: str
    """The provider's name."""
    model: str
    """Who is asked: what another model of the same server wrote may offend it."""
    sees: bool = field(default=True, kw_only=True)
    """It is shown pictures; else it is told of them in words."""

    @abstractmethod
    def write(self, entry: Entry, names: UsedIds) -> Iterable[JsonObject]:
        """An entry in this protocol's own words. What is given is not changed any more."""

    def join(self, last: JsonObject, item: JsonObject) -> list[JsonObject]:
        """What stands there instead of the last item once another follows: the two, or what they become."""
        return [last, item]

    def shown(self, content: tuple[ContentBlock, ...]) -> tuple[ContentBlock, ...]:
        """What a person said, as this model takes it. Who said nothing, or blanks, has to say something to most."""
        told = tuple(block for block in content if isinstance(block, Image) or text_of(block).strip())
        if not self.sees:
            told = tuple(TextContent(unseen(block)) if isinstance(block, Image) else block for block in told)
        return told or (TextContent(GO_ON),)

    def told(self, result: ToolResult | None) -> str:
        """The text of a result; words where there is none, or where it has pictures that are not seen."""
        if result is None:
            return NO_RESULT
        hidden = [] if self.sees else [unseen(item) for item in result.content if isinstance(item, Image)]
        return "\n".join((result.text, *hidden))

    def pictures(self, result: ToolResult | None) -> list[Image]:
        """The pictures of a result, if they are seen."""
        items = result.content if result and self.sees else ()
        return [item for item in items if isinstance(item, Image)]

    def own(self, replay: Replay | None) -> Replay | None:
        """The replay if this very model of this very server wrote it."""
        if replay is None or replay.provider != self.kind or replay.data.get("server") != self.server:
            return None
        return replay if replay.data.get("model", self.model) == self.model else None


def sendable_name(name: str) -> str:
    """A tool's name in the letters and the length that every server takes: a model may call what nobody offered.

    >>> sendable_name("functions.read file"), sendable_name("7"), len(sendable_name("x" * 99))
    ('functions_read_file', '_7', 64)
    """
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    return (name if name[:1].isalpha() or name[:1] == "_" else f"_{name}")[:_LONGEST_NAME]


def results_of(messages: Iterable[Message]) -> dict[str, ToolResult]:
    """All results, by the id of their call; the last of an id counts."""
    return {
        result.call_id: result for message in messages if isinstance(message, ToolMessage) for result in message.results
    }
