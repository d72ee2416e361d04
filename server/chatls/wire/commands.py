"""What can be said in a prompt: slash commands and mentions (docs/protocol.md, 3, `chat/commands`)."""

from chatls.content import MentionName
from chatls.values import dataclass
from chatls.wire.params import Method, NoParams
from chatls.workspace.skills.entries import CommandSource


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A slash command."""

    name: str
    """Without the slash."""
    description: str
    """For people, one line."""
    source: CommandSource
    hint: str | None = None
    """What may stand behind its name: "[commit, branch or files]"."""


@dataclass(frozen=True, slots=True)
class MentionEntry:
    """Something that a block `mention` may name."""

    name: MentionName
    description: str
    """For people."""
    hint: str | None = None
    """What its `argument` is; in brackets where it may be missing. None: it takes none."""


@dataclass(frozen=True, slots=True)
class CommandsResult:
    """What a client may offer behind `/` and `@`."""

    commands: tuple[CommandEntry, ...]
    mentions: tuple[MentionEntry, ...]


COMMANDS = Method("chat/commands", NoParams, CommandsResult, "The slash commands and the mentions that there are.")
