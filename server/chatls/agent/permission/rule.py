"""A rule: a value, and its words for people. Pure."""

from pathlib import Path

from chatls.agent.permission.reach import Reach
from chatls.agent.permission.shell import Words
from chatls.settings.permissions import Action, Scope
from chatls.values import dataclass

ANY = "*"
"""A tool's name that stands for all; the last word of a command: whatever stands behind the others."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be done with some calls."""

    id: str
    scope: Scope
    tool: str
    """A name, or `*`."""
    action: Action
    path: str | None = None
    """A glob, relative to a root."""
    command: Words | None = None
    """The words that a command begins with."""
    unjudged: bool = False
    """It allows what cannot be judged as well."""
    reach: Reach | None = None
    """What an answer covers; it covers nothing else."""
    workspace: Path | None = None
    """Only in this root. None: in all."""

    def shown(self) -> str:
        """For people and for the model: what it is about, and where it stands."""
        about = f' "{self.path}"' if self.path else f' "{" ".join(self.command)}"' if self.command else ""
        about = f": {self.reach.named()}" if self.reach else about
        return f"the rule {self.action} {self.tool}{about} ({_PLACES[self.scope]})"

    def covers(self) -> str:
        """One line for people: all that it is about."""
        if self.reach is not None:
            return self.reach.covers()
        what = f"paths {self.path}" if self.path else f"`{' '.join(self.command)}`" if self.command else "everything"
        return f"{what}, also what cannot be judged" if self.unjudged else what


_PLACES = {
    "settings": "settings",
    "workspace": "remembered for this workspace",
    "session": "remembered for this session",
}
