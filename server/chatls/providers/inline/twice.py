"""Calls that a server reports twice in one reply, inside the text and as what they are: each is to run once. Pure."""

from collections.abc import Iterable

from chatls.content import JsonObject
from chatls.providers.arguments import read_arguments
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta
from chatls.values import dataclass

CallDelta = CallStart | CallArguments | CallReady


@dataclass(frozen=True, slots=True)
class _Written:
    """A complete call that stood in the text."""

    call_id: str
    name: str
    arguments: JsonObject | None


class Twice:
    """What one reply called so far, and in which of the two ways."""

    def __init__(self) -> None:
        self.same: dict[str, str] = {}
        """Calls of the server that are not told, because the text had them: the id of the text's one by theirs."""
        self._names: dict[str, str] = {}
        self._written: list[_Written] = []
        """Those that the server did not repeat yet."""
        self._texts: dict[str, list[str]] = {}
        """The server's own: the arguments by id."""
        self._held: dict[str, list[Delta]] = {}
        """The server's own that may be repetitions: what was said of them."""

    def write(self, deltas: Iterable[Delta]) -> None:
        """Take what was read in the text."""
        for delta in deltas:
            match delta:
                case CallStart(call_id, name):
                    self._names[call_id] = name
                case CallReady(call_id, arguments):
                    self._written.append(_Written(call_id, self._names[call_id], arguments))
                case _:
                    pass

    def report(self, delta: CallDelta) -> list[Delta]:
        """Take what the server says of a call of its own; what is to be told now."""
        self.note(delta)
        call_id = delta.call_id
        if isinstance(delta, CallStart) and any(one.name == delta.name for one in self._written):
            self._held[call_id] = []
        if call_id not in self._held:
            return [delta]
        self._held[call_id].append(delta)
        if not isinstance(delta, CallReady) or self._repeats(delta):
            return []
        self.same.pop(call_id, None)
        return self._held.pop(call_id)

    def note(self, delta: CallDelta) -> None:
        """Know of a call of the server's own."""
        match delta:
            case CallStart(call_id, name):
                self._names[call_id], self._texts[call_id] = name, []
            case CallArguments(call_id, text):
                self._texts[call_id].append(text)
            case CallReady():
                pass

    def reported(self, name: str, arguments: JsonObject | None) -> bool:
        """Whether the server has this call as one of its own."""
        same = (texts for call_id, texts in self._texts.items() if self._names[call_id] == name)
        return any(read_arguments("".join(texts)) == arguments for texts in same)

    def finish(self) -> list[Delta]:
        """The reply is over: calls that were held back and never got complete."""
        return [delta for call_id, held in self._held.items() if call_id not in self.same for delta in held]

    def _repeats(self, ready: CallReady) -> bool:
        if ready.call_id in self.same:
            return self.reported(self._names[ready.call_id], ready.arguments)
        for one in self._written:
            if (one.name, one.arguments) == (self._names[ready.call_id], ready.arguments):
                self._written.remove(one)
                self.same[ready.call_id] = one.call_id
                return True
        return False
