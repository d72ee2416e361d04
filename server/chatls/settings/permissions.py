"""What rules say, and how they are listed; plain values. Who decides by them is in agent/."""

from typing import Literal

from chatls.content import WireValue
from chatls.values import dataclass

Action = Literal["allow", "ask", "deny"]
"""What a rule wants."""

Scope = Literal["session", "workspace", "settings"]
"""How long a rule holds: for a session, for a folder from now on, as long as the settings say so."""


def stands_for(name: str, tool: str) -> bool:
    """Whether a name in settings means a tool: it is its name, `*` for all, or `NAME__*` for all of a server.

    >>> stands_for("git__*", "git__log"), stands_for("git__*", "search"), stands_for("*", "search")
    (True, False, True)
    """
    return name in (tool, "*") or (name.endswith("__*") and tool.startswith(name[:-1]))


@dataclass(frozen=True, slots=True)
class PermissionEntry(WireValue):
    """A rule that holds."""

    id: str
    """Its name for `revoke`; stays the same for as long as the rule holds."""
    scope: Scope
    tool: str
    """A tool's name, `NAME__*` for all of an MCP server, or `*`."""
    action: Action
    path: str | None = None
    """A glob, relative to a folder of the workspace."""
    command: str | None = None
    """The words that a command begins with, or the whole line."""
    covers: str = ""
    """One line for people: all that it covers."""
    workspace: str | None = None
    """The folder that it holds for, links resolved; null: for all."""
    session_id: str | None = None
    """The session that it holds for."""


@dataclass(frozen=True, slots=True)
class SandboxState(WireValue):
    """The sandbox for commands, as it is on this machine for these roots."""

    setting: Literal["auto", "off", "required"]
    """`commands.sandbox`."""
    works: bool
    note: str
    """What it is made with, or why it does not work; a sentence for people."""
