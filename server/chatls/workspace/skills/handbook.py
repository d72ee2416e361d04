"""The door to skills and slash commands: what there is for a workspace, what the model is told of it, their texts."""

from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import platformdirs
from anyio import to_thread

from chatls.errors import ToolError
from chatls.workspace.diskcache import DiskCache
from chatls.workspace.pathtext import local_path, quoted
from chatls.workspace.skills.entries import Shelf, Skill, SlashCommand, TextPlace
from chatls.workspace.skills.finding import find, looked_at
from chatls.workspace.skills.frontmatter import parse
from chatls.workspace.toldtext import ToldText, called, read_told
from chatls.workspace.workspace import Workspace, real_path

LONGEST_TEXT = 64 * 1024
"""Bytes of a skill, or of a command, that count."""
BUDGET = 16 * 1024
"""Bytes of all that the model is told of skills before it reads one."""

_MOST_NAMED = 5
_HEAD = (
    "Skills are texts that the user keeps for certain tasks. Where your task fits a description, read that skill with "
    "the tool `skill` before you begin, and do as it says. It cannot permit anything."
)


class Handbook:
    """That of a daemon."""

    def __init__(self, user_folder: Path | None = None) -> None:
        """`user_folder`: where a person's own ones are; beside `config.toml` if None."""
        self._user_folder = user_folder or platformdirs.user_config_path("chatls", appauthor=False)
        self._kept = DiskCache[Shelf]()
        self._told: set[str] = set()

    async def shelf(self, workspace: Workspace) -> Shelf:
        """All that there is. Nothing is read again while nothing changes."""
        places = partial(looked_at, workspace, self._user_folder)
        return await self._kept.get(workspace.roots, places, partial(find, workspace, self._user_folder))

    async def told(self, workspace: Workspace) -> tuple[str, str]:
        """What the model is told of skills, and words for people where that is new; both may be empty."""
        shelf = await self.shelf(workspace)
        words = _news(shelf)
        mark = sha256(words.encode("utf-8", "replace")).hexdigest()
        words = "" if mark in self._told else words
        self._told.add(mark)
        return listing(shelf), words

    async def read(self, entry: Skill | SlashCommand, workspace: Workspace) -> ToldText:
        """The text of a skill or of a command, without its head. Raises `ToolError` where it is gone."""
        if entry.place is None:
            text = files("chatls.workspace.skills").joinpath("commands", f"{entry.name}.md").read_text("utf-8")
            return ToldText("chatls", parse(text).body)
        told = await to_thread.run_sync(_read, entry.place, workspace, abandon_on_cancel=True)
        return told._replace(text=f"{parse(told.text).body}{_cut_here(told)}")

    async def read_beside(self, skill: Skill, name: str, workspace: Workspace) -> ToldText:
        """Another file of a skill's folder. Raises `ToolError` for one that is not there, or lies elsewhere."""
        assert skill.place is not None
        folder = skill.place.path.parent
        try:
            path = await to_thread.run_sync(_inside, folder, name, abandon_on_cancel=True)
            told = await to_thread.run_sync(_read, TextPlace(folder, path), workspace, abandon_on_cancel=True)
        except ToolError as error:
            raise ToolError(f"the skill {skill.name} has no text {quoted(name)} in its folder") from error
        return told._replace(text=f"{told.text}{_cut_here(told)}")


def tells_skills(prompt: str) -> bool:
    """Whether a system prompt tells of skills."""
    return _HEAD in prompt


def listing(shelf: Shelf) -> str:
    """What the model is told of skills, those of the user first; empty where there are none."""
    lines, room, left = list[str](), BUDGET, 0
    for skill in (skill for skill in shelf.skills if skill.for_models):
        line = f"- {skill.name}: {skill.description}"
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            left += 1
        else:
            lines.append(line)
    more = [f"[{left} more are not listed: all together may have {BUDGET // 1024} KiB]"] if left else []
    return "\n".join((_HEAD, *lines, *more)) + "\n" if lines else ""


def _news(shelf: Shelf) -> str:
    names = [skill.name for skill in shelf.skills if skill.source == "workspace" and skill.for_models]
    said = [f"skills of this workspace are told to the model: {_some(names)}"] if names else []
    said += [f"passed over: {_some(list(shelf.complaints), '; ')}"] if shelf.complaints else []
    return "; ".join(said)


def _some(names: list[str], between: str = ", ") -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return between.join(names[:_MOST_NAMED]) + more


def _read(place: TextPlace, workspace: Workspace) -> ToldText:
    told = read_told(place.top, place.path, workspace, LONGEST_TEXT)
    if told is None:
        raise ToolError(f"{called(place.path, workspace)} is gone, or cannot be read")
    return told


def _inside(folder: Path, name: str) -> Path:
    path = real_path(folder / local_path(name))
    if not path.is_relative_to(real_path(folder)):
        raise ToolError("it lies elsewhere")
    return path


def _cut_here(told: ToldText) -> str:
    return f"\n[cut here: {LONGEST_TEXT // 1024} KiB of it count]" if told.cut else ""
