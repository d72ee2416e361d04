"""Finds skills and slash commands: beside `config.toml`, then in the folders of the workspace. Looks at the disk.

A folder of the workspace is somebody else's word: nothing is read there that leads out of it, no more than `MOST`
files, and what is called like something of the user's or of chatls gets another name, `workspace:NAME`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from heapq import nsmallest
from importlib.resources import files
from itertools import islice
from pathlib import Path

from chatls.values import dataclass
from chatls.visible import shows, visible_line
from chatls.workspace.diskcache import Entries
from chatls.workspace.pathtext import quoted
from chatls.workspace.skills.entries import CommandSource, Shelf, Skill, SlashCommand, TextPlace
from chatls.workspace.skills.frontmatter import Frontmatter, parse
from chatls.workspace.toldtext import called, read_told
from chatls.workspace.workspace import Workspace

FOLDERS = (".chatls", ".claude")
"""Where a workspace keeps them."""
MOST = 100
"""Skills of one folder, and commands."""
HEAD = 16 * 1024
"""Bytes of a file that are looked at for its head."""
LONGEST = 1024
"""Characters of a description."""

_MOST_NAMES = 100_000
_LONGEST_HINT = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USERS_NAME = re.compile(r"\w[\w.-]{0,63}")
_NO = ("false", "no", "off", "0")
_YES = ("true", "yes", "on", "1")


@dataclass(frozen=True, slots=True)
class _Keeping:
    """A folder that holds `skills/` and `commands/`."""

    source: CommandSource
    folder: Path
    top: Path | None
    """What nothing may lead out of; None: the user's own may be links to anywhere."""

    def place(self, path: Path) -> TextPlace:
        if self.top is not None:
            return TextPlace(self.top, path)
        real = Path(os.path.realpath(path))
        return TextPlace(real.parent, real)

    def inside(self, name: str) -> Path | None:
        """A folder in it; None where it leads out."""
        inner = self.folder / name
        out = self.top is not None and not Path(os.path.realpath(inner)).is_relative_to(self.top)
        return None if out else inner


@dataclass(slots=True)
class _Finding:
    """What was found so far."""

    workspace: Workspace
    skills: dict[str, Skill] = field(default_factory=dict[str, Skill])
    commands: dict[str, SlashCommand] = field(default_factory=dict[str, SlashCommand])
    complaints: list[str] = field(default_factory=list[str])

    def complain(self, path: Path, why: str) -> None:
        self.complaints.append(f"{called(path, self.workspace)}: {why}")


def find(workspace: Workspace, user_folder: Path) -> Shelf:
    """All that there is, in the order in which it counts."""
    finding = _Finding(workspace, commands={command.name: command for command in built_in()})
    for holder in _holders(workspace, user_folder):
        _take_skills(finding, holder)
        _take_commands(finding, holder)
    taken = finding.commands
    for skill in finding.skills.values():
        if skill.for_people and skill.name not in taken:
            taken[skill.name] = SlashCommand(skill.name, skill.description, skill.source, skill.place)
    return Shelf(tuple(finding.skills.values()), tuple(taken.values()), tuple(finding.complaints))


def looked_at(workspace: Workspace, user_folder: Path) -> Iterator[Path | Entries]:
    """What `find` looks at."""
    for holder in _holders(workspace, user_folder):
        for name, inner in (("skills", "SKILL.md"), ("commands", "")):
            yield Entries(holder.folder / name)
            folder = holder.inside(name)
            if folder is not None:
                yield from (folder / entry / inner for entry in _names(folder, inner)[0])


def built_in() -> Iterator[SlashCommand]:
    """Those that come with chatls."""
    folder = files("chatls.workspace.skills").joinpath("commands")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".md"):
            name, head = entry.name.removesuffix(".md"), parse(entry.read_text("utf-8"))
            yield SlashCommand(name, _described(head), "built-in", None, _hint(head))


def _holders(workspace: Workspace, user_folder: Path) -> Iterator[_Keeping]:
    yield _Keeping("user", user_folder, None)
    real = {folder for _, folder in workspace.folders}
    for root in workspace.roots:
        top = Path(os.path.realpath(root.path))
        if top in real:
            real.discard(top)
            yield from (_Keeping("workspace", top / name, top) for name in FOLDERS)


def _names(folder: Path, inner: str) -> tuple[list[str], int]:
    """The first entries of a folder by name, and how many more there are."""
    count = 0

    def counted() -> Iterator[str]:
        nonlocal count
        with os.scandir(folder) as entries:
            for entry in islice(entries, _MOST_NAMES):
                if (inner or entry.name.endswith(".md")) and not entry.name.startswith("."):
                    count += 1
                    yield entry.name

    try:
        found = nsmallest(MOST, counted())
    except OSError:
        return [], 0
    return found, count - len(found)


def _files(finding: _Finding, holder: _Keeping, name: str, inner: str) -> Iterator[tuple[str, Path]]:
    folder = holder.inside(name)
    if folder is None:
        finding.complain(holder.folder / name, "it leads out of the workspace")
        return
    names, more = _names(folder, inner)
    if more:
        finding.complain(folder, f"{more} more are passed over; the first {MOST} count")
    yield from ((entry, folder / entry / inner) for entry in names)


def _take_skills(finding: _Finding, holder: _Keeping) -> None:
    for entry, path in _files(finding, holder, "skills", "SKILL.md"):
        head, place = _head(finding, holder, path)
        if head is None:
            continue
        name, description = head.fields.get("name", "").strip() or entry, _described(head)
        if not description:
            finding.complain(path, "it has no description, so nobody can know what it is for")
        elif free := _free(finding, holder, path, name, finding.skills):
            models = head.fields.get("disable-model-invocation", "").lower() not in _YES
            people = head.fields.get("user-invocable", "").lower() not in _NO
            finding.skills[free] = Skill(free, description, holder.source, place, models, people)


def _take_commands(finding: _Finding, holder: _Keeping) -> None:
    for entry, path in _files(finding, holder, "commands", ""):
        head, place = _head(finding, holder, path)
        if head is None:
            continue
        name, overridden = entry.removesuffix(".md"), finding.commands
        if holder.source == "user":  # one of theirs stands for one of ours
            overridden = {name: one for name, one in finding.commands.items() if one.source != "built-in"}
        if free := _free(finding, holder, path, name, overridden):
            finding.commands[free] = SlashCommand(free, _described(head), holder.source, place, _hint(head))


def _head(finding: _Finding, holder: _Keeping, path: Path) -> tuple[Frontmatter | None, TextPlace]:
    """The head of a file, and where it is read again; None where there is no such text."""
    place = holder.place(path)
    told = read_told(place.top, place.path, finding.workspace, HEAD)
    if told is None:
        if os.path.lexists(path):
            finding.complain(path, "it is empty, no ordinary file, or leads out of the workspace")
        return None, place
    head = parse(told.text)
    for problem in head.problems:
        finding.complain(path, problem)
    return head, place


def _free(finding: _Finding, holder: _Keeping, path: Path, name: str, taken: Iterable[str]) -> str | None:
    """The name that something gets; None where it gets none."""
    pattern = _USERS_NAME if holder.source == "user" else _NAME
    if not pattern.fullmatch(name) or not shows(name):
        finding.complain(path, f"{quoted(name)} is no name: letters, digits, - and _ make one, at most 64")
        return None
    names = (name,) if holder.source == "user" else (name, f"workspace:{name}")
    free = next((one for one in names if one not in taken), None)
    if free is None:
        finding.complain(path, f"there is another one that is called {name}")
    elif free != name:
        finding.complain(path, f"it is called {free} here: {name} is another one")
    return free


def _described(head: Frontmatter) -> str:
    """What a text is for, in one line: its first one, where it does not say."""
    given = head.fields.get("description") or next(
        (line.lstrip("#").strip() for line in head.body.splitlines() if line.lstrip("#").strip()), ""
    )
    return visible_line(" ".join(given.split()), LONGEST)


def _hint(head: Frontmatter) -> str:
    return visible_line(" ".join(head.fields.get("argument-hint", "").split()), _LONGEST_HINT)
