"""Which code actions a client wants: what can be said without the types of LSP. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from chatls.content import JsonObject
from chatls.lsp.handshake import ACTION_KINDS
from chatls.shapes import as_list, member

_AUTOMATIC = 2
"""LSP, `CodeActionTriggerKind`."""


class CommandNames(NamedTuple):
    """What commands are called, for this client."""

    ask: str
    cancel: str


class Situation(NamedTuple):
    """What could be done besides, at the moment."""

    is_ours: bool
    """The document is a file of ours, in which a person writes."""
    sends: Sequence[tuple[str, JsonObject]]
    running: Sequence[tuple[str, str]]
    """The sessions that are asked, and what that is called."""
    shows: bool
    """The client shows documents."""


def may_offer(params: JsonObject) -> bool:
    """Whether there could be an action at all: most requests on a save or a movement of the cursor get none."""
    context = member(params, "context")
    only = as_list(member(context, "only"))
    if only and not any(
        isinstance(wanted, str) and is_wanted(kind, [wanted]) for wanted in only for kind in ACTION_KINDS
    ):
        return False
    places = member(params, "range")
    moved = member(context, "triggerKind") == _AUTOMATIC and member(places, "start") == member(places, "end")
    return not moved or bool(as_list(member(context, "diagnostics")))


def is_wanted(kind: str | None, only: Sequence[str]) -> bool:
    """Whether a kind is one of these, or below one.

    >>> is_wanted("quickfix", ["source.fixAll"]), is_wanted("refactor.chatls.test", ["refactor"])
    (False, True)
    """
    return any(not wanted or kind == wanted or (kind or "").startswith(f"{wanted}.") for wanted in only)
