"""What is known of a turn from outside: numbers and names. Texts are handed on as they are, and read by `texts` alone.

Times are nanoseconds of `time.monotonic_ns`; `TurnFacts.moment` makes a time of day of one.
"""

from dataclasses import field
from typing import Literal, Protocol

from chatls.content import JsonObject, ToolContent, TurnError, Usage
from chatls.errors import ErrorKind
from chatls.events import CompactionReason, StepStopReason, StopReason, ToolKind, ToolStatus
from chatls.providers.provider import ModelRequest
from chatls.values import dataclass

Spending = Literal["model", "pauses", "tools", "person", "shortening"]
"""What a turn's time goes to: the model, pauses before it was asked again, tools, a person's word, a summary."""


@dataclass(slots=True, eq=False)
class RetryFacts:
    """A model that was asked once more."""

    at: int
    attempt: int
    delay_ms: int
    reason: ErrorKind


@dataclass(slots=True, eq=False)
class CallFacts:
    """One call of the model's, from its first word to its end."""

    id: str
    name: str
    known: bool
    """There is such a tool; else the model made the name up."""
    kind: ToolKind
    step: int
    written: int
    """When its arguments were complete; when it began, if they never were."""
    began: int = 0
    """When the tool began to run; 0: it never did."""
    early: bool = False
    """While the model still wrote."""
    asked: int = 0
    waited: int = 0
    """Nanoseconds for a person's word."""
    outcome: str | None = None
    """The word."""
    ended: int = 0
    status: ToolStatus = "cancelled"
    truncated: bool = False
    arguments: JsonObject | None = None
    """As they stand in the history; None where they were none."""
    content: tuple[ToolContent, ...] = ()
    """The result itself."""
    length: int = 0
    """Code points of what the model reads of it."""


@dataclass(slots=True, eq=False)
class StepFacts:
    """One request to one model, its retries included: a step without its tools, or the try of a model that failed."""

    step: int
    """Counted from 1."""
    began: int
    request: ModelRequest
    model: str = ""
    """"provider/model"."""
    first_chunk: int = 0
    """0: none came."""
    last_chunk: int = 0
    ended: int = 0
    chunks: int = 0
    """Of text and thinking."""
    text: int = 0
    """Code points of the answer."""
    thinking: int = 0
    """Code points of the thinking."""
    calls: list[CallFacts] = field(default_factory=list[CallFacts])
    """Those that it holds."""
    retries: list[RetryFacts] = field(default_factory=list[RetryFacts])
    stop: StepStopReason | None = None
    """None: it did not come to its end."""
    usage: Usage | None = None
    reply: str = ""
    """The answer itself."""
    error: str | None = None
    """Why it did not: an error's kind, or "cancelled"."""


@dataclass(slots=True, eq=False)
class CompactionFacts:
    """A history that was made shorter."""

    reason: CompactionReason
    began: int
    before: int
    after: int = 0
    ended: int = 0
    model: str = ""
    """"provider/model", of who wrote the summary."""
    usage: Usage | None = None
    """What that took."""
    retries: list[RetryFacts] = field(default_factory=list[RetryFacts])


@dataclass(slots=True, eq=False)
class TurnFacts:
    """One turn."""

    session: str
    turn: str
    wall: int
    """Nanoseconds since the epoch at `began`."""
    began: int
    model: str = ""
    """"provider/model", of who answers by now."""
    mode: str = ""
    chosen: float = 0
    """When the model was known."""
    steps: int = 0
    chunks: int = 0
    tools: dict[str, int] = field(default_factory=dict[str, int])
    """Calls that ran, by tool."""
    usage: Usage | None = None
    spent: dict[Spending, int] = field(default_factory=dict[Spending, int])
    """Nanoseconds that each took, added up: more than the turn lasted where they were at work at the same time."""
    ended: int = 0
    duration_ms: int = 0
    stop: StopReason = "cancelled"
    error: TurnError | None = None

    def moment(self, at: int) -> int:
        """Nanoseconds since the epoch of a time of this turn."""
        return self.wall + at - self.began


class Sink(Protocol):
    """Is told of a turn, each thing when it is over. Does not raise, does not wait."""

    def turn_begins(self, turn: TurnFacts) -> None:
        """Its model is known."""
        ...

    def model_called(self, turn: TurnFacts, call: StepFacts) -> None:
        """A reply is whole, or will never be."""
        ...

    def tool_called(self, turn: TurnFacts, call: CallFacts) -> None:
        """A call has its result."""
        ...

    def shortened(self, turn: TurnFacts, change: CompactionFacts) -> None:
        """The history is shorter."""
        ...

    def turn_ended(self, turn: TurnFacts) -> None:
        """It is over."""
        ...
