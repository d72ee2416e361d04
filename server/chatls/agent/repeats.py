"""A loop of failing calls: a model that writes the same one again and again is told, and in the end stopped."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import field

from chatls import jsontext
from chatls.content import JsonObject, TurnError
from chatls.providers.delta import Delta
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

Stream = Callable[[ModelRequest], AsyncGenerator[Delta, None]]
"""How a model is asked (see `Provider.stream`)."""

_TELL = 3
"""So many times, and the model gets a word with the result."""
_STOP = 5
"""So many times, and the turn ends."""


@dataclass(slots=True)
class Repeats:
    """The failed calls of one turn. A call that changed something begins the count anew: tests may fail in between."""

    _count: dict[bytes, int] = field(default_factory=dict[bytes, int])
    _step: set[bytes] = field(default_factory=set[bytes])
    """Those that failed in the reply that came last: they count once."""
    _worst: str = ""

    def new_step(self) -> None:
        """Another reply begins."""
        self._step.clear()

    def succeeded(self, *, changed: bool) -> None:
        """A call did what it should. `changed`: it may have changed something."""
        if changed:
            self._count.clear()
            self._step.clear()
            self._worst = ""

    def failed(self, name: str, arguments: JsonObject) -> str:
        """A call failed. Gives words for the model, to stand behind the result; mostly none."""
        key = jsontext.dumps([name, arguments])
        if key not in self._step:
            self._step.add(key)
            self._count[key] = self._count.get(key, 0) + 1
        times = self._count[key]
        if times >= _STOP:
            self._worst = name
        if times < _TELL:
            return ""
        return (
            f"(This very call has failed {times} times. Do not repeat it: try something else, or say what stops you.)"
        )

    def hopeless(self) -> TurnError | None:
        """Why the model is not asked again, once the turn has come to that."""
        if not self._worst:
            return None
        text = f"The model made the same failing call of {self._worst} {_STOP} times. The turn was ended."
        return TurnError("bad_response", text, retryable=False)
