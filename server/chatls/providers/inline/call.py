"""One call that is being read out of text: what it tells as it grows. Pure; knows no dialect."""

from collections.abc import Callable
from typing import cast

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import new_call_id
from chatls.providers.arguments import read_arguments
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta
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

    __slots__ = ("_emit", "_id", "_texts", "settled", "waits")

    def __init__(self, name: str, emit: Callable[[Delta], None]) -> None:
        self._emit = emit
        self._id = new_call_id()
        self._texts: list[str] = []
        self.settled = False
        self.waits = False
        """It is complete, and said to be that when the reply is over."""
        emit(CallStart(self._id, name))

    def add(self, text: str) -> None:
        """A fragment of the arguments' JSON text."""
        if text:
            self._texts.append(text)
            self._emit(CallArguments(self._id, text))

    def add_text(self, text: str) -> None:
        """A fragment of a JSON string's inside."""
        self.add(quoted(text)[1:-1])

    def wait(self) -> None:
        """The arguments are complete, unless what follows says that they go on."""
        self.settled = self.waits = True

    def ready(self) -> None:
        """The arguments are complete. Where they are no JSON, they may be Python: None, a comma too many."""
        self.settled = True
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


def quoted(text: str) -> str:
    r"""The text as a JSON string.

    >>> quoted('a"b')
    '"a\\"b"'
    """
    return jsontext.dumps(jsontext.printable(text)).decode()
