"""The one tool-call parser: fragments in whatever form a provider sends them, `Call...` deltas out. Pure.

Which call a fragment belongs to is decided by what is there: an id that is known, an id that is new, an index, or
nothing but the order. Ids and names that are empty count as absent; servers leave out the index, give every call index
0, change the id with each fragment, repeat the name, send all arguments again, or use one id for two calls. Each habit
has its case in tests/providers/cases.py.
"""

import re
from typing import Any

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import new_call_id
from chatls.providers.arguments import ObjectScanner, parse_object, read_arguments
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta

_REPEAT_LENGTH = 8
"""From this many characters on, a fragment that begins with everything so far is taken for a repetition of it."""

_EMPTY = re.compile(r"\s*\{\s*\}\s*")

_NAMELESS = "unnamed_tool"
"""The name of a call that never got one; no such tool exists, so the model is told."""


class ToolCallAssembler:
    """Collects the calls of one reply."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._by_id: dict[str, _Slot] = {}
        self._by_index: dict[int, _Slot] = {}
        self._last: _Slot | None = None

    @property
    def any_ready(self) -> bool:
        """Whether some call's arguments were complete: the reply then asks for tools, whatever its label says."""
        return any(slot.ready for slot in self._slots)

    def call_ids(self) -> dict[str, str]:
        """Our ids to the provider's, where it gave any."""
        return {slot.call_id: slot.provider_id for slot in self._slots if slot.provider_id}

    def newest_id(self) -> str:
        """Our id of the call that took the last fragment."""
        return self._last.call_id if self._last else ""

    def add(self, *, index: Any = None, call_id: Any = None, name: Any = None, arguments: Any = None) -> list[Delta]:
        """Take one fragment. Every part may be missing or of the wrong type; `arguments` may be an object."""
        position = index if type(index) is int else None
        if name is None and call_id is None and type(arguments) is str and position in self._by_index:
            return self._by_index[position].go_on(arguments)  # the ordinary case by far: more of a known call
        known_id = _text(call_id)
        name = _name(name)
        text = arguments if isinstance(arguments, str) else _dumped(arguments)
        slot = self._last = self._find(position, known_id, name, text)
        if position is not None:
            self._by_index[position] = slot
            slot.index = position if slot.index is None else slot.index
        if known_id:
            self._by_id[known_id] = slot
            slot.provider_id = slot.provider_id or known_id
        return slot.add(name, text)

    def complete(self, *, index: int, call_id: Any = None, name: Any = None, arguments: Any = None) -> list[Delta]:
        """Take the newest call of this index as a whole. What its fragments said is not said again; where they said
        otherwise, this holds.
        """
        slot = self._by_index.get(index)
        if slot is None:
            return []
        slot.name = slot.name or _name(name)
        slot.provider_id = slot.provider_id or _text(call_id)
        return slot.complete(arguments if isinstance(arguments, str) else _dumped(arguments))

    def close(self, *, index: int) -> list[Delta]:
        """The provider says that the newest call of this index is complete."""
        slot = self._by_index.get(index)
        return slot.close() if slot else []

    def finish(self) -> list[Delta]:
        """The reply ended as it should: every call that is still open is complete now, or invalid."""
        return [delta for slot in self._slots for delta in slot.close()]

    def _find(self, index: int | None, call_id: str, name: str, text: str) -> "_Slot":
        if call_id:
            slot = self._by_id.get(call_id)
            if slot is None:
                slot = self._newest(index)
                # A new id is a new call, unless this can only be the continuation of one whose ids keep changing.
                return slot if slot and slot.continued_by(name, text) else self._new()
            return self._new() if slot.shares_its_id_with(index, name, text) else slot
        if index is not None and index not in self._by_index and name:
            return self._new()
        slot = self._newest(index) or self._newest(None)
        return self._new() if slot is None or slot.followed_by(name, text) else slot

    def _newest(self, index: int | None) -> "_Slot | None":
        if index is None:
            return self._slots[-1] if self._slots else None
        return self._by_index.get(index)

    def _new(self) -> "_Slot":
        slot = _Slot()
        self._slots.append(slot)
        return slot


class _Slot:
    """One call."""

    __slots__ = (
        "_arguments",
        "_repeating",
        "_scanned",
        "_scanner",
        "_size",
        "_started",
        "_texts",
        "call_id",
        "index",
        "name",
        "provider_id",
        "ready",
        "settled",
    )

    def __init__(self) -> None:
        self.call_id = new_call_id()
        self.provider_id = ""
        self.index: int | None = None
        self.name = ""
        self.ready = False
        """A `CallReady` went out."""
        self.settled = False
        """Nothing came since that changes the arguments."""
        self._arguments: JsonObject | None = None
        self._started = False
        self._repeating = False
        self._texts: list[str] = []
        self._size = 0
        self._scanned = 0
        self._scanner = ObjectScanner()

    def continued_by(self, name: str, text: str) -> bool:
        """Whether a fragment with another id belongs to this call all the same."""
        if self._scanner.whole and not self._hollow:
            return False
        if not name or not self.provider_id:
            return name in ("", self.name) or not self.name
        return name == self.name and self._size > 0 and text[:1] not in ("", "{")

    def followed_by(self, name: str, text: str) -> bool:
        """Whether a fragment that seems to belong to this call begins another one."""
        if not name or not self.name:
            return False
        return name != self.name or (self._goes_beyond(text) and not self._repeats(text))

    def _goes_beyond(self, text: str) -> bool:
        return self._scanner.whole and not self._hollow and bool(text.strip())

    def shares_its_id_with(self, index: int | None, name: str, text: str) -> bool:
        """Whether a fragment with this call's id begins another one: some servers use an id twice."""
        if not name or not self._scanner.whole:
            return False
        moved = index is not None and self.index is not None and index != self.index
        return moved or self.followed_by(name, text)

    def add(self, name: str, text: str) -> list[Delta]:
        """Take a fragment of this call."""
        self.name = self.name or name
        if self._hollow and text.lstrip()[:1] == "{" and not _EMPTY.fullmatch(text):
            self._begin_anew()
        return self._take(self._news(text))

    def go_on(self, text: str) -> list[Delta]:
        """Take more of the arguments, of which most can neither complete nor repeat them."""
        if not self._started or self.ready or not 0 < len(text) < self._size or "}" in text:
            return self.add("", text)
        self._texts.append(text)
        self._size += len(text)
        self.settled = False
        return [CallArguments(self.call_id, text)]

    def _take(self, text: str) -> list[Delta]:
        if text:
            self._texts.append(text)
            self._size += len(text)
            self.settled = False
        return self._report(text)

    def complete(self, text: str) -> list[Delta]:
        """Take the whole text of the arguments, whatever fragments came before."""
        said = "".join(self._texts)
        if text.startswith(said):
            news = text[len(said) :]
            return self._take(news) if news.strip() or not self._started else []
        if not text.strip() or (self.ready and parse_object(text) == self._arguments):
            return []
        self._begin_anew()
        return self._take(text)

    @property
    def _hollow(self) -> bool:
        """Whether the text is an empty object: some servers begin with one, and the arguments follow."""
        return 0 < self._size < _REPEAT_LENGTH and _EMPTY.fullmatch("".join(self._texts)) is not None

    def _begin_anew(self) -> None:
        self._texts, self._size, self._scanned, self._scanner = [], 0, 0, ObjectScanner()

    def close(self) -> list[Delta]:
        """The call is complete: say so, unless that was said and still holds."""
        if self.settled or not (self.name or "".join(self._texts).strip()):
            return []
        self.name = self.name or _NAMELESS
        deltas = self._report("")
        if self.settled:
            return deltas
        match read_arguments("".join(self._texts)):
            case str() as error:
                deltas.append(CallReady(self.call_id, None, error))
            case arguments:
                deltas.append(CallReady(self.call_id, arguments))
        self.ready = self.settled = True
        return deltas

    def _report(self, text: str) -> list[Delta]:
        if not self.name:
            return []
        deltas: list[Delta] = []
        if not self._started:
            self._started = True
            deltas.append(CallStart(self.call_id, self.name))
            text = "".join(self._texts)
        if text:
            deltas.append(CallArguments(self.call_id, text))
            deltas += self._ready_now(text)
        return deltas

    def _ready_now(self, text: str) -> list[Delta]:
        # Looking at braces only where a fragment ends with one keeps the cost of all others at nothing.
        if not self.ready and not text.rstrip().endswith("}"):
            return []
        for part in self._texts[self._scanned :]:
            self._scanner.feed(part)
        self._scanned = len(self._texts)
        if self.ready or not self._scanner.whole:
            return []
        self._arguments = parse_object("".join(self._texts))
        if self._arguments is None:
            return []
        self.ready = self.settled = True
        return [CallReady(self.call_id, self._arguments)]

    def _news(self, text: str) -> str:
        """What a fragment adds: some servers send everything so far with each one, or all of it once more."""
        if self._scanner.whole and (not text.strip() or (self.ready and parse_object(text) == self._arguments)):
            return ""
        if not self._size or not self._repeats(text):
            return text
        if not (self._repeating or self._size >= _REPEAT_LENGTH or _cannot_hold(self._texts)):
            return text
        self._repeating = True
        return text[self._size :]

    def _repeats(self, text: str) -> bool:
        return len(text) >= self._size and text.startswith("".join(self._texts))


def _cannot_hold(texts: list[str]) -> bool:
    """Whether so short a beginning cannot be followed by itself in any JSON text: it begins an object, and no value
    is due.
    """
    beginning = "".join(texts).strip()
    return beginning[:1] == "{" and beginning[-1] not in ":[,"


def _text(value: Any) -> str:
    """An id or a name: absent unless it is text or, as some servers write ids, a number."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _name(value: Any) -> str:
    """The name without the junk that some servers leave behind it."""
    return _text(value).partition("<|")[0].strip()


def _dumped(arguments: Any) -> str:
    return "" if arguments is None else jsontext.dumps(arguments).decode()
