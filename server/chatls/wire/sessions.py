"""What can be said about sessions that are kept: `chat/session/...` (docs/protocol.md, section 4)."""

import re
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from chatls.content import ContentBlock, Usage, WireValue
from chatls.errors import INVALID_PARAMS, RequestError
from chatls.store.entries import ExportForm, ParentTurn, RewoundFile, RunningWhere, SessionEntry, TurnEntry
from chatls.values import dataclass
from chatls.wire.params import Method, Params, Token

SessionName = Annotated[StrictStr, Field(min_length=1, max_length=200)]


class ListParams(Params):
    """Which sessions."""

    query: StrictStr | None = None
    """Words that all have to be there: in what was said, or in the title; each as the beginning of a word or, where it
    is not ASCII, anywhere."""
    folder: StrictStr | None = None
    """The address of a folder: sessions that were about it. Without it, those that have a folder with this client in
    common."""
    everywhere: StrictBool = False
    """All, whatever folders they are about."""
    branches: StrictBool = False
    """Also those that a rewind made."""
    limit: Annotated[StrictInt, Field(ge=1)] = 50
    """At most so many; 500 at most."""
    cursor: StrictStr | None = None
    """The `nextCursor` of the list before."""


@dataclass(frozen=True, slots=True)
class ListResult:
    """Sessions, the one that was changed last first."""

    sessions: tuple[SessionEntry, ...]
    next_cursor: str | None = None
    """There are more behind it."""


class LoadParams(Params):
    """Which session, and where its events go."""

    session_id: StrictStr
    partial_result_token: Token | None = None
    """The transcript goes here before the answer: the events that a client would have seen, deltas merged, each with
    `replay: true`; each turn begins with `prompt`, and `seq` counts within it from 1. If a turn runs here, it goes on
    on this token as well."""
    last: Annotated[StrictInt, Field(ge=0)] | None = None
    """Only the last turns, so many."""
    before: StrictStr | None = None
    """Only turns before this one, by its `turnId`."""


@dataclass(frozen=True, slots=True)
class LoadResult(WireValue):
    """A session and its turns."""

    session_id: str
    title: str
    folders: tuple[str, ...]
    """Addresses of the folders that were open at its last prompt."""
    created_at: str
    """ISO 8601, UTC."""
    updated_at: str
    model: str
    """The one that answered last."""
    mode: str
    turns: tuple[TurnEntry, ...]
    usage: Usage
    """The sum over all turns."""
    context_tokens: int | None = None
    """How full the model's window is: as in the last `contextUsage`, or behind the last compaction."""
    context_window: int | None = None
    """As in the last `contextUsage`; not there where nobody knows it."""
    running: RunningWhere | None = None
    """A turn of it runs."""
    parent: ParentTurn | None = None
    """It is a fork."""
    branch: bool | None = None
    """True: what a rewind took away lives on in it."""


class ForkParams(Params):
    """What a new session begins with."""

    session_id: StrictStr
    turn_id: StrictStr | None = None
    """The last turn that is shared; without it all that ended."""
    new_session_id: SessionName | None = None
    """Its name; taken: error 1007. Without it a name of the daemon's own."""


@dataclass(frozen=True, slots=True)
class ForkResult:
    """The new session."""

    session_id: str


class RewindParams(Params):
    """Before which turn a session is to be again."""

    session_id: StrictStr
    turn_id: StrictStr
    """The first turn that goes."""
    files: Literal["keep", "restore"] = "keep"
    """`restore`: files that tools changed in the turns that go are put back as they were before them."""
    dry_run: StrictBool = False
    """Change nothing, and say what would be done."""


@dataclass(frozen=True, slots=True)
class RewindResult:
    """What became of a session and of files."""

    prompt: tuple[ContentBlock, ...]
    """What the person said in the turn that went, to be edited and asked again."""
    files: tuple[RewoundFile, ...]
    commands: tuple[str, ...]
    """Titles of the commands that ran in the turns that go: what they changed is not known."""
    branch: str | None = None
    """The session in which all of it lives on. None in a dry run."""


class RenameParams(Params):
    """What a session is called from now on."""

    session_id: StrictStr
    title: StrictStr


class DeleteParams(Params):
    """Which session goes, for good."""

    session_id: StrictStr


@dataclass(frozen=True, slots=True)
class DoneResult:
    """It is done. An object without members."""


class ExportParams(Params):
    """Which session, in which form."""

    session_id: StrictStr
    format: ExportForm = "markdown"


@dataclass(frozen=True, slots=True)
class ExportResult:
    """All of a session."""

    text: str


LIST = Method("chat/session/list", ListParams, ListResult, "The sessions that are kept, and which of them have words.")
LOAD = Method("chat/session/load", LoadParams, LoadResult, "A session's turns, and its transcript.")
FORK = Method("chat/session/fork", ForkParams, ForkResult, "A new session that shares the beginning of another one.")
RENAME = Method("chat/session/rename", RenameParams, DoneResult, "Give a session another title.")
DELETE = Method("chat/session/delete", DeleteParams, DoneResult, "Delete a session.")
EXPORT = Method("chat/session/export", ExportParams, ExportResult, "A session as one text.")

REWIND = Method("chat/session/rewind", RewindParams, RewindResult, "Take back turns and, if wanted, their files.")

SESSION_METHODS = (LIST, LOAD, FORK, REWIND, RENAME, DELETE, EXPORT)


def cursor_of(place: tuple[int, int]) -> str:
    """A place in a list, for whoever asks for what is behind it."""
    return f"{place[0]}-{place[1]}"


def place_of(cursor: str | None) -> tuple[int, int] | None:
    """What `cursor_of` made a cursor of. Raises `RequestError` (-32602)."""
    if cursor is None:
        return None
    match = re.fullmatch(r"(\d{1,18})-(\d{1,18})", cursor)
    if match is None:
        raise RequestError(INVALID_PARAMS, "cursor: is none that a list gave")
    return int(match[1]), int(match[2])
