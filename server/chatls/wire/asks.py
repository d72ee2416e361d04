"""What the command `chatls.ask` takes and gives: for editors without a plugin (docs/protocol.md, 3)."""

from typing import Literal

from pydantic import StrictStr

from chatls.content import Range
from chatls.values import dataclass
from chatls.wire.params import Params

AskedFor = Literal["explain", "document", "test", "fix", "send"]
"""`send`: what stands in a file that this command has opened, below its last line of ours; the session of that file
goes on."""


class AskCommand(Params):
    """The argument of the command `chatls.ask`, which begins a session. With neither `what` nor `text` it opens a file
    to write in."""

    what: AskedFor | None = None
    """What is wanted of the lines that `range` touches, as the slash command of that name says."""
    text: StrictStr | None = None
    """A person's own words; with `fix` the problem."""
    uri: StrictStr | None = None
    """The document that it is about; with `send` that file."""
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class AskResult:
    """What was begun. The answer to come is shown, not given."""

    session_id: str
    turn_id: str | None
    """Null where a file was opened to write in."""
