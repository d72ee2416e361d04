"""What happens in one turn, as it is written down piece by piece. The loop hears; the writer takes what is new of it.

Deltas are joined as they come, so a stream is a few rows; a piece that grows is written again. Output of commands keeps
its beginning and its end. `hear`, `remember` and `said` are called on the loop, `rows` and `message_rows` where it is
written.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import field
from operator import is_
from typing import Any

from chatls.content import JsonObject, to_wire
from chatls.events import (
    Event,
    Notice,
    Prompt,
    StepEnd,
    TextChunk,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
    TurnStart,
)
from chatls.message import AssistantMessage, Message
from chatls.store.coding import Blotted, message_value
from chatls.values import dataclass

_PIECE = 16 * 1024
"""Characters of a piece that still grows."""
_OUTPUTS = 8
"""Pieces of one call's output that are kept: the first, and the last ones."""
_LEFT_OUT = "\n[...]\n"

Growing = TextChunk | ThinkingChunk | ToolCallDelta | ToolRunOutput


@dataclass(slots=True)
class Joined:
    """Deltas that continue each other."""

    at: int
    first: Growing
    texts: list[str]
    size: int
    written: int = 0
    """How many of them stand in the store."""

    def value(self) -> JsonObject:
        """As one event on the wire."""
        text = "".join(self.texts)
        match self.first:
            case ToolCallDelta(call_id):
                return {"toolCallId": call_id, "argumentsDelta": text, "kind": "toolCallDelta"}
            case ToolRunOutput(call_id):
                return {"toolCallId": call_id, "text": text, "kind": "toolRunOutput"}
            case TextChunk() | ThinkingChunk():
                return {"text": text, "kind": self.first.kind}


@dataclass(slots=True, eq=False)
class Recorder:
    """That of one turn."""

    turn: str
    before: tuple[Message, ...]
    """The history before it."""
    prompt: Prompt | None = None
    model: str = ""
    commands: list[str] = field(default_factory=list[str])
    """Titles of those that ran."""
    changed: bool = False
    """There is something new to be written at once; of deltas alone there may be in a while."""
    _entries: list[Event | Joined] = field(default_factory=list[Event | Joined])
    _state: tuple[tuple[Message, ...], AssistantMessage | None] | None = None
    """The history as it is now, and a reply that is whole and not in it yet: one value, as another thread reads it.
    None: nothing has changed yet."""
    _calls: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Kind and title."""
    _outputs: dict[str, deque[Joined]] = field(default_factory=dict[str, deque[Joined]])
    _cut: set[str] = field(default_factory=set[str])
    _again: deque[Joined] = field(default_factory=deque[Joined])
    """Pieces that were cut after they were closed."""
    _taken: int = 0
    _writes: Joined | None = None
    """The piece of the answer that came last, if nothing came behind it: nearly every event is more of it."""
    _last: Joined | None = None
    """The piece that the writer saw last, which may have grown."""
    _rows: list[Message | tuple[Message, ...]] = field(default_factory=list["Message | tuple[Message, ...]"])
    """The messages as they stand in the store."""

    def hear(self, event: Event) -> None:
        """Something happened."""
        if type(event) is TextChunk and self._writes is not None and self._writes.size < _PIECE:
            self._writes.texts.append(event.text)
            self._writes.size += len(event.text)
            return
        self._writes = None
        if isinstance(event, Growing):
            self._join(event)
        elif isinstance(event, Prompt):
            self.prompt, self.changed = event, True
        else:
            self._note(event)
            self._entries.append(event)
            self.changed |= isinstance(event, ToolRunEnd | StepEnd)

    def remember(self, history: tuple[Message, ...]) -> None:
        """The history is this by now."""
        known = self._state[0] if self._state else self.before
        said = self._state[1] if self._state else None
        if len(history) <= len(known) or any(
            isinstance(message, AssistantMessage) for message in history[len(known) :]
        ):
            said = None
        self._state, self.changed = (history, said), True

    def said(self, message: AssistantMessage) -> None:
        """A reply is whole; the history has it when its tools have run."""
        self._state, self.changed = (self._state[0] if self._state else self.before, message), True

    @property
    def own(self) -> tuple[Message, ...]:
        """What the history has of it, as long as it only grew."""
        return self._state[0][len(self.before) :] if self._state else ()

    @property
    def fresh(self) -> bool:
        """Whether there is anything that is not written yet."""
        last = self._last
        grown = last is not None and last.written < len(last.texts)
        return self.changed or grown or len(self._entries) > self._taken

    def again(self) -> None:
        """Nothing of it stands in the store any more."""
        self._taken, self._last, self.changed = 0, None, True
        self._rows.clear()
        for entry in self._entries:
            if isinstance(entry, Joined):
                entry.written = 0

    def blot(self, keys: Blotted) -> None:
        """Nothing more comes: take out the keys that lie in several pieces."""
        streams = dict[tuple[str, str], list[Joined]]()
        for piece in self._entries:
            if isinstance(piece, Joined):
                call = piece.first.tool_call_id if isinstance(piece.first, ToolCallDelta | ToolRunOutput) else ""
                streams.setdefault((piece.first.kind, call), []).append(piece)
        for pieces in streams.values():
            texts = ["".join(piece.texts) for piece in pieces]
            for piece, text, clean in zip(pieces, texts, keys.across(texts), strict=True):
                if text != clean:
                    piece.texts[:] = [clean]
                    piece.written = 0
                    self._again.append(piece)

    def values(self) -> list[JsonObject]:
        """All that happened so far, as on the wire."""
        return [_value(entry) for entry in self._entries]

    def rows(self) -> Iterator[tuple[int, JsonObject]]:
        """Events that are new or have changed, by their place."""
        while self._again:
            piece = self._again.popleft()
            yield piece.at, piece.value()
        if self._last is not None and self._last.written < len(self._last.texts):
            yield self._taken_piece(self._last)
        end = len(self._entries)
        for at in range(self._taken, end):
            entry = self._entries[at]
            if isinstance(entry, Joined):
                self._last = entry
                yield self._taken_piece(entry)
            else:
                yield at, to_wire(entry)
        self._taken = end

    def message_rows(self) -> tuple[int, list[tuple[int, JsonObject]]] | None:
        """From which place on messages are others than before, and these; None where all stand there."""
        if self._state is None:
            return None
        history, said = self._state
        kept, own = _divided(self.before, history)
        now: list[Message | tuple[Message, ...]] = [*([] if kept is None else [kept]), *own, *([said] if said else [])]
        same = 0
        while same < min(len(now), len(self._rows)) and _is(now[same], self._rows[same]):
            same += 1
        if same == len(now) == len(self._rows):
            return None
        self._rows = now
        return same, [(at, self._message(now[at])) for at in range(same, len(now))]

    def _message(self, entry: Message | tuple[Message, ...]) -> JsonObject:
        """A message, or what is left of the history before: pieces of it by their places, and what is new there."""
        if not isinstance(entry, tuple):
            return message_value(entry)
        return {"kind": "replaced", "parts": parts_of(self.before, entry)}

    def _taken_piece(self, piece: Joined) -> tuple[int, JsonObject]:
        piece.written = len(piece.texts)
        return piece.at, piece.value()

    def _join(self, chunk: Growing) -> None:
        text = chunk.arguments_delta if isinstance(chunk, ToolCallDelta) else chunk.text
        last = self._entries[-1] if self._entries else None
        if isinstance(last, Joined) and last.size < _PIECE and _continues(chunk, last.first):
            last.texts.append(text)
            last.size += len(text)
            return
        piece = Joined(len(self._entries), chunk, [text], len(text))
        self._entries.append(piece)
        self._writes = piece if isinstance(chunk, TextChunk) else None
        if isinstance(chunk, ToolRunOutput):
            self._bound(chunk.tool_call_id, piece)

    def _bound(self, call_id: str, piece: Joined) -> None:
        """Of much output the middle is left out."""
        kept = self._outputs.setdefault(call_id, deque())
        kept.append(piece)
        if len(kept) > _OUTPUTS:
            cut = kept[1]
            del kept[1]
            cut.texts[:] = [""] if call_id in self._cut else [_LEFT_OUT]
            self._cut.add(call_id)
            self._again.append(cut)

    def _note(self, event: Event) -> None:
        match event:
            case TurnStart():
                self.model = event.model
            case Notice(model=str(model)):
                self.model = model
            case ToolCallStart(call_id, name, kind):
                self._calls[call_id] = kind, name
            case ToolCallEnd(call_id, _, title):
                self._calls[call_id] = self._calls.get(call_id, ("other", ""))[0], title
            case ToolRunStart(call_id):
                kind, title = self._calls.get(call_id, ("other", ""))
                if kind == "execute":
                    self.commands.append(title)
            case _:
                pass


def parts_of(before: tuple[Message, ...], history: tuple[Message, ...]) -> list[Any]:
    """What a history became: pieces of it by their places (from, to), and what is new there."""
    places = {id(message): at for at, message in enumerate(before)}
    parts = list[Any]()
    for message in history:
        at = places.get(id(message))
        if at is None:
            parts.append(message_value(message))
        elif parts and isinstance(parts[-1], list) and parts[-1][1] == at:
            parts[-1][1] = at + 1
        else:
            parts.append([at, at + 1])
    return parts


def _value(entry: Event | Joined) -> JsonObject:
    return entry.value() if isinstance(entry, Joined) else to_wire(entry)


def _divided(
    before: tuple[Message, ...], history: tuple[Message, ...]
) -> tuple[tuple[Message, ...] | None, tuple[Message, ...]]:
    """What a turn made of the history before it (None: it is all there), and what came behind it."""
    count = len(before)
    if len(history) >= count and all(map(is_, before, history)):
        return None, history[count:]
    known = {id(message) for message in before}
    end = next((at for at in range(len(history), 0, -1) if id(history[at - 1]) in known), 0)
    return history[:end], history[end:]


def _is(one: Message | tuple[Message, ...], other: Message | tuple[Message, ...]) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(is_, one, other))
    return one is other


def _continues(chunk: Growing, first: Growing) -> bool:
    if type(chunk) is not type(first):
        return False
    return not isinstance(chunk, ToolCallDelta | ToolRunOutput) or (
        isinstance(first, ToolCallDelta | ToolRunOutput) and chunk.tool_call_id == first.tool_call_id
    )
