"""One call that is being read out of text: what it tells as it grows. Pure; knows no dialect."""

from collections.abc import Callable
from typing import cast

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import new_call_id
from chatls.providers.arguments import read_arguments
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta
from chatls.providers.inline.suffix import Suffix
from chatls.providers.inline.values import read_literal

UNCLOSED = "the call was not written to its end"
UNSURE = (
    "the arguments hold the tags that are around them, so it is not certain where they end: nothing was done. "
    "Make the call again without these tags inside of values, in several steps if need be"
)


class NotACallError(Exception):
    """What began like a call is none: it stays text."""


class OpenCall:
    """A call whose tool is known; its arguments are being written."""

    __slots__ = ("_emit", "_id", "_suffix", "_texts", "settled", "waiting", "waits")

    def __init__(
        self, name: str, emit: Callable[[Delta], None], suffix: Suffix, waiting: "CallsInDoubt | None" = None
    ) -> None:
        self._emit = emit
        self._suffix = suffix
        self._id = new_call_id()
        self._texts: list[str] = []
        self.settled = False
        self.waits = False
        """It is complete, and said to be that when the reply is over."""
        self.waiting = waiting
        emit(CallStart(self._id, name))

    def add(self, text: str) -> None:
        """A fragment of the arguments' JSON text."""
        if text:
            text = self._suffix.shown(text)
            self._texts.append(text)
            self._emit(CallArguments(self._id, text))

    def add_text(self, text: str) -> None:
        """A fragment of a JSON string's inside."""
        self.add(quoted(text)[1:-1])

    def ready(self) -> None:
        """The arguments are complete."""
        self.settled = True
        if self.waiting:
            self.waits = True
            self.waiting.add(self)
        else:
            self.tell()

    def tell(self) -> None:
        """Say so. Where they are no JSON, they may be Python: None, a comma too many."""
        match read_arguments(text := "".join(self._texts)):
            case str() if isinstance(meant := read_literal(text), dict):
                self._emit(CallReady(self._id, cast(JsonObject, meant)))
            case str() as error:
                self._emit(CallReady(self._id, None, error))
            case arguments:
                self._emit(CallReady(self._id, arguments))

    def broken_off(self, why: str = UNCLOSED) -> None:
        """It is no call that can be run: the reply ended inside of it, though it was not cut off."""
        self.settled = True
        self._emit(CallReady(self._id, None, why))


class CallsInDoubt:
    """The calls of a reply from the first on whose arguments stand between tags: those behind it may be the text of its
    last value, whose closing tag is then still to come. They are told in their order, when the reply is over.
    """

    def __init__(self) -> None:
        self._calls: list[OpenCall] = []
        self._closes: set[str] = set()
        self._doubt = False

    def __bool__(self) -> bool:
        return bool(self._closes)

    def begin(self, close: str) -> None:
        """A call is complete whose values such a tag closes."""
        self._closes.add(close)

    def add(self, call: OpenCall) -> None:
        """One more that is complete."""
        self._calls.append(call)

    def doubt(self) -> None:
        """Nobody knows which of these calls are text."""
        self._doubt = True

    def settle(self, behind: str) -> bool:
        """The reply is over: whether calls are told now. `behind`: its text behind the first of them."""
        doubt = self._doubt or any(close in behind for close in self._closes)
        for call in self._calls:
            if doubt:
                call.broken_off(UNSURE)
            else:
                call.tell()
        return bool(self._calls)


def quoted(text: str) -> str:
    r"""The text as a JSON string.

    >>> quoted('a"b')
    '"a\\"b"'
    """
    return jsontext.dumps(jsontext.printable(text)).decode()
