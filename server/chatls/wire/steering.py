"""What can be said beside a prompt: words for the turn that runs, and that the history is to be summarised."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StrictStr

from chatls.content import ContentBlock, TurnError, Usage
from chatls.values import dataclass
from chatls.wire.params import Method, Params, Token


class SteerParams(Params):
    """Words for the turn that runs."""

    session_id: StrictStr
    turn_id: StrictStr | None = None
    """Only if this very turn runs."""
    content: (
        Annotated[StrictStr, Field(min_length=1)]
        | Annotated[list[Annotated[ContentBlock, Discriminator("type")]], Field(min_length=1)]
    )
    """What the person says."""


class CompactParams(Params):
    """Which history is to be made shorter."""

    session_id: StrictStr
    instructions: StrictStr = ""
    """What the summary must hold, in the person's words."""
    partial_result_token: Token | None = None
    """Its events go here: `compactStart`, `compactEnd`, and what happens meanwhile, with a `turnId` of their own."""


@dataclass(frozen=True, slots=True)
class SteerResult:
    """What became of the words."""

    state: Literal["queued", "idle"]
    """`queued`: the event `steered` says when the model is told. `idle`: no such turn runs here, nothing was kept."""


@dataclass(frozen=True, slots=True)
class CompactResult:
    """What came of a compaction."""

    before: int
    """Tokens of what the model is sent."""
    after: int
    """By the same measure; as before where nothing was changed."""
    usage: Usage | None
    """What the summary cost; null if the provider did not say."""
    error: TurnError | None = None
    """Why there is no summary. Nothing was changed then."""


STEER = Method("chat/steer", SteerParams, SteerResult, "Say something to the turn that runs.")
COMPACT = Method(
    "chat/session/compact", CompactParams, CompactResult, "Have the history summarised, so that the model is sent less."
)
