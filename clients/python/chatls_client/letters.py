"""Which key answers which option of a question: one table for all clients. `make docs` writes it for Neovim.

An option has the letter of the first row that suits it and that no option before it has taken; else it has the number
of its place. Case counts: `D` is not `d`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

WITH_WORDS = "r"
"""A no with words for the model; offered where `reject_once` is."""

EDITS = "e"
"""Yes, but changed first: what would be done is opened for editing. Where the daemon takes that."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A row: the options that a letter is for."""

    key: str
    kind: str
    scope: Literal["session", "workspace", ""] = ""
    """For how long the answer holds; "": any time."""
    narrow: bool = False
    """Only where the answer is about this call's like, and nothing wider."""
    doc: str = ""
    """What it answers, for help pages."""


LETTERS = (
    Letter("y", "allow_once", doc="allow it once"),
    Letter("s", "allow_always", "session", narrow=True, doc="allow the like in this session"),
    Letter("w", "allow_always", "workspace", narrow=True, doc="allow the like always, in this workspace"),
    Letter("a", "allow_always", doc="the wider answer, where there is one"),
    Letter("n", "reject_once", doc="no"),
    Letter("d", "reject_always", doc="no, and not again"),
    Letter("D", "reject_always", doc="the wider no, where there is one"),
)


class _Option(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...


def letters(options: Sequence[_Option]) -> tuple[str, ...]:
    """The key of every option, in their order."""
    free = list(LETTERS)
    found: list[str] = []
    for place, option in enumerate(options, 1):
        row = next((row for row in free if _suits(row, option)), None)
        found.append(row.key if row else str(place))
        if row:
            free.remove(row)
    return tuple(found)


def _suits(row: Letter, option: _Option) -> bool:
    return (
        row.kind == option.kind
        and row.scope in ("", _scope(option))
        and not (row.narrow and any(word in option.id.lower() for word in ("wide", "inside")))
    )


def _scope(option: _Option) -> str:
    """A daemon that does not say for how long an answer holds says so in its id."""
    told = getattr(option, "scope", "")
    if told in ("session", "workspace"):
        return told
    return next((scope for scope in ("session", "workspace") if scope in option.id.lower()), "")
