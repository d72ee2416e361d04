"""Histories as JSON, made once and kept for the requests that follow: a cache, so that the last of 500 requests of a
conversation costs hardly more than the first.

What is kept depends on the messages, which are the very same ones in each request of a conversation, and on the
`Writer`, whose fields are all else. It is kept no longer than the conversation's first message lives. Knows no
protocol.
"""

from operator import is_
from typing import NamedTuple
from weakref import ref

import orjson

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import AssistantMessage, Message, ToolMessage, ToolResult, UserMessage
from chatls.providers.history import Answered, Entry, UsedIds, Writer, results_of

_MOST = 32 * 1024 * 1024
"""Bytes of JSON that one provider keeps of all its conversations; those that were used last."""

_HOLE = b"\0"
"""Stands for the history in the JSON around it, where it can be nothing else."""


class EncodedHistories:
    """The conversations that one provider was asked about."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: dict[int, EncodedHistory] = {}
        """By the identity of the first message, the last used last."""

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, messages: tuple[Message, ...]) -> "EncodedHistory":
        """What is kept of the conversation that these messages begin with."""
        size = sum(history.size for history in self._kept.values())
        while size > self._most:
            size -= self._kept.pop(next(iter(self._kept))).size
        if not messages:
            return EncodedHistory()
        kept, key = self._kept, id(messages[0])
        history = kept.pop(key, None) or EncodedHistory(ref(messages[0], lambda _: kept.pop(key, None)))
        kept[key] = history
        return history


class EncodedHistory:
    """One conversation as one writer writes it. What stays the same from request to request is written once."""

    def __init__(self, first: "ref[Message] | None" = None) -> None:
        self._first = first
        self._later: tuple[Message, ...] = ()
        """All messages but the first, which is not kept alive."""
        self._writer: Writer | None = None
        self._marks: list[_Mark] = []
        self._results: dict[str, ToolResult] = {}
        self._calls: dict[str, int] = {}
        """The first message that has a call, by its id."""
        self._names = UsedIds()
        self._items: list[JsonObject] = []
        self._plain: dict[str, int] = {}
        self._plainly = 0
        """How many messages are written without their replay."""
        self._pieces: dict[int, bytes] = {}
        """The items as JSON, in order, by identity. The newest may be missing."""
        self.size = 0
        """Bytes that are kept."""

    @property
    def written(self) -> int:
        """How many messages were written in the last request."""
        return len(self._marks)

    def items(self, writer: Writer, messages: tuple[Message, ...]) -> list[JsonObject]:
        """The messages as this writer writes them. Nothing of it may be changed."""
        plainly = min(self._plain.get(writer.model, 0), len(messages))
        good = self._good(writer, messages) if plainly == self._plainly else 0
        self._plainly = plainly
        if good and good == len(self._marks):
            self._results |= results_of(messages[good:])
        else:
            self._cut(good)
            self._results = results_of(messages)
        self._later, self._writer = messages[1:], writer
        for message in messages[good:]:
            self._write(writer, message)
        return list(self._items)

    def write_plainly(self, model: str, messages: tuple[Message, ...]) -> bool:
        """From now on these messages are written for this model as if any other had said them: without their replay,
        which it refused. False if nothing changes.
        """
        told = range(self._plain.get(model, 0), len(messages))
        self._plain[model] = max(self._plain.get(model, 0), len(messages))
        return any(isinstance(message := messages[place], AssistantMessage) and message.replay for place in told)

    def dumps(self, body: JsonObject, name: str) -> bytes:
        """A body as JSON, whose member `name` holds items: the same bytes as `jsontext.dumps` gives, and sooner."""
        try:
            for item in self._items[len(self._pieces) :]:
                self._keep(item)
            kept = self._pieces.get
            pieces = [kept(id(item)) or orjson.dumps(item) for item in body[name]] or [b""]
            before, behind = orjson.dumps({**body, name: orjson.Fragment(_HOLE)}).split(_HOLE)
            # Joined once: to copy megabytes takes longer than all the rest.
            pieces[0] = before + b"[" + pieces[0]
            pieces[-1] += b"]" + behind
            return b",".join(pieces)
        except TypeError:  # orjson refuses something, and what stands in for it writes all texts in another way
            return jsontext.dumps(body)

    def _good(self, writer: Writer, messages: tuple[Message, ...]) -> int:
        """How many of the messages are written already, just as they would be now."""
        if not messages or self._first is None or self._first() is not messages[0] or writer != self._writer:
            return 0
        same = _same(self._later, messages[1:])
        changed = results_of((*self._later[same:], *messages[same + 1 :]))
        return min(same + 1, *(self._calls.get(call_id, same + 1) for call_id in changed), len(self._marks))

    def _write(self, writer: Writer, message: Message) -> None:
        self._marks.append(_Mark(len(self._items), self._items[-1] if self._items else None, len(self._names)))
        match message:
            case UserMessage():
                self._add(writer, message)
            case AssistantMessage(calls=calls):
                for call in calls:
                    self._calls.setdefault(call.id, len(self._marks) - 1)
                results = tuple(self._results.get(call.id) for call in calls)
                plain = len(self._marks) <= self._plainly
                self._add(writer, Answered(message, None if plain else writer.own(message.replay), results))
            case ToolMessage():
                pass  # Results follow their calls, in call order, wherever they stand in the history.

    def _add(self, writer: Writer, entry: Entry) -> None:
        for item in writer.write(entry, self._names):
            if not self._items:
                self._items.append(item)
                continue
            last = self._items[-1]
            first, *more = writer.join(last, item)
            if first is not last:
                self._pop()
                self._items.append(first)
            self._items += more

    def _cut(self, count: int) -> None:
        """Only so many messages are written."""
        if count == len(self._marks):
            return
        mark = self._marks[count]
        while len(self._items) >= max(1, mark.items):
            self._pop()
        if mark.last is not None:
            self._items.append(mark.last)
        self._names.cut(mark.names)
        self._calls = {call_id: place for call_id, place in self._calls.items() if place < count}
        del self._marks[count:]

    def _keep(self, item: JsonObject) -> None:
        if id(item) not in self._pieces:  # An item may stand in two places.
            piece = self._pieces[id(item)] = orjson.dumps(item)
            self.size += len(piece)

    def _pop(self) -> None:
        self.size -= len(self._pieces.pop(id(self._items.pop()), b""))


class _Mark(NamedTuple):
    """What there was before a message was written."""

    items: int
    last: JsonObject | None
    names: int


def _same(first: tuple[Message, ...], second: tuple[Message, ...]) -> int:
    """How many messages at the beginning are the very same."""
    other = (place for place, same in enumerate(map(is_, first, second)) if not same)
    return next(other, min(len(first), len(second)))
