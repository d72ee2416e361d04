"""How a server is, as a plain value: for lists."""

from typing import Literal

from chatls.values import dataclass

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
