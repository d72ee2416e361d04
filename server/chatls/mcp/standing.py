"""What is known of a server, as a plain value for lists; and what servers may know of whoever starts them."""

from typing import Literal, Protocol

from chatls.editor import Root
from chatls.values import dataclass

PROJECT_FILES = (".mcp.json", ".vscode/mcp.json")
"""Where projects name servers."""

ServerState = Literal["starting", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class ServerStanding:
    """One MCP server of the settings."""

    name: str
    state: ServerState
    tools: int
    """How many it has."""
    where: str
    """The command that starts it, or its address."""
    why: str | None = None
    """Why it is not ready, or has no tools; for people."""
    calls_itself: str | None = None
    """Its own name and version."""
    version: str | None = None
    """Of the protocol."""


class ServerHost(Protocol):
    """As much of an editor as servers ask for outside of calls."""

    @property
    def elicits(self) -> bool:
        """`Editor.elicits`."""
        ...

    def roots(self) -> tuple[Root, ...]:
        """`Texts.roots`."""
        ...
