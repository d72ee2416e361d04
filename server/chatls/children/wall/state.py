"""What clients are told of the sandbox."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The sandbox for commands, as it is on this machine for these roots."""

    setting: Literal["auto", "off", "required"]
    """`commands.sandbox`."""
    works: bool
    note: str
    """What it is made with, or why it does not work; a sentence for people."""
