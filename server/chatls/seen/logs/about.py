"""What work is about: ids of the session, the turn and the request, for every line of the log meanwhile.

They follow the task that begins with them, into its children and its worker threads.
"""

from collections.abc import Mapping
from contextvars import ContextVar, Token

_LONGEST = 64
"""Characters of an id: clients make some up."""

_about: ContextVar[Mapping[str, str]] = ContextVar("about")
_NOTHING: Mapping[str, str] = {}


def about() -> Mapping[str, str]:
    """The ids, by what they are of."""
    return _about.get(_NOTHING)


def begin(**ids: str) -> Token[Mapping[str, str]]:
    """From here on work is about these as well. Give what it returns to `end`, unless the task ends with the work."""
    return _about.set({**about(), **{name: value[:_LONGEST] for name, value in ids.items()}})


def end(token: Token[Mapping[str, str]]) -> None:
    """It is about what it was about before."""
    _about.reset(token)
