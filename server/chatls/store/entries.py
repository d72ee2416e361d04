"""What is told of sessions that are kept: values, as they stand on the wire."""

from typing import Literal

from chatls.content import Diff, JsonObject, Usage, WireValue
from chatls.values import dataclass

RunningWhere = Literal["here", "elsewhere"]
"""Which daemon runs a turn: this one, or another one."""
Came = Literal["restored", "would_restore", "conflict", "gone", "not_kept"]
"""What a rewind made of a file. `restored`: it is as it was before. `would_restore`: it would be (`dryRun`). Else it
stays as it is. `conflict`: somebody else changed it; `gone`: it is no more; `not_kept`: what it was is not known."""
ExportForm = Literal["markdown", "json"]
"""Markdown for people, JSON for programs."""


@dataclass(frozen=True, slots=True)
class ParentTurn(WireValue):
    """Where a session was forked."""

    session_id: str
    turn_id: str | None = None
    """The last turn that both share; none where they share nothing."""


@dataclass(frozen=True, slots=True)
class SessionEntry(WireValue):
    """A session in a list."""

    session_id: str
    title: str
    folders: tuple[str, ...]
    """Addresses of the folders that were open at its last prompt."""
    created_at: str
    """ISO 8601, UTC."""
    updated_at: str
    turns: int
    model: str
    """The one that answered last."""
    mode: str
    running: RunningWhere | None = None
    """A turn of it runs."""
    parent: ParentTurn | None = None
    """It is a fork."""
    branch: bool | None = None
    """True: what a rewind took away lives on in it."""
    snippet: str | None = None
    """The words around what was searched for."""


@dataclass(frozen=True, slots=True)
class TurnEntry(WireValue):
    """A turn of a session."""

    turn_id: str
    prompt: str
    """Its words, the first 500 characters."""
    at: str
    """ISO 8601, UTC."""
    files: int
    """Files that its tools changed."""
    commands: int
    """Commands that ran in it."""
    stop_reason: str | None = None
    """As in a prompt's result; `interrupted`: chatls ended before it did. None while it runs."""


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Part of a session."""

    entry: SessionEntry
    turns: tuple[TurnEntry, ...]
    usage: Usage
    """The sum over all turns."""
    keys: tuple[int, ...] = ()
    """Of the turns, for whoever reads their events."""
    fill: tuple[int | None, int | None] = (None, None)
    """Tokens of what the model was sent last, with its reply; and of the window."""
    chosen: str | None = None
    """The model that a person asked for, last."""


@dataclass(frozen=True, slots=True)
class RewoundFile(WireValue):
    """A file that tools changed in turns that go."""

    uri: str
    state: Came
    diff: Diff | None = None
    """From what it is to what it was before; none where nothing is put back."""


@dataclass(frozen=True, slots=True)
class Rewinding:
    """What a rewind did, or would do."""

    prompt: tuple[JsonObject, ...]
    """What the person said in the first turn that goes, as blocks on the wire."""
    files: tuple[RewoundFile, ...]
    commands: tuple[str, ...]
    branch: str | None
