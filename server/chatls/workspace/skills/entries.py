"""What is on a shelf: skills, which a model reads when it needs them, and slash commands, which people give."""

from pathlib import Path
from typing import Literal

from chatls.values import dataclass

CommandSource = Literal["built-in", "user", "workspace"]
"""Where a slash command comes from: chatls, the folder of your `config.toml`, a folder of the workspace."""


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A file whose text is read when it is wanted."""

    top: Path
    """The folder that it may not lead out of."""
    path: Path


@dataclass(frozen=True, slots=True)
class Skill:
    """A text for certain tasks."""

    name: str
    description: str
    """When to read it, in one line."""
    source: CommandSource
    place: TextPlace
    for_models: bool = True
    """Models are told of it."""
    for_people: bool = True
    """It is a slash command as well."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A prompt under a name."""

    name: str
    description: str
    source: CommandSource
    place: TextPlace | None
    """None: it comes with chatls."""
    hint: str = ""
    """What may stand behind its name."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that there is for a workspace."""

    skills: tuple[Skill, ...] = ()
    commands: tuple[SlashCommand, ...] = ()
    complaints: tuple[str, ...] = ()
    """What was passed over, and why, in words for people."""

    def skill(self, name: str) -> Skill | None:
        """The skill of this name."""
        return next((skill for skill in self.skills if skill.name == name), None)

    def command(self, name: str) -> SlashCommand | None:
        """The slash command of this name, without the slash."""
        return next((command for command in self.commands if command.name == name), None)
