"""What a provider says while it replies, its stream events: one closed union that ends in `Finished` or in `Failed`.

A call is `CallStart`, any number of `CallArguments`, then `CallReady` as soon as its arguments are known to be
complete. Should the provider contradict itself later, more `CallArguments` follow, and one more `CallReady`. A call
that was cut off (token limit, broken stream) gets no `CallReady`.
"""

from collections.abc import Callable

from chatls.content import JsonObject, TurnError, Usage
from chatls.events import Notice, Retry, StepStopReason
from chatls.message import Replay
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class Underway:
    """A reply begins, in place of any that broke off before it."""

    replay: Callable[[], Replay | None]
    """What its server would have to get back of it, were it to end now: a broken reply is remembered, too."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, as the provider sent it."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A piece of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class TextWasThinking:
    """All text of this reply so far was thinking: its end came, and its beginning was part of the prompt."""


@dataclass(frozen=True, slots=True)
class CallStart:
    """A tool call begins; its name is known and final."""

    call_id: str
    """Ours (`new_call_id`), not the provider's."""
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """A raw fragment of the arguments' JSON text."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallReady:
    """The arguments are complete: `arguments`, or `error` where the text is no JSON object."""

    call_id: str
    arguments: JsonObject | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply is whole. Nothing follows."""

    stop: StepStopReason
    usage: Usage | None
    replay: Replay | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The reply broke off. Nothing follows."""

    error: TurnError


Delta = (
    Underway
    | TextDelta
    | ThinkingDelta
    | TextWasThinking
    | CallStart
    | CallArguments
    | CallReady
    | Retry
    | Notice
    | Finished
    | Failed
)
"""One piece of what a provider says."""
